// golden GOLDENS CASES.json: runs every case in double and in float, and says how far each operator is off.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "golden.hpp"

namespace {

using nlohmann::json;

// One tensor file; the container's format stands in the README of the goldens.
golden::tensors read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  if (bytes.size() < 8) throw std::runtime_error("cannot read " + path);
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), 8);
  if (header > bytes.size() - 8) throw std::runtime_error("the header of " + path + " is longer than the file");
  const json all = json::parse(bytes.begin() + 8, bytes.begin() + 8 + static_cast<std::ptrdiff_t>(header));
  golden::tensors found;
  for (const auto& [name, t] : all.items()) {
    if (name == "__metadata__") continue;
    const std::string type = t.at("dtype");
    const std::size_t begin = t.at("data_offsets").at(0), end = t.at("data_offsets").at(1);
    if (begin > end || end > bytes.size() - 8 - header) throw std::runtime_error(name + " lies outside " + path);
    const char* const data = bytes.data() + 8 + header + begin;
    const std::size_t size = type == "BOOL" ? 1 : 8;
    if (type != "F64" && type != "I64" && type != "BOOL") throw std::runtime_error(name + " is of type " + type);
    std::vector<double>& to = found[name];
    for (std::size_t i = 0; i < (end - begin) / size; ++i) {
      std::int64_t whole = 0;
      double real = 0;
      if (type == "F64") std::memcpy(&real, data + i * 8, 8);
      else std::memcpy(&whole, data + i * size, size);
      to.push_back(type == "F64" ? real : static_cast<double>(whole));
    }
  }
  return found;
}

double largest(const std::vector<double>& x) {
  double m = 0;
  for (const double v : x)
    if (std::isfinite(v)) m = std::max(m, std::fabs(v));
  return m;
}
double difference(const std::vector<double>& x, const std::vector<double>& wanted, double scale) {
  if (x.size() != wanted.size()) return INFINITY;
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == wanted[i] || (std::isnan(x[i]) && std::isnan(wanted[i]))) continue;
    const double e = std::fabs(x[i] - wanted[i]) / (scale > 0 ? scale : 1);
    worst = e > worst || std::isnan(e) ? (std::isnan(e) ? INFINITY : e) : worst;
  }
  return worst;
}

struct outcome {
  double outputs = 0, gradients = 0;  // largest relative errors
  std::string worst_output, worst_gradient;
};

outcome compare(const golden::job& j, const golden::tensors& stored, const json& ignored) {
  outcome o;
  double all = 0;
  for (const auto& [name, wanted] : stored)
    if (name.rfind("grad.", 0) == 0) all = std::max(all, largest(wanted));
  for (const auto& [name, wanted] : stored) {
    if (std::find(ignored.begin(), ignored.end(), name) != ignored.end()) continue;
    const auto look = [&](const golden::tensors& given, double scale, double& worst, std::string& where) {
      const auto found = given.find(name);
      const double e = found == given.end() ? INFINITY : difference(found->second, wanted, scale);
      if (e >= worst) where = name;
      worst = std::max(worst, e);
    };
    if (name.rfind("output.", 0) == 0 || name.rfind("buffer_after.", 0) == 0)
      look(j.outputs, largest(wanted), o.outputs, o.worst_output);
    if (name.rfind("grad.", 0) == 0)
      look(j.gradients, std::max(largest(wanted), 1e-3 * all), o.gradients, o.worst_gradient);
  }
  for (const auto& [name, times] : j.written)
    for (const int t : times)
      if (t == 0) throw std::runtime_error("nothing stands for all of " + name);
  return o;
}

template <class T>
outcome run(const golden::entry& e, const golden::tensors& stored, const json& ignored) {
  golden::job j{&stored, e.inputs, e.masks, e.parameters, e.values, e.after, {}, {}, {}};
  golden::trial<T> t(j);
  if constexpr (sizeof(T) == 8) e.in_double(t);
  else e.in_float(t);
  return compare(j, stored, ignored);
}

