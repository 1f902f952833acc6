#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"

#include "app/endpoint_file.hpp"
#include "app/store_reader.hpp"
#include "base/entity_key.hpp"
#include "base/escape.hpp"
#include "serve/http_client.hpp"
#include "serve/profile_client.hpp"
#include "serve/routes.hpp"

namespace penstock::host {
namespace {

struct Question {
  std::vector<const View*> views;
  std::vector<std::string_view> key;  // one part a key column
};

Result<Question> question(const Session& session) {
  const Arguments& arguments = session.arguments();
  const Configuration& configuration = session.configuration();
  Question asked;
  size_t first_key = 0;
  if (arguments.service.empty()) {
    auto view = session.find_view_by_name(arguments.names[0]);
    if (!view) return std::move(view.failure());
    asked.views.push_back(*view);
    first_key = 1;
  } else {
    const Service* service = find_service(configuration, arguments.service);
    if (service == nullptr) return Failure{PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "service \"" + arguments.service + "\" is not in the configuration"};
    for (const ViewId& id : service->views) asked.views.push_back(find_view(configuration, id));
  }
  asked.key.assign(arguments.names.begin() + static_cast<ptrdiff_t>(first_key), arguments.names.end());
  const std::string& entity_name = asked.views[0]->entity;
  for (const View* view : asked.views)
    if (view->entity != entity_name) return invalid("the service's views are about different entities: " + entity_name + ", " + view->entity);
  const Entity* entity = find_entity(configuration, entity_name);
  if (entity == nullptr || entity->keys.size() != asked.key.size())
    return invalid("a key of the entity \"" + entity_name + "\" has " + std::to_string(entity == nullptr ? 1 : entity->keys.size()) + " parts, " +
                   std::to_string(asked.key.size()) + " were given");
  return asked;
}

Result<std::vector<Profile>> ask_host(const Endpoint& endpoint, const Question& asked) {
  HttpCall call;
  call.address = endpoint.address;
  call.port = endpoint.port;
  call.target = kOnlineReadPath;
  call.body = profile_request(asked.views, asked.key);
  auto reply = http_call(call);
  if (!reply) return std::move(reply.failure()).in("the running host");
  if (reply->status != 200) return invalid("the running host says: " + error_message(*reply));
  return profiles_from_answer(asked.views, reply->body);
}

Result<std::vector<Profile>> ask_store(Session& session, const Question& asked) {
  StoreReader reader(session.workspace().connections(), session.configuration().host.call_timeout);
  std::vector<Profile> profiles;
  std::string key_json;
  const std::string key = encode_key(asked.key);
  append_json_string(key_json, key);
  for (const View* view : asked.views) {
    std::vector<std::string> fields;
    for (const ViewField& field : view->fields) fields.push_back(field.name);
    auto batch = reader.read(*view, fields, {key});
    if (!batch) return std::move(batch.failure());
    if (auto checked = check_profiles(*view, fields, 1, *batch); !checked) return std::move(checked.failure());
    auto profile = profile_at(*view, key_json, fields, *batch, 0, ages(session.configuration(), *view));
    if (!profile) return std::move(profile.failure());
    profiles.push_back(std::move(*profile));
  }
  return profiles;
}

}  // namespace

int get_command(const Arguments& arguments) {
  Session session(arguments);
  if (const auto code = session.load_configuration_only()) return *code;
  const auto& directory = session.configuration().host.state_dir;
  const auto endpoint = lock_holder(directory) != 0 ? read_endpoint(directory) : std::nullopt;
  // Without a host the store is asked directly, which needs the plugins.
  if (!endpoint)
    if (const auto code = session.load()) return *code;
  auto asked = question(session);
  if (!asked) return report_failure(asked.failure(), arguments.json), kUsage;
  auto profiles = endpoint ? ask_host(*endpoint, *asked) : ask_store(session, *asked);
  if (!profiles) return report_failure(profiles.failure(), arguments.json), kRunFailed;

  const int64_t now = session.clock().wall_ns();
  std::string out;
  if (arguments.json && !arguments.service.empty()) out += "[";
  for (size_t i = 0; i < profiles->size(); ++i) {
    if (i > 0) out += arguments.json ? "," : "\n";
    out += arguments.json ? profile_json((*profiles)[i], now) : profile_table((*profiles)[i], now);
  }
  if (arguments.json) out += arguments.service.empty() ? "\n" : "]\n";
  print(out);
  return kDone;
}

}  // namespace penstock::host
