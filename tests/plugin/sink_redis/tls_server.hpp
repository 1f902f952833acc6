// A Redis that speaks TLS, and the certificates for it.
#pragma once

#include "redis_store.hpp"
#include "support/free_port.hpp"
#include "support/process.hpp"

#include <fstream>

namespace penstock::test {

inline void openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "/usr/bin/openssl");
  const Finished finished = run_process(arguments);
  if (finished.exit_code != 0) throw std::runtime_error("openssl: " + finished.err);
}

// A folder with an authority (ca.pem) and what it signs.
class Certificates {
 public:
  Certificates() { authority("ca"); }

  // Of a file in the folder.
  std::string operator/(const std::string& name) const { return folder_ / name; }

  // Makes <name>.pem and <name>.key, which sign others.
  void authority(const std::string& name) const { request(name, {"-x509", "-days", "2", "-out", folder_ / (name + ".pem")}); }

  // Makes <name>.pem and <name>.key for a subject such as "IP:127.0.0.1" or "DNS:cache.example"; days < 0: expired.
  void issue(const std::string& name, const std::string& subject, int days = 2) const {
    request(name, {"-addext", "subjectAltName=" + subject, "-out", folder_ / (name + ".csr")});
    openssl({"x509", "-req", "-in", folder_ / (name + ".csr"), "-CA", folder_ / "ca.pem", "-CAkey", folder_ / "ca.key", "-copy_extensions", "copy",
             "-days", std::to_string(days), "-out", folder_ / (name + ".pem")});
  }

 private:
  void request(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                                          "-subj", "/CN=" + name, "-keyout", folder_ / (name + ".key")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    openssl(arguments);
  }

  TemporaryFolder folder_;
};

// It has the certificate "server", for 127.0.0.1, and asks nobody for one; also a plain port, for the test's own commands.
class TlsRedisServer {
 public:
  TlsRedisServer() {
    certificates_.issue("server", "IP:127.0.0.1");
    for (int attempt = 1;; ++attempt) {
      port_ = free_port();
      try {
        server_ = std::make_unique<RedisServer>(RedisSettings{
            "", {"tls-port " + std::to_string(port_), "tls-cert-file " + certificates_ / "server.pem", "tls-key-file " + certificates_ / "server.key",
                 "tls-ca-cert-file " + certificates_ / "ca.pem", "tls-auth-clients no"}});
        return;
      } catch (const std::runtime_error&) {
        if (attempt == 5) throw;  // otherwise another process may have taken the port meanwhile
      }
    }
  }

  const Certificates& certificates() const { return certificates_; }
  RedisServer& plain() { return *server_; }
  int port() const { return port_; }  // the one for TLS
  std::string url(const std::string& host = "127.0.0.1") const { return "rediss://" + host + ":" + std::to_string(port_); }

  // CONFIG SET, for connections from now on.
  void configure(std::vector<std::string> settings) {
    settings.insert(settings.begin(), {"CONFIG", "SET"});
    EXPECT_EQ(server_->command(settings), "OK");
  }
  void show(const std::string& certificate) {
    configure({"tls-cert-file", certificates_ / (certificate + ".pem"), "tls-key-file", certificates_ / (certificate + ".key")});
  }

  // With the test's authority trusted.
  std::unique_ptr<SinkDriver> open(std::map<std::string, std::string> options = {}) const {
    options.emplace("url", url());
    options.emplace("tls_ca_file", certificates_ / "ca.pem");
    return open_redis(options);
  }

 private:
  Certificates certificates_;
  int port_ = 0;
  std::unique_ptr<RedisServer> server_;
};

}  // namespace penstock::test
