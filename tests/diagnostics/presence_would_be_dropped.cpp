// expect: in equation y: this operator would drop the presence mask of its input: halved
#include <tectum/tectum.hpp>

namespace tt = tectum;

// An operator of one's own that says nothing about masks.
struct halved {
  static constexpr const char* name = "halved";
#ifdef TECTUM_CORRECTED
  static constexpr auto masks = tt::samplewise;
#endif
  constexpr tt::shape infer(tt::shape x) const { return x; }
  template <class C>
  void forward(C&, tt::in<C> x, tt::out<C> y) const noexcept {
    C::kernels::map(y.as_samples(), [](auto a) { return a * decltype(a)(0.5f); }, x.as_samples());
  }
  template <class C>
  void backward(C&, tt::in<C>, tt::in<C>, tt::in<C> dy, tt::out<C> dx) const noexcept {
    if (dx) C::kernels::map_add(dx.as_samples(), [](auto d) { return d * decltype(d)(0.5f); }, dy.as_samples());
  }
};

constexpr tt::name<"a"> a;
constexpr tt::name<"y"> y;

inline constexpr auto network = tt::architecture(
    [] { return tt::equations(a = tt::input{tt::features{.width = 3, .optional = true}}, y = a | halved{}); });

tt::model<network> model;
