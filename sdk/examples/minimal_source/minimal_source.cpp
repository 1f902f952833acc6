// A complete source: one table of greetings, held in memory. It pushes nothing down: the host itself leaves out the columns and
// the rows that it did not ask for.
#include <penstock/generator.hpp>
#include <penstock/penstock.hpp>

namespace {

using std::chrono::sys_seconds;

struct Greeting {
  const char* language;
  const char* text;
  sys_seconds updated_at;
};
constexpr Greeting kGreetings[] = {{"de", "Guten Tag", sys_seconds(std::chrono::seconds(1'700'000'000))},
                                   {"en", "Good day", sys_seconds(std::chrono::seconds(1'700'000'001))},
                                   {"fr", "Bonjour", sys_seconds(std::chrono::seconds(1'700'000'002))}};

using Row = std::tuple<std::string, std::string, sys_seconds>;

penstock::Generator<Row> greetings(std::string mark) {
  for (const Greeting& greeting : kGreetings) {
    const Row row{greeting.language, greeting.text + mark, greeting.updated_at};
    co_yield row;
  }
}

struct Settings {
  std::string mark;
};

class MinimalSource final : public penstock::Source {
 public:
  static constexpr penstock::ComponentInfo kInfo{"minimal", "Minimal", "A table of greetings, for learning."};
  static constexpr auto kOptions =
      penstock::options_of(penstock::bound<&Settings::mark>({.name = "mark", .doc = "What ends a greeting.", .default_value = "!"}));

  MinimalSource(const penstock::Call&, Settings settings) : settings_(std::move(settings)) {}

  penstock::Schema describe(const penstock::Call&, const penstock::Table& table) override {
    if (table.table != "greetings") throw penstock::Error(PENSTOCK_STATUS_NOT_FOUND, "there is only the table \"greetings\"");
    return {{"language", penstock::Type::utf8}, {"text", penstock::Type::utf8}, penstock::instant("updated_at")};
  }
  penstock::Horizon horizon(const penstock::Call&, const penstock::Table&, const penstock::Cursor&) override {
    const std::chrono::nanoseconds newest = std::end(kGreetings)[-1].updated_at.time_since_epoch();  // a position counts nanoseconds
    return {{newest.count(), "", std::to_string(newest.count()) + " ns"}, PENSTOCK_CLASS_A, "the greetings never change", ""};
  }
  std::unique_ptr<penstock::RowStream> scan(const penstock::Call& call, const penstock::Scan& scan, const std::string&,
                                            penstock::ScanInfo&) override {
    return penstock::stream_rows(call, describe(call, scan.table), scan, greetings(settings_.mark));
  }

 private:
  Settings settings_;
};

}  // namespace

PENSTOCK_MODULE("minimal_source", "1.0.0", "Penstock", "Apache-2.0", "https://example.org/minimal-source",
                penstock::source<MinimalSource>())
