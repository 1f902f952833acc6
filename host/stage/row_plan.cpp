#include "stage/row_plan.hpp"

#include "config/load.hpp"

#include <penstock/sink.h>

#include <algorithm>

namespace penstock::host {
namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

// Finds columns and gathers what is wrong, so that a user mends a table in one go.
class Resolver {
 public:
  explicit Resolver(const Schema& schema) : schema_(schema) {}

  std::optional<size_t> find(const std::string& what, const std::string& name) {
    std::vector<size_t> folded;
    for (size_t i = 0; i < schema_.size(); ++i) {
      if (schema_[i].name == name) return i;
      if (lower(schema_[i].name) == lower(name)) folded.push_back(i);
    }
    if (folded.size() == 1) return folded[0];
    if (folded.size() > 1) {
      std::string candidates;
      for (const size_t i : folded) candidates += (candidates.empty() ? "\"" : ", \"") + schema_[i].name + "\"";
      problem(PENSTOCK_STATUS_INVALID_ARGUMENT, what + " \"" + name + "\" could be any of the columns " + candidates + "; spell it exactly");
      return {};
    }
    std::vector<std::string_view> names;
    for (const auto& field : schema_) names.push_back(field.name);
    const std::string_view meant = did_you_mean(name, names);
    problem(PENSTOCK_STATUS_NOT_FOUND, what + " \"" + name + "\": no such column" +
                                           (meant.empty() ? std::string() : " (did you mean \"" + std::string(meant) + "\"?)"));
    return {};
  }

  void problem(penstock_status status, std::string message) {
    if (!failure_) {
      failure_ = Failure{status, PENSTOCK_RETRY_NEVER, std::move(message)};
    } else {
      failure_->message += "; " + message;
    }
  }
  void needs_timezone(const std::string& what, const penstock::Field& column) {
    problem(PENSTOCK_STATUS_INVALID_ARGUMENT,
            what + " is of type " + type_label(column) + ": set `timezone` on the view to the zone that its values are in");
  }
  std::optional<Failure>& failure() { return failure_; }

 private:
  const Schema& schema_;
  std::optional<Failure> failure_;
};

bool can_be_key(const penstock::Field& column) {
  using penstock::Type;
  return column.type != Type::list && column.type != Type::float32 && column.type != Type::float64 && column.type != Type::null;
}

bool can_be_cursor(const penstock::Field& column, CursorKind kind) {
  return is_integer(column.type) || (kind == CursorKind::timestamp && is_timestamp(column.type));
}

bool can_be_order(const penstock::Field& column) {
  return is_integer(column.type) || is_timestamp(column.type) || column.type == penstock::Type::utf8;
}

}  // namespace

int64_t RowPlan::order_size() const { return static_cast<int64_t>(order_.size()) * 8 + PENSTOCK_ORDER_SUFFIX; }

std::vector<std::string> RowPlan::key_columns() const {
  std::vector<std::string> names;
  for (const size_t i : keys_) names.push_back(schema_[i].name);
  return names;
}

