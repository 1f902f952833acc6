#include "serve/profile.hpp"

#include "base/escape.hpp"
#include "base/time_text.hpp"
#include "observe/progress.hpp"

#include <penstock/sink.h>

#include <boost/beast/core/string.hpp>

#include <algorithm>

namespace penstock::host {
namespace {

constexpr size_t kState = 0, kOrder = 1, kTtl = 2, kFirstField = 3;

penstock::Type arrow_type(Scalar scalar) {
  switch (scalar) {
    case Scalar::bytes: return Type::binary;
    case Scalar::string: return Type::utf8;
    case Scalar::int32: return Type::int32;
    case Scalar::int64: return Type::int64;
    case Scalar::float64: return Type::float64;
    case Scalar::float32: return Type::float32;
    case Scalar::boolean: return Type::boolean;
    default: return Type::timestamp_ns;
  }
}

// The order key begins with the time of the row, big-endian with its sign bit flipped.
std::optional<int64_t> order_time(std::string_view order) {
  if (order.size() < 8) return {};
  uint64_t bits = 0;
  for (size_t i = 0; i < 8; ++i) bits = bits << 8 | static_cast<uint8_t>(order[i]);
  return static_cast<int64_t>(bits ^ uint64_t{1} << 63);
}

constexpr int64_t kNsPerMs = 1'000'000;

}  // namespace

std::string_view profile_state_name(ProfileState state) {
  return state == ProfileState::found ? "found" : state == ProfileState::expired ? "expired" : "missing";
}

Result<void> check_profiles(const View& view, const std::vector<std::string>& fields, size_t keys, const Batch& batch) {
  const auto wrong = [&](const std::string& what) {
    return internal(view.id.label() + ": store \"" + view.store + "\": lookup: " + what);
  };
  if (batch.shared_schema() == nullptr) return wrong("no answer");
  const Schema& schema = batch.schema();
  if (batch.rows() != static_cast<int64_t>(keys))
    return wrong(std::to_string(batch.rows()) + " rows for " + std::to_string(keys) + " keys");
  if (schema.size() != kFirstField + fields.size()) return wrong("another number of columns than asked for");
  if (schema[kState].type != Type::int8 || schema[kOrder].type != Type::binary || schema[kTtl].type != Type::int64)
    return wrong("the columns before the fields have other types");
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto field = std::find_if(view.fields.begin(), view.fields.end(), [&](const ViewField& f) { return f.name == fields[i]; });
    const penstock::Field& column = schema[kFirstField + i];
    if (field == view.fields.end() || column.name != fields[i]) return wrong("column \"" + column.name + "\" in the place of \"" + fields[i] + "\"");
    const penstock::Type type = field->type.list && column.children.size() == 1 ? column.children[0].type : column.type;
    if ((column.type == Type::list) != field->type.list || type != arrow_type(field->type.scalar))
      return wrong("field \"" + fields[i] + "\" is not a " + field->type.name());
  }
  return {};
}

bool ages(const Configuration& configuration, const View& view) {
  const auto& sources = configuration.batch_sources;
  const auto source = std::find_if(sources.begin(), sources.end(), [&](const BatchSource& s) { return s.name == view.batch_source; });
  if (source == sources.end() || source->cursor != CursorKind::xid) return true;
  return !view.order_by.empty() && !boost::beast::iequals(view.order_by[0], source->timestamp_field);
}

ProfileFacts profile_facts(const BatchView& batch, int64_t row, bool aged) {
  ProfileFacts facts;
  const int8_t state = batch[kState].is_null(row) ? int8_t{PENSTOCK_PROFILE_MISSING} : batch[kState].value<int8_t>(row);
  if (state == PENSTOCK_PROFILE_EXPIRED) facts.state = ProfileState::expired;
  if (state != PENSTOCK_PROFILE_FOUND) return facts;
  facts.state = ProfileState::found;
  if (aged && !batch[kOrder].is_null(row)) facts.as_of_ns = order_time(batch[kOrder].bytes(row));
  if (!batch[kTtl].is_null(row)) facts.ttl_ms = batch[kTtl].value<int64_t>(row);
  return facts;
}

