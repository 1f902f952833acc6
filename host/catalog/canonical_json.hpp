// JSON in one form only, so that equal definitions are equal text: members sorted by name, no spaces, shortest numbers.
#pragma once

#include "base/escape.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

inline std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

// The members are JSON text already; they come out sorted whatever the order in which they went in.
class CanonicalObject {
 public:
  void add(std::string name, std::string json) { members_[std::move(name)] = std::move(json); }
  void add_text(std::string name, std::string_view text) { add(std::move(name), json_text(text)); }
  void add_integer(std::string name, int64_t value) { add(std::move(name), std::to_string(value)); }
  void add_bool(std::string name, bool value) { add(std::move(name), value ? "true" : "false"); }

  std::string json() const {
    std::string out = "{";
    for (const auto& [name, value] : members_) {
      if (out.size() > 1) out += ',';
      append_json_string(out, name);
      out += ':';
      out += value;
    }
    return out + "}";
  }

 private:
  std::map<std::string, std::string> members_;
};

inline std::string json_array(const std::vector<std::string>& elements) {
  std::string out = "[";
  for (const std::string& element : elements) {
    if (out.size() > 1) out += ',';
    out += element;
  }
  return out + "]";
}

inline std::string json_texts(const std::vector<std::string>& texts) {
  std::vector<std::string> elements;
  for (const std::string& text : texts) elements.push_back(json_text(text));
  return json_array(elements);
}

}  // namespace penstock::host
