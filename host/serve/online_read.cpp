#include "serve/online_read.hpp"

#include "base/json_writer.hpp"
#include "base/time_text.hpp"
#include "serve/online_request.hpp"
#include "serve/profile.hpp"

namespace penstock::host {
namespace {

constexpr size_t kFirstField = 3;  // after state, order and ttl
constexpr int64_t kNsPerMs = 1'000'000;

Failure of_the_store(const View& view, Failure failure) {
  switch (failure.status) {
    case PENSTOCK_STATUS_UNAVAILABLE:
    case PENSTOCK_STATUS_CANCELLED:
    case PENSTOCK_STATUS_DEADLINE_EXCEEDED:
    case PENSTOCK_STATUS_RESOURCE_EXHAUSTED:
    case PENSTOCK_STATUS_FAILED_PRECONDITION:
    case PENSTOCK_STATUS_NOT_SUPPORTED: break;
    default: failure.status = PENSTOCK_STATUS_INTERNAL;
  }
  return std::move(failure).in(view.id.label() + ": store \"" + view.store + "\"");
}

void write_metadata(JsonWriter& json, const std::vector<ProfileFacts>& facts) {
  json.begin_object();
  json.key("state");
  json.begin_array();
  for (const ProfileFacts& one : facts) json.string(profile_state_name(one.state));
  json.end_array();
  json.key("as_of");
  json.begin_array();
  for (const ProfileFacts& one : facts) one.as_of_ns ? json.string(format_instant(*one.as_of_ns)) : json.null();
  json.end_array();
  json.key("ttl_seconds");
  json.begin_array();
  for (const ProfileFacts& one : facts) one.ttl_ms ? json.raw(format_seconds(*one.ttl_ms * kNsPerMs)) : json.null();
  json.end_array();
  json.end_object();
}

}  // namespace

Result<std::string> answer_online_read(const Configuration& configuration, std::string_view body, ProfileReader& reader) {
  const auto request = parse_online_request(configuration, body);
  if (!request) return request.failure();

  std::vector<Batch> batches;
  std::vector<BatchView> views;
  std::vector<std::vector<ProfileFacts>> facts;
  batches.reserve(request->views.size());
  for (const auto& [view, fields] : request->views) {
    auto batch = reader.read(*view, fields, request->keys);
    if (!batch) return of_the_store(*view, std::move(batch.failure()));
    if (auto checked = check_profiles(*view, fields, request->keys.size(), *batch); !checked) return checked.failure();
    batches.push_back(std::move(*batch));
    views.push_back(batches.back().view());
    auto& rows = facts.emplace_back();
    const bool aged = ages(configuration, *view);
    for (int64_t row = 0; row < views.back().rows(); ++row) rows.push_back(profile_facts(views.back(), row, aged));
  }

  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key(request->entity);
  json.raw(request->identifiers_json);
  for (const OnlineRequest::Column& column : request->columns) {
    json.key(column.name);
    json.begin_array();
    const ColumnView& values = views[column.view][kFirstField + column.field];
    for (size_t row = 0; row < request->keys.size(); ++row)
      facts[column.view][row].state == ProfileState::found ? append_value(json, values, static_cast<int64_t>(row)) : json.null();
    json.end_array();
  }
  if (request->metadata) {
    json.key("penstock");
    json.begin_object();
    for (size_t i = 0; i < request->views.size(); ++i) {
      json.key(request->views[i].view->id.qualified());
      write_metadata(json, facts[i]);
    }
    json.end_object();
  }
  json.end_object();
  return out;
}

}  // namespace penstock::host
