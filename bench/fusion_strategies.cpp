// Compares fusion strategies: the same encoders, trained once for each strategy; ends in a table.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "fusion_strategies/digit_strategies.hpp"
#include "fusion_strategies/views.hpp"

namespace bench = fusion_bench;
namespace tt = tectum;

namespace {

// What runs where nothing is chosen; of a folder of views, all that there is.
const std::vector<std::string> short_list = {"image_only",    "audio_only",      "concat",
                                             "sum",           "product",         "mlb",
                                             "tensor_fusion", "low_rank_fusion", "cross_attention"};

struct settings {
  std::string folder, json;
  std::vector<std::string> strategies;
  int epochs = 0, seeds = 1, train = 0, threads = 2;
  bool hard = false, list = false;
};

// Lines of JSON: a file, or standard output for "-".
class json_lines {
 public:
  explicit json_lines(const std::string& path) : path_(path) {
    if (path == "-") file_ = stdout;
    else if (!path.empty() && !(file_ = std::fopen(path.c_str(), "w"))) failed();
  }
  json_lines(const json_lines&) = delete;
  json_lines& operator=(const json_lines&) = delete;
  ~json_lines() {
    if (file_ && file_ != stdout) std::fclose(file_);
  }
  bool wanted() const { return file_; }
  void write(const tt::comparison_row& row) {
    if (file_ && (std::fprintf(file_, "%s\n", tt::json_line(row).c_str()) < 0 || std::fflush(file_) != 0)) failed();
  }

 private:
  void failed() const { throw std::runtime_error("cannot write " + path_); }
  std::string path_;
  std::FILE* file_ = nullptr;
};

// The steps from one name to the other: letters put in, left out or replaced.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t before = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j)
      before = std::exchange(row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, before + (a[i] != b[j])}));
  }
  return row.back();
}

// The names that were chosen, as they are; an error for one that does not exist.
std::vector<std::string> chosen_names(const settings& s, const std::vector<std::string>& known,
                                      const std::vector<std::string>& otherwise) {
  std::vector<std::string> names;
  for (const std::string& name : s.strategies) {
    if (name == "all") return known;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string near;
      for (const std::string& k : known)
        if (distance(k, name) <= 2 || (name.size() > 2 && k.find(name) != std::string::npos))
          near += (near.empty() ? "" : ", ") + k;
      throw std::invalid_argument("there is no strategy '" + name + "'" +
                                  (near.empty() ? "; --list names all" : "; near it: " + near));
    }
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names.empty() ? otherwise : names;
}

std::vector<tt::comparison_row> compare_digits(const settings& s, json_lines& json) {
  const bench::digit_strategies all = bench::all_digit_strategies();
  std::vector<std::string> known;
  for (const bench::digit_strategy& d : all) known.push_back(d.name);
  const std::vector<std::string> names = chosen_names(s, known, short_list);
  const bool drawn = s.folder.empty();
  std::fprintf(stderr, drawn ? "drawing and speaking digits ...\n" : "reading pictures and recordings ...\n");
  const bench::digit_data data = drawn ? bench::drawn_digits(s.train > 0 ? s.train : 3000, 500, 1000, 1)
                                       : bench::recorded_digits(s.folder, s.train > 0 ? s.train : 10000, s.hard);
  bench::digit_comparison comparison(
      bench::data_of(data.train), bench::data_of(data.validation), bench::data_of(data.test), bench::loss,
      tt::accuracy{bench::answer, bench::digit},
      {.seeds = s.seeds, .threads = s.threads, .batch = 32, .epochs = s.epochs > 0 ? s.epochs : 5, .clip_norm = 5},
      tt::adamw{.learning_rate = 2e-3}, {100, tt::cosine{}});
  // In rounds of as many as there are threads, so that lines come while the others wait.
  const std::size_t round = json.wanted() ? static_cast<std::size_t>(s.threads) : names.size();
  for (std::size_t begin = 0; begin < names.size(); begin += round) {
    const std::size_t end = std::min(begin + round, names.size());
    if (round < names.size()) std::fprintf(stderr, "strategies %zu to %zu of %zu\n", begin + 1, end, names.size());
    for (std::size_t i = begin; i < end; ++i)
      for (const bench::digit_strategy& d : all)
        if (names[i] == d.name) d.add(comparison, d.name);
    comparison.run();
    for (std::size_t i = begin; i < end; ++i) json.write(comparison.rows()[i]);
  }
  return comparison.rows();
}

