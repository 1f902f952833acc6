#include "sink_redis/tls.hpp"

#include "sink_redis/errors.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <climits>
#include <cstring>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

namespace penstock::redis {
namespace {

template <class T, void (*Free)(T*)>
struct Freer {
  void operator()(T* pointer) const { Free(pointer); }
};
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX, SSL_CTX_free>>;
using Stream = std::unique_ptr<SSL, Freer<SSL, SSL_free>>;

int descriptor_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

int note_blocked(BIO* bio, ssize_t n, int flag) {
  BIO_clear_retry_flags(bio);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_flags(bio, flag | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(n);
}

// OpenSSL's own socket BIO writes with write(2), which would end the host by SIGPIPE when the server has gone.
BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    BIO_meth_set_write(made, [](BIO* bio, const char* data, int size) {
      return note_blocked(bio, send(descriptor_of(bio), data, static_cast<size_t>(size), MSG_NOSIGNAL), BIO_FLAGS_WRITE);
    });
    BIO_meth_set_read(made, [](BIO* bio, char* data, int size) {
      return note_blocked(bio, recv(descriptor_of(bio), data, static_cast<size_t>(size), 0), BIO_FLAGS_READ);
    });
    BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH; });
    return made;
  }();
  return method;
}

bool is_alert(int reason) { return reason > SSL_AD_REASON_OFFSET; }

// The oldest error of this thread's queue, which is the cause of the others; the queue is empty afterwards.
std::string openssl_error(const char* fallback) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return fallback;
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? fallback : reason;
}

// Why OpenSSL did not take a file: the system's reason, or that it does not hold what it should.
Error bad_file(const char* option, const std::string& file, const char* wanted) {
  const bool system = ERR_SYSTEM_ERROR(ERR_peek_error());
  const std::string why = openssl_error("empty");
  return Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
               std::string(option) + " \"" + file + "\" cannot be used: " +
                   (system ? why : std::string("it does not hold ") + wanted + " (" + why + ")"));
}

Context make_context(const TlsSettings& tls) {
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) throw Error(PENSTOCK_STATUS_INTERNAL, "TLS cannot be set up: " + openssl_error("unknown"));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context.get(), tls.verify == TlsVerify::full ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  // Otherwise a key with a passphrase would ask for it on the terminal.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return -1; });
  if (tls.ca_file.empty())
    SSL_CTX_set_default_verify_paths(context.get());
  else if (SSL_CTX_load_verify_file(context.get(), tls.ca_file.c_str()) != 1)
    throw bad_file("tls_ca_file", tls.ca_file, "a certificate in PEM");
  if (tls.cert_file.empty()) return context;
  if (SSL_CTX_use_certificate_chain_file(context.get(), tls.cert_file.c_str()) != 1)
    throw bad_file("tls_cert_file", tls.cert_file, "a certificate in PEM");
  const bool own_file = !tls.key_file.empty();
  const std::string& key_file = own_file ? tls.key_file : tls.cert_file;
  // Checks that the key is that of the certificate, too.
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    throw bad_file(own_file ? "tls_key_file" : "tls_cert_file", key_file, "the certificate's key in PEM, without a passphrase");
  return context;
}

bool is_address(const std::string& name) {
  in6_addr bytes;
  return inet_pton(AF_INET, name.c_str(), &bytes) == 1 || inet_pton(AF_INET6, name.c_str(), &bytes) == 1;
}

