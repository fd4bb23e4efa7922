// Runs one workload beside its peers: checked against their result, timed as they are, one JSON line a cell.
#pragma once

#include "cases.hpp"

#include <tectum/thread_pool.hpp>
#include <tectum/training/trainer.hpp>

#include <functional>
#include <type_traits>

namespace peer_bench {

struct request {
  std::string models, workload;
  std::vector<int> batches;  // none: all that there are
  bool memory = false;       // peak memory instead of times
  int threads = 1;
  std::string step;  // if not empty, a folder of gradients and parameters after one step to compare with
};

// The names that the workloads share; a target is classes or numbers.
namespace net {
inline constexpr tt::name<"x"> x;
inline constexpr tt::name<"y"> y;
inline constexpr tt::name<"z"> z;
inline constexpr tt::name<"answer"> answer;
inline constexpr tt::name<"target"> target;
inline constexpr tt::name<"loss"> loss;
}  // namespace net

// What a workload gives to a call: f(name = tensor, ...) for its inputs, and with the target.
struct two_inputs {
  static auto inputs(const bench_case& c, auto f) { return f(net::x = c.x(0), net::y = c.x(1)); }
  static auto all(const bench_case& c, auto f) { return f(net::x = c.x(0), net::y = c.x(1), net::target = c.target); }
};
struct three_inputs {
  static auto inputs(const bench_case& c, auto f) { return f(net::x = c.x(0), net::y = c.x(1), net::z = c.x(2)); }
  static auto all(const bench_case& c, auto f) {
    return f(net::x = c.x(0), net::y = c.x(1), net::z = c.x(2), net::target = c.target);
  }
};

// Microseconds a call.
struct timing {
  double median = 0, tenth = 0, ninetieth = 0;
  long long calls = 0;
};
// Times a call for PEERS_BUDGET_S seconds (0.25), at least PEERS_MIN_REPS samples (7); short calls in groups.
timing time_calls(const std::function<void()>& call);

// How far from what was expected, and how large that is.
struct deviation {
  double error = 0, scale = 0;
  bool fine(double tolerance) const { return error <= tolerance * scale; }  // not if it is NaN
  void see(double got, double wanted);
};

void print_timing(const std::string& workload, int batch, const char* mode, const timing& t,
                  const deviation* d = nullptr);
void print_deviation(const std::string& workload, int batch, const char* what, const deviation& d);
void report_wrong(const std::string& workload, int batch, const deviation& d);

// Bytes that the library accounts for: the arena as it is, and as it was planned (-1: no plan was asked), parameters.
struct accounted {
  long long arena = 0, planned = -1, parameters = 0;
};
// Runs `measure` in a process of its own: it loads, and gives its calls to `peak`; prints the peak of resident memory.
using peak_of_calls = std::function<void(const std::function<void()>& call, const std::function<accounted()>& after)>;
void print_memory(const std::string& workload, int batch, const char* mode,
                  const std::function<void(const peak_of_calls&)>& measure);

inline constexpr double tolerance = 1e-4;  // of results, relative to the largest

// A workload: an architecture, its inputs, and how the peers' state_dict becomes its parameters. One whose result is
// more than the model gives has `infer`, which returns it.
template <class Workload>
class bench {
  using model = tt::model<Workload::architecture>;
  using workspace = tt::workspace<Workload::architecture>;
  static constexpr bool has_parameters = requires { Workload::only_input_gradients; } == false;
  static constexpr tt::adam optimizer{.learning_rate = 1e-4};

 public:
  explicit bench(const request& r) : request_(r), pool_(r.threads) {
    if (r.threads > 1) threads_ = pool_;
  }

  // Whether all results were right.
  bool run() const {
    bool fine = true;
    for (const bench_case& c : read_cases(request_.models, request_.workload, request_.batches)) {
      if (request_.memory) {
        memory(c);
      } else if (!request_.step.empty()) {
        if (c.trains) compare_step(c);
      } else {
        fine = infer(c) && fine;
        if (c.trains) train(c);
      }
    }
    return fine;
  }

 private:
  // f(call) with a call that infers; it returns what the model does.
  template <class F>
  void with_inference(const bench_case& c, F f) const {
    model m;
    load(m, request_.models + "/" + request_.workload + ".safetensors");
    workspace w(c.batch, threads_);
    if constexpr (requires { Workload::prepare(w); }) Workload::prepare(w);
    else w.prepare(net::answer);
    if constexpr (requires(std::vector<float> room) { Workload::infer(m, w, c, room); }) {
      std::vector<float> room;
      f([&] { return Workload::infer(m, w, c, room); }, w);
    } else {
      f([&] { return Workload::inputs(c, [&](const auto&... x) { return m(w, net::answer, x...); }); }, w);
    }
  }
  // f(call) with a call that takes a training step.
  template <class F>
  void with_training(const bench_case& c, F f) const {
    model m;
    load(m, request_.models + "/" + request_.workload + ".safetensors");
    if constexpr (has_parameters) {
      tt::trainer trainer{m, optimizer, {.batch = c.batch, .threads = threads_}};
      f([&] { Workload::all(c, [&](const auto&... x) { trainer.step(net::loss, x...); }); }, trainer.workspace(), m);
    } else {
      workspace w(c.batch, threads_);
      f([&] { backward_to_inputs(m, w, c); }, w, m);
    }
  }
  static void backward_to_inputs(model& m, workspace& w, const bench_case& c) {
    static const std::vector<float> one(1, 1.f);
    Workload::all(c, [&](const auto&... x) { m.backward_at({}, w, tt::gradient(net::loss) = one, x...); });
  }

