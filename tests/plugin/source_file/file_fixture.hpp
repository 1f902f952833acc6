// A folder of its own for each test, and the plugin driven through its C ABI.
#pragma once

#include "support/plugin_file.hpp"

#include <penstock/error.hpp>
#include <penstock/reader.hpp>
#include <penstock/testing/fake_call.hpp>
#include <penstock/testing/fake_options.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <stdlib.h>

namespace penstock::test {

// A row as text: "NULL", the text of a text, the digits of a number, nanoseconds of a time, [a,b] of a list.
using Rows = std::vector<std::vector<std::string>>;

struct TakenPosition {
  int64_t ordinal = 0;
  std::string detail, text;
  bool operator==(const TakenPosition&) const = default;
};

struct TakenHorizon {
  TakenPosition position;
  int32_t guarantee = 0;
  std::string why, holder;
};

struct ScanRequest {
  std::optional<TakenPosition> since = {};
  TakenPosition until = {};
  std::vector<std::string> columns = {};
  std::string cursor = "AT";
  std::string zone = {};
  bool include_null_cursor = false;
  int64_t batch_rows = 1000;
  int64_t batch_bytes = 1 << 20;
  std::function<void(int)> after_batch = {};  // gets the number of batches so far
};

struct ScanResult {
  penstock_status status = PENSTOCK_STATUS_OK;
  Rows rows;
  std::vector<int64_t> batches;  // their lengths
  Schema schema;
  std::string statement;
  uint32_t honoured = 0;
  int64_t rows_estimate = -1;
};

inline std::string cell_text(const ColumnView& column, int64_t row) {
  if (column.is_null(row)) return "NULL";
  switch (column.field().type) {
    case Type::utf8:
    case Type::binary: return std::string(column.bytes(row));
    case Type::boolean: return column.value<bool>(row) ? "true" : "false";
    case Type::int32:
    case Type::date32: return std::to_string(column.value<int32_t>(row));
    case Type::float32:
    case Type::float64: {
      char out[40];
      if (column.field().type == Type::float32)
        std::snprintf(out, sizeof out, "%.9g", static_cast<double>(column.value<float>(row)));
      else
        std::snprintf(out, sizeof out, "%.17g", column.value<double>(row));
      return out;
    }
    case Type::decimal128: {
      int64_t low = 0;
      std::memcpy(&low, column.bytes(row).data(), sizeof low);
      return std::to_string(low);
    }
    case Type::list: {
      const auto [from, to] = column.list_range(row);
      const ColumnView items = column.items();
      std::string out = "[";
      for (int64_t i = from; i < to; ++i) out += (i == from ? "" : ",") + cell_text(items, i);
      return out + "]";
    }
    default: return std::to_string(column.value<int64_t>(row));
  }
}

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "penstock-file-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = name;
    options_["path"] = name;
    options_["settle"] = "0s";
  }
  ~FileTest() override {
    close();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  // Makes the folders on the way. Replaces the content in place.
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << content;
  }
  void append(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary | std::ios::app) << content;
  }
  void rename(const std::string& from, const std::string& to) const { std::filesystem::rename(path(from), path(to)); }
  // A time in the past as the file's mtime.
  void make_old(const std::string& name) const {
    std::filesystem::last_write_time(path(name), std::filesystem::file_time_type::clock::now() - std::chrono::hours(48));
  }

  static const penstock_component& component() {
    return test::component(load_plugin("source_file"), "file");
  }
  static const penstock_source_vtab& vtab() { return *static_cast<const penstock_source_vtab*>(component().vtab); }

  penstock_source* source() {
    if (source_ == nullptr) {
      const FakeOptions options(component().options, component().n_options, options_);
      FakeCall call;
      const penstock_status status = vtab().open(call.get(), options.get(), &source_);
      last_error_ = call.error();
      if (status != PENSTOCK_STATUS_OK) throw std::runtime_error(last_error_.message);
    }
    return source_;
  }
  void close() {
    FakeCall call;
    if (source_ != nullptr) vtab().close(call.get(), source_);
    source_ = nullptr;
  }

  // Calls with the table that database_, schema_ and table_ name.
  template <class Use>
  penstock_status with_table(FakeCall& call, Use&& use) {
    const FakeOptions options(component().table_options, component().n_table_options, table_options_);
    const penstock_table table{sizeof(penstock_table), 0, to_c(database_), to_c(schema_), to_c(table_), to_c(query_),
                               options.get()};
    const penstock_status status = use(&table);
    last_error_ = call.error();
    return status;
  }

  // The schema, or nothing and last_error_.
  std::optional<Schema> describe() {
    FakeCall call;
    ArrowSchema out{};
    const auto status = with_table(call, [&](const penstock_table* table) { return vtab().describe(call.get(), source(), table, &out); });
    if (status != PENSTOCK_STATUS_OK) return std::nullopt;
    Schema schema = schema_from(out);
    out.release(&out);
    return schema;
  }

  std::optional<TakenHorizon> try_horizon() {
    FakeCall call;
    FakePositionOut position;
    FakeBuffer why, holder;
    penstock_horizon out{sizeof(penstock_horizon), 0, position.get(), why.get(), holder.get()};
    const std::string column = "AT";
    const penstock_cursor cursor{sizeof(penstock_cursor), cursor_kind_, to_c(column), {}, 0};
    const auto status = with_table(
        call, [&](const penstock_table* table) { return vtab().horizon(call.get(), source(), table, &cursor, &out); });
    if (status != PENSTOCK_STATUS_OK) return std::nullopt;
    return TakenHorizon{{position.ordinal(), position.detail.bytes, position.text.bytes}, out.guarantee, why.bytes, holder.bytes};
  }
  TakenPosition horizon() {
    const auto taken = try_horizon();
    if (!taken) throw std::runtime_error("horizon: " + last_error_.message);
    return taken->position;
  }
  // Waits until nothing is so recent that the next horizon would be another: two equal ones in a row.
  TakenPosition quiet_horizon() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      const TakenPosition one = horizon();
      if (one == horizon() && one == horizon()) return one;
      if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the horizon does not come to rest");
    }
  }

  ScanResult scan(const ScanRequest& request) {
    FakeCall call;
    return scan(request, call);
  }
  ScanResult scan(const ScanRequest& request, FakeCall& call);

  // All rows that a run from `since` to the present delivers; moves `since`.
  Rows run(std::optional<TakenPosition>& since, const std::vector<std::string>& columns) {
    ScanRequest request{since, horizon(), columns};
    const ScanResult result = scan(request);
    EXPECT_EQ(result.status, PENSTOCK_STATUS_OK) << last_error_.message;
    since = request.until;
    return result.rows;
  }
  // All rows there are.
  Rows read_all(const std::vector<std::string>& columns) {
    std::optional<TakenPosition> since;
    return run(since, columns);
  }

  std::string folder_;
  std::map<std::string, std::string> options_, table_options_;
  std::string database_ = "DB", schema_ = "SIGNALS", table_ = "T", query_;
  int32_t cursor_kind_ = PENSTOCK_CURSOR_TIMESTAMP;
  RecordedError last_error_;
  std::vector<std::string> logs_;

 private:
  penstock_source* source_ = nullptr;
};