class TlsTransport : public Transport {
 public:
  TlsTransport(int fd, const Endpoint& endpoint, const TlsSettings& tls)
      : Transport(fd), server_(endpoint.text()), name_(tls.server_name.empty() ? endpoint.host : tls.server_name),
        own_certificate_(!tls.cert_file.empty()), context_(make_context(tls)) {
    SSL_CTX_set_cert_cb(
        context_.get(),
        [](SSL*, void* self) {
          static_cast<TlsTransport*>(self)->certificate_asked_ = true;
          return 1;
        },
        this);
    stream_.reset(SSL_new(context_.get()));
    BIO* bio = BIO_new(socket_method());
    if (!stream_ || bio == nullptr) {
      BIO_free(bio);
      throw Error(PENSTOCK_STATUS_INTERNAL, "TLS cannot be set up: " + openssl_error("unknown"));
    }
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
    BIO_set_init(bio, 1);
    SSL_set_bio(stream_.get(), bio, bio);
    SSL_set_hostflags(stream_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const char* name = name_.c_str();
    const bool named = is_address(name_) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(stream_.get()), name) == 1
                                         : SSL_set_tlsext_host_name(stream_.get(), name) == 1 && SSL_set1_host(stream_.get(), name) == 1;
    if (!named) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "\"" + name_ + "\" is no name that a certificate can be for");
  }

  void shake_hands(const Call& call, SteadyTime until) {
    for (;;) {
      ERR_clear_error();
      errno = 0;
      const int result = SSL_connect(stream_.get());
      if (result == 1) return;
      const int error = SSL_get_error(stream_.get(), result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) throw handshake_failed(error);
      if (!wait_for(call, fd(), error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until, PENSTOCK_RETRY_SAFE))
        throw Error(PENSTOCK_STATUS_UNAVAILABLE, refusal("it did not answer in time; does it speak TLS on this port?"))
            .retry_after_ns(kRetryPause.count());
    }
  }

  size_t send(const uint8_t* data, size_t size) override {
    return moved(&send_waits_to_write_, [&] { return SSL_write(stream_.get(), data, length(size)); });
  }

  size_t receive(char* data, size_t size) override {
    const size_t n = moved(&receive_waits_to_write_, [&] { return SSL_read(stream_.get(), data, length(size)); });
    if (n > 0) answered_ = true;
    return n;
  }

  short events(bool to_send) const override {
    return receive_waits_to_write_ || (to_send && send_waits_to_write_) ? POLLIN | POLLOUT : POLLIN;
  }

 private:
  static int length(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

  template <class Operation>
  size_t moved(bool* waits_to_write, const Operation& operation) {
    ERR_clear_error();
    errno = 0;
    const int n = operation();
    *waits_to_write = false;
    if (n > 0) return static_cast<size_t>(n);
    const int error = SSL_get_error(stream_.get(), n);
    if (error == SSL_ERROR_WANT_READ) return 0;
    if (error == SSL_ERROR_WANT_WRITE) {
      *waits_to_write = true;
      return 0;
    }
    throw broken(error);
  }

  // With TLS 1.3 a server judges our certificate after the handshake: what it says then comes in place of the first answer, or,
  // when it closes at once, not at all.
  Broken broken(int error) {
    const int number = errno;
    if (error == SSL_ERROR_SYSCALL && number != 0 && !answered_) {
      // What we sent last met a closed connection. Why it was closed may have come before that.
      char byte = 0;
      ERR_clear_error();
      error = SSL_get_error(stream_.get(), SSL_read(stream_.get(), &byte, 1));
    }
    const int reason = error == SSL_ERROR_SSL ? ERR_GET_REASON(ERR_peek_error()) : 0;
    std::string why = "the server closed it";
    if (error == SSL_ERROR_SSL && reason != SSL_R_UNEXPECTED_EOF_WHILE_READING)
      why = openssl_error("TLS failed");
    else if (error == SSL_ERROR_SYSCALL && number != 0)
      why = std::strerror(number);
    ERR_clear_error();
    if (answered_ || !certificate_asked_) return {why};
    if (is_alert(reason)) return {certificate_refused(why), true};
    return {why + (own_certificate_ ? "" : " (it asked for a client certificate, and tls_cert_file is not given)")};
  }

  // For an alert of a server that has asked for a client certificate.
  std::string certificate_refused(const std::string& why) const {
    return own_certificate_ ? "the server did not take the client certificate of tls_cert_file: " + why
                            : "the server wants a client certificate (tls_cert_file)";
  }

  Error handshake_failed(int error) const {
    const int number = errno;
    const long verified = SSL_get_verify_result(stream_.get());
    const int reason = error == SSL_ERROR_SSL ? ERR_GET_REASON(ERR_peek_error()) : 0;
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
      ERR_clear_error();
      return Error(PENSTOCK_STATUS_UNAUTHENTICATED, refusal(certificate_problem(verified)));
    }
    if (error != SSL_ERROR_SSL || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
      ERR_clear_error();
      const std::string why = number == 0 ? "it closed the connection" : std::strerror(number);
      return Error(PENSTOCK_STATUS_UNAVAILABLE, refusal(why)).retry_after_ns(kRetryPause.count());
    }
    const std::string why = openssl_error("unknown");
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_HTTP_REQUEST)
      return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, refusal("it does not speak TLS on this port"));
    if (certificate_asked_ && is_alert(reason))
      return Error(PENSTOCK_STATUS_UNAUTHENTICATED, refusal(certificate_refused(why)));
    return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, refusal(why));
  }

  std::string certificate_problem(long verified) const {
    switch (verified) {
      case X509_V_ERR_CERT_HAS_EXPIRED: return "its certificate has expired";
      case X509_V_ERR_CERT_NOT_YET_VALID: return "its certificate is not valid yet";
      case X509_V_ERR_HOSTNAME_MISMATCH:
      case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "its certificate is for another name than \"" + name_ + "\" (tls_server_name says which one to expect)";
      default:
        return "its certificate is not trusted: " + std::string(X509_verify_cert_error_string(verified)) +
               " (tls_ca_file names the authority to trust)";
    }
  }

  std::string refusal(const std::string& why) const { return "no TLS connection to " + server_ + ": " + why; }

  std::string server_;
  std::string name_;
  bool own_certificate_;
  bool certificate_asked_ = false;
  bool answered_ = false;
  bool send_waits_to_write_ = false;
  bool receive_waits_to_write_ = false;
  Context context_;
  Stream stream_;
};

}  // namespace

std::unique_ptr<Transport> open_tls(const Call& call, int fd, const Endpoint& endpoint, const TlsSettings& tls, SteadyTime until) {
  auto transport = std::make_unique<TlsTransport>(fd, endpoint, tls);
  transport->shake_hands(call, until);
  return transport;
}

}  // namespace penstock::redis
