// Every allocation of this executable, counted.
#pragma once

#include <atomic>
#include <cstddef>

extern std::atomic<std::size_t> allocations;
