// The graph of one operator on its own, lowered at run time.
#pragma once

#include <memory>
#include <string>
#include <tectum/architecture/lower.hpp>
#include <tectum/tensor/view.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {
namespace detail {

// Gives its second input the mask of the first; it never runs.
struct shared_mask {
  static constexpr const char* name = "shared_mask";
  static constexpr int arity = 2;
  static constexpr auto masks = reads_masks;
  static constexpr shape infer(shape masked, shape x) {
    x.padded = masked.padded;
    x.optional = masked.optional;
    return x;
  }
};

// Inputs, one for each shape (or, `twice`, the first of them for the first two operands), and the operator on them.
// Where the operator takes inputs of one mask only, the first masked input lends its own to the others.
class single_operator {
 public:
  single_operator(const operator_table& op, const slot* options, const std::vector<shape>& shapes, bool twice = false)
      : labels_(shapes.size() * 2 + most_results, label{"operator", 8}) {
    const int n = static_cast<int>(shapes.size());
    std::vector<const label*> operands;
    int lender = -1;
    const bool separate =
        op.separate_masks || (op.masks == masking::reads &&
                              op.result_mask(options, {shapes.data(), static_cast<int>(shapes.size())}).joins());
    for (int k = 0; k < n; ++k) {
      const std::size_t at = static_cast<std::size_t>(k);
      if (twice && k == 1) {
        operands.push_back(operands[0]);
        continue;
      }
      const bool together = op.masks == masking::reads ? shapes[at].padded && !separate : shapes[at].masked();
      const bool borrows = together && lender >= 0;
      declare(&labels_[at], borrows ? shapes[at].unmasked() : shapes[at]);
      operands.push_back(&labels_[at]);
      if (borrows) {
        const label* const both[] = {operands[static_cast<std::size_t>(lender)], &labels_[at]};
        operands.back() = &labels_[at + shapes.size()];
        apply(table_of_operator<shared_mask>, nullptr, {both[0], both[1]}, operands.back(), 1);
      } else if (together) {
        lender = k;
      }
    }
    apply(op, options, operands, &labels_[shapes.size() * 2], op.results);
    lowered_ = std::make_unique<lowering>(range<node>{nodes_.data(), static_cast<int>(nodes_.size())},
                                          range<slot>{slots_.data(), static_cast<int>(slots_.size())}, nullptr);
  }

  bool failed() const { return lowered_->failed(); }
  std::string mistake() const { return lowered_->mistake().data(); }
  graph_view graph() const {
    const auto all = [](const auto& from) { return range{from.begin(), from.size()}; };
    const lowering& l = *lowered_;
    return {all(l.values),     all(l.operators),     all(l.inputs), all(l.groups),
            all(l.parameters), all(l.scopes),        all(l.masks),  all(l.equations),
            slots_.data(),     l.parameter_elements, l.bound};
  }
  int step() const { return lowered_->operators.size() - 1; }
  const graph_operator& applied() const { return lowered_->operators[step()]; }
  int operands() const { return applied().input_count; }
  int operand(int k) const { return lowered_->inputs[applied().inputs + k]; }
  int results() const { return applied().op->results; }
  int result(int r) const { return applied().values + r; }
  const shape& shape_of_value(int v) const { return lowered_->values[v].shape; }
  int mask_of_value(int v) const { return lowered_->values[v].mask; }
  const graph_mask& mask(int m) const { return lowered_->masks[m]; }
  int masks() const { return lowered_->masks.size(); }
  bool masked() const {
    for (int k = 0; k < operands(); ++k)
      if (shape_of_value(operand(k)).masked()) return true;
    return false;
  }
  // Elements of a batch of a value.
  index size(int v, index batch) const {
    const shape& s = shape_of_value(v);
    return s.kind == kind::scalar ? 1 : batch * s.size();
  }

 private:
  void declare(const label* name, const shape& s) {
    const auto e = detail::declare(name, input{s}).text;
    nodes_.insert(nodes_.end(), e.nodes, e.nodes + e.node_count);
    slots_.insert(slots_.end(), e.slots, e.slots + e.slot_count);
  }
  void apply(const operator_table& op, const slot* options, const std::vector<const label*>& operands,
             const label* names, int results) {
    const int n = static_cast<int>(operands.size());
    nodes_.push_back({.what = does::define, .name = names, .count = results, .body = results + n});
    for (int r = 1; r < results; ++r) nodes_.push_back({.what = does::also, .name = names + r});
    for (const label* o : operands) nodes_.push_back({.what = does::refer, .name = o});
    nodes_.push_back({.what = does::apply, .op = &op, .count = n, .slots = op.options + n});
    slots_.insert(slots_.end(), options, options + op.options);
    for (int k = 0; k < n; ++k) slots_.push_back(static_cast<slot>(n - k));
  }

  std::vector<label> labels_;
  std::vector<node> nodes_;
  std::vector<slot> slots_;
  std::unique_ptr<lowering> lowered_;
};

}  // namespace detail
}  // namespace tectum
