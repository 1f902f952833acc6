// A host for tests of a connector: records what the plugin says, and lets the test cancel and set deadlines.
#pragma once

#include <penstock/penstock.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace penstock::test {

struct RecordedError {
  penstock_status status = PENSTOCK_STATUS_OK;
  int32_t retry = PENSTOCK_RETRY_NEVER;
  int32_t vendor_code = 0;
  int64_t retry_after_ns = 0;
  std::string sqlstate;
  std::string message;
  std::map<std::string, std::string> details;
};

struct RecordedReject {
  int64_t row;
  int32_t column;
  std::string reason;
  bool retryable;
};

// A penstock_call with the fake host behind it. Pass get() to a plugin; read the members afterwards.
class FakeCall {
 public:
  FakeCall();
  ~FakeCall();
  FakeCall(const FakeCall&) = delete;
  FakeCall& operator=(const FakeCall&) = delete;

  penstock_call* get() { return &raw_.call; }
  // From any thread.
  void cancel();
  // When it comes, what was to run on a cancel runs, as in the host.
  void set_deadline_ms_from_now(int64_t ms);

  RecordedError error() const;
  std::vector<RecordedReject> rejects() const;
  std::vector<std::string> logs() const;

 private:
  struct Raw {
    penstock_call call;
    FakeCall* self;
  };
  static FakeCall& of(penstock_call* call) { return *reinterpret_cast<Raw*>(call)->self; }
  static const penstock_host kHost;
  struct Hook {
    uint64_t token;
    void (*fn)(void*);
    void* arg;
  };

  void run_hooks();

  Raw raw_{};
  int cancel_fd_ = -1;
  std::atomic<bool> cancelled_{false};
  std::atomic<int64_t> deadline_ns_{INT64_MAX};
  mutable std::recursive_mutex mutex_;
  uint64_t next_token_ = 1;
  std::vector<Hook> hooks_;
  RecordedError error_;
  std::vector<RecordedReject> rejects_;
  std::vector<std::string> logs_;
  std::jthread watchdog_;  // last: it ends first
};

// What a penstock_buffer is in this host.
struct FakeBuffer {
  std::string bytes;
  penstock_buffer* get() { return reinterpret_cast<penstock_buffer*>(this); }
};

// A position for a plugin to fill in.
struct FakePositionOut {
  FakeBuffer detail, text;
  penstock_position_out out{sizeof(penstock_position_out), 0, 0, detail.get(), text.get()};
  FakePositionOut() = default;
  FakePositionOut(const FakePositionOut&) = delete;
  FakePositionOut& operator=(const FakePositionOut&) = delete;
};

// Loads <build>/plugins/<name>.so (once a process; never unloaded) and returns its module. Throws std::runtime_error.
const penstock_module& load_plugin(const std::string& build_dir, const std::string& name);

// The component with this id. Throws std::runtime_error.
const penstock_component& component(const penstock_module& module, const std::string& id);

// Option values for open, validate and penstock_table: fills in the declared defaults as the host does. Values are given as
// text in the option's TOML form: durations "5s", sizes "64KiB", booleans "true", lists "a,b", maps "k=v,k2=v2".
class FakeOptions {
 public:
  FakeOptions(const penstock_option_desc* const* declared, uint64_t n, const std::map<std::string, std::string>& given);
  FakeOptions(const FakeOptions&) = delete;
  FakeOptions& operator=(const FakeOptions&) = delete;
  const penstock_options* get() const { return &options_; }

 private:
  struct Storage {
    std::string name, text;
    std::vector<std::string> items;
    std::vector<penstock_str> list;
    penstock_option_value value{};
  };
  std::vector<std::unique_ptr<Storage>> storage_;
  std::vector<const penstock_option_value*> pointers_;
  penstock_options options_{};
};

}  // namespace penstock::test
