// One private cluster for the whole program, and what the tests of a store in it share.
#pragma once

#include "redis_store.hpp"
#include "support/redis_cluster.hpp"

#include "sink_redis/slots.hpp"

namespace penstock::test {

// Started on first use, emptied by whoever wants it empty.
RedisCluster& shared_cluster();

inline std::unique_ptr<SinkDriver> open_redis(const RedisCluster& cluster, std::map<std::string, std::string> options = {}) {
  options.emplace("url", cluster.url());
  return open_redis(options);
}

// The bucket of a profile, as its key names it.
inline std::string bucket_tag(const std::string& key) {
  char text[3];
  snprintf(text, sizeof text, "%02x", redis::crc16(key) % 64u);
  return text;
}

inline std::vector<ProfileRow> many_rows(int32_t n, int64_t time = 1) {
  std::vector<ProfileRow> rows;
  for (int32_t i = 0; i < n; ++i) rows.push_back(two_fields("key-" + std::to_string(i), time, "somebody", i));
  return rows;
}

inline std::vector<std::string> keys_of(const std::vector<ProfileRow>& rows) {
  std::vector<std::string> keys;
  for (const ProfileRow& row : rows) keys.push_back(row.key);
  return keys;
}

inline std::vector<Profile> found_all(const std::vector<ProfileRow>& rows) {
  std::vector<Profile> profiles;
  for (const ProfileRow& row : rows) profiles.push_back(found(row));
  return profiles;
}

}  // namespace penstock::test
