#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "network.hpp"

using namespace training_test;

namespace {

struct sink {
  std::FILE* file = std::tmpfile();
  ~sink() { std::fclose(file); }
  std::string text() const {
    std::fflush(file);
    std::rewind(file);
    std::string all;
    for (int c; (c = std::fgetc(file)) != EOF;) all += static_cast<char>(c);
    return all;
  }
};

std::string trained(tt::progress_style style) {
  sink out;
  const samples some(32);
  auto data = some.data(), held = some.data();
  model m;
  tt::trainer trainer{
      m, tt::adam{}, {.batch = 8, .epochs = 3, .progress = {.style = style, .sink = out.file, .label = "small"}}};
  trainer.fit(data, loss, held, tt::accuracy(answer, kind));
  return out.text();
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++n;
  return n;
}

}  // namespace

TEST_CASE("a file gets one plain line an epoch") {
  const std::string text = trained(tt::progress_style::automatic);
  CHECK(count(text, "\n") == 3);
  CHECK(count(text, "\033") == 0);
  CHECK(count(text, "\r") == 0);
  CHECK(text.find("small  epoch 1/3  loss ") == 0);
  CHECK(count(text, "validation ") == 3);
  CHECK(count(text, "metric ") == 3);
  CHECK(count(text, " samples/s") == 3);
  CHECK(count(text, "0s left") >= 1);
}

TEST_CASE("quiet says nothing") { CHECK(trained(tt::progress_style::quiet).empty()); }

TEST_CASE("a live line is rewritten, in colour unless NO_COLOR says otherwise") {
  const auto live = [] {
    sink out;
    tt::progress shown({.style = tt::progress_style::live, .sink = out.file});
    shown.begin(2, 200);
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(120);
    while (std::chrono::steady_clock::now() < until) {
    }
    shown.advance(0, 50, 1.25);
    shown.epoch(0, 1.125, 0.5, std::numeric_limits<double>::quiet_NaN(), true);
    return out.text();
  };
  unsetenv("NO_COLOR");
  const std::string colored = live();
  CHECK(colored.find("\r\033[36mepoch 1/2\033[0m   25 %  loss 1.2500") == 0);
  CHECK(count(colored, "\n") == 1);
  CHECK(colored.find("validation 0.5000") != std::string::npos);
  CHECK(colored.find("metric") == std::string::npos);
  setenv("NO_COLOR", "1", 1);
  const std::string plain = live();
  unsetenv("NO_COLOR");
  CHECK(plain.find("\033[36m") == std::string::npos);
  CHECK(plain.find("\033[K") != std::string::npos);
}

TEST_CASE("times are short") {
  const auto text = [](double seconds) {
    char out[32];
    tt::progress::duration_text(seconds, out);
    return std::string(out);
  };
  CHECK(text(7.2) == "7s");
  CHECK(text(185) == "3m05s");
  CHECK(text(7440) == "2h04m");
  CHECK(text(-1) == "99h59m");
}
