// Data for training: whole tensors, of which batches of any rows are gathered; and what else may stand in its place.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <tectum/model/call.hpp>
#include <tectum/model/parameters.hpp>
#include <tuple>

namespace tectum::inline TECTUM_ABI {

// What a trainer can draw batches from: `size()` samples, and `batch(rows)`, which gives a tuple of `name = tensor` for
// these rows, valid until the next batch. Write your own for data that is read or made while it is used.
template <class D>
concept batch_source = requires(D& data, std::span<const index> rows) {
  { data.size() } -> std::convertible_to<index>;
  std::tuple_size<std::remove_cvref_t<decltype(data.batch(rows))>>::value;
};

// An input's name with rows that a dataset has gathered for it.
template <class Name>
struct gathered {
  using name = Name;
  static constexpr bool has_tokens = false, has_presence = false, is_absent = false;  // whatever it has, the rows say
  const tectum::source* rows = nullptr;
  const tectum::source& source() const { return *rows; }
};

namespace detail {

// Rows of one tensor, whatever its scalar, gathered into memory of their own.
class gathering {
 public:
  gathering() = default;
  gathering(const gathering&) noexcept {}  // the buffer is not worth a copy
  gathering& operator=(const gathering&) noexcept { return *this; }

  // `first` is the tensor's row that counts as number 0.
  void gather(const source& whole, index first, std::span<const index> rows) {
    batch_ = whole;
    if (whole.absent) return;
    source all = whole;
    skip(all.layout.data, first * all.layout.stride[0] * size_of(all.type));
    skip(all.tokens.data, first * all.tokens.stride[0] * size_of(all.tokens.type));
    skip(all.present.data, first * all.present.stride[0] * size_of(all.present.type));
    batch_.columns = false;
    const auto n = static_cast<index>(rows.size());
    const tensor_layout<const void>& from = all.layout;
    tensor_layout<const void>& to = batch_.layout;
    index sample = 1;
    for (int i = from.rank - 1; i > 0; --i) {
      to.stride[i] = sample;
      sample *= from.extent[i];
    }
    to.extent[0] = n;
    to.stride[0] = sample;
    boundary::block one;
    for (int i = 1; i < from.rank; ++i) one.axis(from.extent[i], from.stride[i], to.stride[i]);
    const index bytes = size_of(all.type);
    to.data = room(values_, n * sample * bytes);
    copy_rows(rows, one, static_cast<const char*>(from.data), from.stride[0], values_.data(), sample, bytes);
    gather_side(all.tokens, batch_.tokens, rows, tokens_);
    gather_side(all.present, batch_.present, rows, present_);
  }
  const source& batch() const { return batch_; }

 private:
  static void skip(const void*& data, index bytes) {
    if (data) data = static_cast<const char*>(data) + bytes;
  }
  static const void* room(memory<unsigned char>& m, index bytes) {
    if (m.size() < bytes) m.resize(bytes);
    return m.data();
  }
  static void gather_side(const side_tensor& all, side_tensor& batch, std::span<const index> rows,
                          memory<unsigned char>& values) {
    if (!all) return;
    boundary::block one;
    const index width = all.rank > 1 ? all.extent[1] : 1, bytes = size_of(all.type);
    one.axis(width, all.stride[1], 1);
    batch.extent[0] = static_cast<index>(rows.size());
    batch.stride[0] = width;
    batch.stride[1] = 1;
    batch.data = room(values, static_cast<index>(rows.size()) * width * bytes);
    copy_rows(rows, one, static_cast<const char*>(all.data), all.stride[0], values.data(), width, bytes);
  }
  static void copy_rows(std::span<const index> rows, const boundary::block& one, const char* from, index from_stride,
                        unsigned char* to, index to_stride, index bytes) {
    if (one.rank == 0 || (one.rank == 1 && one.from[0] == 1 && one.to[0] == 1)) {
      const auto size = static_cast<std::size_t>(one.rank == 0 ? bytes : one.extent[0] * bytes);
      for (const index row : rows) {
        if (!one.empty) std::memcpy(to, from + row * from_stride * bytes, size);
        to += to_stride * bytes;
      }
      return;
    }
    for (const index row : rows) {
      const char* const sample = from + row * from_stride * bytes;
      boundary::copy_block(boundary::bits_of(bytes), one, sample, to);
      to += to_stride * bytes;
    }
  }

