#include "conninfo.hpp"

#include <libpq-fe.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>

namespace penstock::postgres {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// Debian's and most other systems' bundle; libpq itself looks only at ~/.postgresql/root.crt.
constexpr const char* kSystemCertificates = "/etc/ssl/certs/ca-certificates.crt";
constexpr size_t kMaxDsnBytes = 16 * 1024;

const std::string* find(const Parameters& parameters, std::string_view key) {
  for (const auto& [name, value] : parameters)
    if (name == key) return &value;
  return nullptr;
}

void set_unless_given(Parameters& parameters, const char* key, std::string value) {
  if (find(parameters, key) == nullptr) parameters.emplace_back(key, std::move(value));
}

Parameters parse_dsn(const std::string& dsn) {
  if (dsn.size() > kMaxDsnBytes || dsn.find('\0') != std::string::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "dsn: longer than 16 KiB, or holds a NUL byte");
  char* reason = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(PQconninfoParse(dsn.c_str(), &reason),
                                                                            PQconninfoFree);
  PQfreemem(reason);  // it quotes the DSN
  if (!parsed)
    throw Error(
        PENSTOCK_STATUS_INVALID_ARGUMENT,
        "dsn: neither a URI (postgresql://USER@HOST:PORT/DATABASE) nor a list of known key=value pairs; in a URI, "
        "special characters of the password are written as %XX");
  Parameters parameters;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr && option->val[0] != '\0') parameters.emplace_back(option->keyword, option->val);
  return parameters;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (true) {
    const size_t end = text.find(',', start);
    parts.push_back(text.substr(start, end - start));
    if (end == std::string::npos) return parts;
    start = end + 1;
  }
}

bool is_local_host(const std::string& host) {
  return host.empty() || host == "localhost" || host == "::1" || host.starts_with("127.") || host[0] == '/' ||
         host[0] == '@';
}

// Does every host of the DSN end on this machine? What the environment adds counts; a service file is not read, so: no.
bool is_local(const Parameters& parameters) {
  const auto value = [&](const char* key, const char* variable) -> std::string {
    if (const std::string* given = find(parameters, key)) return *given;
    const char* inherited = std::getenv(variable);
    return inherited == nullptr ? "" : inherited;
  };
  if (!value("service", "PGSERVICE").empty()) return false;
  std::string hosts = value("hostaddr", "PGHOSTADDR");
  if (hosts.empty()) hosts = value("host", "PGHOST");
  const auto all = split_at_commas(hosts);
  return std::all_of(all.begin(), all.end(), is_local_host);
}

void set_tls(Parameters& parameters, const Options& options) {
  const bool local = is_local(parameters);
  for (const char* key : {"sslmode", "sslrootcert", "sslcert", "sslkey"})
    if (options.has(key)) set_unless_given(parameters, key, options.text(key));
  set_unless_given(parameters, "sslmode", local ? "prefer" : "verify-full");
  const std::string mode = *find(parameters, "sslmode");
  if (!local && (mode == "prefer" || mode == "allow"))
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                "sslmode=" + mode + " falls back to plain text: use verify-full, or disable if plain text is meant");
  if (!mode.starts_with("verify-") || find(parameters, "sslrootcert") != nullptr ||
      std::getenv("PGSSLROOTCERT") != nullptr)
    return;
  std::error_code ignored;
  const char* home = std::getenv("HOME");
  const bool own = home != nullptr && std::filesystem::exists(std::string(home) + "/.postgresql/root.crt", ignored);
  if (!own && std::filesystem::exists(kSystemCertificates, ignored))
    parameters.emplace_back("sslrootcert", kSystemCertificates);
}

// The password as it stands in a URI may be percent-encoded: that spelling is as secret as the password.
void add_encoded_password(const std::string& dsn, std::vector<std::string>& secrets) {
  const size_t scheme = dsn.find("://");
  if (scheme == std::string::npos) return;
  const std::string authority = dsn.substr(scheme + 3, dsn.find_first_of("/?", scheme + 3) - (scheme + 3));
  const size_t at = authority.rfind('@');
  const size_t colon = authority.find(':');
  if (at != std::string::npos && colon != std::string::npos && colon + 1 < at)
    secrets.push_back(authority.substr(colon + 1, at - colon - 1));
}

}  // namespace

std::string Conninfo::redacted(std::string text) const {
  for (const std::string& secret : secrets)
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  return text;
}

Conninfo conninfo_from(const Options& options) {
  const std::string& dsn = options.text("dsn");
  Conninfo info;
  info.parameters = parse_dsn(dsn);
  if (options.has("password")) {
    if (find(info.parameters, "password") != nullptr)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the password is given twice: in dsn and in password; remove one");
    info.parameters.emplace_back("password", options.text("password"));
  }
  if (find(info.parameters, "replication") != nullptr)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "dsn: \"replication\" cannot be used here");
  set_tls(info.parameters, options);
  set_unless_given(info.parameters, "application_name", options.text("application_name"));
  // A peer that vanished without a word is noticed within about a minute even without a deadline.
  set_unless_given(info.parameters, "keepalives_idle", "30");
  set_unless_given(info.parameters, "keepalives_interval", "10");
  set_unless_given(info.parameters, "keepalives_count", "3");
  std::erase_if(info.parameters, [](const auto& p) { return p.first == "client_encoding"; });
  info.parameters.emplace_back("client_encoding", "UTF8");

  info.connect_timeout = std::chrono::ceil<std::chrono::milliseconds>(options.duration("connect_timeout"));
  if (const std::string* seconds = find(info.parameters, "connect_timeout")) {
    const int given = std::atoi(seconds->c_str());
    if (given > 0) info.connect_timeout = std::chrono::seconds(given);
  }
  info.statement_timeout = std::chrono::ceil<std::chrono::milliseconds>(options.duration("statement_timeout"));

  info.secrets.push_back(dsn);
  for (const char* key : {"password", "sslpassword"})
    if (const std::string* secret = find(info.parameters, key)) info.secrets.push_back(*secret);
  add_encoded_password(dsn, info.secrets);
  std::erase_if(info.secrets, [](const std::string& secret) { return secret.empty(); });
  std::sort(info.secrets.begin(), info.secrets.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return info;
}

}  // namespace penstock::postgres
