// source_test @NAME@.so: the source, driven as the host drives it. The driver throws when the connector breaks the contract of the ABI.
#include "expect.hpp"

#include <penstock/testing/load_module.hpp>
#include <penstock/testing/source_driver.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace penstock::testing;

namespace {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) : path_(std::filesystem::temp_directory_path() / ("visits-" + std::to_string(getpid()))) {
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

const std::vector<std::string> kAllColumns = {"user_id", "city", "pages", "visited_at"};

// Times are microseconds in the file and nanoseconds in windows.
ScanSpec window(std::optional<int64_t> since_us, int64_t until_us) {
  ScanSpec spec{.table = {.table = "visits"}, .columns = kAllColumns};
  spec.cursor.column = "visited_at";
  if (since_us) spec.since = *since_us * 1000;
  spec.until = until_us * 1000;
  return spec;
}

void test_reading(const penstock_component& component) {
  const TemporaryFile file("ann\tOslo\t3\t-5\nbob\t\\N\t\\N\t10\ncleo\t\t0\t20\ndan\tBern\t1\t\\N\nhalf a li");
  SourceDriver source(component, {{"path", file.path()}});

  expect("names the columns as Arrow has them", formats_of(source.describe({.table = "visits"})) ==
             std::vector<std::string>{"user_id:u", "city:u", "pages:l", "visited_at:tsu:UTC"});
  expect("lists the table", source.list_tables() == std::vector<std::string>{"..visits"});
  expect("knows no other table", status_of([&] { source.describe({.table = "orders"}); }) == PENSTOCK_STATUS_NOT_FOUND);

  expect("reads from the beginning, times before 1970 too", source.scan(window({}, 10), "all") ==
             TextRows{{"ann", "Oslo", "3", "-5"}, {"bob", "NULL", "NULL", "10"}});
  expect("reads after since and up to until", source.scan(window(-5, 20), "all") ==
             TextRows{{"bob", "NULL", "NULL", "10"}, {"cleo", "", "0", "20"}});
  ScanSpec spec = window(10, 20);
  spec.include_null_cursor = true;
  expect("reads rows without a time where they are wanted", source.scan(spec, "all") ==
             TextRows{{"cleo", "", "0", "20"}, {"dan", "Bern", "1", "NULL"}});
  spec = window(10, 20);
  spec.columns = {"pages", "user_id"};
  expect("reads only the columns asked for, in their order", source.scan(spec, "all") == TextRows{{"0", "cleo"}});
  spec = window({}, 20);
  spec.batch_rows = 1;
  expect("makes batches as small as asked for", source.scan(spec, "all").size() == 3);
  expect("refuses a partition that it did not plan",
         status_of([&] { source.scan(window({}, 20), "other"); }) == PENSTOCK_STATUS_INVALID_ARGUMENT);

  const HorizonResult horizon = source.horizon({.table = "visits"}, {.column = "visited_at", .lag_ns = 5000});
  expect("has its horizon at the newest visit less the lag", horizon.ordinal == 15'000 && horizon.guarantee == PENSTOCK_CLASS_B);
}

void test_failing(const penstock_component& component) {
  expect("says that there is no file", status_of([&] { SourceDriver(component, {{"path", "/nowhere/visits.tsv"}}); }) ==
             PENSTOCK_STATUS_NOT_FOUND);

  const TemporaryFile file("ann\tOslo\t3\t1\nbob\tOslo\tmany\t2\n");
  SourceDriver source(component, {{"path", file.path()}});
  std::string message;
  try {
    source.scan(window({}, 20), "all");
  } catch (const CallFailed& failure) {
    message = failure.error.message;
  }
  expect("names the line that it cannot read, and not what is in it", message == file.path() + ", line 2: the pages are no number");

  ScanDriver scan;
  source.start(window({}, 20), scan, "all");
  scan.call.cancel();
  expect("ends when the host wants it to", status_of([&] { scan.next(); }) == PENSTOCK_STATUS_CANCELLED);
}

}  // namespace

int main(int, char** arguments) {
  const penstock_component& component = *load_module(arguments[1]).components[0];
  test_reading(component);
  test_failing(component);
  return failed;
}
