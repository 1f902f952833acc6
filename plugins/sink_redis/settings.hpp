// The options of a Redis store.
#pragma once

#include <penstock/options.hpp>

namespace penstock::redis {

inline constexpr penstock_option_desc kSinkOptions[] = {
    string_option("url", "redis://[user[:password]@]host[:port][/database]", "redis://127.0.0.1:6379"),
    string_option("username", "ACL user; without it the password is the default user's"),
    string_option("password", "Password, for AUTH", nullptr, kSecret),
    int_option("database", "Database number; the same as the path of the url", nullptr, 0, 65535),
    string_option("key_prefix", "What every key begins with", "penstock:"),
    duration_option("connect_timeout", "Longest wait for a connection", "5s", std::chrono::milliseconds(1), std::chrono::hours(1)),
    duration_option("timeout", "Longest wait for the server without any progress", "10s", std::chrono::milliseconds(1),
                    std::chrono::hours(1)),
    size_option("pipeline_bytes", "Most bytes sent ahead of their replies", "1MiB", 4096, 256 << 20),
    int_option("script_rows", "Rows that one atomic script call applies; more make readers wait longer", "100", 1, 1000),
    size_option("max_row_bytes", "Rows that could take more as text are rejected", "64MiB", 1024, 256 << 20),
    bool_option("restore", "Write small profiles with RESTORE where the server has it (Redis 7 or newer), which costs it less than HSET", "true"),
    bool_option("allow_eviction", "Accept a server that may evict profiles when its memory is full", "false"),
};

struct Settings {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string username = {};
  std::string password = {};
  int64_t database = 0;
  std::string key_prefix = {};
  std::chrono::nanoseconds connect_timeout{};
  std::chrono::nanoseconds timeout{};
  size_t pipeline_bytes = 0;
  size_t script_rows = 0;
  size_t max_row_bytes = 0;
  bool restore = true;
  bool allow_eviction = false;

  Settings() = default;
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;
  Settings(Settings&&) = default;
  ~Settings();  // wipes the password

  // "host:port", for messages.
  std::string server() const;
};

// Throws INVALID_ARGUMENT or NOT_SUPPORTED. Messages never repeat the url: it may hold a password.
Settings settings_from(const Options&);

}  // namespace penstock::redis
