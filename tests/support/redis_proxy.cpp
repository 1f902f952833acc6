#include "support/redis_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace penstock::test {
namespace {

constexpr auto kNone = std::string::npos;

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Replies one after the other would wait for each other's acknowledgement.
void send_at_once(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int connect_to(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  send_at_once(fd);
  const sockaddr_in address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

bool send_all(int fd, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = send(fd, bytes, size, MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

// What has arrived and is not used up.
struct Incoming {
  std::string bytes;
  size_t at = 0;
};

// Where the RESP value that begins at `from` ends; kNone: not all of it is there. Its bulk strings are added to `words`.
size_t end_of_value(const std::string& in, size_t from, std::vector<std::string>* words) {
  const size_t line_end = in.find("\r\n", from);
  if (line_end == kNone) return kNone;
  const size_t after_line = line_end + 2;
  const char type = in[from];
  if (std::string_view("$=!*%~>").find(type) == kNone) return after_line;
  const long count = std::stol(in.substr(from + 1, line_end - from - 1)) * (type == '%' ? 2 : 1);
  if (count < 0) return after_line;
  if (type == '$' || type == '=' || type == '!') {
    const size_t end = after_line + static_cast<size_t>(count) + 2;
    if (in.size() < end) return kNone;
    if (words != nullptr) words->push_back(in.substr(after_line, static_cast<size_t>(count)));
    return end;
  }
  size_t at = after_line;
  for (long i = 0; i < count && at != kNone; ++i) at = at < in.size() ? end_of_value(in, at, words) : kNone;
  return at;
}

// Takes one value of what has arrived; empty when there is no whole one.
std::string take_value(Incoming& in, std::vector<std::string>& words) {
  words.clear();
  const size_t end = in.at < in.bytes.size() ? end_of_value(in.bytes, in.at, &words) : kNone;
  if (end == kNone) return {};
  std::string value = in.bytes.substr(in.at, end - in.at);
  in.at = end;
  return value;
}

// Takes one value from the connection; empty when it has ended.
std::string receive_value(int fd, Incoming& in, std::vector<std::string>& words) {
  char bytes[65536];
  while (true) {
    if (std::string value = take_value(in, words); !value.empty()) return value;
    in.bytes.erase(0, in.at);
    in.at = 0;
    const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) return {};
    in.bytes.append(bytes, static_cast<size_t>(n));
  }
}

}  // namespace

// The two ends of one connection, registered so that cut() reaches them.
class RedisProxy::Pair {
 public:
  Pair(RedisProxy& proxy, int client) : proxy_(proxy), client_(client) {
    int port = 0;
    {
      const std::lock_guard lock(proxy_.mutex_);
      port = proxy_.server_port_;
    }
    server_ = connect_to(port);
    const std::lock_guard lock(proxy_.mutex_);
    proxy_.open_.insert(client_);
    if (server_ >= 0) proxy_.open_.insert(server_);
    if (proxy_.closing_) shutdown(client_, SHUT_RDWR);
  }
  ~Pair() {
    const std::lock_guard lock(proxy_.mutex_);
    for (const int fd : {client_, server_}) {
      proxy_.open_.erase(fd);
      if (fd >= 0) close(fd);
    }
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  int client() const { return client_; }
  int server() const { return server_; }

 private:
  RedisProxy& proxy_;
  const int client_;
  int server_ = -1;
};

RedisProxy::RedisProxy(int port) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), server_port_(port) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("a proxy for Redis cannot listen");
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_connections(); });
}

RedisProxy::~RedisProxy() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  close(listener_);
  cut();
  for (std::thread& connection : connections_) connection.join();
}

void RedisProxy::accept_connections() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    send_at_once(client);
    const std::lock_guard lock(mutex_);
    if (closing_) {
      close(client);
      return;
    }
    connections_.emplace_back([this, client] { serve(client); });
  }
}

