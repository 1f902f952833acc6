#include "conformance/fault_scene.hpp"

#include "conformance/trial_object.hpp"

namespace penstock::host::conformance {
namespace {

const char* const kHowToName = "name the options that say where the server is in the quirks file: [check] server = { host = \"host\", port = \"port\" }";

std::string text_of(const OptionSetting& setting) { return setting.type == PENSTOCK_OPTION_STRING ? setting.text : std::to_string(setting.integer); }

struct Address {
  std::string host, port;
  size_t begin = 0, end = 0;  // of both in a URL
};

// The "host:port" of "scheme://user@host:port/path".
std::optional<Address> address_in(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return std::nullopt;
  Address out;
  out.begin = scheme + 3;
  out.end = std::min(url.find_first_of("/?#", out.begin), url.size());
  if (const size_t user = url.rfind('@', out.end); user != std::string::npos && user >= out.begin) out.begin = user + 1;
  const size_t colon = url.rfind(':', out.end);
  if (colon == std::string::npos || colon < out.begin) return std::nullopt;
  out.host = url.substr(out.begin, colon - out.begin);
  out.port = url.substr(colon + 1, out.end - colon - 1);
  return out;
}

std::unique_ptr<ServerProxy> start_proxy(Session& session, const std::string& host, const std::string& port) {
  if (host.starts_with('/') || port.empty() || port == "0") session.trial().skip("the server of the quirks file is not reached by TCP");
  auto proxy = ServerProxy::start(host, port);
  if (!proxy) session.trial().skip(proxy.failure().message);
  return std::move(*proxy);
}

}  // namespace

Work::Work(Session& session) {
  if (session.component().kind == PENSTOCK_KIND_SOURCE) phases_ = source_.emplace(session).phases();
  else phases_ = sink_.emplace(session).phases();
}

void at_each_phase(Session& session, const std::function<void()>& before, const std::function<void(const std::string& phase, const RunPhase& run)>& each) {
  const Trial& trial = session.trial();
  {
    trial.step("open");
    before();
    std::optional<TrialObject> object;
    each("open", [&](FakeCall* call) {
      Answer opened;
      object.emplace(session, session.options(), opened, call);
      return opened;
    });
  }
  for (size_t count = 1, at = 0; at < count; ++at) {
    Work work(session);
    count = work.phases().size();
    for (size_t i = 0; i < at; ++i)
      if (const Answer answer = work.phases()[i].run(nullptr); !answer.ok() && !answer.is(PENSTOCK_STATUS_NOT_SUPPORTED))
        trial.skip("not decided, since without a fault too " + answer.text());
    const Phase& phase = work.phases()[at];
    trial.step(phase.name);
    before();
    each(phase.name, phase.run);
  }
}

std::unique_ptr<ServerProxy> put_proxy(Session& session) {
  const ServerOptions& server = session.trial().quirks().server;
  if (!server.given()) session.trial().skip(kHowToName);
  OptionSet options = session.options();
  const OptionSetting* const port = options.find(server.url.empty() ? server.port : server.url);
  if (port == nullptr) session.trial().skip("the quirks file gives no value for the option \"" + (server.url.empty() ? server.port : server.url) + "\"");
  OptionSetting changed = *port;
  std::unique_ptr<ServerProxy> proxy;
  if (server.url.empty()) {
    const OptionSetting* const host = options.find(server.host);
    proxy = start_proxy(session, host == nullptr ? "127.0.0.1" : host->text, text_of(*port));
    if (host != nullptr) {
      OptionSetting here = *host;
      here.text = "127.0.0.1";
      options.set(here);
    }
    changed.integer = proxy->port();
    changed.text = changed.type == PENSTOCK_OPTION_STRING ? std::to_string(proxy->port()) : "";
  } else {
    const auto address = address_in(port->text);
    if (!address) session.trial().skip("the option \"" + server.url + "\" holds no host:port");
    proxy = start_proxy(session, address->host, address->port);
    changed.text.replace(address->begin, address->end - address->begin, "127.0.0.1:" + std::to_string(proxy->port()));
  }
  options.set(changed);
  session.use(options);
  return proxy;
}

}  // namespace penstock::host::conformance
