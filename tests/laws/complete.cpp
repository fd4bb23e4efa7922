// No fusion without laws, no law that cannot fail, and docs/fusion-laws.md as the lists say.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <tectum/operators/fusion.hpp>
#include <tectum/operators/layers/linear.hpp>

#include "fusion.hpp"

using namespace laws;

namespace {

const std::filesystem::path root = TECTUM_SOURCE;

// Public names in operators/fusion that are no fusion of several inputs.
const std::map<std::string, std::string> exempt = {
    {"block_linear", "a layer of one input"},
    {"block_options", "options"},
    {"convolution_form", "an option"},
    {"deep_sets_options", "options"},
    {"evidence", "an option"},
    {"factor_options", "options"},
    {"factor_pool", "a pooling of one input"},
    {"film_block_options", "options"},
    {"film_place", "an option"},
    {"gmu_gate", "an option"},
    {"mag_options", "options"},
    {"media_options", "options"},
    {"nonlocal_gate_options", "options"},
    {"perceiver_resampler", "a pipeline of one input"},
    {"power_norm", "an option"},
    {"resampler_options", "options"},
    {"set_weights", "an option"},
    {"signed_sqrt", "a function of one input"},
    {"squeeze_excite", "a gate of one input"},
    {"weigh_tokens", "a gate of one input"},
};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// What a header gives outside namespace detail: types, functions, objects.
std::vector<std::string> public_names(std::string text) {
  static const std::regex inner("namespace detail \\{[^]*?\\n\\}  // namespace detail");
  static const std::regex given(
      "\\n(?:struct (\\w+)(?: :[^;\\n]*)? \\{|enum class (\\w+)|constexpr auto (\\w+)\\(|\\} (\\w+);|"
      "inline constexpr (?!struct )[\\w:<>]+ (\\w+)[ {=;])");
  text = std::regex_replace(text, inner, "");
  std::vector<std::string> all;
  for (std::sregex_iterator i(text.begin(), text.end(), given), end; i != end; ++i)
    for (std::size_t k = 1; k < i->size(); ++k)
      if ((*i)[k].matched) all.push_back((*i)[k]);
  return all;
}
std::string first_word(const std::string& s) { return s.substr(0, s.find(' ')); }

std::vector<std::string> without_laws(const std::vector<std::string>& names) {
  std::vector<std::string> none;
  for (const std::string& name : names) {
    bool listed = exempt.contains(name);
    for (const family* f : families())
      for (const fusion& line : f->lines) listed = listed || first_word(line.name) == name;
    if (!listed) none.push_back(name);
  }
  return none;
}

std::string kind_of(const tt::shape& s) {
  const char* const kind = s.kind == tt::kind::features ? "vector" : s.kind == tt::kind::picture ? "map" : "sequence";
  return s.padded ? std::string("padded ") + kind : kind;
}
std::string inputs_of(const fusion& f) {
  std::string all;
  bool alike = true;
  for (const tt::shape& s : f.inputs) alike = alike && kind_of(s) == kind_of(f.inputs[0]);
  if (alike) return kind_of(f.inputs[0]) + "s";
  for (int k = 0; k < f.forms.back().inputs; ++k) {
    if (k) all += ", ";
    all += kind_of(f.inputs[static_cast<std::size_t>(k)]);
  }
  return all;
}
std::string page() {
  std::string text =
      "# What holds for every fusion\n\n"
      "Each line below is held to these laws by `laws_tests` (tests/laws), with two and, where the formula extends, "
      "with\n"
      "three inputs, in double. This page is written by that test; `make docs` renews it.\n\n"
      "- **Presence.** With everything present, a network whose inputs may be absent gives the results and gradients "
      "of one\n"
      "  whose inputs may not, bit for bit. What is absent has no influence, be it NaN, and its gradient is exactly "
      "zero.\n"
      "  Every subset of the inputs, also none, gives finite results.\n"
      "- **Samples.** One sample's numbers change no other sample's result or gradient, bit for bit; a batch of one "
      "gives\n"
      "  the bits that the sample has in a larger batch.\n"
      "- **Names.** In which order inputs are declared changes nothing but the order of parameters.\n"
      "- **Operands.** *Symmetric*: exchanged operands, with their parameters exchanged, give the same to rounding.\n"
      "  *Ordered*: the order is a part of the formula, and the same parameters give another result. *Roles*: operands "
      "mean\n"
      "  different things.\n\n";
  struct row {
    std::string name, inputs, number, order, absent;
  };
  std::vector<const family*> all = families();
  std::sort(all.begin(), all.end(), [](const family* a, const family* b) { return a->title < b->title; });
  for (const family* f : all) {
    std::vector<row> rows;
    for (const fusion& line : f->lines) {
      std::string number = line.why_only.empty() ? "any" : std::to_string(line.forms.back().inputs);
      if (!line.why_only.empty() && line.why_only != line.why_order) number += ": " + line.why_only;
      const std::string order = line.order == order::symmetric ? "symmetric"
                                : line.order == order::matters ? "ordered: " + line.why_order
                                                               : "roles: " + line.why_order;
      row r{line.name, inputs_of(line), number, order, line.refusal.empty() ? "yes" : "no: " + line.refusal};
      const auto same = std::find_if(rows.begin(), rows.end(), [&](const row& o) {
        return o.name == r.name && o.number == r.number && o.order == r.order && o.absent == r.absent;
      });
      if (same == rows.end()) rows.push_back(r);
      else if (("; " + same->inputs + ";").find("; " + r.inputs + ";") == std::string::npos)
        same->inputs += "; " + r.inputs;
    }
    text += "## " + f->title + "\n\n| fusion | inputs | how many | operands | may be absent |\n|---|---|---|---|---|\n";
    for (const row& r : rows)
      text += "| `" + r.name + "` | " + r.inputs + " | " + r.number + " | " + r.order + " | " + r.absent + " |\n";
    text += "\n";
  }
  text += "Not among them, in `operators/fusion`:\n\n| name | why |\n|---|---|\n";
  for (const auto& [name, why] : exempt) text += "| `" + name + "` | " + why + " |\n";
  return text;
}

// Operators that break a law each.
struct law_breaker {
  int fault;
  static constexpr const char* name = "law_breaker";
  static constexpr int arity = 2;
  static constexpr auto masks = tt::reads_masks;
  constexpr tt::shape infer(tt::shape a, tt::shape b) const {
    if (fault == 4 && (a.optional || b.optional)) return tt::wrong("law_breaker: takes nothing that may be absent");
    a.optional = false;
    return a;
  }
  template <class C>
  void forward(C&, tt::in<C> a, tt::in<C> b, tt::out<C> y) const noexcept {
    for (tt::index s = 0; s < y.samples; ++s)
      for (tt::index i = 0; i < y.size(); ++i) {
        const auto left = a.present(s) || fault == 1 ? a.sample(s)[i] : 0;
        const auto right = b.present(s) ? b.sample(fault == 2 ? 0 : s)[i] : 0;
        y.sample(s)[i] = left + (fault == 3 ? 2 : 1) * right;
      }
  }
  template <class C>
  void backward(C&, tt::in<C> a, tt::in<C> b, tt::in<C>, tt::in<C> dy, tt::out<C> da, tt::out<C> db) const noexcept {
    for (tt::index s = 0; s < dy.samples; ++s)
      for (tt::index i = 0; i < dy.size(); ++i) {
        if (a.present(s) || fault == 5) da.sample(s)[i] += dy.sample(s)[i];
        if (b.present(s)) db.sample(fault == 2 ? 0 : s)[i] += (fault == 3 ? 2 : 1) * dy.sample(s)[i];
      }
  }
};
template <class Line>
bool breaks(const Line& line, const std::string& words) {
  for (const std::string& b : broken_by(line))
    if (b.find(words) != std::string::npos) return true;
  return false;
}
fusion faulty(int fault) {
  return fusion("law_breaker", {vector(3), vector(3)},
                [=](auto a, auto b) { return tt::fuse(law_breaker{fault}, a, b); })
      .symmetric()
      .only("it is a test");
}

}  // namespace

