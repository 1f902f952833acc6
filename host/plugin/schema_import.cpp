#include "plugin/schema_import.hpp"

#include "batch/batch.hpp"
#include "plugin/printable.hpp"

#include <cstring>
#include <set>

namespace penstock::host {
namespace {

constexpr size_t kMaxFormat = 256;

// Everything that schema_from takes on trust. Empty when nothing is wrong.
std::string problem_of(const ArrowSchema& schema, int depth) {
  if (depth > kMaxSchemaDepth) return "it is nested too deeply";
  if (schema.release == nullptr) return "it holds a released node";
  if (schema.format == nullptr || strnlen(schema.format, kMaxFormat) == kMaxFormat) return "a format is missing or too long";
  if (schema.name != nullptr && strnlen(schema.name, kMaxColumnName + 1) > kMaxColumnName)
    return "a name is longer than " + std::to_string(kMaxColumnName) + " bytes";
  if (schema.dictionary != nullptr) return "dictionaries are not supported";
  if (schema.n_children < 0 || schema.n_children > kMaxColumns)
    return std::to_string(schema.n_children) + " children, allowed are " + std::to_string(kMaxColumns);
  if (schema.n_children > 0 && schema.children == nullptr) return "children are missing";
  for (int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children[i] == nullptr) return "child " + std::to_string(i) + " is missing";
    if (std::string problem = problem_of(*schema.children[i], depth + 1); !problem.empty()) return problem;
  }
  return {};
}

std::string problem_of(const penstock::Schema& schema) {
  if (schema.empty()) return "it has no columns";
  std::set<std::string_view> names;
  for (const penstock::Field& field : schema) {
    if (field.name.empty()) return "a column has no name";
    if (!is_utf8(field.name)) return "a column's name is not UTF-8: \"" + printable(field.name, kMaxColumnName) + "\"";
    if (!names.insert(field.name).second) return "two columns are named \"" + printable(field.name, kMaxColumnName) + "\"";
  }
  return {};
}

}  // namespace

Result<penstock::Schema> import_schema(ArrowSchema* schema) {
  const auto wrong = [](const std::string& what) { return internal("unusable Arrow schema: " + what); };
  if (schema->release == nullptr) return wrong("there is none");
  std::string problem = problem_of(*schema, 0);
  penstock::Schema imported;
  if (problem.empty()) {
    try {
      imported = penstock::schema_from(*schema);
      problem = problem_of(imported);
    } catch (const penstock::Error& error) {
      problem = printable(error.message(), kMaxColumnName);
    }
  }
  schema->release(schema);
  if (!problem.empty()) return wrong(problem);
  return imported;
}

}  // namespace penstock::host
