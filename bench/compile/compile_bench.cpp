// Measures what tectum costs to compile: wall seconds and peak megabytes for each program and compiler, as JSON.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "nets.hpp"

namespace fs = std::filesystem;

namespace {

constexpr const char* usage = R"(compile_bench --root DIR [option...]
  --root DIR        the checkout: DIR/include is compiled against, DIR/bench/compile/budgets.txt read by --check
  --compilers A,B   default: those of g++, clang++-19 that are installed
  --cases A,B       only cases whose name begins with one of these
  --runs N          the best of N compilations counts; default 3
  --flags "..."     default: -O2
  --json FILE       write there, not to standard output
  --keep DIR        leave the generated programs there
  --check           exit with 1 when a case is beyond its budget, or chains do not grow linearly
)";

struct cost {
  bool compiled = false;
  double seconds = 0;
  double megabytes = 0;
};

struct result {
  std::string name, compiler;
  cost measured;
};

struct options {
  fs::path root;
  std::vector<std::string> compilers, cases;
  int runs = 3;
  std::string flags = "-O2", json, keep;
  bool check = false;
};

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, by);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

// Runs a command, its output to `log`. Peak memory is that of the largest process below it.
cost run(const std::vector<std::string>& command, const fs::path& log) {
  std::vector<char*> arguments;
  for (const std::string& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
  arguments.push_back(nullptr);
  const auto began = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot start a process");
  if (child == 0) {
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(out, 1);
    dup2(out, 2);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  int status = 0;
  rusage usage_of_child{};
  while (wait4(child, &status, 0, &usage_of_child) < 0) {
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  return {WIFEXITED(status) && WEXITSTATUS(status) == 0, took.count(),
          static_cast<double>(usage_of_child.ru_maxrss) / 1024};
}

bool installed(const std::string& program) {
  for (const std::string& folder : split(std::getenv("PATH") ? std::getenv("PATH") : "", ':'))
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  return access(program.c_str(), X_OK) == 0;
}

class bench {
 public:
  bench(const options& o, const fs::path& folder) : options_(o), folder_(folder) {}

  cost best_of(const std::string& name, const std::string& compiler, const std::string& source) const {
    const fs::path file = folder_ / (name + ".cpp"), log = folder_ / (name + ".log");
    std::ofstream(file) << source;
    std::vector<std::string> command = {compiler, "-std=c++20", "-I" + (options_.root / "include").string()};
    for (const std::string& flag : split(options_.flags, ' ')) command.push_back(flag);
    command.insert(command.end(), {"-c", file.string(), "-o", (folder_ / "out.o").string()});
    cost best;
    for (int i = 0; i < options_.runs; ++i) {
      const cost c = run(command, log);
      if (!c.compiled) {
        std::cerr << name << " does not compile with " << compiler << ":\n";
        std::ifstream in(log);
        std::string line;
        for (int n = 0; n < 30 && std::getline(in, line); ++n) std::cerr << line << '\n';
        return c;
      }
      if (i == 0) best = c;
      best.seconds = std::min(best.seconds, c.seconds);
      best.megabytes = std::max(best.megabytes, c.megabytes);
    }
    return best;
  }

 private:
  const options& options_;
  fs::path folder_;
};

// A fixed program of the standard library alone: how fast this machine compiles now. Budgets are stretched by it.
constexpr const char* yardstick = R"program(#include <map>
#include <regex>
#include <string>
bool f(const std::string& s) {
  static const std::regex r("([a-z]+)=([0-9]+)");
  std::map<std::string, int> m;
  std::smatch found;
  if (std::regex_match(s, found, r)) m[found[1]] = 1;
  return m.count(s) != 0;
}
)program";

struct budgets {
  std::map<std::string, double> yardstick_seconds;      // by "g++" and "clang++"
  std::map<std::string, std::pair<double, double>> of;  // by case: seconds, megabytes

  explicit budgets(const fs::path& file) {
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot read " + file.string());
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line.substr(0, line.find('#')));
      std::string name;
      double seconds = 0, megabytes = 0;
      if (!(words >> name)) continue;
      if (!(words >> seconds)) throw std::runtime_error(file.string() + ": wrong line: " + line);
      if (name.starts_with("yardstick_")) {
        yardstick_seconds[name.substr(10)] = seconds;
      } else {
        if (!(words >> megabytes)) throw std::runtime_error(file.string() + ": wrong line: " + line);
        of[name] = {seconds, megabytes};
      }
    }
  }
};

