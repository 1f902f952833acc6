#include "config/toml_reader.hpp"

namespace penstock::host {
namespace {

// Walks over TOML text as far as strings and comments go. Where the text is not valid TOML it may stop early: the parser
// stops there too.
class DepthScanner {
 public:
  DepthScanner(const std::string& file, std::string_view text) : file_(file), text_(text) {}

  std::optional<Problem> run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        skip_comment();
      } else if (c == '"' || c == '\'') {
        if (!skip_string(c)) return std::nullopt;
      } else {
        if (auto problem = count(c)) return problem;
        advance(1);
      }
    }
    return std::nullopt;
  }

 private:
  void advance(size_t bytes) {
    for (; bytes > 0 && at_ < text_.size(); --bytes, ++at_) {
      if (text_[at_] == '\n') {
        ++line_;
        column_ = 1;
      } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
        ++column_;
      }
    }
  }

  void skip_comment() {
    while (at_ < text_.size() && text_[at_] != '\n') advance(1);
  }

  size_t count_quotes(char quote) const {
    size_t count = 0;
    while (at_ + count < text_.size() && text_[at_ + count] == quote) ++count;
    return count;
  }

  // False: the string does not end.
  bool skip_string(char quote) {
    const size_t opening = count_quotes(quote);
    if (opening == 2) return advance(2), true;  // empty
    const bool multiline = opening >= 3;
    advance(multiline ? 3 : 1);
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && !multiline) return false;
      if (c == '\\' && quote == '"') {
        advance(2);
      } else if (c != quote) {
        advance(1);
      } else if (!multiline) {
        return advance(1), true;
      } else {
        // Three end it; up to two in front of them belong to the text.
        const size_t quotes = count_quotes(quote);
        advance(quotes < 5 ? quotes : 5);
        if (quotes >= 3) return true;
      }
    }
    return false;
  }

  std::optional<Problem> count(char c) {
    switch (c) {
      case '.':
        if (++dots_ >= kMaxTomlKeyParts)
          return problem("a key has more than " + std::to_string(kMaxTomlKeyParts) + " parts");
        break;
      case '[':
      case '{':
        dots_ = 0;
        // One more: the two brackets of [[view]] are not nesting.
        if (++depth_ > kMaxTomlDepth + 1)
          return problem("values are nested more than " + std::to_string(kMaxTomlDepth) + " deep");
        break;
      case ']':
      case '}':
        dots_ = 0;
        if (depth_ > 0) --depth_;
        break;
      case '=':
      case ',':
      case '\n':
        dots_ = 0;
        break;
      default:
        break;
    }
    return std::nullopt;
  }

  Problem problem(std::string message) const { return {{file_, line_, column_}, "", std::move(message)}; }

  const std::string& file_;
  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  uint32_t column_ = 1;
  size_t dots_ = 0;
  size_t depth_ = 0;
};

}  // namespace

std::optional<Problem> find_excess_depth(const std::string& file, std::string_view text) {
  return DepthScanner(file, text).run();
}

}  // namespace penstock::host