inline penstock_position to_position(const TakenPosition& p) {
  return {sizeof(penstock_position), 0, p.ordinal, to_bytes(p.detail), to_c(p.text)};
}

inline ScanResult FileTest::scan(const ScanRequest& request, FakeCall& call) {
  ScanResult result;
  FakeBuffer statement;
  penstock_scan_info info{sizeof(penstock_scan_info), 0, -1, statement.get(), 0, nullptr};
  const penstock_cursor cursor{sizeof(penstock_cursor), cursor_kind_, to_c(request.cursor), to_c(request.zone), 0};
  const penstock_position since = request.since ? to_position(*request.since) : penstock_position{};
  const penstock_position until = to_position(request.until);
  std::vector<penstock_str> columns;
  for (const std::string& column : request.columns) columns.push_back(to_c(column));
  ArrowArrayStream stream{};
  result.status = with_table(call, [&](const penstock_table* table) {
    const penstock_scan scan{sizeof(penstock_scan), request.include_null_cursor ? 1 : 0, table, &cursor,
                             request.since ? &since : nullptr, &until, columns.data(), columns.size(), nullptr, 0,
                             request.batch_rows, request.batch_bytes};
    return vtab().scan(call.get(), source(), &scan, {}, &stream, &info);
  });
  if (result.status != PENSTOCK_STATUS_OK) return result;
  result.statement = statement.bytes;
  result.honoured = info.honoured;
  result.rows_estimate = info.rows_estimate;
  ArrowSchema schema{};
  EXPECT_EQ(stream.get_schema(&stream, &schema), 0);
  result.schema = schema_from(schema);
  schema.release(&schema);
  for (;;) {
    ArrowArray array{};
    if (stream.get_next(&stream, &array) != 0) {
      last_error_ = call.error();
      result.status = last_error_.status;
      break;
    }
    if (array.release == nullptr) break;
    const BatchView batch(result.schema, array);
    for (int64_t row = 0; row < batch.rows(); ++row) {
      std::vector<std::string> cells;
      for (size_t c = 0; c < batch.columns(); ++c) cells.push_back(cell_text(batch[c], row));
      result.rows.push_back(std::move(cells));
    }
    result.batches.push_back(array.length);
    array.release(&array);
    if (request.after_batch) request.after_batch(static_cast<int>(result.batches.size()));
  }
  stream.release(&stream);
  for (const std::string& line : call.logs()) logs_.push_back(line);
  return result;
}

}  // namespace penstock::test
