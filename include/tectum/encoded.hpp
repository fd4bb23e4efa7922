// Frozen encoders run once: a tensor of what an encoder makes of each sample.
#pragma once

#include <tectum/model/parameters.hpp>
#include <tectum/operators/encoders/encoder.hpp>
#include <tectum/tensor/binding.hpp>
#include <tectum/tensor/output.hpp>

namespace tectum::inline TECTUM_ABI {

// What an encoder gives for each of the caller's samples, computed at construction, `batch` samples at a time (32), and
// kept: bind it to an input of the encoder's result, as often as wanted. Samples are the first axis of the tensor.
//   tt::encoded features{my_encoder{}, pictures};     ... net::picture = features
// Throws if the samples do not have the shape of the encoder's modality.
template <class T = float>
class encoded {
 public:
  template <external_encoder E, bindable X>
  encoded(const E& encoder, const X& samples, index batch = 32) : of_(shape(E::result).unmasked()) {
    struct samples_name {};
    const auto bound_samples = bind<samples_name>(samples);
    source all = bound_samples.source();
    const shape modality = shape(E::modality).unmasked();
    count_ = check(all, modality, "samples of an encoder");
    values_.resize(count_ * of_.size());
    memory<T> copy(batch * modality.size());
    const index whole = all.layout.extent[0];
    const char* const begin = static_cast<const char*>(all.layout.data);
    for (index at = 0; at < whole; at += batch) {
      all.layout.data = begin + at * all.layout.stride[0] * size_of(all.type);
      all.layout.extent[0] = whole - at < batch ? whole - at : batch;
      const bound<T> b = bring_in<T>(all, modality, "samples of an encoder", -1, copy.data(), nullptr, nullptr);
      encoder(view<const T>{b.data, b.samples, b.stride, &modality, nullptr},
              view<T>{values_.data() + at * of_.size(), b.samples, of_.size(), &of_, nullptr});
    }
  }
  index samples() const { return count_; }
  const shape& sample_shape() const { return of_; }
  const T* data() const { return values_.data(); }
  tensor_layout<const T> layout() const noexcept { return result<T>(values_.data(), count_, of_.size(), of_).layout(); }

 private:
  shape of_;
  index count_ = 0;
  memory<T> values_;
};
template <class E, class X>
encoded(const E&, const X&) -> encoded<float>;
template <class E, class X>
encoded(const E&, const X&, index) -> encoded<float>;

template <class T>
struct tensor_traits<encoded<T>> {
  using scalar = T;
  static tensor_layout<const T> layout(const encoded<T>& e) noexcept { return e.layout(); }
};

}  // namespace tectum
