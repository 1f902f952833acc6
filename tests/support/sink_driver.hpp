// Drives a sink plugin through its C ABI with plain values: rows in, profiles out.
#pragma once

#include "support/fake_host.hpp"

#include <penstock/sink.hpp>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace penstock::test {

// A value, exactly: a number's bytes, a string's bytes, a list's items each after its length; nullopt is null. Equal cells
// are the same bits, so NaN equals itself and -0.0 is not 0.0.
using Cell = std::optional<std::string>;

template <class T>
std::string raw(T value) {
  std::string bytes(sizeof value, 0);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}
inline std::string raw(std::string value) { return value; }
inline std::string raw(const char* value) { return value; }

template <class T>
Cell cell(T value) {
  return raw(std::move(value));
}

template <class T>
Cell list_cell(const std::vector<T>& items) {
  std::string bytes;
  for (const auto& item : items) {
    const std::string one = raw(static_cast<T>(item));
    bytes += raw(static_cast<uint32_t>(one.size())) + one;
  }
  return bytes;
}

// An order key of 24 bytes: a time, the fence, the hash of the values; without one, a hash of the time's own.
std::string order_key(int64_t time, uint64_t fence = 1, std::optional<uint64_t> hash = {});

struct ProfileRow {
  std::string key;
  std::string order;
  std::vector<Cell> cells;
};

struct Profile {
  int state = PENSTOCK_PROFILE_MISSING;
  std::optional<std::string> order = {};
  std::optional<int64_t> ttl_ms = {};
  std::vector<Cell> cells = {};
  bool operator==(const Profile&) const = default;
};
std::ostream& operator<<(std::ostream&, const Profile&);

// A profile that is there and never expires.
inline Profile found(const ProfileRow& row) { return {PENSTOCK_PROFILE_FOUND, row.order, {}, row.cells}; }
inline Profile missing(size_t fields) { return {PENSTOCK_PROFILE_MISSING, {}, {}, std::vector<Cell>(fields)}; }

struct Written {
  int64_t written = 0, unchanged = 0, stale = 0, rejected = 0;
  bool operator==(const Written&) const = default;
};
std::ostream& operator<<(std::ostream&, const Written&);

// What a failed call throws.
struct CallFailed : std::runtime_error {
  explicit CallFailed(RecordedError recorded) : std::runtime_error(recorded.message), error(std::move(recorded)) {}
  RecordedError error;
};

struct RunOptions {
  std::string view = "users";
  int32_t version = 1;
  std::string run_id = "run-1";
  int64_t ttl_ms = 0;
  int64_t order_size = 24;
};

struct LoadedMarker {
  bool found = false;
  int64_t ordinal = 0;
  std::string detail, text;
  int64_t fence = 0;
  std::string store_id;
  int64_t committed_fence = 0;

  bool operator==(const LoadedMarker&) const = default;
};

// A batch as a sink gets it, which the caller releases. The first `skip` rows are there only as columns with an offset.
void make_batch(const Schema& schema, const std::vector<ProfileRow>& rows, ArrowArray* out, int64_t skip = 0);
// The columns "penstock.key" and "penstock.order", then the fields.
Schema batch_schema(const Schema& fields, int64_t order_size);

class SinkDriver;

// One run. Ends with the object, which must go before its sink. Functions that take a call use it in place of a new one, so
// that a test can cancel it.
class RunDriver {
 public:
  ~RunDriver();
  int64_t fence() const { return fence_; }
  int64_t previous_fence() const { return previous_fence_; }
  Written write(const std::vector<ProfileRow>& rows, FakeCall* call = nullptr);
  Written write_with_seq(uint64_t seq, const std::vector<ProfileRow>& rows, FakeCall* call = nullptr, int64_t skip = 0);
  void flush();
  void commit(const Position& position);
  void abort();
  // Of the last write.
  const std::vector<RecordedReject>& rejects() const { return rejects_; }

 private:
  friend class SinkDriver;
  RunDriver() = default;
  SinkDriver* sink_ = nullptr;
  Schema schema_;
  penstock_writer* writer_ = nullptr;
  int64_t fence_ = 0, previous_fence_ = -1;
  uint64_t next_seq_ = 1;
  std::vector<RecordedReject> rejects_;
};

class SinkDriver {
 public:
  // Opens. Throws CallFailed.
  SinkDriver(const std::string& build_dir, const std::string& plugin, const std::string& id,
             const std::map<std::string, std::string>& options, FakeCall* call = nullptr);
  ~SinkDriver();
  SinkDriver(const SinkDriver&) = delete;
  SinkDriver& operator=(const SinkDriver&) = delete;

  void ping(FakeCall* call = nullptr);
  penstock_sink_capabilities capabilities();
  std::unique_ptr<RunDriver> begin(const Schema& fields, const RunOptions& options = {}, FakeCall* call = nullptr);
  LoadedMarker load_marker(const std::string& view = "users", int32_t version = 1);
  std::vector<LoadedMarker> load_markers(const std::vector<std::string>& views);
  void compare_and_store(int64_t expected_fence, const std::optional<Position>& position, const std::string& view = "users",
                         int32_t version = 1);
  std::vector<Profile> lookup(const Schema& fields, const std::vector<std::string>& keys, const std::string& view = "users",
                              int32_t version = 1, FakeCall* call = nullptr);
  uint64_t remove(const std::vector<std::string>& keys, const std::string& view = "users", int32_t version = 1);
  uint64_t set_ttl(const std::vector<std::string>& keys, int64_t ttl_ms, const std::string& view = "users", int32_t version = 1);

  // Everything that was logged or reported as an error or reject by this driver so far.
  const std::string& said() const { return said_; }

 private:
  friend class RunDriver;
  // Calls `body` with a call; records what was said; throws CallFailed unless it answers OK.
  template <class Body>
  std::vector<RecordedReject> call(FakeCall* given, const Body& body);
  const void* extension(const char* id) const;

  const penstock_sink_vtab* vtab_ = nullptr;
  penstock_sink* sink_ = nullptr;
  std::string said_;
};

// component.validate. Throws CallFailed.
void validate_options(const std::string& build_dir, const std::string& plugin, const std::string& id,
                      const std::map<std::string, std::string>& options);

}  // namespace penstock::test
