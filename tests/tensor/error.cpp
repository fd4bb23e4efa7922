// The sentence of a run-time error is built without allocation, and cut off rather than overrun.
#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <string>
#include <tectum/tensor/error.hpp>

namespace tt = tectum;

TEST_CASE("a message is built from texts, numbers and extents") {
  tt::message text("row ");
  text.append(-3)
      .append(", value ")
      .append(std::numeric_limits<long long>::min())
      .append(", ")
      .append(0u)
      .append(" of ");
  const tt::index extents[3] = {32, 3, 64};
  text.append_extents(extents, 3).append(" and ").append_extents(extents, 0);
  CHECK(std::string(text.text) == "row -3, value -9223372036854775808, 0 of [32, 3, 64] and []");
  CHECK(text.length == static_cast<int>(std::strlen(text.text)));
}

TEST_CASE("a message that is too long is cut off") {
  tt::message text;
  for (int i = 0; i < 1000; ++i) text.append("abc").append(i);
  CHECK(text.length == 767);
  CHECK(std::strlen(text.text) == 767);
}

TEST_CASE("fail throws the sentence and its kind") {
  try {
    tt::fail(tt::error_kind::range, tt::message("id 7 is out of range"));
    FAIL("did not throw");
  } catch (const std::exception& caught) {
    CHECK(std::string(caught.what()) == "id 7 is out of range");
    const auto* own = dynamic_cast<const tt::error*>(&caught);
    REQUIRE(own != nullptr);
    CHECK(own->kind() == tt::error_kind::range);
  }
}

TEST_CASE("the handler for programs without exceptions is kept") {
  const tt::error_handler handler = [](const char*) {};
  CHECK((tt::set_error_handler(handler) == nullptr));
  CHECK((tt::set_error_handler(nullptr) == handler));
}
