#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "network.hpp"

// Counts every allocation of this executable.
namespace {
long long allocations = 0;

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* p = nullptr;
  if (posix_memalign(&p, alignment < sizeof(void*) ? sizeof(void*) : alignment, size) != 0) throw std::bad_alloc();
  return p;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size, 16); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

using namespace training_test;

TEST_CASE("after the first step nothing is allocated") {
  const samples some(24);
  auto data = some.data();
  model m;
  tt::trainer trainer{m, tt::adam{}, {.batch = 24, .clip_norm = 1}};
  const tt::detail::row_order order(24);
  const auto step = [&](tt::index n) {
    auto batch = data.batch(order.from(0, n));
    std::apply([&](const auto&... b) { trainer.step(loss, b...); }, batch);
  };
  const long long before = allocations;
  step(24);
  CHECK(allocations > before);  // it does count
  const long long warm = allocations;
  for (int i = 0; i < 3; ++i) step(24);
  step(7);
  CHECK(allocations == warm);
}

TEST_CASE("epochs of fit cost the report alone") {
  const samples some(40);
  auto data = some.data(), held = some.data();
  const auto cost = [&](int epochs) {
    model m;
    tt::trainer trainer{m, tt::adamw{}, {.batch = 16, .epochs = epochs, .progress = silent}};
    trainer.fit(data, loss, held, tt::accuracy(answer, kind));
    const long long before = allocations;
    trainer.fit(data, loss, held, tt::accuracy(answer, kind));
    return allocations - before;
  };
  cost(1);
  CHECK(cost(16) - cost(8) <= 1);  // the list of epochs, which doubles
}
