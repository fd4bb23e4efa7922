// The steps of one operator for each scalar and engine: all that the checks need of its type.
#pragma once

#include <tectum/check/report.hpp>
#include <tectum/kernels/native.hpp>
#include <tectum/kernels/reference.hpp>
#include <tectum/model/run.hpp>

namespace tectum::inline TECTUM_ABI {
namespace detail {

enum class on : unsigned char { reference_double, native_double, reference_float, native_float };
inline constexpr on every_engine[] = {on::reference_double, on::native_double, on::reference_float, on::native_float};
inline constexpr on both_engines[] = {on::reference_double, on::native_double};

inline std::string when_on(on engine) {
  constexpr const char* names[] = {"reference, double: ", "native, double: ", "reference, float: ", "native, float: "};
  return names[static_cast<int>(engine)];
}

struct checked_steps {
  step_functions<double> reference_double, native_double;
  step_functions<float> reference_float, native_float;
};

// An operator without its type.
struct checked_operator {
  const operator_table* table = nullptr;
  std::vector<slot> slots;
  checked_steps steps;
};

template <class Op>
checked_operator without_type(const Op& op) {
  using list = types<Op>;
  checked_operator o{&table_of_operator<Op>, std::vector<slot>(option_count<Op> + 1), {}};
  store_options(op, o.slots.data());
  o.steps = {find_steps<double, tectum::reference, true>(list{}, o.table),
             find_steps<double, tectum::native, true>(list{}, o.table),
             find_steps<float, tectum::reference, true>(list{}, o.table),
             find_steps<float, tectum::native, true>(list{}, o.table)};
  return o;
}

}  // namespace detail
}  // namespace tectum
