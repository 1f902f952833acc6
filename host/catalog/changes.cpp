#include "catalog/catalog.hpp"
#include "config/names.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <tuple>

namespace penstock::host {
namespace {

namespace json = boost::json;

using Key = std::tuple<std::string, std::string, int32_t>;

Key key_of(const DefinitionRecord& record) { return {record.kind, record.name, record.version}; }

std::string label(const DefinitionRecord& record) {
  return record.kind == "view" ? ViewId{record.name, record.version}.label() : record.kind + " " + in_quotes(record.name);
}

// What a published view version promised to its readers, and what the order of rows in the store was made with: rows of the
// new order would be compared with those of the old one.
bool is_immutable(const std::string& kind, std::string_view member) {
  static const std::set<std::string_view> kImmutable = {"fields", "keys", "source", "entity", "order_by", "timezone"};
  return kind == "view" && kImmutable.contains(member);
}

bool is_plain(std::string_view text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:+-@/%";
  return !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string shown(const json::value& value) {
  if (value.is_null()) return "none";
  if (value.is_string()) {
    const std::string_view text(value.get_string().data(), value.get_string().size());
    return text.empty() ? "none" : is_plain(text) ? std::string(text) : in_quotes(text);
  }
  if (value.is_array()) {
    std::string text = "[";
    for (const json::value& element : value.get_array()) text += (text.size() > 1 ? ", " : "") + shown(element);
    return text + "]";
  }
  if (value.is_object()) {
    std::string text = "{";
    for (const auto& [name, member] : value.get_object())
      text += (text.size() > 1 ? ", " : "") + std::string(name) + " = " + shown(member);
    return text + "}";
  }
  return json::serialize(value);
}

std::string arrow(const json::value& before, const json::value& after) { return shown(before) + " -> " + shown(after); }

// Whatever is not there is null.
const json::value& member(const json::object& object, std::string_view name) {
  static const json::value kNull;
  const json::value* found = object.if_contains(name);
  return found == nullptr ? kNull : *found;
}

std::set<std::string> member_names(const json::object& a, const json::object& b) {
  std::set<std::string> names;
  for (const auto& each : a) names.emplace(each.key());
  for (const auto& each : b) names.emplace(each.key());
  return names;
}

struct Differences {
  std::vector<std::string> mutable_ones;
  std::vector<std::string> immutable_ones;
};

class FieldComparison {
 public:
  FieldComparison(const json::value& before, const json::value& after, Differences& out)
      : before_(named(before)), after_(named(after)), out_(out) {}

  void run() {
    for (const auto& [name, field] : before_) {
      const json::object* other = find(after_, name);
      other == nullptr ? out_.immutable_ones.push_back(title(name) + "removed") : compare(name, *field, *other);
    }
    for (const auto& [name, field] : after_) {
      if (find(before_, name) == nullptr)
        out_.immutable_ones.push_back(title(name) + "added, as " + shown(member(*field, "type")));
    }
    const auto before = common(before_, after_);
    const auto after = common(after_, before_);
    if (before != after) out_.immutable_ones.push_back("fields: order " + joined(before) + " -> " + joined(after));
  }

 private:
  using Fields = std::vector<std::pair<std::string, const json::object*>>;

  static Fields named(const json::value& list) {
    Fields fields;
    if (!list.is_array()) return fields;
    for (const json::value& field : list.get_array()) {
      if (!field.is_object()) continue;
      const json::value& name = member(field.get_object(), "name");
      fields.emplace_back(name.is_string() ? std::string(name.get_string()) : "", &field.get_object());
    }
    return fields;
  }

  static const json::object* find(const Fields& fields, const std::string& name) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& each) { return each.first == name; });
    return found == fields.end() ? nullptr : found->second;
  }

  static std::vector<std::string> common(const Fields& fields, const Fields& others) {
    std::vector<std::string> names;
    for (const auto& [name, field] : fields) {
      if (find(others, name) != nullptr) names.push_back(name);
    }
    return names;
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  }

  static std::string title(const std::string& name) { return "field " + in_quotes(name) + ": "; }

  void compare(const std::string& name, const json::object& before, const json::object& after) {
    for (const std::string& key : member_names(before, after)) {
      if (member(before, key) == member(after, key)) continue;
      auto& list = key == "description" ? out_.mutable_ones : out_.immutable_ones;
      list.push_back(title(name) + key + " " + arrow(member(before, key), member(after, key)));
    }
  }

