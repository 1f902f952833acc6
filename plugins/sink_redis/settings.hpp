// The options of a Redis store.
#pragma once

#include "sink_redis/transport.hpp"

#include <penstock/options.hpp>

namespace penstock::redis {

inline constexpr const char* kTlsVerify[] = {"full", "none", nullptr};

inline constexpr const char* kLayout[] = {"hash", "packed", nullptr};

inline constexpr penstock_option_desc kSinkOptions[] = {
    string_option("url",
                  "redis://[user[:password]@]host[:port][/database], with TLS rediss://…, with %xx in user and password; or "
                  "unix:///path/to/socket[?db=database]; or redis-sentinel://…, with TLS rediss-sentinel://…, as host[:port],…/master[/database]; or "
                  "several hosts of a cluster.",
                  "redis://127.0.0.1:6379"),
    string_option("username", "ACL user; without it the password is the default user's."),
    string_option("password", "Password of the user.", nullptr, kSecret),
    string_option("sentinel_username", "ACL user of the sentinels; without it the password is their default user's."),
    string_option("sentinel_password", "Password of the sentinels, where they ask for one.", nullptr, kSecret),
    int_option("database", "Database number; without it the url's, or 0.", nullptr, 0, 65535),
    string_option("tls_ca_file", "PEM file of the authorities to trust; without it those that the system trusts."),
    string_option("tls_cert_file", "PEM file of a client certificate with its chain."),
    string_option("tls_key_file", "PEM file of the client certificate's key, without a passphrase; without it the key is in tls_cert_file."),
    string_option("tls_server_name",
                  "The name (or address) that the certificate must be for; a name is also sent as SNI. Without it the url's host."),
    choice_option("tls_verify",
                  "full: the certificate must be trusted, in its time and for the right name; none: anybody may be the server, and gets the "
                  "password.",
                  "full", kTlsVerify),
    string_option("key_prefix", "What every key begins with.", "penstock:"),
    choice_option("layout", "hash: readable by hand, field by field; packed: one binary value a profile, smaller and faster.", "hash", kLayout),
    duration_option("connect_timeout", "Longest wait for a connection.", "5s", std::chrono::milliseconds(1), std::chrono::hours(1)),
    duration_option("timeout", "Longest wait for the server without any progress.", "10s", std::chrono::milliseconds(1),
                    std::chrono::hours(1)),
    size_option("pipeline_bytes", "Most bytes sent ahead of their replies, in a cluster to each node.", "1MiB", 4096, 256 << 20),
    int_option("transaction_rows",
               "Rows that one transaction writes, at most; the server serves nobody else meanwhile. Fewer, down to 25, where they would hold it "
               "longer than a millisecond, and where rows are large (256 KiB, 20,000 values).",
               "100", 1, 1000),
    size_option("max_row_bytes", "Rows that could take more as text are rejected.", "64MiB", 1024, 256 << 20),
    bool_option("restore", "Write small profiles with RESTORE where the server has it (Redis 7 or newer), which costs it less than HSET.", "true"),
    bool_option("allow_eviction", "Accept a server that may evict profiles when its memory is full.", "false"),
};

struct Settings {
  std::vector<Endpoint> servers = {};  // the store; or the sentinels that know where it is, in the order in which they are asked
  std::string master = {};             // the name by which the sentinels know it; empty: no sentinels
  TlsSettings tls = {};
  std::string username = {};
  std::string password = {};
  std::string sentinel_username = {};
  std::string sentinel_password = {};
  int64_t database = 0;
  std::string key_prefix = {};
  bool packed = false;
  std::chrono::nanoseconds connect_timeout{};
  std::chrono::nanoseconds timeout{};
  size_t pipeline_bytes = 0;
  size_t transaction_rows = 0;
  size_t max_row_bytes = 0;
  bool restore = true;
  bool allow_eviction = false;

  Settings() = default;
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;
  Settings(Settings&&) = default;
  ~Settings();  // wipes the passwords
};

// Throws INVALID_ARGUMENT or NOT_SUPPORTED. Messages never repeat the url: it may hold a password.
Settings settings_from(const Options&);

}  // namespace penstock::redis
