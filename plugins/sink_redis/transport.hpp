// Bytes to and from one server: over TCP or a Unix socket, plain or encrypted. No call blocks, but for opening.
#pragma once

#include "sink_redis/resolve.hpp"

#include <memory>

namespace penstock::redis {

// Where a server listens: host and port, or the path of a Unix socket.
struct Endpoint {
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string path = {};  // when it is not empty, the one that counts

  // "host:port" or "unix:path", for messages.
  std::string text() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

enum class TlsVerify : uint8_t { full, none };

// How a connection is encrypted. The files are read anew for each connection, so that certificates may be renewed meanwhile.
struct TlsSettings {
  bool enabled = false;
  TlsVerify verify = TlsVerify::full;
  std::string ca_file = {};      // empty: what the system trusts
  std::string cert_file = {};    // PEM, the client's chain; empty: none
  std::string key_file = {};     // empty: the key is in cert_file
  std::string server_name = {};  // empty: the host
};

// Thrown when the connection is of no use any more; caught by Connection.
struct Broken {
  std::string why;
  bool refused_us = false;  // the server did not take our certificate: nothing was executed, and trying again does not help
};

// A connected socket. Not thread-safe. After Broken, nothing but the destructor.
class Transport {
 public:
  virtual ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  int fd() const { return fd_; }
  // How many of the bytes were taken; 0: none for now. What was not taken comes again, first, with the next call. Throws Broken.
  virtual size_t send(const uint8_t* data, size_t size) = 0;
  // How many bytes came; 0: none for now. Ask again until it says 0, before waiting. Throws Broken.
  virtual size_t receive(char* data, size_t size) = 0;
  // What to wait for with poll(2), with or without something left to send.
  virtual short events(bool to_send) const = 0;
  // From now on poll(2) may keep silent about what came until it is so many bytes. They must be on their way.
  virtual void wake_at(size_t) {}

 protected:
  explicit Transport(int fd) : fd_(fd) {}

 private:
  int fd_;
};

// Connects, and agrees on the encryption when that is asked for; `until` is the end of both. Throws UNAVAILABLE, or what tells
// that a human has to change something: UNAUTHENTICATED, FAILED_PRECONDITION, INVALID_ARGUMENT.
std::unique_ptr<Transport> open_transport(const Call&, const Endpoint&, const TlsSettings&, SteadyTime until);

}  // namespace penstock::redis
