// The progress of a training: one live line on a terminal, one plain line an epoch elsewhere.
#pragma once

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <tectum/kernels/math.hpp>

namespace tectum::inline TECTUM_ABI {

// automatic: live where the sink is a terminal (and TERM is not "dumb"). NO_COLOR, if set and not empty, is honoured.
enum class progress_style : unsigned char { automatic, live, plain, quiet };

struct progress_options {
  progress_style style = progress_style::automatic;
  std::FILE* sink = nullptr;  // null: stderr
  const char* label = "";     // what is trained; must outlive the training
  bool epoch_lines = true;    // a line is left behind for each epoch, also where there is a live one
};

// Prints how far a training is: loss, samples a second, time left. A trainer has one; it can stand alone.
class progress {
 public:
  explicit progress(progress_options options = {})
      : sink_(options.sink ? options.sink : stderr),
        label_(options.label),
        epoch_lines_(options.epoch_lines) {
    const char* const term = std::getenv("TERM");
    const bool terminal = isatty(fileno(sink_)) != 0 && !(term && std::string_view(term) == "dumb");
    style_ = options.style != progress_style::automatic ? options.style
             : terminal                                 ? progress_style::live
                                                        : progress_style::plain;
    const char* const refused = std::getenv("NO_COLOR");
    color_ = style_ == progress_style::live && !(refused && *refused);
  }

  bool live() const { return style_ == progress_style::live; }

  // Of `samples` in `epochs` epochs.
  void begin(int epochs, long long samples) {
    epochs_ = epochs;
    samples_ = samples;
    done_ = 0;
    start_ = shown_ = clock::now();
  }
  // Some more samples were trained; `loss` is the mean of this epoch so far.
  void advance(int epoch, long long samples, double loss) {
    done_ += samples;
    if (style_ != progress_style::live) return;
    const auto now = clock::now();
    if (now - shown_ < std::chrono::milliseconds(100)) return;
    shown_ = now;
    const double rate = rate_at(now), left = rate > 0 ? static_cast<double>(samples_ - done_) / rate : 0;
    char time[32];
    duration_text(left, time);
    std::fprintf(sink_, "\r%s%s%sepoch %d/%d%s  %3.0f %%  loss %.4f  %.0f samples/s  %s left\033[K", paint("\033[36m"),
                 label_, *label_ ? "  " : "", epoch + 1, epochs_, paint("\033[0m"),
                 samples_ > 0 ? 100.0 * static_cast<double>(done_) / static_cast<double>(samples_) : 100.0, loss, rate,
                 time);
    std::fflush(sink_);
  }
  // An epoch is over. `validation` and `metric` may be NaN: not measured.
  void epoch(int epoch, double loss, double validation, double metric, bool best) {
    if (style_ == progress_style::quiet) return;
    char time[32];
    const auto now = clock::now();
    const double rate = rate_at(now);
    duration_text(rate > 0 ? static_cast<double>(samples_ - done_) / rate : 0, time);
    if (!epoch_lines_) return;
    if (style_ == progress_style::live) std::fputs("\r\033[K", sink_);
    std::fprintf(sink_, "%s%sepoch %d/%d  loss %.4f", label_, *label_ ? "  " : "", epoch + 1, epochs_, loss);
    if (!math::is_nan(validation)) std::fprintf(sink_, "  validation %.4f", validation);
    if (!math::is_nan(metric)) std::fprintf(sink_, "  metric %.4f", metric);
    std::fprintf(sink_, "  %.0f samples/s  %s left%s%s%s\n", rate, time, paint("\033[32m"), best ? "  best" : "",
                 paint("\033[0m"));
    std::fflush(sink_);
  }

  // Of whole seconds: "7s", "3m05s", "2h04m".
  static void duration_text(double seconds, char (&text)[32]) {
    const long long s = seconds < 0 || seconds > 359999 ? 359999 : static_cast<long long>(seconds + 0.5);
    if (s < 60) std::snprintf(text, sizeof text, "%llds", s);
    else if (s < 3600) std::snprintf(text, sizeof text, "%lldm%02llds", s / 60, s % 60);
    else std::snprintf(text, sizeof text, "%lldh%02lldm", s / 3600, s / 60 % 60);
  }

 private:
  using clock = std::chrono::steady_clock;

  double rate_at(clock::time_point now) const {
    const double seconds = std::chrono::duration<double>(now - start_).count();
    return seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  }
  const char* paint(const char* code) const { return color_ ? code : ""; }

  std::FILE* sink_;
  const char* label_;
  progress_style style_ = progress_style::plain;
  bool color_ = false, epoch_lines_ = true;
  int epochs_ = 0;
  long long samples_ = 0, done_ = 0;
  clock::time_point start_{}, shown_{};
};

}  // namespace tectum