TEST_CASE("every public name of operators/fusion is held to the laws or says why not") {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(root / "include/tectum/operators/fusion")) {
    const std::vector<std::string> here = public_names(text_of(entry.path()));
    names.insert(names.end(), here.begin(), here.end());
  }
  CHECK(names.size() >= 50);
  for (const std::string& name : without_laws(names))
    FAIL_CHECK(name << " is on no list of tests/laws, nor exempt in complete.cpp");
  for (const auto& [name, why] : exempt)
    CHECK_MESSAGE(std::find(names.begin(), names.end(), name) != names.end(), name << " is exempt and is not there");
}

TEST_CASE("a forgotten fusion is named") {
  const std::vector<std::string> names = public_names(
      "\nnamespace detail {\nstruct hidden {\n};\n}  // namespace detail\nstruct sum : detail::some<\"sum\"> {\n};\n"
      "template <part... P>\nconstexpr auto forgotten(const P&... x) {\n}\ninline constexpr struct o {\n} missing;\n"
      "enum class kinds { a };\ninline constexpr detail::some<2> object{};\n");
  CHECK(names == std::vector<std::string>{"sum", "forgotten", "missing", "kinds", "object"});
  CHECK(without_laws(names) == std::vector<std::string>{"forgotten", "missing", "kinds", "object"});
}

