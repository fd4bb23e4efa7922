// Sentences and arrays that grow, at compile time.
#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <tectum/architecture/growing.hpp>
#include <tectum/architecture/text.hpp>

namespace tt = tectum;

namespace {

constexpr bool says(const tt::sentence<32>& s, const char* what) { return tt::same_text(s.data(), what); }
constexpr int sum_of_many() {
  tt::growing<int> g;
  for (int i = 0; i < 100; ++i) g.add(i);
  g.shrink(50);
  tt::growing<int> moved = static_cast<tt::growing<int>&&>(g);
  int sum = 0;
  for (const int x : moved) sum += x;
  return sum + g.size();
}

}  // namespace

static_assert(says(tt::sentence<32>{} << "a " << 12 << " " << -3, "a 12 -3"));
static_assert(says(tt::sentence<32>{} << 0, "0"));
static_assert(tt::same_text("word", "word") && !tt::same_text("word", "words") && !tt::same_text("", "w"));
static_assert(sum_of_many() == 49 * 25);

TEST_CASE("a sentence that is too long is cut off and stays terminated") {
  tt::sentence<8> s;
  s << "0123456789" << 42;
  CHECK(std::string(s.data()) == "0123456");
  CHECK(s.size() == 7);
}

TEST_CASE("the smallest number is printed") {
  tt::sentence<32> s;
  s << std::numeric_limits<long long>::min();
  CHECK(std::string(s.data()) == "-9223372036854775808");
}