struct total {
  int passed = 0, failed = 0, skipped = 0, differs = 0;
  double outputs = 0, gradients = 0, float_outputs = 0, float_gradients = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "golden GOLDENS CASES.json\n");
    return 2;
  }
  const std::string folder = arguments[1];
  const json cases = json::parse(std::ifstream(arguments[2]));
  std::map<std::string, total> operators;
  std::vector<std::string> order;
  total sum;
  const auto started = std::chrono::steady_clock::now();
  for (const json& row : cases) {
    const std::string id = row.at("id"), name = row.at("operator");
    if (!operators.count(name)) order.push_back(name);
    total& t = operators[name];
    const auto fail = [&](const std::string& why) {
      std::printf("FAILED  %s: %s\n", id.c_str(), why.c_str());
      ++t.failed, ++sum.failed;
    };
    if (row.at("state") == "failed") {
      fail(row.at("why"));
    } else if (row.at("state") == "skipped") {
      std::printf("skipped %s: waits for the zoo %s\n", id.c_str(), std::string(row.at("why")).c_str());
      ++t.skipped, ++sum.skipped;
    } else if (row.at("state") == "differs") {
      std::printf("differs %s: by design, %s\n", id.c_str(), row.at("why").dump().c_str());
      ++t.differs, ++sum.differs;
    } else {
      try {
        const golden::entry* e = nullptr;
        for (const golden::entry* x : golden::entries())
          if (x->id == id) e = x;
        if (!e) throw std::runtime_error("the case is not in this program");
        golden::tensors stored = read(folder + "/" + std::string(row.at("file")));
        for (const golden::constant& c : e->constants) stored[c.name].assign(c.values, c.values + c.size);
        const outcome exact = run<double>(*e, stored, row.at("ignored")), single = run<float>(*e, stored, row.at("ignored"));
        t.outputs = std::max(t.outputs, exact.outputs);
        t.gradients = std::max(t.gradients, exact.gradients);
        std::string why;
        const auto judge = [&](const char* what, double error, double allowed, const std::string& where) {
          char s[160];
          std::snprintf(s, sizeof s, "%s%s %s off by %.2e, allowed %.1e", why.empty() ? "" : "; ", what, where.c_str(),
                        error, allowed);
          if (!(error <= allowed)) why += s;
        };
        judge("double:", exact.outputs, 1e-10, exact.worst_output);
        judge("double:", exact.gradients, 1e-10, exact.worst_gradient);
        const json& deviation = row.at("float32");
        if (!deviation.is_null()) {
          const auto allowed = [&](const char* key) {
            return deviation.contains(key) && !deviation[key].is_null() ? std::max(1e-5, 10 * double(deviation[key]))
                                                                       : -1.0;
          };
          if (allowed("outputs") >= 0) {
            judge("float:", single.outputs, allowed("outputs"), single.worst_output);
            t.float_outputs = std::max(t.float_outputs, single.outputs);
          }
          if (allowed("gradients") >= 0) {
            judge("float:", single.gradients, allowed("gradients"), single.worst_gradient);
            t.float_gradients = std::max(t.float_gradients, single.gradients);
          }
        }
        if (why.empty()) ++t.passed, ++sum.passed;
        else fail(why);
      } catch (const std::exception& e) {
        fail(e.what());
      }
    }
  }
  std::printf("\n%-42s %6s %6s %7s   %-20s %-20s\n", "operator", "passed", "failed", "skipped",
              "double: y, gradients", "float: y, gradients");
  for (const std::string& name : order) {
    const total& t = operators[name];
    std::printf("%-42s %6d %6d %7d", name.c_str(), t.passed, t.failed, t.skipped);
    if (t.passed + t.failed > 0)
      std::printf("   %.1e  %.1e     %.1e  %.1e", t.outputs, t.gradients, t.float_outputs, t.float_gradients);
    std::printf("%s\n", t.differs ? "   differs by design" : "");
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::printf("%d passed, %d failed, %d skipped (and %d differ by design; %.1f s)\n", sum.passed, sum.failed,
              sum.skipped, sum.differs, seconds);
  return sum.failed == 0 ? 0 : 1;
}
