#include "tls_server.hpp"

namespace penstock::test {
namespace {

struct RedisStore : SinkStore {
  RedisStore() { shared_server().flush_all(); }
  std::unique_ptr<SinkDriver> open() override { return open_redis(shared_server()); }
};

// Three rows a call and a window of a few calls: the same promises when everything is cut into small pieces.
struct RedisStoreInSmallPieces : SinkStore {
  RedisStoreInSmallPieces() { shared_server().flush_all(); }
  std::unique_ptr<SinkDriver> open() override { return open_redis(shared_server(), {{"transaction_rows", "3"}, {"pipeline_bytes", "4KiB"}}); }
};

// As it was before Redis 7, or where RESTORE and the newer protocol are not allowed.
struct RedisStoreByHset : SinkStore {
  RedisStoreByHset() { server().flush_all(); }
  std::unique_ptr<SinkDriver> open() override { return open_redis(server(), {{"restore", "false"}}); }
  static RedisServer& server() {
    static RedisServer server({"", {"rename-command HELLO \"\""}});
    return server;
  }
};

// One value a profile instead of a hash.
struct RedisStorePacked : SinkStore {
  RedisStorePacked() { shared_server().flush_all(); }
  std::unique_ptr<SinkDriver> open() override { return open_redis(shared_server(), {{"layout", "packed"}}); }
};

struct RedisStorePackedInSmallPieces : SinkStore {
  RedisStorePackedInSmallPieces() { shared_server().flush_all(); }
  std::unique_ptr<SinkDriver> open() override { return open_redis(shared_server(), {{"layout", "packed"}, {"transaction_rows", "3"}, {"pipeline_bytes", "4KiB"}}); }
};

// Likewise, and what is sent and received does not end where TLS cuts it.
struct RedisStoreOverTls : SinkStore {
  RedisStoreOverTls() { server().plain().flush_all(); }
  std::unique_ptr<SinkDriver> open() override { return server().open({{"transaction_rows", "3"}, {"pipeline_bytes", "4KiB"}}); }
  static TlsRedisServer& server() {
    static TlsRedisServer server;
    return server;
  }
};

INSTANTIATE_TEST_SUITE_P(Redis, SinkSuite,
                         ::testing::Values(stores<RedisStore>("Plain"), stores<RedisStoreByHset>("ByHset"), stores<RedisStoreInSmallPieces>("InSmallPieces"),
                                         stores<RedisStorePacked>("Packed"), stores<RedisStorePackedInSmallPieces>("PackedInSmallPieces"),
                                         stores<RedisStoreOverTls>("OverTls")),
                         name_of_stores);

}  // namespace
}  // namespace penstock::test
