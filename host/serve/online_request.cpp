#include "serve/online_request.hpp"

#include "base/entity_key.hpp"
#include "base/json_writer.hpp"
#include "config/load.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_set>

namespace penstock::host {
namespace {

namespace json = boost::json;

std::string_view view_of(json::string_view text) { return {text.data(), text.size()}; }

std::string in_quotes(std::string_view name) {
  constexpr size_t kShown = 200;
  return "\"" + std::string(name.substr(0, kShown)) + (name.size() > kShown ? "…\"" : "\"");
}

Failure not_found(std::string message, std::string_view given, const std::vector<std::string_view>& known) {
  if (const std::string_view meant = did_you_mean(given, known); !meant.empty()) message += " (did you mean " + in_quotes(meant) + "?)";
  return {PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, std::move(message)};
}

// One part of a key as text; nothing when it is neither a string nor an integer.
std::optional<std::string> part_text(const json::value& value) {
  if (value.is_string()) return std::string(view_of(value.get_string()));
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  return {};
}

void echo_part(JsonWriter& out, const json::value& value) {
  value.is_string() ? out.string(view_of(value.get_string())) : out.raw(*part_text(value));
}

class Parser {
 public:
  Parser(const Configuration& configuration, const json::object& body) : configuration_(configuration), body_(body) {}

  Result<OnlineRequest> parse() {
    for (const auto step : {&Parser::members, &Parser::keys, &Parser::attributes, &Parser::service, &Parser::names})
      if (auto done = (this->*step)(); !done) return std::move(done.failure());
    return std::move(request_);
  }

 private:
  // A member that is null counts as absent: clients write what they do not use.
  const json::value* member(std::string_view name) const {
    const json::value* value = body_.if_contains(json::string_view(name.data(), name.size()));
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  Result<void> flag(std::string_view name, bool& out) const {
    const json::value* value = member(name);
    if (value == nullptr) return {};
    if (!value->is_bool()) return invalid(in_quotes(name) + " must be true or false");
    out = value->get_bool();
    return {};
  }

  Result<void> members() {
    static const std::vector<std::string_view> kMembers = {"attribute_keys", "entities", "attributes", "service", "metadata", "qualified_names"};
    for (const auto& entry : body_) {
      const std::string_view name = view_of(entry.key());
      if (std::find(kMembers.begin(), kMembers.end(), name) != kMembers.end()) continue;
      const std::string_view meant = did_you_mean(name, kMembers);
      return invalid("unknown member " + in_quotes(name) + (meant.empty() ? "" : " (did you mean " + in_quotes(meant) + "?)"));
    }
    if ((member("attribute_keys") == nullptr) == (member("entities") == nullptr))
      return invalid("one of \"attribute_keys\" and \"entities\" is needed");
    if ((member("attributes") == nullptr) == (member("service") == nullptr))
      return invalid("one of \"attributes\" and \"service\" is needed");
    if (auto done = flag("metadata", request_.metadata); !done) return done;
    return flag("qualified_names", qualified_);
  }

  Result<void> keys() {
    const std::string_view where = member("attribute_keys") != nullptr ? "attribute_keys" : "entities";
    const json::value& value = *member(where);
    if (!value.is_object() || value.get_object().size() != 1)
      return invalid(in_quotes(where) + " must be an object with exactly one key name");
    const auto& entry = *value.get_object().begin();
    request_.entity = view_of(entry.key());
    std::vector<std::string_view> known;
    for (const Entity& entity : configuration_.entities) {
      known.push_back(entity.name);
      if (entity.name == request_.entity) entity_ = &entity;
    }
    if (entity_ == nullptr) return not_found("there is no entity " + in_quotes(request_.entity), request_.entity, known);
    if (!entry.value().is_array() || entry.value().get_array().empty() || entry.value().get_array().size() > kMaxIdentifiers)
      return invalid(in_quotes(request_.entity) + " must be an array of 1 to " + std::to_string(kMaxIdentifiers) + " identifiers");
    JsonWriter echo(request_.identifiers_json);
    echo.begin_array();
    size_t index = 0;
    for (const json::value& identifier : entry.value().get_array())
      if (auto done = key(identifier, index++, echo); !done) return done;
    echo.end_array();
    return {};
  }

  Result<void> key(const json::value& identifier, size_t index, JsonWriter& echo) {
    const auto wrong = [&](const std::string& what) {
      return invalid("identifier " + std::to_string(index) + " of " + in_quotes(request_.entity) + " " + what);
    };
    const size_t needed = std::max<size_t>(entity_->keys.size(), 1);
    std::vector<std::string> parts;
    if (identifier.is_array()) {
      for (const json::value& part : identifier.get_array()) {
        auto text = part_text(part);
        if (!text) return wrong("must be made of strings and integers");
        parts.push_back(std::move(*text));
      }
    } else {
      auto text = part_text(identifier);
      if (!text) return wrong("must be a string or an integer");
      parts.push_back(std::move(*text));
    }
    if (parts.size() != needed)
      return wrong(needed == 1 ? "must be one value" : "must be an array of " + std::to_string(needed) + " parts");
    const std::vector<std::string_view> views(parts.begin(), parts.end());
    std::string encoded = encode_key(views);
    if (encoded.empty()) return wrong("is empty");
    if (encoded.size() > kMaxIdentifierBytes) return wrong("exceeds " + std::to_string(kMaxIdentifierBytes) + " bytes");
    request_.keys.push_back(std::move(encoded));
    if (!identifier.is_array()) {
      echo_part(echo, identifier);
      return {};
    }
    echo.begin_array();
    for (const json::value& part : identifier.get_array()) echo_part(echo, part);
    echo.end_array();
    return {};
  }

  Result<void> attributes() {
    const json::value* value = member("attributes");
    if (value == nullptr) return {};
    if (!value->is_array() || value->get_array().empty() || value->get_array().size() > kMaxAttributes)
      return invalid("\"attributes\" must be an array of 1 to " + std::to_string(kMaxAttributes) + " names");
    for (const json::value& attribute : value->get_array()) {
      if (!attribute.is_string()) return invalid("\"attributes\" must be an array of strings like \"view_v1:field\"");
      if (auto done = this->attribute(view_of(attribute.get_string())); !done) return done;
    }
    return {};
  }

  Result<void> attribute(std::string_view qualified) {
    const auto wrong = [&] { return invalid("attribute " + in_quotes(qualified) + " must look like \"view_v1:field\""); };
    const size_t colon = qualified.find(':');
    if (colon == std::string_view::npos || colon + 1 == qualified.size()) return wrong();
    const std::string_view prefix = qualified.substr(0, colon);
    // Those of a view mostly come together.
    if (last_view_ != nullptr && prefix == last_prefix_) return add_field(*last_view_, qualified.substr(colon + 1));
    const size_t mark = prefix.rfind("_v");
    if (mark == std::string_view::npos || mark == 0) return wrong();
    const std::string_view digits = prefix.substr(mark + 2);
    int32_t version = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
    if (error != std::errc() || end != digits.data() + digits.size() || version < 1 || digits[0] == '0') return wrong();
    auto view = find_view("attribute " + in_quotes(qualified), {std::string(prefix.substr(0, mark)), version});
    if (!view) return std::move(view.failure());
    last_prefix_ = prefix;
    last_view_ = *view;
    return add_field(**view, qualified.substr(colon + 1));
  }

  Result<const View*> find_view(const std::string& where, const ViewId& id) const {
    std::string versions;
    const View* found = nullptr;
    for (const View& view : configuration_.views) {
      if (view.id.name != id.name) continue;
      versions += (versions.empty() ? "" : ", ") + std::to_string(view.id.version);
      if (view.id.version == id.version) found = &view;
    }
    if (found == nullptr && versions.empty()) {
      std::vector<std::string_view> names;
      for (const View& view : configuration_.views) names.push_back(view.id.name);
      return not_found(where + ": there is no view " + in_quotes(id.name), id.name, names);
    }
    if (found == nullptr)
      return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER,
                     where + ": view " + in_quotes(id.name) + " has no version " + std::to_string(id.version) + " (it has " + versions + ")"};
    if (found->entity != request_.entity)
      return invalid(where + ": " + found->id.label() + " is about " + in_quotes(found->entity) + ", not about " + in_quotes(request_.entity));
    if (!found->materialized()) return invalid(where + ": " + found->id.label() + " is not online: no store has it");
    return found;
  }

