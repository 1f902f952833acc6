// A complete source: one table of greetings, held in memory. It pushes nothing down: the host itself leaves out the columns and
// the rows that it did not ask for.
#include <penstock/penstock.hpp>

#include <algorithm>
#include <iterator>

namespace {

struct Greeting {
  const char* language;
  const char* text;
  int64_t updated_at;  // microseconds since 1970, UTC
};
constexpr Greeting kGreetings[] = {{"de", "Guten Tag", 1'700'000'000'000'000},
                                   {"en", "Good day", 1'700'000'001'000'000},
                                   {"fr", "Bonjour", 1'700'000'002'000'000}};

penstock::Schema columns() {
  return {{"language", penstock::Type::utf8}, {"text", penstock::Type::utf8}, penstock::instant("updated_at")};
}

class GreetingStream final : public penstock::RowStream {
 public:
  GreetingStream(std::string mark, int64_t batch_rows) : mark_(std::move(mark)), batch_rows_(batch_rows) {}
  const penstock::Schema& schema() const override { return schema_; }
  bool next(ArrowArray* out) override {
    if (row_ == std::size(kGreetings)) return false;
    penstock::BatchBuilder batch(schema_);
    for (; row_ < std::size(kGreetings) && batch.rows() < batch_rows_; ++row_) {
      batch[0].append_bytes(kGreetings[row_].language);
      batch[1].append_bytes(kGreetings[row_].text + mark_);
      batch[2].append(kGreetings[row_].updated_at);
    }
    batch.finish(out);
    return true;
  }

 private:
  const penstock::Schema schema_ = columns();
  std::string mark_;
  int64_t batch_rows_;
  size_t row_ = 0;
};

class MinimalSource final : public penstock::Source {
 public:
  static constexpr penstock::ComponentInfo kInfo{"minimal", "Minimal", "A table of greetings, for learning."};
  static constexpr penstock_option_desc kOptions[] = {penstock::string_option("mark", "What ends a greeting.", "!")};

  MinimalSource(const penstock::Call&, const penstock::Options& options) : mark_(options.text("mark")) {}

  penstock::Schema describe(const penstock::Call&, const penstock::Table& table) override {
    if (table.table != "greetings") throw penstock::Error(PENSTOCK_STATUS_NOT_FOUND, "there is only the table \"greetings\"");
    return columns();
  }
  penstock::Horizon horizon(const penstock::Call&, const penstock::Table&, const penstock::Cursor&) override {
    const int64_t newest = std::end(kGreetings)[-1].updated_at * 1000;  // a position counts nanoseconds
    return {{newest, "", std::to_string(newest)}, PENSTOCK_CLASS_A, "the greetings never change", ""};
  }
  std::unique_ptr<penstock::RowStream> scan(const penstock::Call&, const penstock::Scan& scan, const std::string&,
                                            penstock::ScanInfo&) override {
    return std::make_unique<GreetingStream>(mark_, std::max<int64_t>(scan.batch_rows, 1));
  }

 private:
  std::string mark_;
};

}  // namespace

PENSTOCK_MODULE("minimal_source", "1.0.0", "Penstock", "Apache-2.0", "https://example.org/minimal-source",
                penstock::source<MinimalSource>())
