// Streams around a table that may be quiet.
#pragma once

#include <penstock/source.hpp>

#include <functional>
#include <memory>

namespace penstock::odbc {

// No rows.
class EmptyStream : public RowStream {
 public:
  explicit EmptyStream(Schema schema) : schema_(std::move(schema)) {}
  const Schema& schema() const override { return schema_; }
  bool next(ArrowArray*) override { return false; }

 private:
  Schema schema_;
};

// Passes the rows on, and calls `nothing` when it has come to the end without one. That may not fail.
class WatchedStream : public RowStream {
 public:
  WatchedStream(std::unique_ptr<RowStream> rows, std::function<void()> nothing) : rows_(std::move(rows)), nothing_(std::move(nothing)) {}
  const Schema& schema() const override { return rows_->schema(); }
  bool next(ArrowArray* out) override {
    if (rows_->next(out)) {
      nothing_ = nullptr;
      return true;
    }
    if (nothing_) std::exchange(nothing_, nullptr)();
    return false;
  }

 private:
  std::unique_ptr<RowStream> rows_;
  std::function<void()> nothing_;
};

}  // namespace penstock::odbc