Result<RowPlan> RowPlan::make(const View& view, const BatchSource& source, const Entity& entity, const Schema& schema,
                              std::optional<int64_t> cursor_unit_ns) {
  RowPlan plan;
  plan.schema_ = schema;
  Resolver resolver(schema);

  if (!view.timezone.empty()) {
    if (auto zone = TimeZone::find(view.timezone)) {
      plan.zone_ = *zone;
    } else {
      resolver.problem(zone.failure().status, zone.failure().message);
    }
  }

  for (const std::string& name : entity.keys) {
    const auto at = resolver.find("key column", name);
    if (!at) continue;
    if (!can_be_key(schema[*at]))
      resolver.problem(PENSTOCK_STATUS_INVALID_ARGUMENT, "key column \"" + name + "\" is of type " + type_label(schema[*at]) + ", which cannot be a key");
    plan.keys_.push_back(*at);
  }

  if (const auto at = resolver.find("timestamp_field", source.timestamp_field)) {
    plan.cursor_ = *at;
    const auto& column = schema[*at];
    if (!can_be_cursor(column, source.cursor))
      resolver.problem(PENSTOCK_STATUS_INVALID_ARGUMENT,
                       "timestamp_field \"" + column.name + "\" is of type " + type_label(column) + "; " +
                           (source.cursor == CursorKind::xid ? "cursor = \"xid\" needs a transaction id column" : "it must be a timestamp or a date"));
    else if (is_naive(column) && !plan.zone_)
      resolver.needs_timezone("timestamp_field \"" + column.name + "\"", column);
    else if (is_integer(column.type) && source.cursor == CursorKind::timestamp && cursor_unit_ns) {
      plan.cursor_unit_ns_ = *cursor_unit_ns;
      // Taken for nanoseconds, seconds would all be of 1970: inside every first window, and never again.
      if (*cursor_unit_ns == 0)
        resolver.problem(PENSTOCK_STATUS_INVALID_ARGUMENT,
                         "timestamp_field \"" + column.name + "\" is of type " + type_label(column) +
                             ", and its source does not say what it counts: tell the source (PostgreSQL: epoch_unit; files: types), or "
                             "make it a timestamp in a query");
    }
  }

  // Its nanoseconds lie above every transaction id: nothing would be read, and the position would move all the same.
  if (source.cursor == CursorKind::xid && view.backfill_since_ns)
    resolver.problem(PENSTOCK_STATUS_INVALID_ARGUMENT, "backfill_since is a time, and cursor = \"xid\" does not count in times; leave it out");

  std::vector<std::string> order = view.order_by;
  if (order.empty()) {
    order.push_back(source.timestamp_field);
    if (!source.created_timestamp_column.empty()) order.push_back(source.created_timestamp_column);
  }
  for (const std::string& name : order) {
    if (name == source.timestamp_field) {
      plan.order_.push_back(plan.cursor_);
      continue;
    }
    const auto at = resolver.find("order_by", name);
    if (!at) continue;
    if (!can_be_order(schema[*at]))
      resolver.problem(PENSTOCK_STATUS_INVALID_ARGUMENT, "order_by \"" + name + "\" is of type " + type_label(schema[*at]) + ", which has no order in time");
    else if (is_naive(schema[*at]) && !plan.zone_)
      resolver.needs_timezone("order_by \"" + name + "\"", schema[*at]);
    plan.order_.push_back(*at);
  }

  // The cursor decides between rows that order_by leaves equal, or which of them wins would depend on how runs cut the table.
  if (std::find(plan.order_.begin(), plan.order_.end(), plan.cursor_) == plan.order_.end()) plan.order_.push_back(plan.cursor_);

  plan.sink_schema_.push_back({.name = "penstock.key", .type = penstock::Type::binary});
  plan.sink_schema_.push_back({.name = "penstock.order", .type = penstock::Type::fixed_binary});
  for (const ViewField& field : view.fields) {
    const auto at = resolver.find("field", field.column.empty() ? field.name : field.column);
    if (!at) continue;
    const bool counts = *at == plan.cursor_ && plan.cursor_unit_ns_ != 0;
    auto coercer = Coercer::make(schema[*at], field.type, plan.zone_, counts ? plan.cursor_unit_ns_ : kNsPerSecond);
    if (!coercer) {
      resolver.problem(coercer.failure().status, "field \"" + field.name + "\": " + coercer.failure().message);
      continue;
    }
    plan.fields_.push_back(*at);
    plan.coercers_.push_back(std::move(*coercer));
    plan.sink_schema_.push_back(sink_field(field.name, field.type));
  }
  if (resolver.failure()) return std::move(*resolver.failure());
  plan.sink_schema_[1].width = static_cast<int32_t>(plan.order_size());

  std::vector<size_t> wanted = plan.keys_;
  wanted.push_back(plan.cursor_);
  wanted.insert(wanted.end(), plan.order_.begin(), plan.order_.end());
  wanted.insert(wanted.end(), plan.fields_.begin(), plan.fields_.end());
  for (size_t i = 0; i < wanted.size(); ++i)
    if (std::find(wanted.begin(), wanted.begin() + static_cast<ptrdiff_t>(i), wanted[i]) == wanted.begin() + static_cast<ptrdiff_t>(i))
      plan.columns_.push_back(schema[wanted[i]].name);
  return plan;
}

}  // namespace penstock::host
