#include "base/time_text.hpp"
#include "catalog/catalog.hpp"
#include "catalog/words.hpp"
#include "config/names.hpp"
#include "config/quantity.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <set>

namespace penstock::host {
namespace {

namespace json = boost::json;

std::string label(const DefinitionRecord& record) {
  return record.kind == "view" ? ViewId{record.name, record.version}.label() : record.kind + " " + in_quotes(record.name);
}

Failure damaged(const std::string& what, const std::string& why) {
  return {PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_NEVER,
          "applied definition of " + what + ": " + why + "; apply the configuration again"};
}

std::optional<double> parse_number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Reads the members of a record's object; remembers the first thing that was wrong. A member that is missing keeps its
// default (an older version did not write it); one that nobody asked for is wrong (a newer version means something by it).
class MemberReader {
 public:
  explicit MemberReader(const json::value& value) {
    if (value.is_object()) {
      object_ = &value.get_object();
    } else {
      fail("is not an object");
    }
  }

  const json::value* find(std::string_view key) {
    asked_.insert(key);
    return object_ == nullptr ? nullptr : object_->if_contains(key);
  }

  void read(std::string_view key, std::string& out) {
    const json::value* value = find(key);
    if (value == nullptr) return;
    if (value->is_string()) {
      out.assign(value->get_string().data(), value->get_string().size());
    } else {
      fail_at(key);
    }
  }

  void read(std::string_view key, bool& out) {
    const json::value* value = find(key);
    if (value == nullptr) return;
    value->is_bool() ? void(out = value->get_bool()) : fail_at(key);
  }

  void read(std::string_view key, int64_t& out) {
    const json::value* value = find(key);
    if (value == nullptr) return;
    value->is_int64() ? void(out = value->get_int64()) : fail_at(key);
  }

  void read(std::string_view key, int32_t& out) {
    int64_t wide = out;
    read(key, wide);
    if (wide < 0 || wide > std::numeric_limits<int32_t>::max()) return fail_at(key);
    out = static_cast<int32_t>(wide);
  }

  void read(std::string_view key, double& out) {
    if (find(key) == nullptr) return;
    std::string text;
    read(key, text);
    const auto number = parse_number(text);
    number ? void(out = *number) : fail_at(key);
  }

  void read(std::string_view key, std::vector<std::string>& out) {
    const json::value* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) return fail_at(key);
    out.clear();
    for (const json::value& element : value->get_array()) {
      if (!element.is_string()) return fail_at(key);
      out.emplace_back(element.get_string().data(), element.get_string().size());
    }
  }

  void read(std::string_view key, std::optional<std::chrono::nanoseconds>& out) {
    const json::value* value = find(key);
    if (value == nullptr || value->is_null()) return;
    std::string text;
    read(key, text);
    out = parse_duration(text);
    if (!out) fail_at(key);
  }

  void read(std::string_view key, std::chrono::nanoseconds& out) {
    std::optional<std::chrono::nanoseconds> duration;
    read(key, duration);
    if (duration) out = *duration;
  }

  template <class E, size_t N>
  void read_word(std::string_view key, const std::array<std::string_view, N>& words, E& out) {
    if (find(key) == nullptr) return;
    std::string text;
    read(key, text);
    const auto value = from_word<E>(words, text);
    value ? void(out = *value) : fail_at(key);
  }

  // Each element, if there is an array.
  template <class Read>
  void read_each(std::string_view key, Read read_element) {
    const json::value* value = find(key);
    if (value == nullptr) return;
    if (!value->is_array()) return fail_at(key);
    for (const json::value& element : value->get_array()) read_element(element);
  }

  // Each member, if there is an object.
  template <class Read>
  void read_members(std::string_view key, Read read_member) {
    const json::value* value = find(key);
    if (value == nullptr) return;
    if (!value->is_object()) return fail_at(key);
    for (const auto& [name, member] : value->get_object()) read_member(std::string(name), member);
  }

  void fail(std::string why) {
    if (why_.empty()) why_ = std::move(why);
  }
  void fail_at(std::string_view key) { fail(in_quotes(key) + " cannot be read"); }

  // Empty: all is well.
  const std::string& finish() {
    if (object_ == nullptr) return why_;
    for (const auto& member : *object_) {
      if (!asked_.contains(member.key())) fail("unknown member " + in_quotes(std::string_view(member.key())));
    }
    return why_;
  }

