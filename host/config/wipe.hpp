// Memory that held a secret is overwritten before it is given back.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::host {

inline void wipe(std::string& text) {
  explicit_bzero(text.data(), text.capacity());
  text.clear();
}

// A secret's only lasting copy: cannot be copied or printed, and is overwritten by its destructor.
class WipedText {
 public:
  explicit WipedText(std::string_view text) : bytes_(std::make_unique<char[]>(text.size() + 1)), size_(text.size()) {
    std::memcpy(bytes_.get(), text.data(), text.size());
  }
  ~WipedText() {
    if (bytes_ != nullptr) explicit_bzero(bytes_.get(), size_);
  }
  WipedText(WipedText&&) noexcept = default;
  WipedText& operator=(WipedText&&) = delete;

  // The address stays when the object moves.
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

}  // namespace penstock::host
