#include "attribute_names.hpp"
#include "handles.hpp"

#include <fstream>
#include <iterator>
#include <thread>

using namespace penstock::fake_odbc;

namespace {

using std::chrono::milliseconds;

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read the script " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A login that takes too long ends when its time is over; nothing else can end it.
void wait_for_login(const Connection& connection, milliseconds delay) {
  const auto found = connection.attributes.find(SQL_ATTR_LOGIN_TIMEOUT);
  const milliseconds limit = std::chrono::seconds(found == connection.attributes.end() ? 0 : found->second);
  const bool too_long = limit.count() != 0 && limit < delay;
  std::this_thread::sleep_for(too_long ? limit : delay);
  if (too_long) throw OdbcError("HYT00", "Login timeout expired");
}

void log_attribute(const Connection& connection, SQLINTEGER id, const std::string& value) {
  connection.log->add("connection " + connection_attribute_name(id) + "=" + value);
}

void connect(Connection& connection, const std::string& text) {
  connection.keys = ConnectionKeys(text);
  connection.log = std::make_unique<Log>(connection.keys.value("LOG"));
  connection.log->add("connect " + connection.keys.shown());
  connection.log->add("keys " + connection.keys.names());
  for (const auto& [id, value] : connection.attributes) log_attribute(connection, id, std::to_string(value));
  const std::string path = connection.keys.value("SCRIPT");
  const std::string content = content_of(path);
  connection.script = parse_script(content);
  connection.counters = Counters::of(path, content);
  connection.catalog = connection.script.driver.catalog;
  connection.ended.reset();
  const int64_t nth = connection.counters->next_connect();
  for (const ConnectRule& rule : connection.script.connect) {
    if (rule.nth && *rule.nth != nth) continue;
    wait_for_login(connection, rule.delay);
    if (rule.fault) throw OdbcError(rule.fault->sqlstate, rule.fault->message, rule.fault->native);
  }
  for (const auto& [key, value] : connection.script.require)
    if (connection.keys.value(key) != value) throw OdbcError("28000", key + " is not the one that was expected");
}

void refuse_if_told(const Connection& connection, const std::string& attribute) {
  const auto found = connection.script.driver.refused_attributes.find(attribute);
  if (found != connection.script.driver.refused_attributes.end())
    throw OdbcError(found->second, "Attribute " + attribute + " is refused");
}

SQLRETURN set_attribute(Connection& connection, SQLINTEGER id, SQLPOINTER value, SQLINTEGER length) {
  const std::string name = connection_attribute_name(id);
  if (id == SQL_ATTR_CURRENT_CATALOG) {
    const std::string catalog =
        utf8_from(static_cast<SQLWCHAR*>(value), length == SQL_NTS ? SQL_NTS : length / SQLINTEGER{sizeof(SQLWCHAR)});
    log_attribute(connection, id, catalog);
    refuse_if_told(connection, name);
    connection.catalog = catalog;
    return SQL_SUCCESS;
  }
  log_attribute(connection, id, std::to_string(reinterpret_cast<SQLULEN>(value)));
  refuse_if_told(connection, name);
  connection.attributes[id] = reinterpret_cast<SQLULEN>(value);
  return SQL_SUCCESS;
}

SQLRETURN get_attribute(Connection& connection, SQLINTEGER id, SQLPOINTER value, SQLINTEGER capacity, SQLINTEGER* length) {
  switch (id) {
    case SQL_ATTR_CURRENT_CATALOG:
      connection.require_alive();
      return_text(connection, connection.catalog, value, capacity, length);
      return SQL_SUCCESS;
    case SQL_ATTR_CONNECTION_DEAD: {
      const bool dead = connection.ended && connection.ended->sqlstate.starts_with("08");
      *static_cast<SQLUINTEGER*>(value) = dead ? SQL_CD_TRUE : SQL_CD_FALSE;
      return SQL_SUCCESS;
    }
    default: break;
  }
  static const std::map<SQLINTEGER, SQLULEN> kDefaults = {{SQL_ATTR_ACCESS_MODE, SQL_MODE_READ_WRITE},
                                                          {SQL_ATTR_AUTOCOMMIT, SQL_AUTOCOMMIT_ON},
                                                          {SQL_ATTR_CONNECTION_TIMEOUT, 0},
                                                          {SQL_ATTR_LOGIN_TIMEOUT, 0},
                                                          {SQL_ATTR_METADATA_ID, SQL_FALSE},
                                                          {SQL_ATTR_TXN_ISOLATION, SQL_TXN_READ_COMMITTED}};
  if (const auto set = connection.attributes.find(id); set != connection.attributes.end())
    *static_cast<SQLUINTEGER*>(value) = static_cast<SQLUINTEGER>(set->second);
  else if (const auto known = kDefaults.find(id); known != kDefaults.end())
    *static_cast<SQLUINTEGER*>(value) = static_cast<SQLUINTEGER>(known->second);
  else
    throw OdbcError("HY092", "Invalid attribute identifier");
  return SQL_SUCCESS;
}

}  // namespace

SQLRETURN SQLDriverConnectW(SQLHDBC handle, SQLHWND, SQLWCHAR* text, SQLSMALLINT length, SQLWCHAR* out, SQLSMALLINT capacity,
                            SQLSMALLINT* out_length, SQLUSMALLINT) {
  return entry<Connection>(handle, [&](Connection& connection) -> SQLRETURN {
    const std::string given = utf8_from(text, length);
    connect(connection, given);
    SQLLEN total = 0;
    put_wide(given, Wide::utf16, out, capacity * SQLLEN{sizeof(SQLWCHAR)}, total);
    if (out_length != nullptr) *out_length = static_cast<SQLSMALLINT>(total / SQLLEN{sizeof(SQLWCHAR)});
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLDisconnect(SQLHDBC handle) {
  return entry<Connection>(handle, [](Connection& connection) -> SQLRETURN {
    connection.log->add("disconnect");
    connection.log = std::make_unique<Log>("");
    return SQL_SUCCESS;
  });
}

SQLRETURN SQLSetConnectAttrW(SQLHDBC handle, SQLINTEGER id, SQLPOINTER value, SQLINTEGER length) {
  return entry<Connection>(handle, [&](Connection& connection) { return set_attribute(connection, id, value, length); });
}

SQLRETURN SQLGetConnectAttrW(SQLHDBC handle, SQLINTEGER id, SQLPOINTER value, SQLINTEGER capacity, SQLINTEGER* length) {
  return entry<Connection>(handle, [&](Connection& connection) { return get_attribute(connection, id, value, capacity, length); });
}
