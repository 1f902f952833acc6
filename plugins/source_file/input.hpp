// A window that slides over a part of a file. Memory is bounded by the largest record.
#pragma once

#include "open_file.hpp"

#include <memory>
#include <string_view>

namespace penstock::files {

inline constexpr size_t kFirstBuffer = 256 * 1024;
inline constexpr size_t kPadding = 64;  // readable bytes behind every window, as simdjson wants

class Input {
 public:
  // Reads [from, to) of the file, in windows of at most max_window bytes.
  Input(std::shared_ptr<const OpenFile> file, int64_t from, int64_t to, size_t max_window);

  const OpenFile& file() const { return *file_; }
  // The bytes read and not yet consumed; they move with fill.
  const char* begin() const { return buffer_.get() + begin_; }
  const char* end() const { return buffer_.get() + end_; }
  size_t size() const { return end_ - begin_; }
  // Bytes that may be read behind end().
  size_t padding() const { return capacity_ + kPadding - end_; }
  int64_t offset() const { return read_ - static_cast<int64_t>(size()); }  // of begin() in the file
  bool at_end() const { return read_ == to_; }                             // the window reaches to the end of the part
  bool full() const { return size() >= max_window_; }

  void consume(size_t bytes) { begin_ += bytes; }
  // Makes the window longer. Not when at_end() or full().
  void fill();
  // Forgets the window and goes on at `offset`.
  void seek(int64_t offset);

 private:
  std::shared_ptr<const OpenFile> file_;
  int64_t read_;
  int64_t to_;
  size_t max_window_;
  size_t capacity_ = 0;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

// The line, counted from 1, in which the byte at `offset` is. For messages: reads the file from the beginning.
int64_t line_at(const OpenFile& file, int64_t offset);

}  // namespace penstock::files
