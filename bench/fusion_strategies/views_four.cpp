#include "view_strategies.hpp"

namespace fusion_bench::views {

compared compare_four(const split& s, const options& o) {
  return s.width <= narrow ? compare<4, narrow>(s, o) : compare<4, wide>(s, o);
}

}  // namespace fusion_bench::views
