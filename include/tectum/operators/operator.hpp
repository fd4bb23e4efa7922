// The operator contract.
//
// An operator is an aggregate struct whose public members are its options. It says, at compile time,
//   name                              how it is called in tables, errors and parameter names
//   arity, results                    1 and 1 unless said; arity = any_number: every function takes a range
//   masks                             refuses_masks | samplewise | tokenwise | reads_masks
//   backward_reads                    reads::nothing | inputs | output | both: what is kept for backward
//   infer(shape...) -> shape          or wrong("sentence"); `shapes` for several results
//   parameters(shape...)              a parameter_list; saved(shape...), scratch(shape...): extents of memory it asks
//   for takes_epilogue, strided_output    what its forward can do beside (operator_table.hpp has them all)
//   mixes_samples, takes_batch        where samples look at one another in training; what must see all of them at once
// and at run time, in terms of kernels of the context's engine only,
//   forward (C& c, in<C> x..., out<C> y...)                                OVERWRITES every element of y
//   backward(C& c, in<C> x..., in<C> y..., in<C> dy..., out<C> dx...)      ADDS to dx and to the parameters' gradients
// where an empty view is a gradient that nobody wants, x is empty where backward does not read the inputs and y where
// it does not read the output. Both are const, noexcept, allocate nothing, and give the same bits for the same input.
// Token ids come as `token_ids` in the place of in<C>. Samples are independent of one another; what is masked away is
// never read into a result, and its gradient is exactly zero. The gradient of an epilogue belongs to the framework.
#pragma once

#include <tectum/architecture/architecture.hpp>
#include <tectum/kernels/epilogue.hpp>
#include <tectum/kernels/scratch.hpp>
#include <tectum/tensor/view.hpp>

namespace tectum::inline TECTUM_ABI {

// Values in and out, for the scalar of context C.
template <class C>
using in = view<const typename C::scalar>;
template <class C>
using out = view<typename C::scalar>;
using token_ids = view<const std::int32_t>;
// For operators of any number of inputs.
template <class C>
using inputs = range<view<const typename C::scalar>>;
template <class C>
using outputs = range<view<typename C::scalar>>;

// Whether all of these are absent together: optional, and by one mask. Their fusion is then absent where they are.
constexpr bool absent_together(range<shape> x) {
  for (const shape& s : x)
    if (!s.optional || s.mask < 0 || s.mask != x[0].mask) return false;
  return true;
}

// A stream of random numbers that depends on the seed, the training step and the operator, and on nothing else.
struct random_stream {
  std::uint64_t seed = 0, stream = 0;
};

// What an operator finds around it: its parameters and their gradients by the order of `parameters`, memory that it
// asked for, the engine.
template <class T, class Engine>
class context {
 public:
  using scalar = T;
  using kernels = Engine;

  const graph_parameter* described = nullptr;
  const T* parameters = nullptr;
  T* gradients = nullptr;  // null: not wanted
  T* buffers = nullptr;    // the same place as `parameters`, in a training forward only
  T *saved_memory = nullptr, *saved_fixed_memory = nullptr, *saved_pair_memory = nullptr;
  T *scratch_memory = nullptr, *scratch_fixed_memory = nullptr;
  activation act = activation::identity;
  bool training = false;   // dropout drops, batch statistics are taken and kept
  bool recording = false;  // backward will follow: what it reads must be written
  random_stream random{};
  index batch = 0;
  index first = 0;  // samples of the call before the first of these: what is drawn does not depend on how it is parted

  // Parameter i as a weight in panels; of several matrices, matrix c.
  packed<const T> weight(int i, int c = 0) const {
    const parameter& p = described[i].what;
    return {parameters + described[i].offset + c * packed_size(p.out, p.in), p.out, p.in};
  }
  packed<T> weight_gradient(int i, int c = 0) const {
    const parameter& p = described[i].what;
    return {gradients ? gradients + described[i].offset + c * packed_size(p.out, p.in) : nullptr, p.out, p.in};
  }
  // Parameter i as it is: a bias, a scale, a table.
  const T* values(int i) const { return parameters + described[i].offset; }
  T* gradient(int i) const { return gradients ? gradients + described[i].offset : nullptr; }
  // A buffer, to be written by a training forward; null elsewhere.
  T* buffer(int i) const { return buffers ? buffers + described[i].offset : nullptr; }

  // What `saved` asked for, by unit: written by forward, read by backward.
  T* saved() const { return saved_memory; }  // a sample
  T* saved_fixed() const { return saved_fixed_memory; }
  T* saved_pairs() const { return saved_pair_memory; }
  // What `scratch` asked for: anything, during one call of forward or backward.
  T* scratch() const { return scratch_memory; }  // a sample
  T* scratch_fixed() const { return scratch_fixed_memory; }

  // How a product ends: its bias (or null) and the activation that the plan has put behind it.
  epilogue<T> finish(const T* bias) const { return {bias, act, false}; }
};

}  // namespace tectum
