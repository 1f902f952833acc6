#include "plugin/schema_import.hpp"

#include "batch/batch.hpp"
#include "plugin/printable.hpp"

#include <cstring>
#include <set>

namespace penstock::host {
namespace {

constexpr size_t kMaxFormat = 256;

// Its name may be anything yet.
std::string column(const ArrowSchema& child, int64_t at) {
  if (child.name == nullptr || *child.name == '\0' || strnlen(child.name, kMaxColumnName + 1) > kMaxColumnName)
    return "column " + std::to_string(at) + ": ";
  return "column \"" + printable(std::string_view(child.name), kMaxColumnName) + "\": ";
}

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
  if (depth > 0 && schema.n_children > 0 && schema.format[0] != '+') return "its format has no children, but it has";
  for (int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children[i] == nullptr) return "child " + std::to_string(i) + " is missing";
    if (std::string problem = problem_of(*schema.children[i], depth + 1); !problem.empty())
      return depth == 0 ? column(*schema.children[i], i) + problem : problem;
  }
  return {};
}

// What schema_from reads leniently: "w:12abc" and "w:4294967308" as 12. A format that is not written again as it was is not understood.
std::string problem_of(const penstock::Field& field, const ArrowSchema& from) {
  const std::string format = penstock::arrow_format(field);
  if (format != from.format)
    return "its format \"" + printable(std::string_view(from.format), kMaxFormat) + "\" means \"" + printable(format, kMaxFormat) + "\", if anything";
  if (field.width > kMaxFixedWidth) return "values of " + std::to_string(field.width) + " bytes, allowed are " + std::to_string(kMaxFixedWidth);
  if (printable(field.timezone, kMaxFormat) != field.timezone) return "its time zone is not readable text";
  return field.children.empty() ? std::string() : problem_of(field.children[0], *from.children[0]);
}

std::string problem_of(const penstock::Schema& schema, const ArrowSchema& from) {
  if (schema.empty()) return "it has no columns";
  std::set<std::string_view> names;
  for (size_t i = 0; i < schema.size(); ++i) {
    const penstock::Field& field = schema[i];
    if (field.name.empty()) return "a column has no name";
    if (!is_utf8(field.name)) return "a column's name is not UTF-8: \"" + printable(field.name, kMaxColumnName) + "\"";
    if (!names.insert(field.name).second) return "two columns are named \"" + printable(field.name, kMaxColumnName) + "\"";
    if (std::string problem = problem_of(field, *from.children[i]); !problem.empty())
      return column(*from.children[i], static_cast<int64_t>(i)) + problem;
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
      problem = problem_of(imported, *schema);
    } catch (const penstock::Error& error) {
      problem = printable(error.message(), kMaxColumnName);
    }
  }
  schema->release(schema);
  if (schema->release != nullptr && problem.empty()) problem = "its release did not set itself to NULL";
  if (!problem.empty()) return wrong(problem);
  return imported;
}

}  // namespace penstock::host
