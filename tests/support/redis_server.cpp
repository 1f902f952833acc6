#include "support/redis_server.hpp"

#include "support/free_port.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace penstock::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kStartLimit = std::chrono::seconds(20);
constexpr auto kPollPause = std::chrono::milliseconds(5);
constexpr int kStartAttempts = 5;  // another process may take the port between the probe and the start

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("redis-server for the test: " + what); }

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string make_folder() {
  const char* base = std::getenv("TMPDIR");
  std::string name = std::string(base != nullptr && *base != 0 ? base : "/tmp") + "/penstock-redis-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) fail("no temporary folder: " + std::string(std::strerror(errno)));
  return name;
}

}  // namespace

// A blocking connection that understands RESP2.
class RedisServer::Client {
 public:
  explicit Client(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback(port);
    const timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(fd_);
      fail("connect: " + std::string(std::strerror(errno)));
    }
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::string command(const std::vector<std::string>& argv) {
    std::string out = "*" + std::to_string(argv.size()) + "\r\n";
    for (const std::string& arg : argv) out += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
    for (size_t sent = 0; sent < out.size();) {
      const ssize_t n = send(fd_, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) fail("send: " + std::string(std::strerror(errno)));
      sent += static_cast<size_t>(n);
    }
    return reply(false);
  }

 private:
  std::string reply(bool nested) {
    const std::string line = read_line();
    const std::string rest = line.substr(1);
    switch (line[0]) {
      case '+': return nested ? quoted(rest) : rest;
      case '-': return "(error) " + rest;
      case ':': return rest;
      case '$': {
        const long size = std::stol(rest);
        if (size < 0) return "(nil)";
        while (in_.size() < static_cast<size_t>(size) + 2) fill();
        const std::string text = in_.substr(0, static_cast<size_t>(size));
        in_.erase(0, static_cast<size_t>(size) + 2);
        return nested ? quoted(text) : text;
      }
      case '*': {
        const long n = std::stol(rest);
        if (n < 0) return "(nil)";
        std::string out = "[";
        for (long i = 0; i < n; ++i) out += (i == 0 ? "" : ", ") + reply(true);
        return out + "]";
      }
      default: fail("an unexpected reply: " + line);
    }
  }

  std::string read_line() {
    for (;;) {
      const size_t end = in_.find("\r\n");
      if (end != std::string::npos && end > 0) {
        std::string line = in_.substr(0, end);
        in_.erase(0, end + 2);
        return line;
      }
      fill();
    }
  }

  void fill() {
    char buffer[16384];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, 0);
    if (n <= 0) fail("receive: " + std::string(n == 0 ? "closed" : std::strerror(errno)));
    in_.append(buffer, static_cast<size_t>(n));
  }

  static std::string quoted(const std::string& text) { return "\"" + text + "\""; }

  int fd_;
  std::string in_;
};

RedisServer::RedisServer(RedisSettings settings) : settings_(std::move(settings)), folder_(make_folder()) {
  for (int attempt = 1;; ++attempt) {
    port_ = free_port();
    try {
      start();
      return;
    } catch (...) {
      kill9();
      if (attempt < kStartAttempts && log_tail().find("Address already in use") != std::string::npos) continue;
      std::filesystem::remove_all(folder_);
      throw;
    }
  }
}

RedisServer::~RedisServer() {
  kill9();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string RedisServer::url(int database) const {
  return "redis://127.0.0.1:" + std::to_string(port_) + "/" + std::to_string(database);
}

std::string RedisServer::command(const std::vector<std::string>& argv) {
  try {
    if (!client_) {
      client_ = std::make_unique<Client>(port_);
      if (!settings_.password.empty()) client_->command({"AUTH", settings_.password});
    }
    return client_->command(argv);
  } catch (...) {
    client_.reset();
    throw;
  }
}

void RedisServer::await_reply(const std::vector<std::string>& argv, const std::string& part) {
  const auto limit = Clock::now() + kStartLimit;
  for (std::string last; (last = command(argv)).find(part) == std::string::npos; std::this_thread::sleep_for(kPollPause))
    if (Clock::now() > limit) fail(argv[0] + " gives " + last + ", without " + part);
}

void RedisServer::reconnect() { client_.reset(); }

void RedisServer::start() {
  const std::string conf = folder_ + "/redis.conf";
  const std::string log = folder_ + "/redis.log";
  {
    std::ofstream out(conf);
    out << "port " << port_ << "\nbind 127.0.0.1\ndir " << folder_ << "\ndaemonize no\n";
    if (!settings_.sentinel) out << "save \"\"\nappendonly no\n";
    if (!settings_.password.empty()) out << "requirepass " << settings_.password << "\n";
    for (const std::string& line : settings_.config) out << line << "\n";
    if (!out.flush()) fail("cannot write " + conf);
  }
  const int log_fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) fail("cannot write " + log);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    // Only async-signal-safe calls: the test may have threads.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(log_fd, 1);
    dup2(log_fd, 2);
    execlp("redis-server", "redis-server", conf.c_str(), settings_.sentinel ? "--sentinel" : nullptr, static_cast<char*>(nullptr));
    _exit(127);
  }
  close(log_fd);
  if (pid_ < 0) fail("fork: " + std::string(std::strerror(errno)));
  const auto limit = Clock::now() + kStartLimit;
  while (!answers()) {
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      fail("it ended at once:\n" + log_tail());
    }
    if (Clock::now() > limit) fail("it did not answer PING:\n" + log_tail());
    std::this_thread::sleep_for(kPollPause);
  }
}

bool RedisServer::answers() {
  try {
    client_.reset();
    const std::string reply = command({"PING"});
    return reply.find("LOADING") == std::string::npos;
  } catch (const std::runtime_error&) {
    return false;
  }
}

std::string RedisServer::log_tail() const {
  std::ifstream in(folder_ + "/redis.log");
  std::stringstream text;
  text << in.rdbuf();
  const std::string all = text.str();
  return all.substr(all.size() > 2000 ? all.size() - 2000 : 0);
}

void RedisServer::kill9() {
  client_.reset();
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::stop() {
  client_.reset();
  if (pid_ < 0) return;
  kill(pid_, SIGCONT);
  kill(pid_, SIGTERM);
  const auto limit = Clock::now() + kStartLimit;
  while (waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (Clock::now() > limit) {
      kill9();
      fail("it did not stop");
    }
    std::this_thread::sleep_for(kPollPause);
  }
  pid_ = -1;
}

void RedisServer::restart() {
  stop();
  start();
}

void RedisServer::pause() {
  if (pid_ > 0) kill(pid_, SIGSTOP);
}

void RedisServer::resume() {
  if (pid_ > 0) kill(pid_, SIGCONT);
}

}  // namespace penstock::test
