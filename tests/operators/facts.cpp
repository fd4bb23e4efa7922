// Prints what the library itself says about each of its operators, a line of JSON each: what docs/operators.md is made
// of, beside the comments above the operators.
#include <cstdio>
#include <string>

#include "catalogue_all.hpp"

namespace {

namespace tt = tectum;

std::string text(const tt::shape& s) {
  tt::sentence<160> t;
  tt::append_shape(t, s);
  return t.data();
}
std::string quoted(const std::string& s) { return "\"" + s + "\""; }

const char* name_of(tt::masking m) {
  switch (m) {
    case tt::masking::refuses: return "refused";
    case tt::masking::samplewise: return "presence goes through, padding is refused";
    case tt::masking::tokenwise: return "padding and presence go through";
    default: return "read";
  }
}

void print(const tt::operator_table& op, const tt::slot* slots, const std::vector<tt::shape>& inputs) {
  const tt::range<tt::shape> in{inputs.data(), static_cast<int>(inputs.size())};
  std::string line = "{\"name\": " + quoted(op.name) + ", \"arity\": " + std::to_string(op.arity) +
                     ", \"results\": " + std::to_string(op.results) + ", \"loss\": " + (op.is_loss ? "true" : "false") +
                     ", \"masks\": " + quoted(name_of(op.masks)) + ", \"inputs\": [";
  for (std::size_t i = 0; i < inputs.size(); ++i) line += (i ? ", " : "") + quoted(text(inputs[i]));
  line += "], \"outputs\": [";
  const tt::shapes out = op.infer(slots, in);
  for (int i = 0; i < out.count; ++i) line += (i ? ", " : "") + quoted(text(out.items[i]));
  line += "], \"parameters\": [";
  const tt::parameter_list all = op.describe(slots, in);
  long long count = 0;
  for (int i = 0; i < all.count; ++i) {
    const tt::parameter& p = all.items[i];
    std::string name = p.name;
    if (p.number >= 0) name += "." + std::to_string(p.number);
    name += " [";
    for (int k = 0; k < p.rank; ++k) name += (k ? ", " : "") + std::to_string(p.extent[k]);
    line += (i ? ", " : "") + quoted(name + (p.role == tt::role::buffer ? "] (buffer)" : "]"));
    if (p.role != tt::role::buffer) count += p.size();
  }
  line += "], \"parameter_count\": " + std::to_string(count) +
          ", \"multiply_adds\": " + std::to_string(op.multiply_adds(slots, in)) + "}";
  std::puts(line.c_str());
}

// One draw of each operator, whole rather than masked where there is one.
struct printer {
  template <class Draw>
  void operator()(Draw draw) const {
    for (unsigned seed = 1; seed < 400; ++seed) {
      catalogue::dice d(seed);
      const auto one = draw(d);
      bool masked = false, small = true;
      for (const tt::shape& s : one.inputs) {
        masked = masked || s.masked();
        small = small && s.size() <= 64 && (s.rank == 0 || s.width() > 2);
      }
      if ((masked || !small) && seed < 399) continue;
      using op_type = std::remove_cvref_t<decltype(one.op)>;
      tt::slot slots[tt::option_count<op_type> + 1]{};
      tt::store_options(one.op, slots);
      return print(tt::table_of_operator<op_type>, slots, one.inputs);
    }
  }
};

}  // namespace

int main() { catalogue::all(printer{}); }