 private:
  const json::object* object_ = nullptr;
  std::set<std::string_view> asked_;
  std::string why_;
};

std::optional<OptionInput> read_tagged_option(const json::object& object) {
  if (object.size() != 1) return std::nullopt;
  const std::string_view tag = object.begin()->key();
  const json::value& value = object.begin()->value();
  if (tag == "map" && value.is_object()) {
    OptionInput::Map map;
    for (const auto& [key, text] : value.get_object()) {
      if (!text.is_string()) return std::nullopt;
      map.emplace_back(std::string(key), std::string(text.get_string()));
    }
    return OptionInput{std::move(map), {}};
  }
  if (!value.is_string()) return std::nullopt;
  const std::string text(value.get_string());
  if (tag == "double") {
    const auto number = parse_number(text);
    return number ? std::optional<OptionInput>({*number, {}}) : std::nullopt;
  }
  const auto kind = from_word<SecretReference::Kind>(kReferenceWords, tag);
  if (!kind) return std::nullopt;
  return OptionInput{SecretReference{*kind, text}, {}};
}

std::optional<OptionInput> read_option(const json::value& value) {
  if (value.is_string()) return OptionInput{std::string(value.get_string()), {}};
  if (value.is_int64()) return OptionInput{value.get_int64(), {}};
  if (value.is_bool()) return OptionInput{value.get_bool(), {}};
  if (value.is_object()) return read_tagged_option(value.get_object());
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> list;
  for (const json::value& element : value.get_array()) {
    if (!element.is_string()) return std::nullopt;
    list.emplace_back(element.get_string());
  }
  return OptionInput{std::move(list), {}};
}

void read_entity_record(MemberReader& reader, Entity& entity) {
  reader.read("name", entity.name);
  reader.read("keys", entity.keys);
  reader.read("description", entity.description);
  reader.read("owner", entity.owner);
  reader.read("ttl", entity.ttl);
}

void read_batch_source_record(MemberReader& reader, BatchSource& source) {
  reader.read("name", source.name);
  reader.read("warehouse", source.warehouse);
  reader.read("database", source.database);
  reader.read("schema", source.schema);
  reader.read("table", source.table);
  reader.read("query", source.query);
  reader.read("timestamp_field", source.timestamp_field);
  reader.read("created_timestamp_column", source.created_timestamp_column);
  reader.read_word("cursor", kCursorWords, source.cursor);
  reader.read("description", source.description);
  reader.read("owner", source.owner);
  reader.read_members("options", [&](std::string name, const json::value& value) {
    auto option = read_option(value);
    option ? void(source.options.emplace(std::move(name), std::move(*option))) : reader.fail_at(name);
  });
}

ViewField read_field_record(MemberReader& view, const json::value& value) {
  MemberReader reader(value);
  ViewField field;
  std::string type;
  reader.read("name", field.name);
  reader.read("column", field.column);
  reader.read("description", field.description);
  reader.read("type", type);
  const auto known = field_type(type);
  known ? void(field.type = *known) : reader.fail_at("type");
  if (const std::string& why = reader.finish(); !why.empty()) view.fail("fields: " + why);
  return field;
}

void read_view_record(MemberReader& reader, View& view) {
  // Derived from the entity and the batch source, which have records of their own.
  reader.find("keys");
  reader.find("source");
  reader.read("name", view.id.name);
  reader.read("version", view.id.version);
  reader.read("entity", view.entity);
  reader.read("batch_source", view.batch_source);
  reader.read("store", view.store);
  reader.read("offline", view.offline);
  reader.read("online", view.online);
  reader.read_each("fields", [&](const json::value& value) { view.fields.push_back(read_field_record(reader, value)); });
  reader.read("owner", view.owner);
  reader.read("description", view.description);
  reader.read_members("tags", [&](std::string key, const json::value& value) {
    value.is_string() ? void(view.tags[key] = std::string(value.get_string())) : reader.fail_at("tags");
  });
  reader.read("ttl", view.ttl);
  reader.read("interval", view.interval);
  reader.read("lookback", view.lookback);
  reader.read("lag", view.lag);
  reader.read("order_by", view.order_by);
  if (const json::value* since = reader.find("backfill_since"); since != nullptr && !since->is_null()) {
    std::string text;
    reader.read("backfill_since", text);
    const auto time = parse_time(text);
    time ? void(view.backfill_since_ns = time->ns) : reader.fail_at("backfill_since");
  }
  reader.read_word("null_timestamp", kNullTimestampWords, view.null_timestamp);
  reader.read_word("on_reject", kOnRejectWords, view.on_reject);
  reader.read("max_reject_ratio", view.max_reject_ratio);
  reader.read("timezone", view.timezone);
  reader.read("max_rows_per_second", view.max_rows_per_second);
}

void read_service_record(MemberReader& reader, Service& service) {
  reader.read("name", service.name);
  reader.read("description", service.description);
  reader.read("owner", service.owner);
  reader.read_each("views", [&](const json::value& value) {
    MemberReader pinned(value);
    ViewId id;
    pinned.read("name", id.name);
    pinned.read("version", id.version);
    if (const std::string& why = pinned.finish(); !why.empty()) reader.fail("views: " + why);
    service.views.push_back(std::move(id));
  });
}

template <class T>
bool has_name(const std::vector<T>& list, const std::string& name) {
  return std::any_of(list.begin(), list.end(), [&](const T& each) { return each.name == name; });
}

// The configuration may have changed since the definitions were applied.
Result<void> check_references(const Configuration& configuration) {
  const auto missing = [](const std::string& from, const std::string& what, const std::string& name) {
    return Failure{PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER,
                   from + " is applied, but its " + what + " " + in_quotes(name) +
                       " is not in the configuration: put it back, or apply the configuration"};
  };
  for (const BatchSource& source : configuration.batch_sources) {
    if (!has_name(configuration.warehouses, source.warehouse))
      return missing("batch_source " + in_quotes(source.name), "warehouse", source.warehouse);
  }
  std::set<ViewId> views;
  for (const View& view : configuration.views) {
    views.insert(view.id);
    if (!has_name(configuration.entities, view.entity)) return missing(view.id.label(), "entity", view.entity);
    if (!view.materialized()) continue;
    if (!has_name(configuration.batch_sources, view.batch_source))
      return missing(view.id.label(), "batch_source", view.batch_source);
    if (!has_name(configuration.stores, view.store)) return missing(view.id.label(), "store", view.store);
  }
  for (const Service& service : configuration.services) {
    for (const ViewId& id : service.views) {
      if (!views.contains(id)) return missing("service " + in_quotes(service.name), "view", id.qualified());
    }
  }
  return {};
}

// Reads one record into the list of its kind. Empty: all is well.
std::string add_definition(const DefinitionRecord& record, const json::value& value, Configuration& configuration) {
  MemberReader reader(value);
  const auto read_into = [&](auto& list, auto read) -> std::string {
    auto& definition = list.emplace_back();
    read(reader, definition);
    return reader.finish();
  };
  std::string why;
  std::string name;
  int32_t version = 0;
  if (record.kind == "entity") {
    why = read_into(configuration.entities, read_entity_record);
    name = configuration.entities.back().name;
  } else if (record.kind == "batch_source") {
    why = read_into(configuration.batch_sources, read_batch_source_record);
    name = configuration.batch_sources.back().name;
  } else if (record.kind == "view") {
    why = read_into(configuration.views, read_view_record);
    name = configuration.views.back().id.name;
    version = configuration.views.back().id.version;
  } else if (record.kind == "service") {
    why = read_into(configuration.services, read_service_record);
    name = configuration.services.back().name;
  } else {
    return "is of a kind that this version does not know";
  }
  if (why.empty() && (name != record.name || version != record.version)) return "is filed under another name";
  return why;
}

}  // namespace

Result<Configuration> with_definitions(Configuration configuration, const std::vector<DefinitionRecord>& records) {
  configuration.entities.clear();
  configuration.batch_sources.clear();
  configuration.views.clear();
  configuration.services.clear();
  for (const DefinitionRecord& record : records) {
    boost::system::error_code error;
    const json::value value = json::parse(record.json, error);
    if (error) return damaged(label(record), "is not JSON: " + error.message());
    if (const std::string why = add_definition(record, value, configuration); !why.empty())
      return damaged(label(record), why);
  }
  if (auto checked = check_references(configuration); !checked) return checked.failure();
  return configuration;
}

}  // namespace penstock::host
