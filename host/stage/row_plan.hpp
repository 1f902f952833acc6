// Which columns of a batch source a view uses, and how each becomes part of a row for the sink.
#pragma once

#include "base/failure.hpp"
#include "config/definitions.hpp"
#include "stage/coercion.hpp"

#include <penstock/schema.hpp>

#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

using penstock::Schema;

// Immutable. Column names are spelt as the schema spells them: an exact match comes first, then a unique match that differs
// only by case.
class RowPlan {
 public:
  // Every problem at once in one INVALID_ARGUMENT or NOT_FOUND: columns that are missing (did you mean) or ambiguous, types
  // that do not go together, a cursor that is no timestamp, times without a zone.
  //
  // Whether an integer can be the cursor is the source's to say when it is asked for a scan: `cursor_unit_ns`, 0 when it said
  // none. Until then, nothing: a plan without it may ask for a scan, and only a plan with it may read one.
  static Result<RowPlan> make(const View& view, const BatchSource& source, const Entity& entity, const Schema& schema,
                              std::optional<int64_t> cursor_unit_ns = {});

  // What to ask the source for: keys, cursor, order, fields; each once.
  const std::vector<std::string>& columns() const { return columns_; }
  std::vector<std::string> key_columns() const;
  const std::string& cursor_column() const { return schema_[cursor_].name; }

  // Indices into the schema that the plan was made with.
  const std::vector<size_t>& keys() const { return keys_; }
  const std::vector<size_t>& order() const { return order_; }
  const std::vector<size_t>& fields() const { return fields_; }
  size_t cursor() const { return cursor_; }
  // What an integer cursor counts since 1970; 0 when it is a time, a transaction id, or not known yet.
  int64_t cursor_unit_ns() const { return cursor_unit_ns_; }

  const std::vector<Coercer>& coercers() const { return coercers_; }  // one a field
  const std::optional<TimeZone>& zone() const { return zone_; }
  const Schema& schema() const { return schema_; }

  // The batches for the sink: "penstock.key", "penstock.order", then the fields.
  const Schema& sink_schema() const { return sink_schema_; }
  // Bytes of penstock.order: eight for each order column, and the suffix.
  int64_t order_size() const;

 private:
  Schema schema_;
  std::vector<std::string> columns_;
  std::vector<size_t> keys_, order_, fields_;
  size_t cursor_ = 0;
  int64_t cursor_unit_ns_ = 0;
  std::vector<Coercer> coercers_;
  std::optional<TimeZone> zone_;
  Schema sink_schema_;
};

}  // namespace penstock::host
