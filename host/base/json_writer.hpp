// JSON text, written front to back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::host {

// Appends to a string that the caller owns and keeps alive. Commas come by themselves; the caller sees to it that what it
// opens is closed and that a key comes before each member.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name);
  void string(std::string_view value);
  void integer(int64_t value);
  // The shortest digits that read back as the same number. JSON has no NaN and no infinity: they become the strings "NaN",
  // "Infinity" and "-Infinity".
  void number(double value);
  void number(float value);
  void boolean(bool value);
  void null();
  // Text that is JSON already.
  void raw(std::string_view json);

  void member(std::string_view name, std::string_view value) { key(name), string(value); }
  void member(std::string_view name, const char* value) { key(name), string(value); }
  void member(std::string_view name, int64_t value) { key(name), integer(value); }

 private:
  void separate() {
    if (comma_) out_ += ',';
    comma_ = true;
  }
  void open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
  }
  void close(char bracket) {
    out_ += bracket;
    comma_ = true;
  }
  template <class Float>
  void write_float(Float value);

  std::string& out_;
  bool comma_ = false;
};

// The same JSON with line breaks: what fits a line of 120 columns stays in one.
std::string indented_json(std::string_view compact);

}  // namespace penstock::host
