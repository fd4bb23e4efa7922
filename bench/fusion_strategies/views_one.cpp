#include "view_strategies.hpp"

namespace fusion_bench::views {

compared compare_one(const split& s, const options& o) {
  return s.width <= narrow ? compare<1, narrow>(s, o) : compare<1, wide>(s, o);
}

}  // namespace fusion_bench::views
