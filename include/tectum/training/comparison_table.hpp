// What a comparison gives: a row for each strategy, as a table and as JSON.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <tectum/config.hpp>
#include <vector>

namespace tectum::inline TECTUM_ABI {

struct comparison_row {
  std::string strategy;
  double accuracy = 0, accuracy_std = 0;  // mean over the seeds, 0 to 1, and sample deviation (0 for one seed)
  double validation_accuracy = 0;         // mean over the seeds, of each run's best epoch
  int seeds = 0;
  long long parameters = 0, multiply_adds = 0;            // of one sample's forward pass
  double train_step_us = 0;                               // a step of one batch: forward, backward, optimiser
  double inference_us = 0;                                // a call on one sample
  long long workspace_bytes = 0;                          // what inference on one sample needs beside the parameters
  double seconds = 0;                                     // training and testing of all seeds
  std::vector<double> accuracies, validation_accuracies;  // one a seed

  // Mean and deviation of the accuracies.
  void summarise() {
    seeds = static_cast<int>(accuracies.size());
    const auto n = static_cast<double>(seeds);
    accuracy = accuracy_std = validation_accuracy = 0;
    for (const double a : accuracies) accuracy += a / n;
    for (const double a : validation_accuracies) validation_accuracy += a / n;
    for (const double a : accuracies) accuracy_std += (a - accuracy) * (a - accuracy);
    accuracy_std = seeds > 1 ? std::sqrt(accuracy_std / (n - 1)) : 0;
  }
};

// The row of the largest accuracy on the validation data, or null.
inline const comparison_row* chosen_of(const std::vector<comparison_row>& rows) {
  const comparison_row* best = nullptr;
  for (const comparison_row& r : rows)
    if (!best || r.validation_accuracy > best->validation_accuracy) best = &r;
  return best;
}

// One line a strategy, the most accurate first; a star marks the one chosen on the validation data.
inline void print_table(std::vector<comparison_row> rows, std::FILE* to = stdout) {
  const comparison_row* const best = chosen_of(rows);
  const std::string chosen = best ? best->strategy : "";
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.accuracy != b.accuracy ? a.accuracy > b.accuracy : a.strategy < b.strategy;
  });
  std::size_t wide = 8;
  for (const comparison_row& r : rows) wide = std::max(wide, r.strategy.size());
  const int w = static_cast<int>(wide) + 2;
  std::fprintf(to, "%-*s%16s%12s%12s%15s%16s%15s%14s%9s\n", w, "strategy", "accuracy, %", "validation", "parameters",
               "multiply-adds", "train step, us", "inference, us", "workspace, B", "seconds");
  for (const comparison_row& r : rows) {
    char accuracy[48];
    if (r.seeds > 1) std::snprintf(accuracy, sizeof accuracy, "%.2f +- %.2f", 100 * r.accuracy, 100 * r.accuracy_std);
    else std::snprintf(accuracy, sizeof accuracy, "%.2f", 100 * r.accuracy);
    const std::string name = r.strategy + (r.strategy == chosen ? " *" : "");
    std::fprintf(to, "%-*s%16s%12.2f%12lld%15lld%16.1f%15.2f%14lld%9.1f\n", w, name.c_str(), accuracy,
                 100 * r.validation_accuracy, r.parameters, r.multiply_adds, r.train_step_us, r.inference_us,
                 r.workspace_bytes, r.seconds);
  }
  if (best) std::fprintf(to, "* chosen by its accuracy on the validation data\n");
}

// A JSON object on one line, without the end of it.
inline std::string json_line(const comparison_row& r) {
  std::string out = "{\"strategy\": \"";
  for (const char c : r.strategy) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      out += c;
    }
  }
  char rest[512];
  std::snprintf(rest, sizeof rest,
                "\", \"accuracy\": %.6f, \"accuracy_std\": %.6f, \"validation_accuracy\": %.6f, \"seeds\": %d, "
                "\"parameters\": %lld, \"multiply_adds\": %lld, \"train_step_us\": %.3f, \"inference_us\": %.3f, "
                "\"workspace_bytes\": %lld, \"seconds\": %.1f}",
                r.accuracy, r.accuracy_std, r.validation_accuracy, r.seeds, r.parameters, r.multiply_adds,
                r.train_step_us, r.inference_us, r.workspace_bytes, r.seconds);
  return out + rest;
}
// A JSON array of such objects, in the order of the rows.
inline std::string json_of(const std::vector<comparison_row>& rows) {
  std::string out = "[";
  for (const comparison_row& r : rows) out += (&r == rows.data() ? "\n  " : ",\n  ") + json_line(r);
  return out + (rows.empty() ? "]\n" : "\n]\n");
}
// Writes it to a file; false where that did not work.
inline bool write_json(const std::vector<comparison_row>& rows, const char* path) {
  std::FILE* const file = std::fopen(path, "w");
  if (!file) return false;
  const std::string text = json_of(rows);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return (std::fclose(file) == 0) && written;
}

}  // namespace tectum
