#include "connection_string.hpp"

#include "diagnostics.hpp"
#include "text.hpp"

namespace penstock::fake_odbc {
namespace {

bool is_secret(const std::string& key) {
  for (const char* part : {"PWD", "PASSWORD", "PASSCODE", "TOKEN", "BASE64"})
    if (key.find(part) != std::string::npos) return true;
  return false;
}

// Takes a value from the front of `text`, up to and with the semicolon.
std::string take_value(std::string_view& text) {
  std::string value;
  if (!text.starts_with('{')) {
    const size_t end = std::min(text.find(';'), text.size());
    value = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return value;
  }
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '}') {
      value += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '}') {
      value += text[i++];
    } else {
      text.remove_prefix(i + 1);
      if (!text.empty() && text.front() != ';') throw OdbcError("HY000", "connection string: something comes after }");
      text.remove_prefix(std::min<size_t>(1, text.size()));
      return value;
    }
  }
  throw OdbcError("HY000", "connection string: { without }");
}

}  // namespace

ConnectionKeys::ConnectionKeys(std::string_view text) {
  while (!text.empty()) {
    if (text.front() == ';') {
      text.remove_prefix(1);
      continue;
    }
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) throw OdbcError("HY000", "connection string: a key without =");
    std::string key = upper(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    std::string value = take_value(text);
    keys_.emplace_back(std::move(key), std::move(value));
  }
}

std::string ConnectionKeys::value(std::string_view key) const {
  for (const auto& [name, value] : keys_)
    if (name == key) return value;
  return {};
}

std::string ConnectionKeys::names() const {
  std::string out;
  for (const auto& [name, value] : keys_) out += (out.empty() ? "" : ",") + name;
  return out;
}

std::string ConnectionKeys::shown() const {
  std::string out;
  for (const auto& [name, value] : keys_)
    if (name != "SCRIPT" && name != "LOG")
      out += (out.empty() ? "" : ";") + name + "=" + (is_secret(name) ? std::string("***") : value);
  return out;
}

}  // namespace penstock::fake_odbc