  Fields before_, after_;
  Differences& out_;
};

Differences compare(const std::string& kind, const json::object& before, const json::object& after) {
  Differences differences;
  for (const std::string& key : member_names(before, after)) {
    const json::value& old = member(before, key);
    const json::value& now = member(after, key);
    if (old == now) continue;
    auto& list = is_immutable(kind, key) ? differences.immutable_ones : differences.mutable_ones;
    if (kind == "view" && key == "fields") {
      FieldComparison(old, now, differences).run();
    } else if (old.is_object() && now.is_object()) {
      for (const std::string& inner : member_names(old.get_object(), now.get_object())) {
        const json::value& old_inner = member(old.get_object(), inner);
        const json::value& new_inner = member(now.get_object(), inner);
        if (old_inner != new_inner) list.push_back(key + ": " + inner + " " + arrow(old_inner, new_inner));
      }
    } else {
      list.push_back(key + ": " + arrow(old, now));
    }
  }
  return differences;
}

// The places in the configuration, by record.
std::map<Key, Location> locations_of(const Configuration& configuration) {
  std::map<Key, Location> places;
  for (const Entity& entity : configuration.entities) places[{"entity", entity.name, 0}] = entity.where;
  for (const BatchSource& source : configuration.batch_sources) places[{"batch_source", source.name, 0}] = source.where;
  for (const View& view : configuration.views) places[{"view", view.id.name, view.id.version}] = view.where;
  for (const Service& service : configuration.services) places[{"service", service.name, 0}] = service.where;
  return places;
}

// A version that neither the applied nor the wanted definitions use.
std::string free_version(const std::string& name, const std::vector<DefinitionRecord>& applied,
                         const std::vector<DefinitionRecord>& wanted) {
  int64_t highest = 0;
  for (const auto* records : {&applied, &wanted}) {
    for (const DefinitionRecord& record : *records) {
      if (record.kind == "view" && record.name == name) highest = std::max<int64_t>(highest, record.version);
    }
  }
  return std::to_string(highest + 1);
}

Change changed(const DefinitionRecord& before, const DefinitionRecord& after, const std::string& next_version) {
  const std::string advice = "; a published version is immutable: publish version " + next_version + " instead";
  Change change{ChangeKind::change, after, {}, {}};
  boost::system::error_code error;
  const json::value old = json::parse(before.json, error);
  const json::value now = json::parse(after.json);
  if (error || !old.is_object()) {
    // Whether it is the same cannot be told: a view must not change unseen.
    const bool is_view = after.kind == "view";
    change.kind = is_view ? ChangeKind::refuse : ChangeKind::change;
    change.differences = {"the applied definition cannot be read" + (is_view ? advice : "")};
    return change;
  }
  Differences differences = compare(after.kind, old.get_object(), now.get_object());
  if (differences.immutable_ones.empty()) {
    change.differences = std::move(differences.mutable_ones);
    return change;
  }
  change.kind = ChangeKind::refuse;
  for (const std::string& difference : differences.immutable_ones) change.differences.push_back(difference + advice);
  return change;
}

}  // namespace

std::vector<Change> plan_changes(const std::vector<DefinitionRecord>& applied, const Configuration& wanted) {
  const auto records = to_records(wanted);
  auto places = locations_of(wanted);
  std::map<Key, const DefinitionRecord*> before;
  for (const DefinitionRecord& record : applied) before[key_of(record)] = &record;
  std::vector<Change> changes;
  for (const DefinitionRecord& record : records) {
    const auto found = before.find(key_of(record));
    if (found == before.end()) {
      changes.push_back({ChangeKind::add, record, {}, places[key_of(record)]});
      continue;
    }
    if (found->second->json != record.json) {
      changes.push_back(changed(*found->second, record, free_version(record.name, applied, records)));
      changes.back().where = places[key_of(record)];
    }
    before.erase(found);
  }
  for (const DefinitionRecord& record : applied) {
    if (before.contains(key_of(record))) changes.push_back({ChangeKind::remove, record, {}, {}});
  }
  return changes;
}

std::vector<std::string> describe(const Change& change) {
  const std::string object = label(change.definition) + ": ";
  if (change.kind == ChangeKind::add) return {object + "new"};
  if (change.kind == ChangeKind::remove) return {object + "removed"};
  std::vector<std::string> lines;
  for (const std::string& difference : change.differences) lines.push_back(object + difference);
  return lines;
}

}  // namespace penstock::host