  Result<void> add_field(const View& view, std::string_view name) {
    const auto field = std::find_if(view.fields.begin(), view.fields.end(), [&](const ViewField& f) { return f.name == name; });
    if (field == view.fields.end()) {
      std::vector<std::string_view> known;
      for (const ViewField& f : view.fields) known.push_back(f.name);
      return not_found(view.id.label() + " has no field " + in_quotes(name), name, known);
    }
    size_t at = 0;
    while (at < request_.views.size() && request_.views[at].view != &view) ++at;
    if (at == request_.views.size()) request_.views.push_back({&view, {}});
    auto& fields = request_.views[at].fields;
    if (std::find(fields.begin(), fields.end(), name) != fields.end()) return {};
    fields.emplace_back(name);
    request_.columns.push_back({std::string(name), at, fields.size() - 1});
    return {};
  }

  Result<void> service() {
    const json::value* value = member("service");
    if (value == nullptr) return {};
    if (!value->is_string()) return invalid("\"service\" must be a string");
    const std::string_view name = view_of(value->get_string());
    std::vector<std::string_view> known;
    const Service* found = nullptr;
    for (const Service& service : configuration_.services) {
      known.push_back(service.name);
      if (service.name == name) found = &service;
    }
    if (found == nullptr) return not_found("there is no service " + in_quotes(name), name, known);
    for (const ViewId& id : found->views) {
      auto view = find_view("service " + in_quotes(name), id);
      if (!view) return std::move(view.failure());
      for (const ViewField& field : (*view)->fields)
        if (auto done = add_field(**view, field.name); !done) return done;
    }
    return {};
  }

  // The columns' names in the answer must differ, also from the key's and from ours.
  Result<void> names() {
    std::unordered_set<std::string_view> taken = {request_.entity, "penstock"};
    for (OnlineRequest::Column& column : request_.columns) {
      if (qualified_) column.name = request_.views[column.view].view->id.qualified() + ":" + column.name;
      if (!taken.insert(column.name).second)
        return invalid("two columns of the answer would be called " + in_quotes(column.name) + ": ask with \"qualified_names\": true");
    }
    return {};
  }

  const Configuration& configuration_;
  const json::object& body_;
  const Entity* entity_ = nullptr;
  std::string_view last_prefix_;
  const View* last_view_ = nullptr;
  bool qualified_ = false;
  OnlineRequest request_;
};

}  // namespace

Result<OnlineRequest> parse_online_request(const Configuration& configuration, std::string_view body) {
  // Small requests, the usual ones, are parsed without going to the heap.
  unsigned char stack[8192];
  json::monotonic_resource memory(stack, sizeof stack);
  json::parse_options options;
  options.max_depth = kMaxReadJsonDepth;
  json::error_code error;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), error, &memory, options);
  if (error) return invalid("the body is not valid JSON: " + error.message());
  if (!value.is_object()) return invalid("the body must be a JSON object");
  return Parser(configuration, value.get_object()).parse();
}

}  // namespace penstock::host