  source batch_{};
  memory<unsigned char> values_, tokens_, present_;
};

}  // namespace detail

// Whole tensors, samples first (or `columns`), that a trainer takes shuffled batches of. It refers to tensors given by
// name and keeps temporaries; `padded`, `masked`, `optional` and `absent` may be said as in a call. Throws where the
// tensors differ in their number of samples. A copy shares the tensors and has batches of its own.
template <class... Bindings>
class dataset_of {
 public:
  explicit dataset_of(Bindings... all) : all_(static_cast<Bindings&&>(all)...) {
    std::apply([this](const auto&... b) { (count(b.source(), std::remove_cvref_t<decltype(b)>::name::c_str()), ...); },
               all_);
    if (size_ < 0) fail(error_kind::binding, "dataset: at least one input must have a tensor");
  }

  index size() const { return size_; }

  // The samples [first, first + count) as data of their own: `data.part(0, 800)` and `data.part(800, 200)` are a split.
  dataset_of part(index first, index count) const {
    if (first < 0 || count < 0 || count > size_ - first)
      fail(error_kind::range, message("dataset: samples ")
                                  .append(first)
                                  .append(" and ")
                                  .append(count)
                                  .append(" on are not all among its ")
                                  .append(size_));
    dataset_of some(*this);
    some.first_ += first;
    some.size_ = count;
    return some;
  }

  // The samples of these numbers, in this order; valid until the next batch. Allocates where no batch was as large yet.
  auto batch(std::span<const index> rows) { return gather(rows, std::index_sequence_for<Bindings...>()); }

 private:
  template <std::size_t... I>
  auto gather(std::span<const index> rows, std::index_sequence<I...>) {
    (batches_[I].gather(std::get<I>(all_).source(), first_, rows), ...);
    return std::tuple(gathered<typename Bindings::name>{&batches_[I].batch()}...);
  }
  void count(const source& s, const char* name) {
    if (s.absent) return;
    if (s.layout.rank == 0)
      fail(error_kind::shape, message("dataset: ").append(name).append(" is one number, not a tensor of samples"));
    if (size_ < 0) size_ = s.layout.extent[0];
    check(s.layout.extent[0], name);
    if (s.tokens) check(s.tokens.extent[0], name);
    if (s.present) check(s.present.extent[0], name);
  }
  void check(index samples, const char* name) const {
    if (samples == size_) return;
    fail(error_kind::shape, message("dataset: ")
                                .append(name)
                                .append(" has ")
                                .append(samples)
                                .append(" samples where the first input has ")
                                .append(size_));
  }

  std::tuple<Bindings...> all_;
  detail::gathering batches_[sizeof...(Bindings)];
  index first_ = 0, size_ = -1;
};

// tt::dataset(image = pictures, label = digits)
template <class... Bindings>
  requires(sizeof...(Bindings) > 0)
auto dataset(Bindings... all) {
  return dataset_of<Bindings...>(static_cast<Bindings&&>(all)...);
}

namespace detail {

// The row numbers of data, shuffled anew for each epoch by the counter-based generator (Fisher and Yates).
class row_order {
 public:
  explicit row_order(index n) : rows_(n) {
    for (index i = 0; i < n; ++i) rows_.data()[i] = i;
  }
  void shuffle(std::uint64_t seed, std::uint64_t epoch) {
    index* const r = rows_.data();
    for (index i = 0; i < rows_.size(); ++i) r[i] = i;
    for (index i = rows_.size() - 1; i > 0; --i) {
      // Streams of initial values and dropout begin at the other end.
      const std::uint32_t j =
          random::whole(seed, ~epoch, static_cast<std::uint64_t>(i), static_cast<std::uint32_t>(i + 1));
      std::swap(r[i], r[j]);
    }
  }
  index size() const { return rows_.size(); }
  std::span<const index> from(index first, index most) const {
    const index n = size() - first < most ? size() - first : most;
    return {rows_.data() + first, static_cast<std::size_t>(n)};
  }

 private:
  memory<index> rows_;
};

}  // namespace detail

}  // namespace tectum
