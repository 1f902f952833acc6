// A private Redis for tests: its own process, loopback port and temporary folder; nothing is left behind.
#pragma once

#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace penstock::test {

struct RedisSettings {
  std::string password = {};             // requirepass
  std::vector<std::string> config = {};  // more lines of redis.conf, such as "appendonly yes"; they win over the defaults
  bool sentinel = false;                 // Redis Sentinel, which watches nobody yet
};

// The server runs from the constructor to the destructor, without persistence unless the settings ask for it, and dies with
// the thread that started it, so start it from the test's main thread. Not thread-safe. Everything throws std::runtime_error;
// when the server does not start, with the end of its log.
class RedisServer {
 public:
  explicit RedisServer(RedisSettings settings = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  int port() const { return port_; }
  std::string url(int database = 0) const;  // redis://127.0.0.1:<port>/<database>, no password in it
  const std::string& folder() const { return folder_; }
  pid_t pid() const { return pid_; }  // -1 while it is down

  // Sends one command and returns the reply as text: a string as it is, an integer in decimal, nil as "(nil)", an error as
  // "(error) …", an array as JSON-like ["a", 1, (nil)]. Reconnects by itself after a restart; waits at most 10 s.
  std::string command(const std::vector<std::string>& argv);
  void reconnect();  // for the next command: after something else than a restart has closed the connection
  // Sends it until the reply has this in it; throws with the last reply when that takes longer than 20 s.
  void await_reply(const std::vector<std::string>& argv, const std::string& part);
  void flush_all() { command({"FLUSHALL"}); }

  void kill9();    // as a crash
  void stop();     // in order: what is configured to persist is on disk afterwards
  void restart();  // stops it if it runs, starts it again on the same port and folder
  void pause();    // SIGSTOP: connections stay open, nothing answers
  void resume();   // SIGCONT

 private:
  class Client;

  void start();
  bool answers();
  std::string log_tail() const;

  RedisSettings settings_;
  std::string folder_;
  int port_ = 0;
  pid_t pid_ = -1;
  std::unique_ptr<Client> client_;
};

}  // namespace penstock::test
