#include "base/json_writer.hpp"

#include "base/escape.hpp"

#include <charconv>
#include <cmath>

namespace penstock::host {

void JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  comma_ = false;
}

void JsonWriter::string(std::string_view value) {
  separate();
  append_json_string(out_, value);
}

void JsonWriter::integer(int64_t value) {
  char text[24];
  raw({text, std::to_chars(text, text + sizeof text, value).ptr});
}

template <class Float>
void JsonWriter::write_float(Float value) {
  if (std::isnan(value)) return string("NaN");
  if (std::isinf(value)) return string(value > 0 ? "Infinity" : "-Infinity");
  char text[32];
  raw({text, std::to_chars(text, text + sizeof text, value).ptr});
}

void JsonWriter::number(double value) { write_float(value); }
void JsonWriter::number(float value) { write_float(value); }
void JsonWriter::boolean(bool value) { raw(value ? "true" : "false"); }
void JsonWriter::null() { raw("null"); }

void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
}

namespace {

constexpr size_t kLineColumns = 120;

// Where the value that begins at `at` ends: the place after its last byte.
size_t end_of_value(std::string_view json, size_t at) {
  size_t depth = 0;
  for (bool in_string = false; at < json.size(); ++at) {
    const char c = json[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (depth == 0) return at;  // of what the value stands in
      if (--depth == 0) return at + 1;
    } else if (c == ',' && depth == 0) {
      return at;
    }
  }
  return at;
}

// `begun`: columns of the line that are written already.
void append_indented(std::string& out, std::string_view json, size_t indent, size_t begun) {
  if (json.empty() || (json.front() != '{' && json.front() != '[') || json.size() == 2) {
    out += json;
    return;
  }
  const bool object = json.front() == '{';
  // A member's name and its colon are part of it; a colon can only follow the name.
  const auto write_members = [&](const std::string& separator, size_t deeper) {
    for (size_t at = 1; at + 1 < json.size();) {
      const size_t end = end_of_value(json, at);
      if (at > 1) out += ',';
      out += separator;
      const size_t start = out.size();
      if (object) {
        size_t colon = at + 1;
        while (json[colon] != '"') colon += json[colon] == '\\' ? 2 : 1;
        out += json.substr(at, colon + 1 - at);
        out += ": ";
        at = colon + 2;
      }
      append_indented(out, json.substr(at, end - at), deeper, deeper + out.size() - start);
      at = end + 1;
    }
  };
  const size_t before = out.size();
  out += json.front();
  // Spaces after commas and colons come on top, so what is longer cannot fit.
  if (begun + json.size() <= kLineColumns) {
    write_members(" ", 0);
    out += ' ';
    out += json.back();
    if (begun + out.size() - before <= kLineColumns && out.find('\n', before) == std::string::npos) return;
    out.resize(before + 1);
  }
  write_members("\n" + std::string(indent + 2, ' '), indent + 2);
  out += "\n" + std::string(indent, ' ') + json.back();
}

}  // namespace

std::string indented_json(std::string_view compact) {
  std::string out;
  append_indented(out, compact, 0, 0);
  return out + "\n";
}

}  // namespace penstock::host
