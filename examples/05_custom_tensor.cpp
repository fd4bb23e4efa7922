// A tensor type of your own goes in and comes out after one specialisation of tensor_traits.
#include <tectum/tectum.hpp>

#include <cstdio>
#include <vector>

namespace tt = tectum;

// Yours: a grid with rows that are padded to 8 numbers.
class grid {
 public:
  grid(long rows, long columns) : rows_(rows), columns_(columns), values_(static_cast<std::size_t>(rows * stride())) {}
  long rows() const { return rows_; }
  long columns() const { return columns_; }
  long stride() const { return (columns_ + 7) / 8 * 8; }
  float* row(long r) { return values_.data() + r * stride(); }
  const float* row(long r) const { return values_.data() + r * stride(); }

 private:
  long rows_, columns_;
  std::vector<float> values_;
};

// What tectum has to know of it.
template <>
struct tectum::tensor_traits<grid> {
  using scalar = float;
  static tensor_layout<const float> layout(const grid& g) noexcept {
    return {g.row(0), 2, {g.rows(), g.columns()}, {g.stride(), 1}};
  }
  static tensor_layout<float> layout(grid& g) noexcept {
    return {g.row(0), 2, {g.rows(), g.columns()}, {g.stride(), 1}};
  }
  static grid make(const index* extents, int rank) { return grid(extents[0], rank > 1 ? extents[1] : 1); }
};

namespace net {
constexpr tt::name<"depth"> depth;
constexpr tt::name<"touch"> touch;
constexpr tt::name<"grasp"> grasp;
inline constexpr auto network = tt::architecture([] {
  return tt::equations(depth = tt::input{tt::features{10}}, touch = tt::input{tt::features{6}},
                       grasp = tt::fuse(tt::concat{}, depth, touch) | tt::linear{5} | tt::sigmoid);
});
}  // namespace net

int main() {
  grid depths(3, 10), touches(3, 6);
  for (long r = 0; r < 3; ++r) {
    for (long c = 0; c < 10; ++c) depths.row(r)[c] = 0.1f * static_cast<float>(r + c);
    for (long c = 0; c < 6; ++c) touches.row(r)[c] = static_cast<float>(r == c);
  }
  tt::model<net::network> model{tt::seed{11}};
  const grid grasps = model(net::depth = depths, net::touch = touches);
  for (long r = 0; r < grasps.rows(); ++r)
    for (long c = 0; c < grasps.columns(); ++c)
      std::printf("%.3f%c", static_cast<double>(grasps.row(r)[c]), c + 1 < grasps.columns() ? ' ' : '\n');
  return grasps.rows() == 3 && grasps.columns() == 5 ? 0 : 1;
}
