// The rows of a scan: a binary COPY, parsed straight into Arrow columns.
#pragma once

#include "connection.hpp"
#include "statement.hpp"

#include <penstock/source.hpp>

namespace penstock::postgres {

// Holds one batch and one message of the server at a time, however large the table. COPY needs 0.4 times the client CPU
// of single-row results (one allocation a row instead of one a value); it takes no parameters, which is why the bounds
// in the statement are written out.
//
// Shares the connection with the source, which must not use it until the stream is gone. A stream destroyed before its
// end stops the server and closes the connection.
class CopyStream : public RowStream {
 public:
  // `connection` is within a transaction and copies `statement`. `call` outlives the stream.
  CopyStream(const Call& call, std::shared_ptr<Connection> connection, ScanStatement statement, int64_t batch_rows,
             int64_t batch_bytes);
  ~CopyStream() override;

  const Schema& schema() const override { return statement_.schema; }
  bool next(ArrowArray* out) override;

 private:
  void fill_batch();
  bool take_message();
  bool parse_header();
  bool parse_row();
  void append_row(const char* at);
  void finish_scan();
  Error damaged(const std::string& what) const;

  Call call_;
  std::shared_ptr<Connection> connection_;
  ScanStatement statement_;
  BatchBuilder batch_;
  int64_t batch_rows_;
  int64_t batch_bytes_;
  int64_t bytes_in_batch_ = 0;
  int64_t rows_ = 0;
  bool header_read_ = false;
  bool trailer_read_ = false;
  bool finished_ = false;
  std::string_view unread_;  // of the last message, or of split_
  std::string split_;        // a row that did not end with its message
};

}  // namespace penstock::postgres