void append_value(JsonWriter& json, const ColumnView& column, int64_t row) {
  if (column.is_null(row)) return json.null();
  switch (column.field().type) {
    case Type::boolean: return json.boolean(column.value<bool>(row));
    case Type::int32: return json.integer(column.value<int32_t>(row));
    case Type::int64: return json.integer(column.value<int64_t>(row));
    case Type::float32: return json.number(column.value<float>(row));
    case Type::float64: return json.number(column.value<double>(row));
    case Type::utf8: return json.string(column.bytes(row));
    case Type::timestamp_ns: return json.raw(format_seconds(column.value<int64_t>(row)));
    case Type::binary: {
      std::string text = "\"";
      append_base64(text, column.bytes(row));
      return json.raw(text += '"');
    }
    case Type::list: {
      const auto [begin, end] = column.list_range(row);
      const ColumnView items = column.items();
      json.begin_array();
      for (int64_t item = begin; item < end; ++item) append_value(json, items, item);
      return json.end_array();
    }
    default: return json.null();  // check_profiles lets no other type through
  }
}

Result<Profile> profile_at(const View& view, std::string_view key_json, const std::vector<std::string>& fields, const Batch& batch,
                           int64_t row, bool aged) {
  if (auto checked = check_profiles(view, fields, static_cast<size_t>(batch.rows()), batch); !checked) return checked.failure();
  if (row < 0 || row >= batch.rows()) return internal(view.id.label() + ": lookup: no row " + std::to_string(row));
  const BatchView columns = batch.view();
  Profile profile{view.id, view.entity, std::string(key_json), profile_facts(columns, row, aged), {}};
  for (size_t i = 0; i < fields.size(); ++i) {
    std::string value;
    JsonWriter json(value);
    profile.facts.state == ProfileState::found ? append_value(json, columns[kFirstField + i], row) : json.null();
    profile.values.emplace_back(fields[i], std::move(value));
  }
  return profile;
}

std::string profile_json(const Profile& profile, int64_t now_ns) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.member("view", profile.view.name);
  json.member("version", profile.view.version);
  json.member("entity", profile.entity);
  json.key("key");
  json.raw(profile.key);
  json.member("state", profile_state_name(profile.facts.state));
  json.key("as_of");
  profile.facts.as_of_ns ? json.string(format_instant(*profile.facts.as_of_ns)) : json.null();
  json.key("age_seconds");
  profile.facts.as_of_ns ? json.raw(format_seconds(now_ns - *profile.facts.as_of_ns)) : json.null();
  json.key("ttl_seconds");
  profile.facts.ttl_ms ? json.raw(format_seconds(*profile.facts.ttl_ms * kNsPerMs)) : json.null();
  json.key("values");
  json.begin_object();
  for (const auto& [name, value] : profile.values) {
    json.key(name);
    json.raw(value);
  }
  json.end_object();
  json.end_object();
  return out;
}

std::string profile_table(const Profile& profile, int64_t now_ns) {
  std::string out = profile.view.label() + ", " + profile.entity + " " + printable(profile.key) + ": ";
  if (profile.facts.state == ProfileState::missing) return out + "not in the store\n";
  if (profile.facts.state == ProfileState::expired) return out + "expired\n";
  out += "found";
  if (profile.facts.as_of_ns) {
    const int64_t age = now_ns - *profile.facts.as_of_ns;
    out += ", as of " + format_instant(*profile.facts.as_of_ns) +
           (age >= 0 ? " (" + format_duration(age) + " ago)" : " (" + format_duration(-age) + " ahead of this clock)");
  }
  if (profile.facts.ttl_ms) out += ", expires in " + format_duration(*profile.facts.ttl_ms * kNsPerMs);
  out += '\n';
  size_t width = 0;
  for (const auto& [name, value] : profile.values) width = std::max(width, name.size());
  for (const auto& [name, value] : profile.values) {
    out.append("  ").append(printable(name)).append(width - name.size() + 2, ' ');
    append_printable(out, value);
    out += '\n';
  }
  return out;
}

}  // namespace penstock::host
