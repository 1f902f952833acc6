#include "redis_store.hpp"
#include "sink_redis/errors.hpp"
#include "sink_redis/settings.hpp"

#include <penstock/testing/validate.hpp>

namespace penstock::test {
namespace {

using redis::Settings;

Settings settings(const std::map<std::string, std::string>& options) {
  const penstock_component& found = component(load_plugin("sink_redis"), "redis");
  return redis::settings_from(Options(FakeOptions(found.options, found.n_options, options).get()));
}

std::string servers(const Settings& settings) {
  std::string out;
  for (const redis::Endpoint& server : settings.servers) out += (out.empty() ? "" : " ") + server.text();
  return out;
}

std::string many_hosts(int n) {
  std::string out = "h";
  while (--n > 0) out += ",h";
  return out;
}

RecordedError refusal(const std::map<std::string, std::string>& options) {
  return validate_options(component(load_plugin("sink_redis"), "redis"), options);
}

TEST(RedisSettings, HaveDefaults) {
  const Settings s = settings({});
  EXPECT_EQ(servers(s), "127.0.0.1:6379");
  EXPECT_EQ(s.username + s.password, "");
  EXPECT_EQ(s.database, 0);
  EXPECT_EQ(s.key_prefix, "penstock:");
  EXPECT_EQ(s.transaction_rows, 100u);
  EXPECT_FALSE(s.allow_eviction);
}

TEST(RedisSettings, ReadEveryPartOfTheUrl) {
  const Settings s = settings({{"url", "redis://ann:p%40ss%3a@cache.example:6380/3"}});
  EXPECT_EQ(servers(s), "cache.example:6380");
  EXPECT_EQ(s.username, "ann");
  EXPECT_EQ(s.password, "p@ss:");
  EXPECT_EQ(s.database, 3);
  EXPECT_EQ(settings({{"url", "redis://:pw@h"}}).password, "pw");
  EXPECT_EQ(servers(settings({{"url", "redis://[::1]:7000/"}})), "[::1]:7000");
  EXPECT_EQ(servers(settings({{"url", "redis://[::1]"}})), "[::1]:6379");
  EXPECT_EQ(settings({{"url", "redis://h"}, {"database", "5"}}).database, 5);
  EXPECT_EQ(settings({{"url", "redis://ann@h"}, {"password", "pw"}}).username, "ann");
}

TEST(RedisSettings, ReadWhatIsToldAboutTls) {
  EXPECT_FALSE(settings({}).tls.enabled);
  const Settings plain = settings({{"url", "rediss://ann:pw@cache.example/3"}});
  EXPECT_EQ(servers(plain), "cache.example:6379");
  EXPECT_EQ(plain.username + plain.password, "annpw");
  EXPECT_EQ(plain.database, 3);
  EXPECT_TRUE(plain.tls.enabled);
  EXPECT_EQ(plain.tls.verify, redis::TlsVerify::full);
  const Settings s = settings({{"url", "rediss://h"},
                               {"tls_verify", "none"},
                               {"tls_ca_file", "ca"},
                               {"tls_cert_file", "cert"},
                               {"tls_key_file", "key"},
                               {"tls_server_name", "cache.example"}});
  EXPECT_EQ(s.tls.verify, redis::TlsVerify::none);
  EXPECT_EQ(s.tls.ca_file + "," + s.tls.cert_file + "," + s.tls.key_file + "," + s.tls.server_name, "ca,cert,key,cache.example");
}

TEST(RedisSettings, ReadThePathOfASocket) {
  const Settings s = settings({{"url", "unix:///run/redis@a/redis.sock?db=7"}, {"username", "ann"}, {"password", "pw"}});
  EXPECT_EQ(servers(s), "unix:/run/redis@a/redis.sock");
  EXPECT_EQ(s.username + s.password, "annpw");
  EXPECT_EQ(s.database, 7);
  EXPECT_EQ(settings({{"url", "unix:///s"}, {"database", "5"}}).database, 5);
  EXPECT_FALSE(s.tls.enabled);
}

TEST(RedisSettings, ReadTheSentinelsAndTheNameOfTheMaster) {
  const Settings s = settings({{"url", "redis-sentinel://ann:pw@one.example,[::1]:7,three.example:26380/profiles/3"}, {"sentinel_password", "spw"}});
  EXPECT_EQ(servers(s), "one.example:26379 [::1]:7 three.example:26380");
  EXPECT_EQ(s.master, "profiles");
  EXPECT_EQ(s.database, 3);
  EXPECT_EQ(s.username + ":" + s.password, "ann:pw");
  EXPECT_EQ(s.sentinel_username + ":" + s.sentinel_password, ":spw");
  EXPECT_FALSE(s.tls.enabled);
  const Settings tls = settings({{"url", "rediss-sentinel://h/m"}, {"sentinel_username", "sen"}, {"sentinel_password", "spw"}, {"tls_ca_file", "ca"}});
  EXPECT_TRUE(tls.tls.enabled);
  EXPECT_EQ(tls.sentinel_username + ":" + tls.sentinel_password, "sen:spw");
  EXPECT_EQ(tls.master + std::to_string(tls.database), "m0");
  EXPECT_EQ(settings({}).master, "");
}

TEST(RedisSettings, RefuseWhatCannotBeMeant) {
  const std::tuple<std::map<std::string, std::string>, penstock_status, const char*> cases[] = {
      {{{"url", "redis-cluster://h"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "it must begin with redis://"},
      {{{"url", "redis-sentinel://h"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the name of the master"},
      {{{"url", "redis-sentinel://h/"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the name of the master"},
      {{{"url", "redis-sentinel://h//1"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the name of the master"},
      {{{"url", "redis-sentinel://h/m/x"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the database after the / is not a number"},
      {{{"url", "redis-sentinel://h,/m"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the host is missing"},
      {{{"url", "redis-sentinel://,h/m"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the host is missing"},
      {{{"url", "redis-sentinel://h:1,h:x/m"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the port"},
      {{{"url", "redis-sentinel://h" + std::string(200, ',') + "/m"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the host is missing"},
      {{{"url", "redis-sentinel://" + many_hosts(101) + "/m"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "more than 100 hosts"},
      {{{"url", "redis-sentinel:"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "it must begin with redis://"},
      {{{"url", "redis-sentinel"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "it must begin with redis://"},
      {{{"url", "redis://h,"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the host is missing"},
      {{{"url", "redis://h"}, {"sentinel_password", "x"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "a sentinel_ option is given, but the url"},
      {{{"url", "redis-sentinel://h/m"}, {"sentinel_username", "x"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "no sentinel_password"},
      {{{"url", "redis-sentinel://h/m"}, {"tls_ca_file", "ca.pem"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "does not begin with rediss:// or rediss-sentinel://"},
      {{{"url", "localhost:6379"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "it must begin with redis://, rediss://, unix://"},
      {{{"url", "unix:/run/redis.sock"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "it must begin with redis://, rediss://, unix://"},
      {{{"url", "unix://run/redis.sock"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the absolute path of a socket"},
      {{{"url", "unix:///"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the absolute path of a socket"},
      {{{"url", "unix:///" + std::string(107, 'x')}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "longer than 107 bytes"},
      {{{"url", "unix:///s?db=x"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the database after db= is not a number"},
      {{{"url", "unix:///s?password=x"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the only parameter is db"},
      {{{"url", "unix:///s?db=1"}, {"database", "2"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "name different databases"},
      {{{"url", "redis://h"}, {"tls_ca_file", "ca.pem"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the url does not begin with rediss://"},
      {{{"url", "unix:///s"}, {"tls_verify", "none"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the url does not begin with rediss://"},
      {{{"url", "rediss://h"}, {"tls_key_file", "key.pem"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "no tls_cert_file"},
      {{{"url", "rediss://h"}, {"tls_ca_file", ""}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "tls_ca_file is empty"},
      {{{"url", "rediss://h"}, {"tls_server_name", "a b"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "tls_server_name is not a host name"},
      {{{"url", "redis://"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the host is missing"},
      {{{"url", "redis://:6379"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the host is missing"},
      {{{"url", "redis://h:0"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the port is not a number from 1 to 65535"},
      {{{"url", "redis://h:65536"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the port"},
      {{{"url", "redis://h:"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the port"},
      {{{"url", "redis://h/x"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the database after the / is not a number"},
      {{{"url", "redis://h/-1"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the database"},
      {{{"url", "redis://h?db=1"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "parameters (? and #) are not supported"},
      {{{"url", "redis://[::1"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "does not end in ]"},
      {{{"url", "redis://a b"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "not a host name"},
      {{{"url", "redis://u:%zz@h"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "% that is not followed by two hex digits"},
      {{{"url", "redis://h/1"}, {"database", "2"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "name different databases"},
      {{{"url", "redis://a@h"}, {"username", "b"}, {"password", "x"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "name different users"},
      {{{"url", "redis://:a@h"}, {"password", "b"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "the password is given twice"},
      {{{"username", "ann"}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "a username is given, but no password"},
      {{{"key_prefix", std::string(257, 'x')}}, PENSTOCK_STATUS_INVALID_ARGUMENT, "key_prefix is longer than 256 bytes"},
  };
  for (const auto& [options, status, why] : cases) {
    const RecordedError error = refusal(options);
    EXPECT_EQ(error.status, status) << why;
    EXPECT_NE(error.message.find(why), std::string::npos) << error.message << " should say: " << why;
    EXPECT_EQ(error.retry, PENSTOCK_RETRY_NEVER);
  }
}

TEST(RedisSettings, NeverRepeatAPasswordThatStandsInTheUrl) {
  for (const char* url : {"redis://u:canary@h:x", "redis://u:canary@h/x", "redis://u:canary@", "redis://u:canary@h?x", "redis-sentinel://u:canary@h", "redis-sentinel://u:canary@h,h:x/m", "redis://u:canary%", "http://u:canary@h",
                          "rediss://u:canary@h:x", "unix://u:canary@/s"}) {
    const RecordedError error = refusal({{"url", url}});
    EXPECT_EQ(error.message.find("canary"), std::string::npos) << error.message;
  }
}

TEST(RedisErrors, AreClassifiedByTheirCode) {
  const std::tuple<const char*, penstock_status, int32_t> cases[] = {
      {"NOAUTH Authentication required.", PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER},
      {"WRONGPASS invalid username-password pair or user is disabled.", PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER},
      {"NOPERM this user has no permissions to run the 'evalsha' command", PENSTOCK_STATUS_PERMISSION_DENIED, PENSTOCK_RETRY_NEVER},
      {"ERR The user executing the script can't run this command or subcommand script: 1, on @user_script:1.", PENSTOCK_STATUS_PERMISSION_DENIED,
       PENSTOCK_RETRY_NEVER},
      {"LOADING Redis is loading the dataset in memory", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},
      {"BUSY Redis is busy running a script.", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},
      {"TRYAGAIN Multiple keys request during rehashing of slot", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},
      {"MASTERDOWN Link with MASTER is down", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},
      {"CLUSTERDOWN The cluster is down", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},
      {"NOREPLICAS Not enough good replicas to write.", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},
      {"OOM command not allowed when used memory > 'maxmemory'.", PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER},
      {"ERR Error running script (call to f_1): @user_script:36: @user_script: 36: -OOM command not allowed when used memory > 'maxmemory'.",
       PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER},
      {"ERR max number of clients reached", PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_AFTER},
      {"READONLY You can't write against a read only replica.", PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_RECONNECT},
      {"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", PENSTOCK_STATUS_FAILED_PRECONDITION,
       PENSTOCK_RETRY_AFTER},
      {"MOVED 3999 127.0.0.1:6381", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},
      {"ASK 3999 127.0.0.1:6381", PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER},
      {"CROSSSLOT Keys in request don't hash to the same slot", PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER},
      {"ERR DB index is out of range", PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER},
      {"ERR something new", PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_UNKNOWN_OUTCOME},
      {"", PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_UNKNOWN_OUTCOME},
  };
  for (const auto& [reply, status, retry] : cases) {
    const Error error = redis::server_error("write", reply);
    EXPECT_EQ(error.status(), status) << reply;
    EXPECT_EQ(error.retry(), retry) << reply;
    EXPECT_EQ(error.retry_after_ns(), retry == PENSTOCK_RETRY_AFTER ? 1'000'000'000 : 0) << reply;
  }
}

TEST(RedisErrors, ShowTheServersTextEscapedShortenedAndWithoutOurArguments) {
  EXPECT_EQ(redis::server_error("write", "ERR a\r\n\x1b[31m").message(), "write: the server answered \"ERR a\\x0d\\x0a\\x1b[31m\"");
  EXPECT_EQ(redis::server_error("ping", "ERR unknown command 'X', with args beginning with: 'secret' ").message(),
            "ping: the server answered \"ERR unknown command 'X'\"");
  EXPECT_LT(redis::server_error("ping", std::string(5000, 'x')).message().size(), 300u);
}

}  // namespace
}  // namespace penstock::test
