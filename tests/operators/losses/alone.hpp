// One loss in a network of its own, run forward and backward on numbers that a test gives.
#pragma once

#include <doctest/doctest.h>

#include <tectum/kernels/reference.hpp>
#include <tectum/model/model.hpp>
#include <tectum/operators/losses.hpp>
#include <vector>

namespace loss_alone {

namespace tt = tectum;
using numbers = std::vector<double>;
using ids = std::vector<int>;

inline constexpr tt::name<"x0"> x0;
inline constexpr tt::name<"x1"> x1;
inline constexpr tt::name<"x2"> x2;
inline constexpr tt::name<"y"> y;

// What comes out: the values, the gradients of the inputs, of the parameters.
struct outcome {
  numbers y, d[3], parameters;
};

// Samples of a modality that lie one behind the other in v.
template <auto Modality, class T>
auto samples(const std::vector<T>& v) {
  constexpr tt::shape s = tt::shape_of(Modality);
  const auto batch = v.size() / static_cast<std::size_t>(s.size());
  if constexpr (s.rank == 0) return tt::tensor(v, {batch});
  else if constexpr (s.rank == 1) return tt::tensor(v, {batch, s.extent[0]});
  else if constexpr (s.rank == 2) return tt::tensor(v, {batch, s.extent[0], s.extent[1]});
  else return tt::tensor(v, {batch, s.extent[0], s.extent[1], s.extent[2]});
}
template <class View>
numbers listed(const View& v) {
  return v.data() ? numbers(v.data(), v.data() + v.size()) : numbers();
}

template <class Model, class... Bindings>
outcome run(Model& model, std::size_t batch, const numbers& dy, const Bindings&... bindings) {
  typename Model::workspace_type workspace{static_cast<tt::index>(batch)};
  outcome o;
  const auto backward = [&](const auto& seed) {
    o.y = listed(model.backward(workspace, tt::gradient(y) = seed, bindings...));
  };
  constexpr int value = Model::graph().operators[0].values;
  constexpr tt::shape s = Model::graph().values[value].shape;
  if constexpr (s.kind == tt::kind::scalar) {
    backward(numbers(1, dy[0]));
  } else if constexpr (s.rank == 1) {
    backward(tt::tensor(dy, {batch, s.extent[0]}));
  } else if constexpr (s.rank == 2) {
    backward(tt::tensor(dy, {batch, s.extent[0], s.extent[1]}));
  } else {
    backward(tt::tensor(dy, {batch, s.extent[0], s.extent[1], s.extent[2]}));
  }
  o.d[0] = listed(workspace.gradient(x0));
  o.d[1] = listed(workspace.gradient(x1));
  if constexpr (sizeof...(bindings) == 3) o.d[2] = listed(workspace.gradient(x2));
  const auto* const g = workspace.gradients(Model::graph().parameter_elements);
  for (const tt::graph_parameter& p : Model::graph().parameters) o.parameters.push_back(g[p.offset]);
  return o;
}
struct nothing {
  template <class Model>
  void operator()(Model&) const {}
};

// A loss of two and of three inputs; dy is the gradient of every value. prepare(model) sets its parameters.
template <auto Loss, auto A, auto B, class T, class Prepare = nothing>
outcome of(const numbers& a, const std::vector<T>& b, const numbers& dy = {1}, Prepare prepare = {}) {
  static constexpr auto network =
      tt::architecture([] { return tt::equations(x0 = tt::input{A}, x1 = tt::input{B}, y = tt::fuse(Loss, x0, x1)); });
  tt::model<network, double> model;
  prepare(model);
  return run(model, a.size() / static_cast<std::size_t>(tt::shape_of(A).size()), dy, x0 = samples<A>(a),
             x1 = samples<B>(b));
}
template <auto Loss, auto A, auto B, auto D, class Prepare = nothing>
outcome of(const numbers& a, const numbers& b, const numbers& d, const numbers& dy = {1}, Prepare prepare = {}) {
  static constexpr auto network = tt::architecture([] {
    return tt::equations(x0 = tt::input{A}, x1 = tt::input{B}, x2 = tt::input{D}, y = tt::fuse(Loss, x0, x1, x2));
  });
  tt::model<network, double> model;
  prepare(model);
  return run(model, a.size() / static_cast<std::size_t>(tt::shape_of(A).size()), dy, x0 = samples<A>(a),
             x1 = samples<B>(b), x2 = samples<D>(d));
}

inline void are(const numbers& got, const numbers& wanted, const char* what) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK_MESSAGE(got[i] == doctest::Approx(wanted[i]).epsilon(1e-11), what << " at " << i);
}

// The sentence with which a loss refuses its inputs.
template <class Loss, class... Shapes>
constexpr const char* refusal(const Loss& loss, const Shapes&... s) {
  tt::shape found;
  if constexpr (Loss::arity == tt::any_number) {
    const tt::shape all[] = {s...};
    found = loss.infer(tt::range<tt::shape>{all, static_cast<int>(sizeof...(s))});
  } else {
    found = loss.infer(s...);
  }
  return found.fault.sentence ? found.fault.sentence : "";
}

}  // namespace loss_alone
