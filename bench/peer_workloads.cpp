// peer_workloads MODELS WORKLOAD BATCHES: tectum's side of the comparison with its peers. One line of JSON for each
// batch and mode: microseconds, and for inference the largest error against the peers' result.
//   MODELS: a folder with manifest.txt and, for each workload, weights, inputs, targets and results;
//   WORKLOAD: one name; BATCHES: as 1,8, all if empty or left out
//   --threads N: on N threads (1)
//   --memory: peak resident memory and the arena's size instead of times
//   --compare-step DIR: gradients and parameters after one step against those of a folder
#include "peer_workloads/harness.hpp"

#include <cstdio>
#include <cstring>

namespace {

struct workload {
  const char* name;
  peer_bench::runner* run;
};

// One network stands under several names where the peers have several forms of it.
constexpr workload workloads[] = {
    {"concat_mlp", peer_bench::concat_mlp},
    {"bilinear_nn", peer_bench::bilinear},
    {"bilinear_outer", peer_bench::bilinear},
    {"bilinear_2step", peer_bench::bilinear},
    {"tfn", peer_bench::tfn},
    {"lmf_r4", peer_bench::lmf_r4},
    {"lmf_r16", peer_bench::lmf_r16},
    {"mcb_core", peer_bench::mcb_core},
    {"mcb_head", peer_bench::mcb_head},
    {"mfb", peer_bench::mfb},
    {"mutan", peer_bench::mutan},
    {"block_loop", peer_bench::block},
    {"block_bmm", peer_bench::block},
    {"xattn_s_mha", peer_bench::xattn_s},
    {"xattn_s_hand", peer_bench::xattn_s},
    {"xattn_l_mha", peer_bench::xattn_l},
    {"xattn_l_hand", peer_bench::xattn_l},
    {"gmu", peer_bench::gmu},
    {"film", peer_bench::film},
    {"flamingo", peer_bench::flamingo},
    {"mult", peer_bench::mult},
    {"vqa", peer_bench::vqa},
    {"clip", peer_bench::clip},
};

std::vector<int> numbers_of(const char* list) {
  std::vector<int> all;
  for (const char* at = list; *at;) {
    char* end = nullptr;
    const long n = std::strtol(at, &end, 10);
    if (end == at || n < 1 || (*end && *end != ',')) throw std::runtime_error("batches: expected numbers as 1,8");
    all.push_back(static_cast<int>(n));
    at = *end ? end + 1 : end;
  }
  return all;
}

int run(int count, char** arguments) {
  peer_bench::request r;
  std::vector<const char*> given;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(arguments[i], "--memory") == 0) r.memory = true;
    else if (std::strcmp(arguments[i], "--threads") == 0 && i + 1 < count) r.threads = numbers_of(arguments[++i]).at(0);
    else if (std::strcmp(arguments[i], "--compare-step") == 0 && i + 1 < count) r.step = arguments[++i];
    else given.push_back(arguments[i]);
  }
  if (given.size() < 2 || given.size() > 3) {
    std::fputs("usage: peer_workloads MODELS WORKLOAD [BATCHES] [--threads N] [--memory | --compare-step DIR]\n",
               stderr);
    return 2;
  }
  r.models = given[0];
  r.workload = given[1];
  if (given.size() > 2) r.batches = numbers_of(given[2]);
  for (const workload& w : workloads)
    if (r.workload == w.name) return w.run(r) ? 0 : 1;
  std::fprintf(stderr, "no workload '%s'; there are", given[1]);
  for (const workload& w : workloads) std::fprintf(stderr, " %s", w.name);
  std::fputs("\n", stderr);
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run(count, arguments);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "peer_workloads: %s\n", e.what());
    return 1;
  }
}
