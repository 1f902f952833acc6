// The Redis wire protocol: writing commands, and reading RESP2 and RESP3 replies piece by piece. Pure: no sockets, no clock.
#pragma once

#include <penstock/builder.hpp>

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::redis {

// A command is an array of bulk strings.
void append_array_header(Buffer& out, size_t items);
void append_command(Buffer& out, std::span<const std::string_view> arguments);
inline void append_command(Buffer& out, std::initializer_list<std::string_view> arguments) {
  append_command(out, std::span(arguments.begin(), arguments.size()));
}
void append_bulk(Buffer& out, std::string_view text);
void append_bulk(Buffer& out, std::string_view first, std::string_view second);  // one string in two parts
// Starts a bulk string of `size` bytes; the caller fills them in.
uint8_t* append_bulk_to_fill(Buffer& out, size_t size);

enum class ReplyKind : uint8_t {
  simple_string,
  bulk_string,
  error,
  integer,
  nil,
  array,
  boolean,
  number,
  big_number,
  verbatim,
  map,
  set,
  push,
  attribute,  // never seen outside: it is read and dropped
};

// What a peer may make us remember. Beyond it the stream is invalid.
struct RespLimits {
  size_t line_bytes = 64 * 1024;
  size_t bulk_bytes = 512u * 1024 * 1024;
  size_t depth = 16;         // arrays within arrays
  size_t items = 1'000'000;  // of one reply, at all depths
};

struct ReplyNode {
  ReplyKind kind;
  uint32_t items;  // direct children; a map of n pairs has 2n
  uint32_t end;    // index after the last descendant
  size_t begin;    // of the text, in the decoder's buffer
  size_t size;
  int64_t integer;  // or the bits of a number
};

class RespDecoder;

// One reply, or a part of one: borrowed from the decoder until its next call.
class Reply {
 public:
  ReplyKind kind() const { return node().kind; }
  bool is_error() const { return kind() == ReplyKind::error; }
  bool is_nil() const { return kind() == ReplyKind::nil; }
  bool is_text() const { return kind() == ReplyKind::simple_string || kind() == ReplyKind::bulk_string; }
  bool is_array() const { return kind() == ReplyKind::array; }
  std::string_view text() const;  // strings, errors, big numbers; otherwise empty
  int64_t integer() const { return node().integer; }  // integers; booleans as 0 and 1
  double number() const { return std::bit_cast<double>(node().integer); }
  size_t items() const { return node().items; }
  // The children in order: first_item(), then next() of that, items() in all.
  Reply first_item() const { return Reply(decoder_, index_ + 1); }
  Reply next() const { return Reply(decoder_, node().end); }

 private:
  friend class RespDecoder;
  Reply(const RespDecoder* decoder, size_t index) : decoder_(decoder), index_(index) {}
  const ReplyNode& node() const;

  const RespDecoder* decoder_;
  size_t index_;
};

// Reads replies from a stream that arrives in pieces of any size. Work and memory are linear in what arrived. After `invalid`
// it stays invalid: where the next reply begins is unknown.
class RespDecoder {
 public:
  explicit RespDecoder(RespLimits limits = {}) : limits_(limits) {}

  enum class Progress : uint8_t { complete, incomplete, invalid };

  void feed(const char* data, size_t size);
  // Looks for the next reply. complete: reply() is valid until the next call of feed or next.
  Progress next();
  Reply reply() const { return Reply(this, 0); }
  const char* error() const { return error_; }
  // Bytes that are not part of a complete reply yet.
  size_t pending() const { return in_.size() - (complete_ ? cursor_ : begin_); }

 private:
  friend class Reply;
  struct Open {
    uint32_t node;
    uint64_t remaining;
  };

  void drop_consumed();
  Progress invalid(const char* why);
  bool find_line(std::string_view* line);
  Progress parse_item();
  Progress parse_bulk(ReplyKind kind, std::string_view line);
  Progress parse_aggregate(ReplyKind kind, std::string_view line);
  Progress leaf(ReplyKind kind, size_t begin, size_t size, int64_t integer = 0);
  void item_done();

  RespLimits limits_;
  std::string in_;
  size_t begin_ = 0;    // where the current reply starts
  size_t cursor_ = 0;   // where the next item starts
  size_t scanned_ = 0;  // no line end before this
  std::vector<ReplyNode> nodes_;
  std::vector<Open> open_;
  bool complete_ = false;
  const char* error_ = nullptr;
};

inline const ReplyNode& Reply::node() const { return decoder_->nodes_[index_]; }

inline std::string_view Reply::text() const { return {decoder_->in_.data() + node().begin, node().size}; }

}  // namespace penstock::redis
