// A store in memory that keeps its promises - newest wins, fences, a marker next to the data - until a test says otherwise.
#pragma once

#include "plugin/sink.hpp"
#include "support/batches.hpp"
#include "support/call_log.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::test {

// What goes wrong with a call.
struct Fault {
  enum class Where {
    before,  // nothing happened
    during,  // a write applied its first half; for other calls as before
    after,   // it happened, and the answer was lost
  };
  Where where = Where::before;
  host::Failure failure = {PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "connection lost"};
};

struct FakeStore {
  struct Profile {
    std::string order;
    Row fields;
    bool operator==(const Profile&) const = default;
  };
  struct View {
    std::map<std::string, Profile> profiles;
    int64_t fence = 0;
    std::optional<host::Position> marker;
    int64_t committed = 0;  // the fence of the run that set it
  };

  std::map<host::ViewId, View> views = {};
  std::string store_id = "store-1";
  uint32_t flags = PENSTOCK_SINK_DURABLE | PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_UNCHANGED;
  bool has_marker = true;
  bool takes_arrays = false;  // moves each batch's array out

  // Called with "capabilities", "load_marker", "begin", "write", "flush", "commit" and "abort".
  std::function<void(std::string_view call, const host::CallLimits&)> before_call = {};
  std::function<std::optional<Fault>(std::string_view call)> fault = {};
  // Why a row is refused, if it is.
  std::function<std::optional<std::string>(const std::string& key)> refuse = {};
  bool refuses_for_good = true;  // false: another run may try the row again

  CallLog* log = nullptr;
  std::vector<host::WriteSpec> specs = {};  // of each begin

  // Keys and fields of a view.
  std::map<std::string, Row> fields_of(const host::ViewId& view) const;
};

// Keeps a reference to the store. What the host must not do is an INTERNAL failure: a wrong sequence, a commit that no flush
// came before, a key twice in a batch.
class FakeSink final : public host::Sink {
 public:
  explicit FakeSink(FakeStore& store) : store_(store) {}

  host::Result<void> ping(const host::CallLimits&) override { return {}; }
  host::Result<host::SinkCapabilities> capabilities(const host::CallLimits&) override;
  host::Result<std::unique_ptr<host::SinkWriter>> begin(const host::CallLimits&, const host::WriteSpec&) override;
  bool has_marker() const override { return store_.has_marker; }
  host::Result<host::Marker> load_marker(const host::CallLimits&, const host::ViewId&, const std::string& entity) override;
  host::Result<host::Batch> lookup(const host::CallLimits&, const host::ViewId&, const std::string& entity, const Schema& fields,
                                   const std::vector<std::string>& keys) override;

 private:
  FakeStore& store_;
};

}  // namespace penstock::test
