#include "views.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <tectum/kernels/random.hpp>

namespace fusion_bench::views {

namespace {

// Standardised by the training rows, padded to `width`.
void take(const view_data& view, int width, const std::vector<std::size_t> (&rows)[3], std::vector<float>* (&to)[3]) {
  const auto columns = static_cast<std::size_t>(view.width), padded = static_cast<std::size_t>(width);
  std::vector<double> mean(columns), scale(columns);
  const double n = static_cast<double>(rows[0].size());
  for (const std::size_t r : rows[0])
    for (std::size_t c = 0; c < columns; ++c) mean[c] += static_cast<double>(view.values[r * columns + c]) / n;
  for (const std::size_t r : rows[0])
    for (std::size_t c = 0; c < columns; ++c) {
      const double d = static_cast<double>(view.values[r * columns + c]) - mean[c];
      scale[c] += d * d / n;
    }
  for (double& s : scale) s = s > 1e-12 ? 1 / std::sqrt(s) : 0;
  for (int p = 0; p < 3; ++p) {
    to[p]->assign(rows[p].size() * padded, 0);
    for (std::size_t i = 0; i < rows[p].size(); ++i)
      for (std::size_t c = 0; c < columns; ++c) {
        const double value = static_cast<double>(view.values[rows[p][i] * columns + c]);
        (*to[p])[i * padded + c] = static_cast<float>((value - mean[c]) * scale[c]);
      }
  }
}

compared compare_split(const split& s, const options& o) {
  switch (s.views) {
    case 1: return compare_one(s, o);
    case 2: return compare_two(s, o);
    case 3: return compare_three(s, o);
    default: return compare_four(s, o);
  }
}

}  // namespace

compared compare_folder(const folder_data& data, const options& wanted) {
  std::vector<std::size_t> rows[3], rest;
  for (std::size_t i = 0; i < data.labels.size(); ++i) (data.is_test[i] ? rows[2] : rest).push_back(i);
  for (std::size_t i = rest.size(); i > 1; --i)
    std::swap(rest[i - 1], rest[tectum::random::whole(1, 0, i, static_cast<std::uint32_t>(i))]);
  const std::size_t held = std::max<std::size_t>(rest.size() / 10, 1);
  if (rest.size() < 2 || rows[2].empty())
    throw std::runtime_error("the folder needs at least two samples to train on and one to test");
  rows[1].assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(held));
  rows[0].assign(rest.begin() + static_cast<std::ptrdiff_t>(held), rest.end());

  split all;
  all.views = static_cast<int>(data.views.size());
  int widest = 0;
  for (const view_data& v : data.views) widest = std::max(widest, v.width);
  all.width = widest <= narrow ? narrow : wide;
  part* const parts[] = {&all.train, &all.validation, &all.test};
  for (int p = 0; p < 3; ++p)
    for (const std::size_t r : rows[p]) parts[p]->labels.push_back(data.labels[r]);
  for (std::size_t k = 0; k < data.views.size(); ++k) {
    std::vector<float>* to[] = {&all.train.values[k], &all.validation.values[k], &all.test.values[k]};
    take(data.views[k], all.width, rows, to);
  }

  const auto is_wanted = [&](const std::string& name) {
    return wanted.strategies.empty() ||
           std::find(wanted.strategies.begin(), wanted.strategies.end(), name) != wanted.strategies.end();
  };
  compared found;
  for (std::size_t k = 0; k < data.views.size(); ++k) {
    split single;
    single.name = "view" + std::to_string(k);
    if (!is_wanted(single.name)) continue;
    single.views = 1;
    single.width = all.width;
    part* const to[] = {&single.train, &single.validation, &single.test};
    for (int p = 0; p < 3; ++p) {
      to[p]->values[0] = parts[p]->values[k];
      to[p]->labels = parts[p]->labels;
    }
    for (auto& row : compare_split(single, wanted)) found.push_back(row);
  }
  if (all.views > 1)
    for (auto& row : compare_split(all, wanted)) found.push_back(row);
  return found;
}

}  // namespace fusion_bench::views
