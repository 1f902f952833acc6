#include "input.hpp"

#include <algorithm>
#include <cstring>

namespace penstock::files {

Input::Input(std::shared_ptr<const OpenFile> file, int64_t from, int64_t to, size_t max_window)
    : file_(std::move(file)), read_(from), to_(to), max_window_(max_window),
      capacity_(std::min(kFirstBuffer, std::max<size_t>(max_window, 1))), buffer_(new char[capacity_ + kPadding]()) {}

void Input::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), begin(), size());
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) {
    const size_t larger = std::min(capacity_ * 2, max_window_);
    std::unique_ptr<char[]> grown(new char[larger + kPadding]());
    std::memcpy(grown.get(), buffer_.get(), end_);
    buffer_ = std::move(grown);
    capacity_ = larger;
  }
  const auto want = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(capacity_ - end_), to_ - read_));
  const size_t got = file_->read_some(read_, buffer_.get() + end_, want);
  end_ += got;
  read_ += static_cast<int64_t>(got);
}

void Input::seek(int64_t offset) {
  begin_ = end_ = 0;
  read_ = offset;
}

int64_t line_at(const OpenFile& file, int64_t offset) {
  const auto chunk = std::make_unique<char[]>(kFirstBuffer);
  int64_t line = 1;
  for (int64_t at = 0; at < offset;) {
    const size_t size =
        file.read_some(at, chunk.get(), static_cast<size_t>(std::min<int64_t>(kFirstBuffer, offset - at)));
    line += std::count(chunk.get(), chunk.get() + size, '\n');
    at += static_cast<int64_t>(size);
  }
  return line;
}

}  // namespace penstock::files
