#include "stage/json_lists.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <optional>
#include <string>

namespace penstock::host {
namespace {

namespace json = boost::json;

constexpr CoercionError kNotArray{"text", "is not a JSON array"};
constexpr CoercionError kNested{"JSON array of arrays or objects", "a list holds plain values"};

using Items = std::vector<std::optional<std::string>>;

// Collects the items of one array. Numbers come as they are written, so that nothing is rounded on the way.
struct Handler {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using Code = json::error_code;

  Items items;
  std::string part;
  int depth = 0;
  bool is_nested = false;

  bool add(std::optional<std::string> item) {
    if (depth != 1) return false;
    items.push_back(std::move(item));
    part.clear();
    return true;
  }
  bool add_rest(json::string_view rest) { return add(part.append(rest.data(), rest.size())); }
  bool add_part(json::string_view text) { return part.append(text.data(), text.size()), true; }
  bool nest() { return is_nested = true, false; }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_array_begin(Code&) { return ++depth == 1 || nest(); }
  bool on_array_end(std::size_t, Code&) { return --depth, true; }
  bool on_object_begin(Code&) { return depth == 0 ? false : nest(); }
  bool on_object_end(std::size_t, Code&) { return true; }
  bool on_string_part(json::string_view text, std::size_t, Code&) { return add_part(text); }
  bool on_string(json::string_view text, std::size_t, Code&) { return add_rest(text); }
  bool on_key_part(json::string_view, std::size_t, Code&) { return true; }
  bool on_key(json::string_view, std::size_t, Code&) { return true; }
  bool on_number_part(json::string_view text, Code&) { return add_part(text); }
  bool on_int64(std::int64_t, json::string_view text, Code&) { return add_rest(text); }
  bool on_uint64(std::uint64_t, json::string_view text, Code&) { return add_rest(text); }
  bool on_double(double, json::string_view text, Code&) { return add_rest(text); }
  bool on_bool(bool value, Code&) { return add(value ? "true" : "false"); }
  bool on_null(Code&) { return add(std::nullopt); }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }
};

const CoercionError* read_items(std::string_view text, json::basic_parser<Handler>& parser) {
  parser.reset();
  Handler& handler = parser.handler();
  handler.items.clear();
  handler.part.clear();
  handler.depth = 0;
  handler.is_nested = false;
  json::error_code code;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
  if (handler.is_nested) return &kNested;
  return code || read != text.size() ? &kNotArray : nullptr;
}

}  // namespace

JsonLists::JsonLists(const penstock::ColumnView& texts) : field_(penstock::list_of(texts.field().name, penstock::Type::utf8)) {
  penstock::ColumnBuilder lists(field_);
  json::basic_parser<Handler> parser{json::parse_options()};
  for (int64_t row = 0; row < texts.length(); ++row) {
    errors_.push_back(texts.is_null(row) ? nullptr : read_items(texts.bytes(row), parser));
    if (texts.is_null(row)) {
      lists.append_null();
      continue;
    }
    if (errors_.back() == nullptr) {
      for (const auto& item : parser.handler().items) item ? lists.item().append_bytes(*item) : lists.item().append_null();
    }
    lists.end_list();
  }
  lists.finish(&lists_);
}

JsonLists::~JsonLists() { lists_.release(&lists_); }

}  // namespace penstock::host
