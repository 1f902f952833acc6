#include "serve/profile_client.hpp"

#include "base/json_writer.hpp"
#include "base/time_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <map>

namespace penstock::host {
namespace {

namespace json = boost::json;

Failure unusable(const std::string& what) {
  return {PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_NEVER, "the host's answer cannot be used: " + what};
}

// Cuts JSON text that is known to be valid into its pieces, so that numbers keep their digits: a parser's double would lose
// those of a timestamp.
class Slicer {
 public:
  explicit Slicer(std::string_view text) : text_(text) {}

  // Members of an object, by name. Names are of configured things, or "penstock": their escapes are read by Boost.JSON.
  std::map<std::string, std::string_view> members() {
    std::map<std::string, std::string_view> out;
    for (open('{'); more('}');) {
      const std::string_view name = value();
      space();
      ++at_;  // the colon
      out.emplace(json::value_to<std::string>(json::parse(json::string_view(name.data(), name.size()))), value());
    }
    return out;
  }

  std::vector<std::string_view> items() {
    std::vector<std::string_view> out;
    for (open('['); more(']');) out.push_back(value());
    return out;
  }

 private:
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  void open(char bracket) {
    space();
    open_ = at_ < text_.size() && text_[at_] == bracket;
    ++at_;
  }
  bool more(char bracket) {
    space();
    if (!open_ || at_ >= text_.size() || text_[at_] == bracket) return false;
    if (text_[at_] == ',') ++at_;
    return true;
  }
  std::string_view value() {
    space();
    const size_t begin = at_;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
          if (text_[at_] == '\\') ++at_;
      } else if (c == '[' || c == '{') {
        ++depth;
      } else if (c == ']' || c == '}') {
        if (depth-- == 0) break;
      } else if (depth == 0 && (c == ',' || c == ':' || c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
        break;
      }
    }
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  size_t at_ = 0;
  bool open_ = false;
};

// "60", "0.25": seconds to milliseconds.
std::optional<int64_t> milliseconds(std::string_view seconds) {
  double value = 0;
  const auto [end, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), value);
  constexpr double kMost = 9e15;
  if (error != std::errc() || end != seconds.data() + seconds.size() || !(value > -kMost && value < kMost)) return {};
  return static_cast<int64_t>(value * 1000 + (value < 0 ? -0.5 : 0.5));
}

std::string_view unquoted(std::string_view text) { return text.size() < 2 || text[0] != '"' ? std::string_view() : text.substr(1, text.size() - 2); }

// The only item of the named member, or an empty view.
std::string_view only(const std::map<std::string, std::string_view>& members, const std::string& name) {
  const auto found = members.find(name);
  if (found == members.end()) return {};
  const auto items = Slicer(found->second).items();
  return items.size() == 1 ? items[0] : std::string_view();
}

Result<ProfileFacts> facts_of(const std::map<std::string, std::string_view>& metadata, const ViewId& id) {
  const auto found = metadata.find(id.qualified());
  if (found == metadata.end()) return unusable("nothing about " + id.label());
  const auto members = Slicer(found->second).members();
  ProfileFacts facts;
  const std::string_view state = unquoted(only(members, "state"));
  if (state == "found") {
    facts.state = ProfileState::found;
  } else if (state == "expired") {
    facts.state = ProfileState::expired;
  } else if (state != "missing") {
    return unusable("no state of " + id.label());
  }
  if (const auto as_of = parse_time(unquoted(only(members, "as_of")))) facts.as_of_ns = as_of->ns;
  facts.ttl_ms = milliseconds(only(members, "ttl_seconds"));
  return facts;
}

}  // namespace

std::string profile_request(std::span<const View* const> views, std::span<const std::string_view> key_parts) {
  std::string out;
  JsonWriter body(out);
  body.begin_object();
  body.key("attribute_keys");
  body.begin_object();
  body.key(views.empty() ? "" : views[0]->entity);
  body.begin_array();
  if (key_parts.size() != 1) body.begin_array();
  for (const std::string_view part : key_parts) body.string(part);
  if (key_parts.size() != 1) body.end_array();
  body.end_array();
  body.end_object();
  body.key("attributes");
  body.begin_array();
  for (const View* view : views)
    for (const ViewField& field : view->fields) body.string(view->id.qualified() + ":" + field.name);
  body.end_array();
  body.key("metadata");
  body.boolean(true);
  body.key("qualified_names");
  body.boolean(true);
  body.end_object();
  return out;
}

Result<std::vector<Profile>> profiles_from_answer(std::span<const View* const> views, std::string_view answer) {
  json::error_code error;
  const json::value checked = json::parse(json::string_view(answer.data(), answer.size()), error);
  if (error || !checked.is_object()) return unusable("it is not a JSON object");
  const auto members = Slicer(answer).members();
  const auto metadata = members.find("penstock");
  if (metadata == members.end()) return unusable("it has no metadata");
  const auto by_view = Slicer(metadata->second).members();
  std::vector<Profile> profiles;
  for (const View* view : views) {
    auto facts = facts_of(by_view, view->id);
    if (!facts) return std::move(facts.failure());
    Profile profile{view->id, view->entity, std::string(only(members, view->entity)), *facts, {}};
    if (profile.key.empty()) return unusable("no " + view->entity);
    for (const ViewField& field : view->fields) {
      const std::string_view value = only(members, view->id.qualified() + ":" + field.name);
      if (value.empty()) return unusable("no field \"" + field.name + "\" of " + view->id.label());
      profile.values.emplace_back(field.name, std::string(value));
    }
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

}  // namespace penstock::host
