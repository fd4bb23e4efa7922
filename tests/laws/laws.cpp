// The laws of every fusion: presence, samples, the order of modalities.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <sstream>

#include "fusion.hpp"

namespace laws {
namespace {

bool finite(double v) { return (std::bit_cast<std::uint64_t>(v) >> 52 & 0x7FF) != 0x7FF; }
bool finite(const numbers& v) {
  for (const double a : v)
    if (!finite(a)) return false;
  return true;
}
bool finite(const std::vector<numbers>& all) {
  for (const numbers& v : all)
    if (!finite(v)) return false;
  return true;
}
bool same_bits(const numbers& a, const numbers& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}
bool same_bits(const std::vector<numbers>& a, const std::vector<numbers>& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    if (!same_bits(a[i], b[i])) return false;
  return a.size() == b.size();
}
bool same_bits(const parameters& a, const parameters& b) {
  for (const auto& [name, v] : a)
    if (!b.contains(name) || !same_bits(v, b.at(name))) return false;
  return a.size() == b.size();
}
// What went in and came out of one sample.
numbers sample_of(const numbers& all, int sample, int samples) {
  const auto n = static_cast<std::ptrdiff_t>(all.size()) / samples;
  return {all.begin() + sample * n, all.begin() + (sample + 1) * n};
}
std::vector<numbers> sample_of(const std::vector<numbers>& all, int sample, int samples) {
  std::vector<numbers> one;
  for (const numbers& v : all) one.push_back(sample_of(v, sample, samples));
  return one;
}
double worst(const numbers& a, const numbers& b) {
  double w = a.size() == b.size() ? 0 : 1e300;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    w = std::max(w, std::abs(a[i] - b[i]) / (1 + std::abs(a[i])));
  return w;
}
double worst(const std::vector<numbers>& a, const std::vector<numbers>& b) {
  double w = a.size() == b.size() ? 0 : 1e300;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) w = std::max(w, worst(a[i], b[i]));
  return w;
}

double drawn(unsigned seed, std::size_t i) {
  return std::sin(static_cast<double>(seed) * 3.1 + 12.9898 * static_cast<double>(i + 1) + 0.37);
}
// Everything is present; sample b has 1 to all tokens.
batch made(const std::vector<tt::shape>& inputs, int count, int samples, unsigned seed) {
  batch b;
  b.samples = samples;
  b.seed = seed;
  for (int k = 0; k < count; ++k) {
    const tt::shape& s = inputs[static_cast<std::size_t>(k)];
    numbers& x = b.x.emplace_back(static_cast<std::size_t>(samples) * static_cast<std::size_t>(s.size()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = drawn(seed + static_cast<unsigned>(k) * 17, i);
    b.present.emplace_back(static_cast<std::size_t>(samples), static_cast<unsigned char>(1));
  }
  for (int s = 0; s < samples; ++s) b.tokens.push_back(1 + s % 3);
  return b;
}
// Sample s lacks the inputs whose bits s has, of those that may be absent.
batch with_subsets(batch b, unsigned optional) {
  for (std::size_t k = 0; k < b.x.size(); ++k)
    for (int s = 0; s < b.samples; ++s)
      if ((optional >> k & 1) != 0 && (s >> k & 1) != 0) b.present[k][static_cast<std::size_t>(s)] = 0;
  return b;
}
// Other numbers wherever nothing is: absent samples, padding.
batch with_dirt(batch b, const std::vector<tt::shape>& inputs, double dirt) {
  for (std::size_t k = 0; k < b.x.size(); ++k) {
    const tt::shape& s = inputs[k];
    const auto size = static_cast<std::size_t>(s.size());
    for (std::size_t i = 0; i < b.x[k].size(); ++i) {
      const std::size_t sample = i / size, token = s.padded ? i % size / static_cast<std::size_t>(s.width()) : 0;
      if (!b.present[k][sample] || (s.padded && static_cast<int>(token) >= b.tokens[sample])) b.x[k][i] = dirt;
    }
  }
  return b;
}
// One sample of a batch as a batch.
batch alone(const batch& b, int sample) {
  batch one;
  one.samples = 1;
  one.seed = b.seed;
  for (const numbers& x : b.x) one.x.push_back(sample_of(x, sample, b.samples));
  for (const auto& p : b.present) one.present.push_back({p[static_cast<std::size_t>(sample)]});
  one.tokens = {b.tokens[static_cast<std::size_t>(sample)]};
  return one;
}

// The parameters that the operands' exchange makes of `p`, as fusion::symmetric says.
parameters exchanged(const parameters& p, const network& n, const std::string& with, int inputs) {
  std::vector<std::pair<std::string, std::string>> swaps, blocks;
  std::stringstream text(with);
  for (std::string clause; std::getline(text, clause, ',');) {
    std::stringstream words(clause);
    std::string a, b;
    REQUIRE(static_cast<bool>(words >> a >> b));
    (b == "rows" || b == "columns" || b == "both" ? blocks : swaps).push_back({a, b});
  }
  parameters q;
  for (const auto& [name, v] : p) {
    std::string to = name;
    const std::size_t dot = to.rfind('.');
    if (to.ends_with(".0")) to.back() = '1';
    else if (to.ends_with(".1")) to.back() = '0';
    for (const auto& [a, b] : swaps) {
      const std::string first = "y." + a, second = "y." + b, layer = name.substr(0, dot);
      if (layer == first) to = second + name.substr(dot);
      else if (layer == second) to = first + name.substr(dot);
    }
    numbers values = v;
    for (const auto& [a, how] : blocks) {
      if (name.substr(dot + 1) != a && name != "y." + a) continue;  // every parameter of that name, or one layer's
      const auto [rows, columns] = n.extents_of(name);
      const int height = how == "columns" ? rows : rows / inputs, width = how == "rows" ? columns : columns / inputs;
      REQUIRE(rows * columns == static_cast<int>(v.size()));
      const auto moved = [](int at, int block) { return at < block ? at + block : at < 2 * block ? at - block : at; };
      for (int r = 0; r < rows; ++r)
        for (int c = 0; c < columns; ++c) {
          const int from_row = how == "columns" ? r : moved(r, height), from = how == "rows" ? c : moved(c, width);
          values[static_cast<std::size_t>(r * columns + c)] = v[static_cast<std::size_t>(from_row * columns + from)];
        }
    }
    q[to] = values;
  }
  return q;
}

// Holds one form of a fusion to all laws; what is broken is told in words.
class law {
 public:
  law(const fusion& f, const form& of, std::vector<std::string>& broken)
      : f_(f),
        form_(of),
        n_(of.inputs),
        all_((1u << of.inputs) - 1),
        broken_(broken),
        about_(f.name + " of " + std::to_string(n_)) {}

  void hold() {
    const network whole(form_, f_.inputs);
    if (!demand(!whole.failed(), "cannot be built: " + whole.mistake())) return;
    const parameters p = whole.initial(3);
    every_input_counts(whole, p);
    bool refused = false;
    for (unsigned optional = 1; optional <= all_; ++optional) {
      const network n(form_, f_.inputs, {.optional = optional});
      if (!n.failed()) {
        presence(whole, n, p, optional);
        continue;
      }
      refused = true;
      demand(!f_.refusal.empty() && n.mistake().find(f_.refusal) != std::string::npos,
             "an input that may be absent is refused: " + n.mistake());
    }
    demand(refused || f_.refusal.empty(), "is said to refuse what may be absent, and takes it");
    const unsigned optional = refused ? 0 : all_;
    const network any(form_, f_.inputs, {.optional = optional});
    samples(any, p);
    declaration(any, p, optional);
    exchange(any, p, optional);
  }

 private:
  bool demand(bool holds, const std::string& otherwise) {
    if (!holds) broken_.push_back(about_ + ": " + otherwise);
    return holds;
  }

  void every_input_counts(const network& whole, const parameters& p) {
    const batch b = made(f_.inputs, n_, 5, 1);
    const outcome o = whole(b, p);
    demand(finite(o.y), "the result is not finite");
    for (int k = 0; k < n_; ++k) {
      const auto at = static_cast<std::size_t>(k);
      batch other = b;
      for (double& x : other.x[at]) x = 0.5 - x;
      demand(!same_bits(whole(other, p).y, o.y), "input " + std::to_string(k) + " has no influence");
      bool any = false;
      for (const double d : o.dx[at]) any = any || (d < 0 || d > 0);
      demand(any, "input " + std::to_string(k) + " has no gradient");
    }
  }

  // All present: the network that knows no absence, bit for bit. Absent: no influence, no gradient, finite results.
  void presence(const network& whole, const network& n, const parameters& p, unsigned optional) {
    const std::string of = " (may be absent: " + std::to_string(optional) + ")";
    const batch there = made(f_.inputs, n_, 1 << n_, 2);
    const outcome want = whole(there, p), have = n(there, p);
    demand(same_bits(have.y, want.y), "all present gives another result" + of);
    demand(same_bits(have.dx, want.dx), "all present gives another gradient of inputs" + of);
    demand(same_bits(have.gradients, want.gradients), "all present gives another gradient of parameters" + of);

    const batch some = with_subsets(there, optional);
    const outcome clean = n(some, p);
    demand(finite(clean.y), "the result is not finite where something is absent" + of);
    demand(finite(clean.dx), "a gradient is not finite where something is absent" + of);
    for (const auto& [name, v] : clean.gradients) demand(finite(v), "the gradient of " + name + " is not finite" + of);
    demand(!same_bits(clean.y, want.y), "absence changes nothing" + of);
    for (const double dirt : {std::numeric_limits<double>::quiet_NaN(), 1e300}) {
      const outcome dirty = n(with_dirt(some, f_.inputs, dirt), p);
      demand(same_bits(dirty.y, clean.y), "what is absent is read" + of);
      demand(same_bits(dirty.dx, clean.dx), "what is absent is read into a gradient" + of);
      demand(same_bits(dirty.gradients, clean.gradients), "what is absent is read into a parameter's gradient" + of);
    }
    bool none = true;
    for (std::size_t k = 0; k < some.x.size(); ++k)
      for (int s = 0; s < some.samples; ++s) {
        if (some.present[k][static_cast<std::size_t>(s)]) continue;
        for (const double d : sample_of(clean.dx[k], s, some.samples))
          none = none && (std::bit_cast<std::uint64_t>(d) << 1) == 0;
      }
    demand(none, "what is absent has a gradient" + of);
  }

  void samples(const network& n, const parameters& p) {
    const int count = 5;
    batch b = made(f_.inputs, n_, count, 4);
    for (int s = 0; s < count; ++s)  // each is absent somewhere, in two samples nothing is
      for (int k = 0; k < n_; ++k)
        b.present[static_cast<std::size_t>(k)][static_cast<std::size_t>(s)] = s < 2 || s % (k + 2) == 0;
    const outcome all = n(b, p);
    for (int one = 0; one < count; ++one) {
      batch other = b;
      for (std::size_t k = 0; k < b.x.size(); ++k) {
        const std::size_t size = b.x[k].size() / count, first = static_cast<std::size_t>(one) * size;
        for (std::size_t i = first; i < first + size; ++i) other.x[k][i] = 0.5 - b.x[k][i];
      }
      const outcome changed = n(other, p);
      for (int s = 0; s < count; ++s) {
        const bool same = same_bits(sample_of(all.y, s, count), sample_of(changed.y, s, count));
        if (s != one) {
          demand(same, "one sample's result depends on another's numbers");
          demand(same_bits(sample_of(all.dx, s, count), sample_of(changed.dx, s, count)),
                 "one sample's gradient depends on another's numbers");
        } else if (s < 2) {
          demand(!same, "a sample's own numbers do not count");
        }
      }
      demand(same_bits(n(alone(b, one), p).y, sample_of(all.y, one, count)), "a sample alone has another result");
    }
  }

  // Inputs declared in the other direction; parameters by name.
  void declaration(const network& n, const parameters& p, unsigned optional) {
    const network reversed(form_, f_.inputs, {.optional = optional, .reversed = true});
    if (!demand(!reversed.failed(), "depends on the order of declarations: " + reversed.mistake())) return;
    const batch b = with_subsets(made(f_.inputs, n_, 8, 5), optional);
    const outcome want = n(b, p), have = reversed(b, p);
    demand(same_bits(have.y, want.y) && same_bits(have.dx, want.dx) && same_bits(have.gradients, want.gradients),
           "the order of declarations counts");
  }

  void exchange(const network& n, const parameters& p, unsigned optional) {
    demand(f_.said, "say what an exchange of operands does: symmetric, ordered or roles");
    if (f_.order == order::roles) return;
    const network other(form_, f_.inputs, {.optional = optional, .exchanged = true});
    if (!demand(!other.failed(), "operands cannot be exchanged: " + other.mistake())) return;
    const batch b = with_subsets(made(f_.inputs, n_, 8, 6), optional);
    const outcome want = n(b, p);
    if (f_.order == order::matters) {
      demand(worst(other(b, p).y, want.y) > 1e-3, "is said to depend on the order of operands, and does not");
      return;
    }
    const std::string& with = n_ == 2 ? f_.exchanged_two : f_.exchanged_three;
    const outcome have = other(b, exchanged(p, n, with, n_));
    demand(worst(have.y, want.y) < 1e-12, "exchanged operands give another result");
    demand(worst(have.dx, want.dx) < 1e-12, "exchanged operands give other gradients of inputs");
    const parameters back = exchanged(have.gradients, n, with, n_);
    for (const auto& [name, v] : want.gradients)
      demand(back.contains(name) && worst(back.at(name), v) < 1e-12,
             "exchanged operands give another gradient of " + name);
  }

  const fusion& f_;
  const form& form_;
  const int n_;
  const unsigned all_;
  std::vector<std::string>& broken_;
  const std::string about_;
};

}  // namespace

std::vector<const family*>& families() {
  static std::vector<const family*> all;
  return all;
}
family::family(std::string called, std::vector<fusion> list) : title(std::move(called)), lines(std::move(list)) {
  families().push_back(this);
}

std::vector<std::string> broken_by(const fusion& line) {
  std::vector<std::string> broken;
  if (line.forms.empty()) broken.push_back(line.name + ": is of no number of inputs that it has shapes for");
  for (const form& one : line.forms) law(line, one, broken).hold();
  if ((line.forms.size() == 2) != line.why_only.empty())
    broken.push_back(line.name + ": either of two and of three inputs, or with a reason why not");
  return broken;
}
void hold(const family& f) {
  CHECK(!f.lines.empty());
  for (const fusion& line : f.lines)
    for (const std::string& b : broken_by(line)) FAIL_CHECK(b);
}

}  // namespace laws