std::vector<tt::comparison_row> compare_views(const settings& s, json_lines& json) {
  if (s.hard || s.train > 0) throw std::runtime_error("--hard and --train are for recorded digits");
  const bench::folder_data data = bench::read_folder(s.folder);
  std::vector<std::string> known;
  for (std::size_t k = 0; k < data.views.size(); ++k) known.push_back("view" + std::to_string(k));
  if (data.views.size() > 1)
    for (const std::string& name : short_list)
      if (name.find("_only") == std::string::npos) known.push_back(name);
  const std::vector<tt::comparison_row> rows =
      bench::views::compare_folder(data, {.strategies = chosen_names(s, known, known),
                                          .epochs = s.epochs > 0 ? s.epochs : 20,
                                          .seeds = s.seeds,
                                          .threads = s.threads});
  for (const tt::comparison_row& row : rows) json.write(row);
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  CLI::App app{"Compares fusion strategies on pictures and sounds of digits, or on features of your own."};
  app.footer(
      "Without --data the program draws digits and speaks them itself. A folder with pairs_train.npy holds MNIST and\n"
      "spoken digits. Any other folder must have view0.npy ... up to view3.npy (float32, [samples, features], at most\n"
      "1024 features), label.npy (0 to 127) and is_test.npy (0 or 1); its views are standardised, padded with zeros "
      "to\n"
      "128 or 1024 columns and encoded by one layer each, and a tenth of the training samples is kept for validation.\n"
      "Strategies of digits: --list. A folder of views has fewer: view0 view1 ... concat sum product mlb "
      "tensor_fusion\n"
      "low_rank_fusion cross_attention.");
  app.add_option("--data", s.folder, "folder with the data")->check(CLI::ExistingDirectory);
  app.add_flag("--hard", s.hard, "recorded digits under noise, pictures without their strongest components");
  app.add_option("--strategies", s.strategies, "names parted by commas, or all (default: nine, two minutes)")
      ->delimiter(',');
  app.add_flag("--list", s.list, "name the strategies of digits, and do nothing else");
  app.add_option("--seeds", s.seeds, "trainings of each strategy")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--epochs", s.epochs, "passes over the training data (default: 5, of views 20)")
      ->check(CLI::Range(1, 100000));
  app.add_option("--train", s.train, "training samples (default: 3000 drawn, 10000 recorded)")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--threads", s.threads, "trainings at a time")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--json", s.json,
                 "a line of JSON for each strategy that is done, to this file; - for standard output,\n"
                 "the table then goes to standard error");
  CLI11_PARSE(app, argc, argv);

  if (s.list) {
    for (const bench::digit_strategy& d : bench::all_digit_strategies()) std::printf("%-28s%s\n", d.name, d.phrase);
    return 0;
  }
  try {
    if (s.hard && s.folder.empty()) throw std::runtime_error("--hard needs --data");
    json_lines json(s.json);
    const bool views = !s.folder.empty() && !std::filesystem::exists(s.folder + "/pairs_train.npy");
    const std::vector<tt::comparison_row> rows = views ? compare_views(s, json) : compare_digits(s, json);
    tt::print_table(rows, s.json == "-" ? stderr : stdout);
  } catch (const std::invalid_argument& problem) {
    std::fprintf(stderr, "fusion_strategies: %s\n", problem.what());
    return 2;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "fusion_strategies: %s\n", problem.what());
    return 1;
  }
  return 0;
}