void RedisProxy::serve(int client) {
  const Pair pair(*this, client);
  if (pair.server() < 0) return;
  Incoming commands, replies;
  std::string since_watch;
  std::vector<std::string> words, reply_words;
  // Passes the replies to so many commands on.
  const auto answer = [&](size_t n) {
    std::string all;
    for (; n > 0; --n) {
      const std::string reply = receive_value(pair.server(), replies, reply_words);
      if (reply.empty()) return false;
      all += reply;
    }
    return send_all(pair.client(), all.data(), all.size());
  };
  while (true) {
    std::string command = receive_value(pair.client(), commands, words);
    // What has come in one piece goes on in one, up to where it has to stop.
    std::string together, held;
    size_t commands_together = 0;
    std::optional<Moment> stops_at;
    for (; !command.empty(); command = take_value(commands, words)) {
      if (words[0] == "WATCH") since_watch.clear();
      if (words[0] == "WATCH" || !since_watch.empty()) since_watch += command;
      held = since_watch.empty() ? command : since_watch;
      if (words[0] == "EXEC") since_watch.clear();
      stops_at = stop_for(words);
      if (stops_at || words[0] == "SCRIPT") break;
      together += command;
      ++commands_together;
    }
    if (!send_all(pair.server(), together.data(), together.size()) || !answer(commands_together)) return;
    if (command.empty()) {
      if (commands_together == 0) return;
      continue;
    }
    size_t sent = 0;
    if (stops_at == Moment::half) {
      sent = command.size() / 2;
      if (!send_all(pair.server(), command.data(), sent)) return;
    }
    if ((stops_at == Moment::before || stops_at == Moment::half) && hold(held) == Verdict::drop) return;
    if (!send_all(pair.server(), command.data() + sent, command.size() - sent)) return;
    const std::string reply = receive_value(pair.server(), replies, reply_words);
    if (reply.empty()) return;
    if (words.size() == 3 && words[0] == "SCRIPT" && words[1] == "LOAD" && reply_words.size() == 1) {
      const std::lock_guard lock(mutex_);
      scripts_[reply_words[0]] = words[2];
    }
    if (stops_at == Moment::after && hold(held) == Verdict::drop) return;
    if (!send_all(pair.client(), reply.data(), reply.size())) return;
    if (stops_at == Moment::answered && hold(held) == Verdict::drop) return;
  }
}

std::optional<RedisProxy::Moment> RedisProxy::stop_for(const std::vector<std::string>& command) {
  const std::lock_guard lock(mutex_);
  if (!stop_ || held_) return {};
  const std::string& what = stop_->what;
  if (!what.empty() && command[0] != what) {
    if (command.size() < 2) return {};
    const auto known = scripts_.find(command[1]);
    const bool is_call = (command[0] == "EVALSHA" && known != scripts_.end() && known->second == what) || (command[0] == "EVAL" && command[1] == what);
    if (!is_call) return {};
  }
  if (--stop_->nth != 0) return {};
  return stop_->moment;
}

RedisProxy::Verdict RedisProxy::hold(const std::string& command) {
  std::unique_lock lock(mutex_);
  if (closing_) return Verdict::drop;
  last_ = command;
  held_ = true;
  verdict_.reset();
  changed_.notify_all();
  changed_.wait(lock, [this] { return verdict_.has_value() || closing_; });
  const Verdict verdict = verdict_.value_or(Verdict::drop);
  held_ = false;
  stop_.reset();
  verdict_.reset();
  changed_.notify_all();
  return verdict;
}

void RedisProxy::stop_at(Stop stop) {
  const std::lock_guard lock(mutex_);
  stop_ = std::move(stop);
}

bool RedisProxy::await_stop(std::chrono::seconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return held_; });
}

void RedisProxy::go_on() {
  std::unique_lock lock(mutex_);
  if (!held_) return;
  verdict_ = Verdict::pass;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !held_; });
}

void RedisProxy::cut() {
  std::unique_lock lock(mutex_);
  if (held_) {
    verdict_ = Verdict::drop;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
  }
  stop_.reset();
  for (const int fd : open_) shutdown(fd, SHUT_RDWR);
}

void RedisProxy::point_at(int port) {
  const std::lock_guard lock(mutex_);
  server_port_ = port;
}

std::string RedisProxy::repeat() {
  std::string command;
  Incoming in;
  int port = 0;
  {
    const std::lock_guard lock(mutex_);
    command = last_;
    port = server_port_;
  }
  const int fd = connect_to(port);
  std::vector<std::string> words;
  std::string reply;
  if (fd >= 0 && send_all(fd, command.data(), command.size()))
    for (size_t at = 0; at < command.size(); at = end_of_value(command, at, nullptr)) reply = receive_value(fd, in, words);
  if (fd >= 0) close(fd);
  return reply;
}

}  // namespace penstock::test
