#include "view_strategies.hpp"

namespace fusion_bench::views {

compared compare_three(const split& s, const options& o) {
  return s.width <= narrow ? compare<3, narrow>(s, o) : compare<3, wide>(s, o);
}

}  // namespace fusion_bench::views
