// One line of a list of fusions, and the network that it makes: any number of named inputs and `y`, lowered and planned
// at run time, so that a line costs the compiler its operators and nothing else.
//
// A new fusion is one line in the list of its family, such as
//   fusion("mean", vectors(4), [](auto... x) { return tt::fuse(tt::mean{}, x...); }).symmetric(),
// A lambda of any number of inputs is held to the laws with two and with three; one of two or three inputs only gives
// the reason with .only("..."). What the other words say stands beside them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tectum/architecture/lower.hpp>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/parameters.hpp>
#include <tectum/model/planning.hpp>
#include <tectum/model/run.hpp>
#include <vector>

namespace laws {

namespace tt = tectum;

inline constexpr tt::name<"x0"> x0;
inline constexpr tt::name<"x1"> x1;
inline constexpr tt::name<"x2"> x2;

// What an exchange of operands does.
enum class order {
  symmetric,  // nothing, beside the order of parameters
  matters,    // it gives another result: the operands' order is a part of the formula
  roles       // operands mean different things: a condition, queries, a sequence and a vector
};

// The right side of `y = ...` without its type, and its operators' steps.
struct form {
  int inputs = 0;
  std::vector<tt::node> nodes;
  std::vector<tt::slot> slots;
  const char* mistake = nullptr;
  std::function<tt::step_functions<double>(const tt::operator_table*)> steps;
};

template <class Make, class... X>
form form_of(Make make, X... x) {
  const auto body = tt::detail::as_fragment(make(x...));
  using text = std::remove_cvref_t<decltype(body)>;
  return {static_cast<int>(sizeof...(X)),
          {body.nodes, body.nodes + text::node_count},
          {body.slots, body.slots + text::slot_count},
          body.mistake,
          [](const tt::operator_table* op) {
            return tt::find_steps<double, tt::reference, true>(typename text::operator_types{}, op);
          }};
}

struct fusion {
  std::string name, why_only, why_order, refusal, exchanged_two, exchanged_three;
  std::vector<tt::shape> inputs;
  std::vector<form> forms;
  laws::order order = order::roles;
  bool said = false;

  // Shapes for as many inputs as it is tried with, at most three.
  template <class Make>
  fusion(const char* called, std::vector<tt::shape> shapes, Make make) : name(called),
                                                                         inputs(std::move(shapes)) {
    if constexpr (std::is_invocable_v<Make, decltype(x0), decltype(x1)>)
      if (inputs.size() >= 2) forms.push_back(form_of(make, x0, x1));
    if constexpr (std::is_invocable_v<Make, decltype(x0), decltype(x1), decltype(x2)>)
      if (inputs.size() >= 3) forms.push_back(form_of(make, x0, x1, x2));
  }

  // The first two operands may be exchanged. Parameters numbered 0 and 1 go along; `with` says what else does, of two
  // inputs and of three: "linear linear_2": two layers that change places; "weight columns", "... rows", "... both": a
  // matrix whose columns or rows are a block an input.
  fusion symmetric(const char* with = "", const char* with_three = nullptr) && {
    exchanged_two = with;
    exchanged_three = with_three ? with_three : with;
    return says(order::symmetric, "");
  }
  // Exchanged operands give another result, although every parameter is the same.
  fusion ordered(const char* why) && { return says(order::matters, why); }
  fusion roles(const char* why) && { return says(order::roles, why); }
  // Why it is not for any number of inputs.
  fusion only(const char* why) && {
    why_only = why;
    return std::move(*this);
  }
  // It takes no input that may be absent, with this sentence at compile time.
  fusion refuses(const char* sentence) && {
    refusal = sentence;
    return std::move(*this);
  }

 private:
  fusion says(laws::order o, const char* why) {
    order = o;
    why_order = why;
    said = true;
    return std::move(*this);
  }
};

inline std::vector<tt::shape> vectors(int width) { return {3, tt::shape_of(tt::features{width})}; }
inline std::vector<tt::shape> sequences(int length, int width) {
  return {3, tt::shape_of(tt::sequence{length, width})};
}
inline std::vector<tt::shape> maps(int channels, int height, int width) {
  return {3, tt::shape_of(tt::picture{channels, height, width})};
}
inline tt::shape vector(int width) { return tt::shape_of(tt::features{width}); }
inline tt::shape sequence(int length, int width) { return tt::shape_of(tt::sequence{length, width}); }
inline tt::shape padded(int length, int width) { return tt::shape_of(tt::sequence{length, width, true}); }
inline tt::shape map(int channels, int height, int width) { return tt::shape_of(tt::picture{channels, height, width}); }

using numbers = std::vector<double>;
using parameters = std::map<std::string, numbers>;  // canonical, by name

// Inputs of a batch and the gradient of its result, which samples are there, and how many of their tokens.
struct batch {
  int samples = 0;
  std::vector<numbers> x;
  std::vector<std::vector<unsigned char>> present;
  std::vector<int> tokens;
  unsigned seed = 1;  // of the result's gradient
};
struct outcome {
  std::vector<numbers> y, dx;  // by result, by input; each all samples
  parameters gradients;
};

struct network_options {
  unsigned optional = 0;   // bit k: input k may be absent
  bool reversed = false;   // the inputs are declared in the other direction
  bool exchanged = false;  // operands 0 and 1 change places
};

class network {
 public:
  network(const form& f, const std::vector<tt::shape>& inputs, const network_options& o = {});

  bool failed() const { return lowered_->failed(); }
  std::string mistake() const { return lowered_->mistake().data(); }
  parameters initial(unsigned long long seed) const;
  // Rows and columns of a parameter.
  std::pair<int, int> extents_of(const std::string& name) const;
  // Forward and backward in inference behaviour, over memory that is NaN before.
  outcome operator()(const batch& b, const parameters& p) const;
  const std::vector<tt::shape>& results() const { return results_; }

 private:
  tt::graph_view graph() const;

  std::vector<tt::node> nodes_;
  std::vector<tt::slot> slots_;
  std::unique_ptr<tt::lowering> lowered_;
  std::unique_ptr<tt::planning> plan_;
  std::vector<tt::step_functions<double>> steps_;
  std::vector<int> inputs_, wanted_;  // values
  std::vector<tt::shape> results_;
};

// All lists of the program; a family's file has one of these.
struct family {
  family(std::string title, std::vector<fusion> lines);
  std::string title;
  std::vector<fusion> lines;
};
std::vector<const family*>& families();

// What a line breaks, a sentence each; none if it keeps all laws.
std::vector<std::string> broken_by(const fusion& line);
// Fails the test for whatever a family breaks.
void hold(const family& f);

}  // namespace laws