TEST_CASE("every law can be broken") {
  CHECK(broken_by(faulty(0)).empty());
  CHECK(breaks(faulty(1), "what is absent is read"));
  CHECK(breaks(faulty(2), "one sample's result depends on another's numbers"));
  CHECK(breaks(faulty(2), "a sample alone has another result"));
  CHECK(breaks(faulty(3), "exchanged operands give another result"));
  CHECK(breaks(faulty(4), "an input that may be absent is refused: in equation y: law_breaker: takes nothing"));
  CHECK(broken_by(faulty(4).refuses("takes nothing that may be absent")).empty());
  CHECK(breaks(faulty(0).refuses("takes nothing that may be absent"), "is said to refuse"));
  CHECK(breaks(faulty(5), "what is absent has a gradient"));
  CHECK(breaks(faulty(0).ordered("it is not"), "is said to depend on the order of operands"));
  CHECK(breaks(faulty(0).only(""), "with a reason why not"));
  CHECK(breaks(fusion("tower", vectors(3), [](auto a, auto b) { return tt::fuse(tt::bilinear{2}, a, b); }).symmetric(),
               "exchanged operands give another result"));
}

TEST_CASE("an operator of any number of inputs takes as many as a network allows") {
  const std::vector<tt::shape> all(tt::most_inputs, tt::features_of(3));
  const tt::range<tt::shape> x{all.data(), tt::most_inputs};
  const auto takes = [&](const auto& op, int each, int more) {
    INFO(op.name);
    CHECK(!op.infer(x).fault);
    CHECK(op.parameters(x).count == each * tt::most_inputs + more);
  };
  takes(tt::mlb{.rank = 2, .features = 2}, 2, 2);
  takes(tt::gmu{.features = 2, .bias = true}, 2, 2);
  takes(tt::attention_fusion{}, 2, 2);
  takes(tt::low_rank_fusion{.rank = 2, .features = 2}, 1, 2);
  takes(tt::compact_bilinear{4}, 2, 0);
}

// TECTUM_WRITE_DOCS=1 laws_tests writes it.
TEST_CASE("docs/fusion-laws.md is what the lists say") {
  const std::filesystem::path path = root / "docs/fusion-laws.md";
  if (std::getenv("TECTUM_WRITE_DOCS")) std::ofstream(path) << page();
  CHECK_MESSAGE(text_of(path) == page(), "docs/fusion-laws.md is not current: run 'make docs'");
}
