// Declarations for headers that only pass tectum's types on.
#pragma once

#include <tectum/config.hpp>

namespace tectum::inline TECTUM_ABI {

struct shape;
template <class T>
struct view;
struct native;
struct reference;
template <class T>
class result;
template <const auto& Architecture, class T, class Engine>
class model;
template <const auto& Architecture, class T>
class workspace;

}  // namespace tectum
