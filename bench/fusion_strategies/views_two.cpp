#include "view_strategies.hpp"

namespace fusion_bench::views {

compared compare_two(const split& s, const options& o) {
  return s.width <= narrow ? compare<2, narrow>(s, o) : compare<2, wide>(s, o);
}

}  // namespace fusion_bench::views
