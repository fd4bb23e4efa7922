// Modality dropout: data of which whole modalities are missing now and then, so that a network learns to do without.
#pragma once

#include <tectum/kernels/math.hpp>
#include <tectum/training/dataset.hpp>
#include <type_traits>

namespace tectum::inline TECTUM_ABI {

// An input, which the architecture declares optional, and the probability p in [0, 1] that a sample of a batch is
// without it.
template <name_object Name>
struct drop_modality {
  double p;
  constexpr drop_modality(Name, double probability) : p(probability) {}
};

// keep_one (true): where all of the named modalities that a sample has would be dropped, one of them, drawn, stays;
// seed: of what is dropped.
struct modality_dropout_options {
  bool keep_one = true;
  tectum::seed seed{};
};

// Data for training in which each sample of a batch loses each of the named modalities with that modality's probability
// (ModDrop: Neverova et al. 2016). What is dropped is absent: its bytes of presence say so, and fusion leaves it out as
// anything else that is absent. What was absent before stays so.
//   trainer.fit(tt::modality_dropout(data, {.keep_one = true}, tt::drop_modality(image, 0.3), tt::drop_modality(sound,
//   0.5)), loss, validation)
// What is dropped depends on the seed, the number of batches so far, the row's place in the batch and the modality's in
// the list alone. Throws where a probability is not in [0, 1]; a name that the data does not give is a compile error.
// Allocates where no batch was as large yet. tt::missing_token{.p} is the same for one modality inside a network, with
// a learned value in its place.
template <batch_source Data, name_object... Names>
class modality_dropout {
 public:
  explicit modality_dropout(Data data, modality_dropout_options options, drop_modality<Names>... modalities)
      : data_(static_cast<Data&&>(data)),
        options_(options),
        p_{modalities.p...} {
    for (const double p : p_)
      if (math::is_nan(p) || p < 0 || p > 1)
        fail(error_kind::range, "modality_dropout: probabilities must be in [0, 1]");
  }

  index size() const { return data_.size(); }

  auto batch(std::span<const index> rows) {
    return std::apply([&](const auto&... all) { return dropped(static_cast<index>(rows.size()), all...); },
                      data_.batch(rows));
  }

 private:
  static constexpr int count = sizeof...(Names);
  static_assert(count > 0, "tectum: modality_dropout: name at least one modality that may be dropped");

  template <class Binding>
  static constexpr int place_of() {
    constexpr bool same[] = {std::is_same_v<typename Binding::name, Names>...};
    for (int k = 0; k < count; ++k)
      if (same[k]) return k;
    return -1;
  }

  template <class... Bindings>
  auto dropped(index rows, const Bindings&... all) {
    static_assert((0 + ... + (place_of<Bindings>() >= 0 ? 1 : 0)) == count,
                  "tectum: modality_dropout: every named modality must be in the data, and be named once");
    const auto take = [&](const auto& binding) {
      constexpr int k = place_of<std::remove_cvref_t<decltype(binding)>>();
      if constexpr (k >= 0) batches_[k] = binding.source();
    };
    (take(all), ...);
    draw(rows);
    return std::tuple(replaced(all)...);
  }
  template <class Binding>
  auto replaced(const Binding& binding) const {
    constexpr int k = place_of<Binding>();
    if constexpr (k >= 0) return gathered<typename Binding::name>{&batches_[k]};
    else return binding;
  }

  void draw(index rows) {
    for (int k = 0; k < count; ++k)
      if (present_[k].size() < rows) present_[k].resize(rows);
    const auto chance = [this](index row, int k) {
      return random::uniform(options_.seed.value, drawn_, static_cast<std::uint64_t>(row * (count + 1) + k));
    };
    for (index row = 0; row < rows; ++row) {
      int had = 0, left = 0;
      for (int k = 0; k < count; ++k) {
        const bool there = !batches_[k].absent && boundary::sample_present(batches_[k], row);
        const bool stays = there && !(static_cast<double>(chance(row, k)) < p_[k]);
        present_[k].data()[row] = stays ? 1 : 0;
        had += there ? 1 : 0;
        left += stays ? 1 : 0;
      }
      if (!options_.keep_one || left > 0 || had == 0) continue;
      int keep = static_cast<int>(chance(row, count) * static_cast<float>(had));
      for (int k = 0; k < count; ++k)
        if (!batches_[k].absent && boundary::sample_present(batches_[k], row) && keep-- == 0)
          present_[k].data()[row] = 1;
    }
    ++drawn_;
    for (int k = 0; k < count; ++k) {
      if (batches_[k].absent) continue;
      batches_[k].present = {scalar_type::uint8, present_[k].data(), 1, {rows, 0}, {1, 0}};
    }
  }

  Data data_;
  modality_dropout_options options_;
  double p_[count];
  source batches_[count]{};
  memory<unsigned char> present_[count];
  std::uint64_t drawn_ = 0;
};

}  // namespace tectum
