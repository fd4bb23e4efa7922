// A workspace: the memory of one call at a time. A model may be shared between threads, a workspace may not.
#pragma once

#include <tectum/model/call.hpp>
#include <tectum/model/parameters.hpp>
#include <tectum/tensor/output.hpp>

namespace tectum::inline TECTUM_ABI {

// Memory for calls on up to `capacity` samples; made once, then nothing is allocated. A call that wants more than the
// outputs (an inner value, gradients) makes it grow the first time; `prepare` does so beforehand.
template <class T>
class arena {
 public:
  arena(index capacity, int inputs, executor threads = {})
      : capacity_(capacity),
        threads_(threads),
        inputs_(inputs + 1) {}

  index capacity() const { return capacity_; }
  const executor& threads() const { return threads_; }
  // Bytes held at this moment.
  index bytes() const {
    return (fixed_.size() + per_sample_.size() + per_pair_.size() + gradients_.size() + part_gradients_.size()) *
               index{sizeof(T)} +
           ids_.size() * index{sizeof(std::int32_t)} + masks_.size();
  }
  // Whether a plan fits into the memory that is there.
  bool holds(const plan_view& p) const TECTUM_NONBLOCKING {
    return fixed_.size() >= p.arena.fixed * lanes() && per_sample_.size() >= samples_of(p) &&
           per_pair_.size() >= p.arena.per_pair * capacity_ * capacity_ && ids_.size() >= p.ids * capacity_ &&
           masks_.size() >= p.mask_bytes * capacity_;
  }
  void make_room(const plan_view& p) {
    grow(fixed_, p.arena.fixed * lanes());
    grow(per_sample_, samples_of(p));
    grow(per_pair_, p.arena.per_pair * capacity_ * capacity_);
    grow(ids_, p.ids * capacity_);
    grow(masks_, p.mask_bytes * capacity_);
  }
  // The first call of a kind makes room; `prepare` has done so beforehand where nothing may ever be allocated.
#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wfunction-effects"
#endif
  void ensure(const plan_view& p) TECTUM_NONBLOCKING {
    if (!holds(p)) make_room(p);
  }
#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic pop
#endif
  // The gradients of all parameters, in the parameters' layout.
  T* gradients(index elements) {
    grow(gradients_, elements);
    return gradients_.data();
  }

  // The gradients of the parts behind the first, where the largest batch is parted.
  T* part_gradients(const plan_view& p, index elements) {
    if (threads_.is_given()) grow(part_gradients_, (detail::parts_of(p.parts, capacity_, threads_) - 1) * elements);
    return part_gradients_.data();
  }

  // Room for the gradients that a caller gives.
  T* seeds(index elements) {
    grow(seeds_, elements);
    return seeds_.data();
  }
  // Of every input: where its gradient lies since the last call of `backward`.
  view<const T>* input_gradients() const { return inputs_.gradients; }

  T* fixed() const { return fixed_.data(); }
  T* per_sample() const { return per_sample_.data(); }
  T* per_pair() const { return per_pair_.data(); }
  std::int32_t* ids() const { return ids_.data(); }
  std::uint8_t* masks() const { return masks_.data(); }
  bound<T>* inputs() const { return inputs_.data(); }

 private:
  index lanes() const TECTUM_NONBLOCKING { return threads_.concurrency(); }
  index samples_of(const plan_view& p) const TECTUM_NONBLOCKING {
    return p.whole * capacity_ + p.arena.per_sample * p.parts.room(capacity_, lanes());
  }
  template <class X>
  static void grow(memory<X>& m, index n) {
    if (m.size() < n) m.resize(n);
  }
  struct bound_list {
    explicit bound_list(int n)
        : items(new bound<T>[static_cast<std::size_t>(n)]),
          gradients(new view<const T>[static_cast<std::size_t>(n)]) {}
    bound_list(bound_list&& o) noexcept : items(o.items), gradients(o.gradients) {
      o.items = nullptr;
      o.gradients = nullptr;
    }
    bound_list& operator=(bound_list&&) = delete;
    ~bound_list() {
      delete[] items;
      delete[] gradients;
    }
    bound<T>* data() const { return items; }
    bound<T>* items;
    view<const T>* gradients;
  };
  index capacity_;
  executor threads_;
  memory<T> fixed_, per_sample_, per_pair_, gradients_, part_gradients_, seeds_;
  memory<std::int32_t> ids_;
  memory<std::uint8_t> masks_;
  bound_list inputs_;
};

template <const auto& Architecture, class T = float>
class workspace : public arena<T> {
  static_assert(is_right<Architecture>());

 public:
  // `capacity`: the largest batch, in samples; `threads`: who shares the work of a call (an executor such as
  // tt::thread_pool, which must outlive the workspace). Room for inference of the outputs is made here.
  explicit workspace(index capacity, executor threads = {})
      : arena<T>(capacity, compiled<Architecture>::sizes.bound, threads) {
    prepare();
  }

  // Makes room for inference of the values named, so that the first such call allocates nothing either.
  template <name_object... Names>
  void prepare(const Names&...) {
    this->make_room(detail::call<Architecture, mode::inference, detail::names<Names...>>::plan());
  }
  // Makes room for gradients of the losses named (or of all).
  template <name_object... Names>
  void prepare_training(const Names&...) {
    constexpr plan_view p = detail::call<Architecture, mode::training, detail::names<Names...>>::plan();
    this->make_room(p);
    this->gradients(compiled<Architecture>::view().parameter_elements);
    this->part_gradients(p, compiled<Architecture>::view().parameter_elements);
  }
  // The gradient that `model.backward` found for an input, until the workspace is used again; zero where it is padded
  // or absent. Without data where nothing that a gradient was given for depends on the input.
  template <name_object Name>
  result<T> gradient(const Name&) const {
    constexpr graph_view g = compiled<Architecture>::view();
    constexpr int v = detail::find_input(g, Name::entry());
    detail::a_name_is_not_an_input<(v >= 0), detail::shown<*Name::entry()>()>();
    const view<const T>& d = this->input_gradients()[g.values[v < 0 ? 0 : v].result];
    return {d.data, d.samples, d.stride, g.values[v < 0 ? 0 : v].shape};
  }
  // Bytes of inference a batch of `capacity` on one thread, known before there is a workspace.
  static constexpr long long planned_bytes(long long capacity) {
    constexpr plan_view p = detail::call<Architecture, mode::inference, detail::names<>>::plan();
    return (p.arena.fixed + p.whole * capacity + p.arena.per_sample * p.parts.room(capacity, 1) +
            p.arena.per_pair * capacity * capacity) *
               static_cast<long long>(sizeof(T)) +
           p.ids * capacity * 4 + p.mask_bytes * capacity;
  }
};

}  // namespace tectum
