#include "connection_string.hpp"

#include <penstock/nearest_name.hpp>


#include <algorithm>

namespace penstock::odbc {
namespace {

constexpr size_t kMaxBytes = 16 * 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Error malformed() {
  return Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
               "dsn: not KEY=value pairs separated by semicolons (DRIVER=…;SERVER=…;UID=…); a value that holds ; or { "
               "stands in braces, with } doubled");
}

// "{a}}b}" -> "a}b", and removes it from the front of `text`.
std::string take_braced(std::string_view& text) {
  std::string out;
  text.remove_prefix(1);
  while (true) {
    const size_t end = text.find('}');
    if (end == std::string_view::npos) throw malformed();
    out += text.substr(0, end);
    text.remove_prefix(end + 1);
    if (!text.starts_with('}')) return out;
    out += '}';
    text.remove_prefix(1);
  }
}

std::string take_value(std::string_view& text) {
  text = trimmed(text);
  std::string value;
  if (text.starts_with('{')) {
    value = take_braced(text);
    text = trimmed(text);
    if (!text.empty() && text.front() != ';') throw malformed();
  } else {
    const size_t end = std::min(text.find(';'), text.size());
    value = trimmed(text.substr(0, end));
    text.remove_prefix(end);
  }
  return value;
}

// As it stands between braces.
std::string doubled(const std::string& value) {
  std::string out;
  for (const char c : value) out += c == '}' ? std::string("}}") : std::string(1, c);
  return out;
}

// Only what cannot do without: psqlODBC takes the braces for a part of any value but the password.
bool needs_braces(const std::string& value) {
  return value.find_first_of("{};") != std::string::npos || value != trimmed(value);
}

}  // namespace

ConnectionString::ConnectionString(std::string_view text) {
  if (text.size() > kMaxBytes || text.find('\0') != std::string_view::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "dsn: longer than 16 KiB, or holds a NUL byte");
  while (true) {
    while (!text.empty() && (text.front() == ';' || text.front() == ' ')) text.remove_prefix(1);
    if (text.empty()) return;
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos || text.substr(0, equals).find(';') != std::string_view::npos) throw malformed();
    const std::string key(trimmed(text.substr(0, equals)));
    if (key.empty()) throw malformed();
    text.remove_prefix(equals + 1);
    set_unless_given(key, take_value(text));
  }
}

const std::string* ConnectionString::find(std::string_view key) const {
  for (const auto& [name, value] : keys_)
    if (is_same_name(name, key)) return &value;
  return nullptr;
}

void ConnectionString::set(std::string_view key, std::string value) {
  std::erase_if(keys_, [&](const auto& pair) { return is_same_name(pair.first, key); });
  keys_.emplace_back(key, std::move(value));
}

void ConnectionString::set_unless_given(std::string_view key, std::string value) {
  if (find(key) == nullptr) keys_.emplace_back(key, std::move(value));
}

std::string ConnectionString::text() const {
  std::string out;
  for (const auto& [name, value] : keys_) {
    out += name + "=";
    out += needs_braces(value) ? "{" + doubled(value) + "};" : value + ";";
  }
  return out;
}

bool is_secret_key(std::string_view key) {
  for (const char* secret : {"PWD", "PASSWORD", "PRIV_KEY_FILE_PWD", "PRIV_KEY_PWD", "PRIV_KEY_BASE64", "TOKEN", "PASSCODE",
                             "ACCESSTOKEN", "OAUTH_CLIENT_SECRET", "CLIENTSECRET", "AUTH_CLIENT_SECRET"})
    if (is_same_name(key, secret)) return true;
  return false;
}

std::string Login::redacted(std::string text) const {
  for (const std::string& secret : secrets)
    for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
      text.replace(at, secret.size(), "***");
  return text;
}

std::string Login::target() const {
  std::string out;
  // A password that was written there by mistake looks like a name, too.
  if (dsn_is_name) out = "the data source that option \"dsn\" names";
  for (const char* key : {"DSN", "SERVER", "SERVERNAME", "HOST", "DATABASE"})
    if (const std::string* value = keys.find(key); value != nullptr && out.empty())
      out = std::string(key == std::string_view("DSN") ? "data source " : "") + "\"" + *value + "\"";
  if (const std::string* driver = keys.find("DRIVER"))
    out += std::string(out.empty() ? "the server" : "") + " through driver \"" + *driver + "\"";
  return redacted(out.empty() ? "the data source" : out);
}

Login login_from(const Options& options) {
  Login login;
  if (options.has("dsn")) {
    const std::string& dsn = options.text("dsn");
    // A bare name is the name of a data source in odbc.ini.
    login.keys = dsn.find('=') == std::string::npos ? ConnectionString("DSN=" + dsn) : ConnectionString(dsn);
    login.dsn_is_name = dsn.find('=') == std::string::npos;
    if (!login.dsn_is_name) login.secrets.push_back(dsn);
  }
  if (options.has("connection")) {
    for (const auto& [key, value] : options.map("connection")) {
      if (is_secret_key(key))
        throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                    "connection: \"" + key + "\" is a secret: give it by reference, as password or private_key_password, or "
                    "within dsn");
      if (login.keys.find(key) != nullptr)
        throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "\"" + key + "\" is given twice: in dsn and in connection; remove one");
      login.keys.set(key, value);
    }
  }
  const auto add_secret = [&](const char* option, const char* key) {
    if (!options.has(option)) return;
    if (login.keys.find(key) != nullptr)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  std::string(key) + " is given twice: in dsn and in " + option + "; remove one");
    login.keys.set(key, options.text(option));
  };
  add_secret("password", "PWD");
  add_secret("private_key_password", "PRIV_KEY_FILE_PWD");
  if (login.keys.find("DSN") == nullptr && login.keys.find("DRIVER") == nullptr && login.keys.find("FILEDSN") == nullptr)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                "it is not said which driver to use: set connection = { DRIVER = \"…\", … } or dsn to a connection string or "
                "the name of a data source in odbc.ini");
  for (const auto& [key, value] : login.keys.keys()) {
    if (value.find('\0') != std::string::npos)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "connection: \"" + key + "\" holds a NUL byte");
    if (!is_secret_key(key) || value.empty()) continue;
    login.secrets.push_back(value);
    login.secrets.push_back(doubled(value));  // where a driver shows the connection string
  }
  std::erase_if(login.secrets, [](const std::string& secret) { return secret.empty(); });
  std::sort(login.secrets.begin(), login.secrets.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return login;
}

}  // namespace penstock::odbc
