// Compares fusion strategies: the same encoders, trained once for each strategy; ends in a table.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "fusion_strategies/digit_strategies.hpp"
#include "fusion_strategies/views.hpp"

namespace bench = fusion_bench;
namespace tt = tectum;

namespace {

struct settings {
  std::string folder, json;
  std::vector<std::string> strategies;
  int epochs = 0, seeds = 1, train = 0, threads = 2;
  bool hard = false;
};

bool wanted(const settings& s, const std::string& name) {
  return s.strategies.empty() || std::find(s.strategies.begin(), s.strategies.end(), name) != s.strategies.end();
}

std::vector<tt::comparison_row> compare_digits(const settings& s) {
  const bool drawn = s.folder.empty();
  std::fprintf(stderr, drawn ? "drawing and speaking digits ...\n" : "reading pictures and recordings ...\n");
  const bench::digit_data data = drawn ? bench::drawn_digits(s.train > 0 ? s.train : 3000, 500, 1000, 1)
                                       : bench::recorded_digits(s.folder, s.train > 0 ? s.train : 10000, s.hard);
  bench::digit_comparison comparison(
      bench::data_of(data.train), bench::data_of(data.validation), bench::data_of(data.test), bench::loss,
      tt::accuracy{bench::answer, bench::digit},
      {.seeds = s.seeds, .threads = s.threads, .batch = 32, .epochs = s.epochs > 0 ? s.epochs : 5, .clip_norm = 5},
      tt::adamw{.learning_rate = 2e-3}, {100, tt::cosine{}});
  for (const bench::digit_strategy& strategy : bench::digit_strategies)
    if (wanted(s, strategy.name)) strategy.add(comparison);
  comparison.run();
  return comparison.rows();
}

std::vector<tt::comparison_row> compare_views(const settings& s) {
  if (s.hard || s.train > 0) throw std::runtime_error("--hard and --train are for recorded digits");
  return bench::views::compare_folder(
      bench::read_folder(s.folder),
      {.strategies = s.strategies, .epochs = s.epochs > 0 ? s.epochs : 20, .seeds = s.seeds, .threads = s.threads});
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  CLI::App app{"Compares fusion strategies on pictures and sounds of digits, or on features of your own."};
  app.footer(
      "Without --data the program draws digits and speaks them itself. A folder with pairs_train.npy holds MNIST and\n"
      "spoken digits. Any other folder must have view0.npy ... up to view3.npy (float32, [samples, features], at most "
      "1024\n"
      "features), label.npy (0 to 127) and is_test.npy (0 or 1); its views are standardised, padded with zeros to 128 "
      "or\n"
      "1024 columns and encoded by one layer each, and a tenth of the training samples is kept for validation.\n"
      "Strategies of digits: image_only audio_only concat sum product mlb tfn lmf cross_attention; of a folder of "
      "views:\n"
      "view0 view1 ... concat sum product mlb tfn lmf cross_attention.");
  app.add_option("--data", s.folder, "folder with the data")->check(CLI::ExistingDirectory);
  app.add_flag("--hard", s.hard, "recorded digits under noise, pictures without their strongest components");
  app.add_option("--strategies", s.strategies, "only these, parted by commas")->delimiter(',');
  app.add_option("--seeds", s.seeds, "trainings of each strategy")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--epochs", s.epochs, "passes over the training data (default: 5, of views 20)")
      ->check(CLI::Range(1, 100000));
  app.add_option("--train", s.train, "training samples (default: 3000 drawn, 10000 recorded)")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--threads", s.threads, "trainings at a time")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--json", s.json, "write the table to this file as JSON");
  CLI11_PARSE(app, argc, argv);

  const bool views = !s.folder.empty() && !std::filesystem::exists(s.folder + "/pairs_train.npy");
  for (const std::string& name : s.strategies) {
    bool known = views && name.size() == 5 && name.compare(0, 4, "view") == 0 && name[4] >= '0' && name[4] <= '3';
    for (const bench::digit_strategy& d : bench::digit_strategies)
      known = known || (name == d.name && !(views && name.find("_only") != std::string::npos));
    if (!known) {
      std::fprintf(stderr, "fusion_strategies: there is no strategy '%s'; --help names all\n", name.c_str());
      return 2;
    }
  }
  try {
    if (s.hard && s.folder.empty()) throw std::runtime_error("--hard needs --data");
    const std::vector<tt::comparison_row> rows = views ? compare_views(s) : compare_digits(s);
    tt::print_table(rows);
    if (!s.json.empty() && !tt::write_json(rows, s.json.c_str())) throw std::runtime_error("cannot write " + s.json);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "fusion_strategies: %s\n", problem.what());
    return 1;
  }
  return 0;
}
