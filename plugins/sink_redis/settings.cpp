#include "sink_redis/settings.hpp"

#include <charconv>
#include <optional>
#include <string.h>

namespace penstock::redis {
namespace {

constexpr size_t kMaxPrefixBytes = 256;
constexpr size_t kMaxHostBytes = 255;
constexpr size_t kMaxHosts = 100;
constexpr int kSentinelPort = 26379;
constexpr size_t kMaxPathBytes = 107;  // of a Unix socket: the system's limit

Error bad_url(const std::string& what) { return Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "url: " + what); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) throw bad_url("the user or password has a % that is not followed by two hex digits (write % as %25)");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::optional<int64_t> number(std::string_view text, int64_t min, int64_t max) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) return std::nullopt;
  return value;
}

void parse_credentials(std::string_view text, Settings& out) {
  const size_t colon = text.find(':');
  out.username = percent_decoded(text.substr(0, colon));
  if (colon != std::string_view::npos) out.password = percent_decoded(text.substr(colon + 1));
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHostBytes && text.find_first_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos;
}

void parse_host(std::string_view text, Endpoint& out) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) throw bad_url("the IPv6 address does not end in ]");
    out.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && text[0] != ':') throw bad_url("after the address comes a port or the database");
    port = text;
  } else {
    const size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
  }
  if (out.host.empty()) throw bad_url("the host is missing (redis://host:port/database)");
  if (!is_name(out.host)) throw bad_url("the host is not a host name");
  if (port.empty()) return;
  const auto value = number(port.substr(1), 1, 65535);
  if (!value) throw bad_url("the port is not a number from 1 to 65535");
  out.port = static_cast<int>(*value);
}

// One host, or several with commas between them.
void parse_hosts(std::string_view text, int default_port, Settings& out) {
  for (bool more = true; more;) {
    const size_t comma = text.find(',');
    if (out.servers.size() == kMaxHosts) throw bad_url("it has more than " + std::to_string(kMaxHosts) + " hosts");
    out.servers.emplace_back().port = default_port;
    parse_host(text.substr(0, comma), out.servers.back());
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
  }
}

// What follows the hosts: the master's name, if they are sentinels, and the database.
std::optional<int64_t> parse_path(std::string_view path, bool sentinels, Settings& out) {
  if (sentinels) {
    const size_t slash = path.find('/');
    out.master = path.substr(0, slash);
    if (!is_name(out.master)) throw bad_url("after the sentinels comes the name of the master (redis-sentinel://host:26379/name/database)");
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  if (path.empty()) return std::nullopt;
  const auto database = number(path, 0, 65535);
  if (!database) throw bad_url("the database after the / is not a number");
  return database;
}

std::optional<int64_t> parse_unix(std::string_view text, Settings& out) {
  const size_t mark = text.find('?');
  const std::string_view path = text.substr(0, mark);
  if (!path.starts_with('/') || path.size() == 1)
    throw bad_url("after unix:// comes the absolute path of a socket (unix:///run/redis/redis.sock); user and password are options");
  if (path.size() > kMaxPathBytes) throw bad_url("the path of the socket is longer than " + std::to_string(kMaxPathBytes) + " bytes");
  if (path.find('\0') != std::string_view::npos) throw bad_url("the path of the socket has a zero byte");
  out.servers.emplace_back().path = path;
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view parameter = text.substr(mark + 1);
  if (!parameter.starts_with("db=")) throw bad_url("the only parameter is db, as in unix:///run/redis/redis.sock?db=1");
  const auto database = number(parameter.substr(3), 0, 65535);
  if (!database) throw bad_url("the database after db= is not a number");
  return database;
}

// Returns the database, if the url names one.
std::optional<int64_t> parse_url(std::string_view url, Settings& out) {
  if (url.starts_with("unix://")) return parse_unix(url.substr(std::string_view("unix://").size()), out);
  const size_t scheme_end = url.find("://");
  const std::string_view scheme = scheme_end == std::string_view::npos ? std::string_view{} : url.substr(0, scheme_end);
  const bool sentinels = scheme == "redis-sentinel" || scheme == "rediss-sentinel";
  out.tls.enabled = scheme == "rediss" || scheme == "rediss-sentinel";
  if (!sentinels && scheme != "redis" && scheme != "rediss")
    throw bad_url("it must begin with redis://, rediss://, unix://, redis-sentinel:// or rediss-sentinel://");
  url.remove_prefix(scheme_end + 3);
  if (url.find_first_of("?#") != std::string_view::npos) throw bad_url("parameters (? and #) are not supported");
  const size_t at = url.rfind('@');
  if (at != std::string_view::npos) {
    parse_credentials(url.substr(0, at), out);
    url.remove_prefix(at + 1);
  }
  const size_t slash = url.find('/');
  parse_hosts(url.substr(0, slash), sentinels ? kSentinelPort : Endpoint().port, out);
  return parse_path(slash == std::string_view::npos ? std::string_view{} : url.substr(slash + 1), sentinels, out);
}

void read_sentinel_user(const Options& options, Settings& out) {
  if (options.has("sentinel_username")) out.sentinel_username = options.text("sentinel_username");
  if (options.has("sentinel_password")) out.sentinel_password = options.text("sentinel_password");
  if (out.master.empty() && (options.has("sentinel_username") || options.has("sentinel_password")))
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "a sentinel_ option is given, but the url does not begin with redis-sentinel:// or rediss-sentinel://");
  if (!out.sentinel_username.empty() && out.sentinel_password.empty())
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "sentinel_username is given, but no sentinel_password");
}

