#include "config/definitions.hpp"

#include <array>

namespace penstock::host {
namespace {

constexpr std::array<std::string_view, 8> kScalarNames = {"bytes",  "string", "int32", "int64",
                                                          "double", "float",  "bool",  "unix_timestamp"};
constexpr std::string_view kListSuffix = "_list";

}  // namespace

std::string Problem::text() const {
  std::string result = where.file;
  if (where.line > 0) result += ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
  if (!result.empty()) result += ": ";
  if (!object.empty()) result += object + ": ";
  return result + message;
}

std::string FieldType::name() const {
  return std::string(kScalarNames[static_cast<size_t>(scalar)]) + (list ? std::string(kListSuffix) : "");
}

std::optional<FieldType> field_type(std::string_view name) {
  FieldType type;
  if (name.ends_with(kListSuffix)) {
    type.list = true;
    name.remove_suffix(kListSuffix.size());
  }
  for (size_t i = 0; i < kScalarNames.size(); ++i) {
    if (kScalarNames[i] != name) continue;
    type.scalar = static_cast<Scalar>(i);
    return type;
  }
  return std::nullopt;
}

}  // namespace penstock::host
