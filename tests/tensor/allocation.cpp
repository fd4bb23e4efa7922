// Bringing a tensor in allocates nothing; counted by operators of this executable.
#include <doctest/doctest.h>

#include <cstdlib>
#include <tectum/tensor/binding.hpp>

namespace tt = tectum;

namespace {
std::size_t allocations = 0;
struct any_name;
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const p = std::malloc(size == 0 ? 1 : size)) return p;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

TEST_CASE("binding, checking and bringing in allocate nothing") {
  std::size_t before = allocations;
  ::operator delete(::operator new(1));
  REQUIRE(allocations == before + 1);

  const double x[2][3][2] = {};
  const float rows[2][6] = {};
  const int lengths[2] = {2, 3};
  const bool here[2] = {true, false};
  float copy[12];
  std::uint8_t mask[6];
  tt::index samples = 0;
  before = allocations;
  const auto bring = [&](const auto& binding, const tt::shape& e) {
    const tt::source s = binding.source();
    samples += tt::check(s, e, "x");
    tt::bring_in<float>(s, e, "x", 2, copy, nullptr, mask);
  };
  const tt::shape both = tt::shape_of(tt::sequence{.length = 3, .width = 2, .padded = true, .optional = true});
  bring(tt::bind<any_name>(rows), tt::features_of(6));
  bring(tt::bind<any_name>(x), tt::sequence_of(3, 2));
  bring(tt::bind<any_name>(tt::optional(tt::padded(x, lengths), here)), both);
  CHECK(allocations == before);
  CHECK(samples == 6);
}