bool within_budgets(const options& o, const std::vector<result>& results, const std::map<std::string, double>& yard) {
  const budgets limits(o.root / "bench" / "compile" / "budgets.txt");
  bool good = true;
  for (const result& r : results) {
    const auto limit = limits.of.find(r.name);
    if (limit == limits.of.end()) continue;
    const char* family = r.compiler.find("clang") == std::string::npos ? "g++" : "clang++";
    const double stretch = std::max(1.0, yard.at(r.compiler) / limits.yardstick_seconds.at(family));
    const double seconds = limit->second.first * stretch;
    if (!r.measured.compiled || r.measured.seconds > seconds || r.measured.megabytes > limit->second.second) {
      std::fprintf(stderr, "BEYOND THE BUDGET: %s, %s: %.2f s of %.2f, %.0f MB of %.0f\n", r.name.c_str(),
                   r.compiler.c_str(), r.measured.seconds, seconds, r.measured.megabytes, limit->second.second);
      good = false;
    }
  }
  // The cost of an operator must not rise with the length of the chain: 16 to 64 against 64 to 256.
  std::map<std::string, std::map<std::string, double>> chains;
  for (const result& r : results)
    if (r.measured.compiled) chains[r.compiler][r.name] = r.measured.seconds;
  for (auto& [compiler, t] : chains) {
    if (!t.count("chain_16") || !t.count("chain_64") || !t.count("chain_256")) continue;
    const double first = std::max(0.0, t["chain_64"] - t["chain_16"]) / 48,
                 then = (t["chain_256"] - t["chain_64"]) / 192;
    // 4 ms an operator beside it is below what one run on a shared machine can tell.
    if (then > 2 * first + 0.004) {
      std::fprintf(stderr, "NOT LINEAR: %s: %.2f ms an operator up to 64, %.2f ms beyond\n", compiler.c_str(),
                   1e3 * first, 1e3 * then);
      good = false;
    }
  }
  return good;
}

std::string as_json(const options& o, const std::vector<result>& results, const std::map<std::string, double>& yard) {
  std::ostringstream out;
  out.setf(std::ios::fixed);
  out << "{\n  \"flags\": \"" << o.flags << "\",\n  \"runs\": " << o.runs << ",\n  \"yardstick_seconds\": {";
  const char* between = "";
  for (const auto& [compiler, seconds] : yard) {
    out.precision(3);
    out << between << '"' << compiler << "\": " << seconds;
    between = ", ";
  }
  out << "},\n  \"results\": [\n";
  for (std::size_t i = 0; i < results.size(); ++i) {
    const result& r = results[i];
    out << "    {\"case\": \"" << r.name << "\", \"compiler\": \"" << r.compiler << "\", ";
    if (r.measured.compiled) {
      out.precision(3);
      out << "\"seconds\": " << r.measured.seconds;
      out.precision(0);
      out << ", \"megabytes\": " << r.measured.megabytes;
    } else {
      out << "\"seconds\": null, \"megabytes\": null";
    }
    out << (i + 1 < results.size() ? "},\n" : "}\n");
  }
  out << "  ]\n}\n";
  return out.str();
}

options parse(int count, char** arguments) {
  options o;
  for (int i = 1; i < count; ++i) {
    const std::string key = arguments[i];
    if (key == "--check") {
      o.check = true;
      continue;
    }
    if (key == "--help") {
      std::cout << usage;
      std::exit(0);
    }
    if (i + 1 == count) throw std::runtime_error("unknown option, or one without its value: " + key);
    const std::string value = arguments[++i];
    if (key == "--root") o.root = value;
    else if (key == "--compilers") o.compilers = split(value, ',');
    else if (key == "--cases") o.cases = split(value, ',');
    else if (key == "--runs") o.runs = std::max(1, std::atoi(value.c_str()));
    else if (key == "--flags") o.flags = value;
    else if (key == "--json") o.json = value;
    else if (key == "--keep") o.keep = value;
    else throw std::runtime_error("unknown option: " + key);
  }
  if (o.root.empty()) throw std::runtime_error("--root is missing");
  if (o.compilers.empty())
    for (const char* c : {"g++", "clang++-19"})
      if (installed(c)) o.compilers.push_back(c);
  return o;
}

int measure(const options& o, const fs::path& folder) {
  const bench b(o, folder);
  std::map<std::string, double> yard;
  std::vector<result> results;
  bool good = true;
  for (const std::string& compiler : o.compilers) {
    const cost y = b.best_of("yardstick", compiler, yardstick);
    if (!y.compiled) return 2;
    yard[compiler] = y.seconds;
    for (const program& p : programs()) {
      const bool wanted = o.cases.empty() || std::any_of(o.cases.begin(), o.cases.end(),
                                                         [&](const std::string& c) { return p.name.starts_with(c); });
      if (!wanted) continue;
      if (!fs::exists(o.root / "include" / p.needs)) {
        std::cerr << p.name << ": left out, there is no <" << p.needs << ">\n";
        continue;
      }
      const cost c = b.best_of(p.name, compiler, p.source);
      good = good && c.compiled;
      results.push_back({p.name, compiler, c});
      std::fprintf(stderr, "%-22s %-11s %7.2f s %6.0f MB\n", p.name.c_str(), compiler.c_str(), c.seconds, c.megabytes);
    }
  }
  const std::string json = as_json(o, results, yard);
  if (o.json.empty()) std::cout << json;
  else std::ofstream(o.json) << json;
  if (o.check) good = !results.empty() && within_budgets(o, results, yard) && good;
  return good ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const options o = parse(count, arguments);
    std::string pattern = (fs::temp_directory_path() / "tectum_compile_XXXXXX").string();
    const fs::path folder = o.keep.empty() ? fs::path(mkdtemp(pattern.data())) : fs::path(o.keep);
    fs::create_directories(folder);
    const int code = measure(o, folder);
    if (o.keep.empty()) fs::remove_all(folder);
    return code;
  } catch (const std::exception& e) {
    std::cerr << "compile_bench: " << e.what() << '\n' << usage;
    return 2;
  }
}
