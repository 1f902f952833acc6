#include "tls_server.hpp"

namespace penstock::test {
namespace {

struct RedisStore {
  static constexpr bool kRemembersExpired = false, kDurable = true;
  RedisStore() { shared_server().flush_all(); }
  std::unique_ptr<SinkDriver> open() { return open_redis(shared_server()); }
};

// Three rows a call and a window of a few calls: the same promises when everything is cut into small pieces.
struct RedisStoreInSmallPieces {
  static constexpr bool kRemembersExpired = false, kDurable = true;
  RedisStoreInSmallPieces() { shared_server().flush_all(); }
  std::unique_ptr<SinkDriver> open() { return open_redis(shared_server(), {{"transaction_rows", "3"}, {"pipeline_bytes", "4KiB"}}); }
};

// As it was before Redis 7, or where RESTORE and the newer protocol are not allowed.
struct RedisStoreByHset {
  static constexpr bool kRemembersExpired = false, kDurable = true;
  RedisStoreByHset() { server().flush_all(); }
  std::unique_ptr<SinkDriver> open() { return open_redis(server(), {{"restore", "false"}}); }
  static RedisServer& server() {
    static RedisServer server({"", {"rename-command HELLO \"\""}});
    return server;
  }
};

// One value a profile instead of a hash.
struct RedisStorePacked {
  static constexpr bool kRemembersExpired = false, kDurable = true;
  RedisStorePacked() { shared_server().flush_all(); }
  std::unique_ptr<SinkDriver> open() { return open_redis(shared_server(), {{"layout", "packed"}}); }
};

struct RedisStorePackedInSmallPieces {
  static constexpr bool kRemembersExpired = false, kDurable = true;
  RedisStorePackedInSmallPieces() { shared_server().flush_all(); }
  std::unique_ptr<SinkDriver> open() { return open_redis(shared_server(), {{"layout", "packed"}, {"transaction_rows", "3"}, {"pipeline_bytes", "4KiB"}}); }
};

// Likewise, and what is sent and received does not end where TLS cuts it.
struct RedisStoreOverTls {
  static constexpr bool kRemembersExpired = false, kDurable = true;
  RedisStoreOverTls() { server().plain().flush_all(); }
  std::unique_ptr<SinkDriver> open() { return server().open({{"transaction_rows", "3"}, {"pipeline_bytes", "4KiB"}}); }
  static TlsRedisServer& server() {
    static TlsRedisServer server;
    return server;
  }
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(Redis, SinkSuite, RedisStore);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisByHset, SinkSuite, RedisStoreByHset);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisInSmallPieces, SinkSuite, RedisStoreInSmallPieces);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisPacked, SinkSuite, RedisStorePacked);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisPackedInSmallPieces, SinkSuite, RedisStorePackedInSmallPieces);
INSTANTIATE_TYPED_TEST_SUITE_P(RedisOverTls, SinkSuite, RedisStoreOverTls);

}  // namespace penstock::test
