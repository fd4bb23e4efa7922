// Every allocation of this executable, counted.
#pragma once

#include <cstddef>

extern std::size_t allocations;
