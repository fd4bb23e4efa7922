// Results: a view on what a model computed, which turns into or is written into any tensor type.
#pragma once

#include <tectum/tensor/copy.hpp>
#include <tectum/tensor/reshape.hpp>

namespace tectum::inline TECTUM_ABI {

// The values of one output of a model, [samples, extents of a sample...]; it does not own them: they live until the
// next call with the same workspace.
template <class T>
class result {
 public:
  using value_type = T;

  // A loss has no axes, everything else has the samples first.
  result(const T* data, index samples, index stride, const shape& of) noexcept {
    layout_.data = data;
    if (of.kind == kind::scalar) return;
    layout_.rank = of.rank + 1;
    layout_.extent[0] = samples;
    layout_.stride[0] = stride;
    index next = 1;
    for (int i = of.rank; i >= 1; --i) {
      layout_.extent[i] = of.extent[i - 1];
      layout_.stride[i] = next;
      next *= layout_.extent[i];
    }
  }

  const T* data() const noexcept { return layout_.data; }
  int rank() const noexcept { return layout_.rank; }
  index extent(int axis) const noexcept { return layout_.extent[axis]; }
  index stride(int axis) const noexcept { return layout_.stride[axis]; }
  index samples() const noexcept { return rank() == 0 ? 1 : layout_.extent[0]; }
  // Elements of one sample.
  index width() const noexcept { return size() / (samples() == 0 ? 1 : samples()); }
  index size() const noexcept { return layout_.size(); }
  const tensor_layout<const T>& layout() const noexcept { return layout_; }

  // One element; one position for each axis, not checked.
  template <class... I>
    requires(std::is_integral_v<I> && ...)
  const T& operator()(I... at) const noexcept {
    index offset = 0;
    int axis = 0;
    ((offset += static_cast<index>(at) * layout_.stride[axis++]), ...);
    return layout_.data[offset];
  }
  // The only element: of a loss.
  T value() const noexcept { return *layout_.data; }

  // A tensor of the caller's type, rows being samples. Where the type has fewer axes the trailing ones are joined.
  template <makeable_tensor X>
  X to() const {
    X made = tensor_traits<X>::make(layout_.extent, layout_.rank);
    copy_to(made);
    return made;
  }
  template <makeable_tensor X>
  operator X() const {
    return to<X>();
  }

  // Writes into an existing tensor of the same extents, trailing ones joined or axes of 1 added, whatever its strides.
  // Throws if the extents differ.
  template <class X>
    requires writable_tensor<std::remove_reference_t<X>>
  void copy_to(X&& x) const {
    const auto to = tensor_traits<std::remove_cvref_t<X>>::layout(x);
    boundary::block all;
    if (!fit(to.extent, to.rank, to.stride, all)) {
      message text("result: expected a tensor of ");
      text.append_extents(layout_.extent, layout_.rank).append(", got ").append_extents(to.extent, to.rank);
      fail(error_kind::shape, text);
    }
    using to_scalar = std::remove_pointer_t<decltype(to.data)>;
    boundary::copy_block(boundary::converted<T, to_scalar>, all, reinterpret_cast<const char*>(layout_.data), to.data);
  }

 private:
  // Walks our axes over those of the destination: axis by axis, what is left of ours joined into its last one.
  bool fit(const index* extent, int rank, const index* stride, boundary::block& all) const noexcept {
    const int last = rank - 1;
    for (int i = layout_.rank; i < rank; ++i) {
      if (extent[i] != 1) return false;
    }
    index joined = 1;
    for (int i = last; i >= 0 && i < layout_.rank; ++i) joined *= layout_.extent[i];
    if (last >= 0 && last < layout_.rank && joined != extent[last]) return false;
    if (last < 0 && layout_.size() != 1) return false;
    for (int i = 0; i < layout_.rank; ++i) {
      if (i < last && layout_.extent[i] != extent[i]) return false;
      if (i >= last && last >= 0) joined /= layout_.extent[i] == 0 ? 1 : layout_.extent[i];
      all.axis(layout_.extent[i], layout_.stride[i], last < 0 ? 0 : i < last ? stride[i] : joined * stride[last]);
    }
    return true;
  }

  tensor_layout<const T> layout_;
};

}  // namespace tectum
