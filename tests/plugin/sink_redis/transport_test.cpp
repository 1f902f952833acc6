// The ways to a server: TLS and Unix sockets, and what is said when they are barred.
#include "fault_proxy.hpp"
#include "tls_server.hpp"

namespace penstock::test {
namespace {

using ::testing::HasSubstr;
using Options = std::map<std::string, std::string>;

class RedisOverTls : public ::testing::Test {
 protected:
  RecordedError refusal(const Options& options = {}) {
    const RecordedError error = error_of([&] { server_.open(options); });
    EXPECT_THAT(error.message, HasSubstr("127.0.0.1:"));
    return error;
  }

  TlsRedisServer server_;
  const Certificates& certificates_ = server_.certificates();
};

::testing::AssertionResult says(const RecordedError& error, penstock_status status, int32_t retry, const std::string& part) {
  if (error.status == status && error.retry == retry && error.message.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "status " << error.status << ", retry " << error.retry << ": " << error.message;
}

::testing::AssertionResult refused(const RecordedError& error, const std::string& part) {
  return says(error, PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER, part);
}

TEST_F(RedisOverTls, ProfilesComeBackAsTheyWereWritten) {
  const auto sink = server_.open({{"database", "3"}});
  const std::vector<ProfileRow> rows = {two_fields("a", 1, "x", 1), two_fields("b", 1, std::string(3'000'000, 'y').c_str(), 2)};
  EXPECT_EQ(sink->begin(kTwoFields)->write(rows), (Written{2, 0, 0, 0}));
  EXPECT_EQ(sink->lookup(kTwoFields, {"a", "b"}), (std::vector<Profile>{found(rows[0]), found(rows[1])}));
  server_.plain().command({"SELECT", "3"});
  EXPECT_EQ(server_.plain().command({"HGET", "penstock:users_v1:a", "NAME"}), "x");
  EXPECT_THAT(server_.plain().command({"CLIENT", "LIST"}), HasSubstr("name=penstock"));
}

TEST_F(RedisOverTls, ACertificateThatNobodyVouchesForIsRefused) {
  certificates_.authority("other");
  EXPECT_TRUE(refused(refusal({{"tls_ca_file", certificates_ / "other.pem"}}), "its certificate is not trusted"));
  // The system does not know the test's authority.
  EXPECT_TRUE(refused(error_of([&] { open_redis({{"url", server_.url()}}); }), "its certificate is not trusted"));
  server_.open({{"tls_ca_file", certificates_ / "other.pem"}, {"tls_verify", "none"}})->ping();
}

TEST_F(RedisOverTls, AnExpiredCertificateIsRefused) {
  certificates_.issue("expired", "IP:127.0.0.1", -1);
  server_.show("expired");
  EXPECT_TRUE(refused(refusal(), "its certificate has expired"));
}

TEST_F(RedisOverTls, ACertificateForAnotherNameIsRefused) {
  EXPECT_TRUE(refused(refusal({{"tls_server_name", "cache.example"}}), "its certificate is for another name than \"cache.example\""));
  certificates_.issue("named", "DNS:cache.example");
  server_.show("named");
  EXPECT_TRUE(refused(refusal(), "its certificate is for another name than \"127.0.0.1\" (tls_server_name says which one to expect)"));
  server_.open({{"tls_server_name", "cache.example"}})->ping();
  server_.open({{"tls_verify", "none"}})->ping();
}

TEST_F(RedisOverTls, AServerThatWantsAClientCertificateSaysSoAndTakesOne) {
  certificates_.issue("client", "DNS:penstock");
  certificates_.authority("stranger");
  server_.configure({"tls-auth-clients", "yes"});
  for (const char* protocol : {"TLSv1.2", "TLSv1.3"}) {
    server_.configure({"tls-protocols", protocol});
    SCOPED_TRACE(protocol);
    EXPECT_TRUE(refused(refusal(), "the server wants a client certificate (tls_cert_file)"));
    EXPECT_TRUE(refused(refusal({{"tls_cert_file", certificates_ / "stranger.pem"}, {"tls_key_file", certificates_ / "stranger.key"}}),
                        "the server did not take the client certificate of tls_cert_file"));
    server_.open({{"tls_cert_file", certificates_ / "client.pem"}, {"tls_key_file", certificates_ / "client.key"}})->ping();
  }
  std::ofstream(certificates_ / "both.pem") << std::ifstream(certificates_ / "client.pem").rdbuf() << std::ifstream(certificates_ / "client.key").rdbuf();
  server_.open({{"tls_cert_file", certificates_ / "both.pem"}})->ping();
}

TEST_F(RedisOverTls, AFileThatCannotBeUsedIsNamed) {
  certificates_.issue("client", "DNS:penstock");
  openssl({"ec", "-in", certificates_ / "client.key", "-aes128", "-passout", "pass:canary", "-out", certificates_ / "locked.key"});
  std::ofstream(certificates_ / "text") << "not a certificate\n";
  const std::string missing = certificates_ / "missing", text = certificates_ / "text", cert = certificates_ / "client.pem",
                    key = certificates_ / "client.key";
  const std::tuple<Options, std::string> cases[] = {
      {{{"tls_ca_file", missing}}, "tls_ca_file \"" + missing + "\" cannot be used: No such file or directory"},
      {{{"tls_ca_file", text}}, "tls_ca_file \"" + text + "\" cannot be used: it does not hold a certificate in PEM"},
      {{{"tls_cert_file", missing}}, "tls_cert_file \"" + missing + "\" cannot be used: No such file or directory"},
      {{{"tls_cert_file", text}}, "tls_cert_file \"" + text + "\" cannot be used: it does not hold a certificate in PEM"},
      {{{"tls_cert_file", cert}}, "tls_cert_file \"" + cert + "\" cannot be used: it does not hold the certificate's key in PEM"},
      {{{"tls_cert_file", cert}, {"tls_key_file", missing}}, "tls_key_file \"" + missing + "\" cannot be used: No such file or directory"},
      {{{"tls_cert_file", cert}, {"tls_key_file", certificates_ / "locked.key"}}, "the certificate's key in PEM, without a passphrase"},
      {{{"tls_cert_file", cert}, {"tls_key_file", certificates_ / "ca.key"}}, "key values mismatch"},
  };
  for (const auto& [options, why] : cases)
    EXPECT_TRUE(says(error_of([&, &given = options] { server_.open(given); }), PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, why)) << why;
}

TEST_F(RedisOverTls, APortThatDoesNotSpeakTlsIsSaidSo) {
  // A plain Redis waits for the rest of what it takes for a command.
  const std::string silent = "rediss://127.0.0.1:" + std::to_string(server_.plain().port());
  EXPECT_TRUE(says(refusal({{"url", silent}, {"connect_timeout", "200ms"}}), PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER,
                   "it did not answer in time; does it speak TLS on this port?"));
  TcpServer talkative([](int fd) {
    send(fd, "-ERR what?\r\n", 12, MSG_NOSIGNAL);
    char bytes[4096];
    while (recv(fd, bytes, sizeof bytes, 0) > 0) continue;
  });
  EXPECT_TRUE(says(refusal({{"url", "rediss://127.0.0.1:" + std::to_string(talkative.port())}}), PENSTOCK_STATUS_FAILED_PRECONDITION,
                   PENSTOCK_RETRY_NEVER, "it does not speak TLS on this port"));
  TcpServer curt([](int) {});
  EXPECT_TRUE(says(refusal({{"url", "rediss://127.0.0.1:" + std::to_string(curt.port())}}), PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER,
                   "no TLS connection to"));
}

TEST_F(RedisOverTls, AServerThatDiesDoesNotEndTheProcessWithASignal) {
  const auto sink = server_.open();
  const auto run = sink->begin(kTwoFields);
  server_.plain().kill9();
  const RecordedError error = error_of([&] { run->write({two_fields("a", 1, std::string(3'000'000, 'y').c_str(), 1)}); });
  EXPECT_TRUE(says(error, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "was lost"));
}

TEST(RedisOverAUnixSocket, ProfilesComeBackAsTheyWereWritten) {
  const TemporaryFolder folder;
  RedisServer server({"canary-pw", {"unixsocket " + folder / "redis.sock"}});
  const std::string url = "unix://" + folder / "redis.sock";
  const auto sink = open_redis({{"url", url + "?db=3"}, {"username", "default"}, {"password", "canary-pw"}});
  EXPECT_EQ(sink->begin(kTwoFields)->write({two_fields("a", 1, "x", 1)}), (Written{1, 0, 0, 0}));
  EXPECT_EQ(sink->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(two_fields("a", 1, "x", 1))});
  server.command({"SELECT", "3"});
  EXPECT_EQ(server.command({"HGET", "penstock:users_v1:a", "NAME"}), "x");
  EXPECT_TRUE(refused(error_of([&] { open_redis({{"url", url}, {"password", "wrong"}}); }), "log in to unix:" + folder / "redis.sock"));
}

TEST(RedisOverAUnixSocket, APathWhereNobodyListensIsNamed) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "";
  EXPECT_TRUE(says(error_of([&] { open_redis({{"url", "unix://" + folder / "missing.sock"}}); }), PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER,
                   "cannot connect to unix:" + folder / "missing.sock" + ": No such file or directory"));
  EXPECT_TRUE(says(error_of([&] { open_redis({{"url", "unix://" + folder / "file"}}); }), PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER,
                   "cannot connect to unix:" + folder / "file" + ": Connection refused"));
}

}  // namespace
}  // namespace penstock::test