void read_tls(const Options& options, TlsSettings& out) {
  const auto refuse = [](const char* what) { throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, what); };
  out.verify = options.text("tls_verify") == "none" ? TlsVerify::none : TlsVerify::full;
  bool given = out.verify == TlsVerify::none;
  const std::pair<const char*, std::string*> texts[] = {{"tls_ca_file", &out.ca_file},
                                                        {"tls_cert_file", &out.cert_file},
                                                        {"tls_key_file", &out.key_file},
                                                        {"tls_server_name", &out.server_name}};
  for (const auto& [name, value] : texts) {
    if (!options.has(name)) continue;
    *value = options.text(name);
    given = true;
    if (value->empty() || value->find('\0') != std::string::npos)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, std::string(name) + " is empty or has a zero byte");
  }
  if (given && !out.enabled) refuse("a tls_ option is given, but the url does not begin with rediss:// or rediss-sentinel://");
  if (!out.key_file.empty() && out.cert_file.empty()) refuse("tls_key_file is given, but no tls_cert_file");
  if (!out.server_name.empty() && !is_name(out.server_name)) refuse("tls_server_name is not a host name");
}

}  // namespace

Settings::~Settings() {
  explicit_bzero(password.data(), password.size());
  explicit_bzero(sentinel_password.data(), sentinel_password.size());
}

Settings settings_from(const Options& options) {
  Settings out;
  const auto database = parse_url(options.text("url"), out);
  read_tls(options, out.tls);
  if (options.has("database")) {
    out.database = options.integer("database");
    if (database && *database != out.database)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the url and the option database name different databases");
  } else {
    out.database = database.value_or(0);
  }
  if (options.has("username")) {
    if (!out.username.empty() && out.username != options.text("username"))
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the url and the option username name different users");
    out.username = options.text("username");
  }
  if (options.has("password")) {
    if (!out.password.empty())
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the password is given twice: in the url and as an option");
    out.password = options.text("password");
  }
  if (!out.username.empty() && out.password.empty())
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "a username is given, but no password");
  read_sentinel_user(options, out);
  out.key_prefix = options.text("key_prefix");
  if (out.key_prefix.size() > kMaxPrefixBytes)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "key_prefix is longer than " + std::to_string(kMaxPrefixBytes) + " bytes");
  out.packed = options.text("layout") == "packed";
  out.connect_timeout = options.duration("connect_timeout");
  out.timeout = options.duration("timeout");
  out.pipeline_bytes = static_cast<size_t>(options.size("pipeline_bytes"));
  out.transaction_rows = static_cast<size_t>(options.integer("transaction_rows"));
  out.max_row_bytes = static_cast<size_t>(options.size("max_row_bytes"));
  out.restore = options.boolean("restore");
  out.allow_eviction = options.boolean("allow_eviction");
  return out;
}

}  // namespace penstock::redis
