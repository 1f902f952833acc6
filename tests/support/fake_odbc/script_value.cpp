#include "script.hpp"
#include "script_reader.hpp"

#include <limits>
#include <stdexcept>

namespace penstock::fake_odbc {
namespace {

namespace json = boost::json;

// {n} is the number of the row.
std::string filled_in(std::string text, int64_t n) {
  for (size_t at = text.find("{n}"); at != std::string::npos; at = text.find("{n}", at))
    text.replace(at, 3, std::to_string(n));
  return text;
}

unsigned nibble(char c) {
  const size_t at = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
  if (at == std::string_view::npos) throw std::runtime_error("not hexadecimal");
  return static_cast<unsigned>(at);
}

Bytes from_hex(const std::string& text) {
  if (text.size() % 2 != 0) throw std::runtime_error("half a byte of hexadecimal");
  Bytes bytes;
  for (size_t i = 0; i < text.size(); i += 2) bytes.data += static_cast<char>(nibble(text[i]) << 4 | nibble(text[i + 1]));
  return bytes;
}

double special_float(const std::string& name) {
  using Limits = std::numeric_limits<double>;
  return pick(std::map<std::string, double>{{"nan", Limits::quiet_NaN()}, {"inf", Limits::infinity()}, {"-inf", -Limits::infinity()}},
              name);
}

std::string repeated(const std::string& text, int64_t times) {
  std::string out;
  for (int64_t i = 0; i < times; ++i) out += text;
  return out;
}

Value from_object(const json::value& cell, int64_t n) {
  const Members m(cell, {"hex", "float", "n", "step", "repeat", "times"});
  if (m.find("hex") != nullptr) return from_hex(filled_in(m.text("hex"), n));
  if (m.find("float") != nullptr) return special_float(m.text("float"));
  if (m.find("n") != nullptr) return m.integer("n", 0) + n * m.integer("step", 1);
  return repeated(filled_in(m.text("repeat"), n), m.integer("times", 1));
}

}  // namespace

Value value_from(const json::value& cell, int64_t n) {
  switch (cell.kind()) {
    case json::kind::null: return std::monostate();
    case json::kind::bool_: return cell.get_bool();
    case json::kind::int64: return cell.get_int64();
    case json::kind::uint64: return cell.get_uint64();
    case json::kind::double_: return cell.get_double();
    case json::kind::string: return filled_in(std::string(cell.get_string()), n);
    case json::kind::array: break;
    case json::kind::object: return from_object(cell, n);
  }
  throw std::runtime_error("a list is not a cell");
}

}  // namespace penstock::fake_odbc