  bool infer(const bench_case& c) const {
    bool fine = false;
    with_inference(c, [&](auto call, const workspace&) {
      const deviation d = difference(call(), c.expected);
      print_timing(c.workload, c.batch, "infer", time_calls([&] { call(); }), &d);
      fine = d.fine(tolerance);
      if (!fine) report_wrong(c.workload, c.batch, d);
    });
    return fine;
  }
  void train(const bench_case& c) const {
    with_training(c, [&](auto call, const workspace&, const model&) {
      print_timing(c.workload, c.batch, "train", time_calls(call));
    });
  }
  void memory(const bench_case& c) const {
    const long long parameters = 4LL * tt::index{model::graph().parameter_elements};
    print_memory(c.workload, c.batch, "infer", [&](const peak_of_calls& peak) {
      with_inference(c, [&](auto call, const workspace& w) {
        peak([&] { call(); }, [&] { return accounted{w.bytes(), workspace::planned_bytes(c.batch), parameters}; });
      });
    });
    if (!c.trains) return;
    print_memory(c.workload, c.batch, "train", [&](const peak_of_calls& peak) {
      with_training(c, [&](auto call, const workspace& w, const model&) {
        peak(call, [&] { return accounted{w.bytes(), -1, parameters}; });
      });
    });
  }

  // The folder has, for each batch, WORKLOAD_BATCH.gradients.safetensors and WORKLOAD_BATCH.step.safetensors: all
  // gradients of the loss, and all parameters after one step of Adam.
  void compare_step(const bench_case& c) const {
    const std::string stem = request_.step + "/" + c.workload + "_" + std::to_string(c.batch);
    with_training(c, [&](auto call, workspace& w, model& m) {
      if constexpr (has_parameters) {
        model gradients, after;
        load(gradients, stem + ".gradients.safetensors");
        load(after, stem + ".step.safetensors");
        workspace own(c.batch);
        model untouched;
        load(untouched, request_.models + "/" + request_.workload + ".safetensors");
        Workload::all(c, [&](const auto&... x) { untouched.gradients(own, net::loss, x...); });
        call();
        print_deviation(
            c.workload, c.batch, "gradients",
            parameter_difference(gradients, [&](const char* n, float* to) { untouched.get_gradient(own, n, to); }));
        print_deviation(c.workload, c.batch, "step",
                        parameter_difference(after, [&](const char* n, float* to) { m.get(n, to); }));
      } else {
        call();
        const state_dict file(stem + ".gradients.safetensors");
        deviation d = difference(w.gradient(net::x), {file.read("x0"), {}});
        const deviation other = difference(w.gradient(net::y), {file.read("x1"), {}});
        print_deviation(c.workload, c.batch, "gradients", d.error > other.error ? d : other);
      }
    });
  }
  template <class Get>
  static deviation parameter_difference(const model& expected, Get get) {
    deviation d;
    expected.for_each_parameter([&](const char* name, const tt::parameter& p, const float*) {
      const tt::graph_view g = model::graph();
      if (p.role == tt::role::buffer || g.groups[g.parameters[model::find(name)].group].frozen) return;
      std::vector<float> ours(static_cast<std::size_t>(p.size())), theirs(ours.size());
      get(name, ours.data());
      expected.get(name, theirs.data());
      for (std::size_t i = 0; i < ours.size(); ++i) d.see(ours[i], theirs[i]);
    });
    return d;
  }

  static deviation difference(const tt::result<float>& got, const numbers& expected) {
    deviation d;
    const tt::index width = got.width();
    if (got.size() != static_cast<tt::index>(expected.values.size()))
      throw std::runtime_error("a result of another size");
    for (tt::index b = 0; b < got.samples(); ++b)
      for (tt::index i = 0; i < width; ++i)
        d.see(got.data()[b * got.stride(0) + i], expected.values[static_cast<std::size_t>(b * width + i)]);
    return d;
  }
  static deviation difference(const std::vector<float>& got, const numbers& expected) {
    deviation d;
    if (got.size() != expected.values.size()) throw std::runtime_error("a result of another size");
    for (std::size_t i = 0; i < got.size(); ++i) d.see(got[i], expected.values[i]);
    return d;
  }

  static void load(model& m, const std::string& path) {
    const state_dict file(path);
    loader<model> to(m, file);
    Workload::load(to);
    to.done();
  }

  const request& request_;
  mutable tt::thread_pool pool_;
  tt::executor threads_{};
};

// What a source of workloads gives to the list in peer_workloads.cpp; false where a result was wrong.
using runner = bool(const request&);
runner concat_mlp, bilinear, tfn, lmf_r4, lmf_r16, mcb_core, mcb_head, mfb, mutan, block, xattn_s, xattn_l, gmu, film,
    flamingo, mult, vqa, clip;

}  // namespace peer_bench
