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

}  // namespace penstock::host
