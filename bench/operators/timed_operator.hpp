// One operator on its own, as a network runs it: lowered and planned at run time, for any batch, forward and backward.
#pragma once

#include <memory>
#include <string>
#include <tectum/check/single.hpp>
#include <tectum/kernels/native.hpp>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/parameters.hpp>
#include <tectum/model/planning.hpp>
#include <tectum/model/run.hpp>
#include <vector>

#include "../../tests/operators/catalogue.hpp"

namespace bench {

namespace tt = tectum;

// An operator without its type.
struct plain_operator {
  const tt::operator_table* table = nullptr;
  std::vector<tt::slot> options;
  std::vector<tt::shape> inputs;
  tt::step_functions<float> native, reference;
};
template <class Op>
plain_operator plain(const Op& op, std::vector<tt::shape> inputs) {
  using list = tt::types<Op>;
  plain_operator o{
      &tt::table_of_operator<Op>, std::vector<tt::slot>(tt::option_count<Op> + 1), std::move(inputs), {}, {}};
  tt::store_options(op, o.options.data());
  o.native = tt::find_steps<float, tt::native, true>(list{}, o.table);
  o.reference = tt::find_steps<float, tt::reference, true>(list{}, o.table);
  return o;
}

// Memory and data of one operator for one batch.
class timed_operator {
 public:
  timed_operator(const plain_operator& o, tt::index batch);

  bool is_view() const { return trains_.steps.size() == 0; }  // nothing is computed
  bool has_gradient() const;
  // Inference, or of what exists in training only the forward of training; behind `record`, the gradients of all inputs
  // and parameters.
  void forward(bool native = true) const;
  void record() const;
  void backward(bool native = true) const;

  // Of one call of `forward`: arithmetic, and the bytes of inputs, results and parameters.
  double flops() const { return flops_; }
  double bytes() const { return bytes_; }

 private:
  tt::run<float> prepared(const tt::planning& p);

  const plain_operator& o_;
  tt::index batch_;
  tt::detail::single_operator single_;
  std::vector<int> wanted_;
  tt::planning infers_, trains_;
  std::vector<tt::memory<float>> memory_;
  std::vector<std::vector<std::int32_t>> ids_;
  std::vector<tt::bound<float>> inputs_, seeds_;
  std::vector<std::uint8_t> masks_;
  tt::run<float> inference_, training_;
  double flops_ = 0, bytes_ = 0;
};

// Every operator of the families linked in, in the order of their names; typical options and shapes, of width 128 or,
// of what grows with a power of it, the largest power of two of which a sample takes at most 1 MB.
std::vector<plain_operator>& operators();
// Whether a sample of it is small enough.
bool fits(const plain_operator& o);

struct collector {
  template <class Draw>
  void operator()(const Draw& draw) const {
    for (int width = 128; width >= 8; width /= 2) {
      catalogue::dice d = catalogue::dice::typical(width);
      const auto drawing = draw(d);
      plain_operator o = plain(drawing.op, drawing.inputs);
      if (!fits(o) && width > 8) continue;
      operators().push_back(std::move(o));
      return;
    }
  }
};

}  // namespace bench
