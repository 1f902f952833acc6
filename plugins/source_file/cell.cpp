#include "cell.hpp"

#include "csv.hpp"
#include "timestamp.hpp"

#include <charconv>
#include <strings.h>

namespace penstock::files {
namespace {

__extension__ using UInt128 = unsigned __int128;

const char* class_of(std::string_view text) {
  if (text.empty()) return "empty text";
  bool number = false, other = false;
  for (const char c : text) {
    if (c >= '0' && c <= '9')
      number = true;
    else if (c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E')
      other = true;
  }
  return number && !other ? "a number that does not fit" : "text of another form";
}

template <class T>
const char* read_number(std::string_view text, T& out) {
  std::string_view digits = text;
  // from_chars does not take a plus; one plus, and then a number, is what printf("%+d") writes.
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-' && digits[1] != '+') digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return error == std::errc() && end == digits.data() + digits.size() ? nullptr : class_of(text);
}

const char* read_boolean(std::string_view text, int64_t& out) {
  const auto is = [&](std::string_view word) {
    return text.size() == word.size() && strncasecmp(text.data(), word.data(), word.size()) == 0;
  };
  if (is("true") || is("t") || is("1"))
    out = 1;
  else if (is("false") || is("f") || is("0"))
    out = 0;
  else
    return class_of(text);
  return nullptr;
}

const char* read_decimal(const ColumnType& type, std::string_view text, char (&out)[16]) {
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) rest.remove_prefix(1);
  UInt128 value = 0;
  int significant = 0, fraction = -1, digits = 0;
  for (const char c : rest) {
    if (c == '.' && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (c < '0' || c > '9') return class_of(text);
    ++digits;
    if (fraction >= 0 && ++fraction > type.scale) {
      if (c != '0') return "a number that does not fit";
      continue;
    }
    if ((significant > 0 || c != '0') && ++significant > type.precision) return "a number that does not fit";
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (digits == 0) return class_of(text);
  for (int i = std::max(fraction, 0); i < type.scale; ++i) {
    if (value != 0 && ++significant > type.precision) return "a number that does not fit";
    value *= 10;
  }
  if (negative) value = ~value + 1;
  std::memcpy(out, &value, sizeof out);
  return nullptr;
}

const char* read_timestamp(const ColumnType& type, std::string_view text, int64_t& out) {
  static constexpr const char* kRange = "a time outside the years 1677 to 2262";
  if (type.form != Form::plain) {
    static constexpr int64_t kScale[] = {1'000'000'000, 1'000'000, 1'000, 1};
    int64_t number = 0;
    if (const char* problem = read_number(text, number); problem != nullptr) return problem;
    const auto unit = static_cast<size_t>(type.form) - static_cast<size_t>(Form::epoch_s);
    return __builtin_mul_overflow(number, kScale[unit], &out) ? kRange : nullptr;
  }
  ParsedTime time;
  if (!parse_timestamp(text, time)) return class_of(text);
  if (time.has_offset && type.naive) return "a timestamp with an offset";
  if (!time.has_offset && !type.naive) return "a timestamp without an offset";
  if (type.type == Type::timestamp_us) {
    if (time.nanoseconds % 1000 != 0) return "a timestamp with more than six fraction digits";
    out = time.seconds * 1'000'000 + time.nanoseconds / 1000;
    return nullptr;
  }
  const std::optional<int64_t> ns = to_nanoseconds(time);
  if (!ns) return kRange;
  out = *ns;
  return nullptr;
}

int digit_of(char c, Form form) {
  const auto in = [&](char from, char to) { return c >= from && c <= to; };
  if (form == Form::hex) return in('0', '9') ? c - '0' : in('a', 'f') ? c - 'a' + 10 : in('A', 'F') ? c - 'A' + 10 : -1;
  if (in('A', 'Z')) return c - 'A';
  if (in('a', 'z')) return c - 'a' + 26;
  if (in('0', '9')) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Base64 with or without its padding; hexadecimal with or without \x or 0x.
const char* read_bytes(Form form, std::string_view text, std::string& out) {
  std::string_view rest = text;
  const size_t bits = form == Form::hex ? 4 : 6;
  if (form == Form::hex) {
    if (rest.starts_with("\\x") || rest.starts_with("0x")) rest.remove_prefix(2);
    if (rest.size() % 2 != 0) return "text of another form";
  } else {
    if (rest.size() % 4 == 0)
      for (int i = 0; i < 2 && !rest.empty() && rest.back() == '='; ++i) rest.remove_suffix(1);
    if (rest.size() % 4 == 1) return "text of another form";
  }
  out.clear();
  uint32_t pending = 0;
  size_t have = 0;
  for (const char c : rest) {
    const int digit = digit_of(c, form);
    if (digit < 0) return "text of another form";
    pending = (pending << bits) | static_cast<uint32_t>(digit);
    have += bits;
    if (have < 8) continue;
    have -= 8;
    out.push_back(static_cast<char>(pending >> have));
  }
  // Bits that are left over must be zero, or two texts would mean the same bytes.
  return (pending & ((1u << have) - 1)) == 0 ? nullptr : "text of another form";
}

void append_scalar(ColumnBuilder& builder, Type type, const Scalar& scalar, std::string_view bytes) {
  switch (type) {
    case Type::utf8:
    case Type::binary: builder.append_bytes(bytes); break;
    case Type::int32:
    case Type::date32: builder.append(static_cast<int32_t>(scalar.integer)); break;
    case Type::float64: builder.append(scalar.number); break;
    case Type::float32: builder.append(scalar.single); break;
    case Type::boolean: builder.append(scalar.integer != 0); break;
    case Type::decimal128: builder.append_bytes({scalar.decimal, sizeof scalar.decimal}); break;
    default: builder.append(scalar.integer);
  }
}

}  // namespace

const char* read_scalar(const ColumnType& type, std::string_view text, Scalar& out, std::string_view& bytes,
                        std::string& scratch) {
  switch (type.type) {
    case Type::utf8:
      bytes = text;
      return is_ascii(text) || is_utf8(text) ? nullptr : "text that is not UTF-8";
    case Type::binary: {
      const char* problem = read_bytes(type.form, text, scratch);
      bytes = scratch;
      return problem;
    }
    case Type::int32: {
      int32_t value = 0;
      const char* problem = read_number(text, value);
      out.integer = value;
      return problem;
    }
    case Type::date32: {
      int32_t days = 0;
      if (!parse_date(text, days)) return class_of(text);
      out.integer = days;
      return nullptr;
    }
    case Type::float64: return read_number(text, out.number);
    case Type::float32: return read_number(text, out.single);
    case Type::boolean: return read_boolean(text, out.integer);
    case Type::decimal128: return read_decimal(type, text, out.decimal);
    case Type::timestamp_ns:
    case Type::timestamp_us: return read_timestamp(type, text, out.integer);
    default: return read_number(text, out.integer);
  }
}

const char* CellReader::read(const Cell& cell) {
  null_ = cell.null;
  if (null_) return nullptr;
  if (cell.size > max_bytes_) return "a value larger than max_field_bytes";
  std::string_view text = cell.text();
  if (cell.escaped) {
    scratch_.clear();
    append_unescaped(text, scratch_);
    text = scratch_;
  }
  if (type_.list) return read_list(text);
  if (type_.type == Type::binary && cell.escaped) return "text of another form";  // neither alphabet has a quote
  return read_scalar(type_, text, scalar_, text_, scratch_);
}

const char* CellReader::read_list(std::string_view text) {
  items_.clear();
  arena_.clear();
  if (!json_) json_ = std::make_unique<JsonParser>();
  std::string decoded;
  return json_->read_array(text, [&](JsonKind kind, std::string_view item_text) -> const char* {
    Item item{kind == JsonKind::null, {}, arena_.size(), 0};
    if (!item.null) {
      if (kind == JsonKind::nested) return "a list with a list or an object in it";
      std::string_view bytes;
      if (const char* problem = read_scalar(type_, item_text, item.scalar, bytes, decoded); problem != nullptr) return problem;
      arena_.append(bytes);
      item.size = bytes.size();
    }
    items_.push_back(item);
    return nullptr;
  });
}

void CellReader::append(ColumnBuilder& builder) const {
  if (null_) return builder.append_null();
  if (type_.type == Type::utf8 && !type_.list) return builder.append_bytes(text_);
  if (!type_.list) return append_scalar(builder, type_.type, scalar_, text_);
  for (const Item& item : items_) {
    if (item.null)
      builder.item().append_null();
    else
      append_scalar(builder.item(), type_.type, item.scalar, std::string_view(arena_).substr(item.offset, item.size));
  }
  builder.end_list();
}

}  // namespace penstock::files
