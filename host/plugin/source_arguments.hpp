// What a source is called with, in the ABI's form. Everything borrows from the host's form.
#pragma once

#include "config/options.hpp"
#include "plugin/call_context.hpp"
#include "plugin/source.hpp"

#include <penstock/error.hpp>

#include <vector>

namespace penstock::host {

class TableArgument {
 public:
  explicit TableArgument(const TableRef& table)
      : raw_{sizeof(penstock_table),
             0,
             penstock::to_c(table.database),
             penstock::to_c(table.schema),
             penstock::to_c(table.table),
             penstock::to_c(table.query),
             table.options == nullptr ? &kNoOptions : table.options->get()} {}
  const penstock_table* get() const { return &raw_; }

 private:
  static constexpr penstock_options kNoOptions{sizeof(penstock_options), 0, nullptr, 0};
  penstock_table raw_;
};

inline penstock_cursor to_c(const CursorRef& cursor) {
  return {sizeof(penstock_cursor), cursor.kind, penstock::to_c(cursor.column), penstock::to_c(cursor.timezone), cursor.lag_ns};
}

class ScanArgument {
 public:
  explicit ScanArgument(const ScanRequest& request)
      : table_(request.table), cursor_(to_c(request.cursor)), until_(to_c(request.until)) {
    if (request.since) since_ = to_c(*request.since);
    for (const std::string& column : request.columns) columns_.push_back(penstock::to_c(column));
    for (const std::string& column : request.key_columns) key_columns_.push_back(penstock::to_c(column));
    raw_ = {sizeof(penstock_scan),
            request.include_null_cursor ? PENSTOCK_NULL_CURSOR_INCLUDE : PENSTOCK_NULL_CURSOR_EXCLUDE,
            table_.get(),
            &cursor_,
            request.since ? &since_ : nullptr,
            &until_,
            columns_.data(),
            columns_.size(),
            key_columns_.data(),
            key_columns_.size(),
            request.batch_rows,
            request.batch_bytes};
  }
  ScanArgument(const ScanArgument&) = delete;
  ScanArgument& operator=(const ScanArgument&) = delete;
  const penstock_scan* get() const { return &raw_; }

 private:
  TableArgument table_;
  penstock_cursor cursor_;
  penstock_position since_{};
  penstock_position until_;
  std::vector<penstock_str> columns_, key_columns_;
  penstock_scan raw_{};
};

}  // namespace penstock::host
