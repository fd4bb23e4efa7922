#include "nets.hpp"

namespace {

std::string number(int n) { return std::to_string(n); }

std::string names(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& n : all) text += "constexpr tt::name<\"" + n + "\"> " + n + ";\n";
  return text;
}

// A program that builds the model, runs inference and, if asked to, gradients. `inputs` are the calls' bindings.
std::string whole(const std::string& declared, const std::string& equations, const std::string& inputs,
                  const std::string& answer, bool training) {
  std::string text = "#include <tectum/tectum.hpp>\nnamespace tt = tectum;\nnamespace {\n" + declared +
                     "inline constexpr auto net = tt::architecture([] { return tt::equations(\n" + equations +
                     "); });\n}  // namespace\n";
  text += "float run() {\n  tt::model<net> model{tt::seed{7}};\n  tt::workspace<net> workspace{32};\n";
  if (training) text += "  model.gradients(workspace, loss, " + inputs + ", label = labels);\n";
  text += "  const auto result = model(workspace, " + answer + ", " + inputs + ");\n  return result.data()[0];\n}\n";
  return text;
}

const std::string layer = " | tt::linear{64} | tt::relu";

// `operators` operators in one equation.
program chain(int operators) {
  std::string text = "    y = x";
  for (int i = 0; i < operators / 2; ++i) text += layer + (i % 8 == 7 ? "\n" : "");
  return {"chain_" + number(operators), "tectum/tectum.hpp",
          whole(names({"x", "y"}) + "float xs[32][64];\n", "    x = tt::input{tt::features{.width = 64}},\n" + text,
                "x = xs", "y", false)};
}

// Modalities with `layers` operators each, concatenated; cross-entropy.
program modalities(int count, int layers) {
  std::vector<std::string> all;
  std::string equations, operands, bindings, declared;
  for (int m = 0; m < count; ++m) {
    const std::string in = "in" + number(m), tower = "tower" + number(m);
    all.insert(all.end(), {in, tower});
    declared += "float x" + number(m) + "[32][" + number(32 + 8 * m) + "];\n";
    equations +=
        "    " + in + " = tt::input{tt::features{.width = " + number(32 + 8 * m) + "}},\n    " + tower + " = " + in;
    for (int l = 0; l < layers; ++l)
      equations += l % 2 == 0 ? " | tt::linear{" + number(64 + 8 * (l / 2)) + "}" : std::string(" | tt::relu");
    equations += ",\n";
    operands += ", " + tower;
    bindings += (m == 0 ? "" : ", ") + in + " = x" + number(m);
  }
  all.insert(all.end(), {"answer", "label", "loss"});
  equations += "    answer = tt::fuse(tt::concat{}" + operands + ") | tt::linear{64} | tt::relu | tt::linear{10},\n" +
               "    label = tt::input{tt::category{10}},\n" + "    loss = tt::fuse(tt::cross_entropy{}, answer, label)";
  return {"modalities_" + number(count) + "x" + number(layers), "tectum/tectum.hpp",
          whole(names(all) + declared + "int labels[32];\n", equations, bindings, "answer", true)};
}

program mult() {
  const std::vector<std::string> short_names = {"t", "a", "v"};
  const std::vector<int> lengths = {20, 40, 30}, widths = {64, 40, 32};
  std::vector<std::string> all = {"answer", "label", "loss"};
  std::string declared, equations, bindings, merged;
  for (std::size_t m = 0; m < 3; ++m) {
    const std::string in = "in_" + short_names[m];
    all.insert(all.end(), {in, short_names[m]});
    const std::string length = number(lengths[m]), width = number(widths[m]);
    declared += "float x_" + short_names[m] + "[8][" + length + "][" + width + "];\n";
    equations += "    " + in + " = tt::input{tt::sequence{.length = " + length + ", .width = " + width + "}},\n    " +
                 short_names[m] + " = " + in + " | tt::linear{40},\n";
    bindings += (m == 0 ? "" : ", ") + in + " = x_" + short_names[m];
  }
  for (const std::string& target : short_names) {
    std::string fused;
    for (const std::string& source : short_names) {
      if (source == target) continue;
      const std::string pair = target + "_from_" + source;
      all.push_back(pair);
      equations += "    " + pair + " = " + target + " | crossmodal(" + source + "),\n";
      fused += ", " + pair + " | tt::mean_pool";
    }
    all.push_back("all_" + target);
    equations += "    all_" + target + " = tt::fuse(tt::concat{}" + fused + "),\n";
    merged += ", all_" + target;
  }
  equations += "    answer = tt::fuse(tt::concat{}" + merged +
               ") | tt::residual(tt::linear{240} | tt::relu | tt::linear{240}) | tt::linear{6},\n" +
               "    label = tt::input{tt::category{6}},\n    loss = tt::fuse(tt::cross_entropy{}, answer, label)";
  const std::string block = R"(constexpr auto crossmodal(const auto& other) {
  return tt::repeat(4, tt::residual(tt::layer_norm{} |
                                    tt::fuse(tt::attention{.heads = 4}, tt::here | tt::linear{40},
                                             other | tt::linear{40}, other | tt::linear{40}) |
                                    tt::linear{40}) |
                           tt::residual(tt::layer_norm{} | tt::linear{160} | tt::relu | tt::linear{40}));
}
)";
  return {"mult_300", "tectum/tectum.hpp",
          whole(names(all) + declared + "int labels[8];\n" + block, equations, bindings, "answer", true)};
}

program header(const std::string& name, const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += "#include <" + path + ">\n";
  return {name, paths.front(), text};
}

}  // namespace

std::vector<program> programs() {
  return {header("headers_architecture", {"tectum/architecture/architecture.hpp"}),
          header("headers_core", {"tectum/model/model.hpp", "tectum/operators/operator.hpp"}),
          header("headers_tectum", {"tectum/tectum.hpp"}),
          chain(16),
          chain(64),
          chain(256),
          modalities(2, 8),
          modalities(4, 8),
          modalities(8, 8),
          mult()};
}
