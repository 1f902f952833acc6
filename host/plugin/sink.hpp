// A sink as the host sees it; see source.hpp.
#pragma once

#include "base/failure.hpp"
#include "base/position.hpp"
#include "base/view_id.hpp"
#include "batch/batch.hpp"
#include "plugin/call.hpp"

#include <penstock/sink.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::host {

struct SinkCapabilities {
  uint32_t flags = 0;  // PENSTOCK_SINK_*
  int64_t batch_rows = 0;
  int64_t batch_bytes = 0;

  bool durable() const { return (flags & PENSTOCK_SINK_DURABLE) != 0; }
};

struct WriteSpec {
  ViewId view;
  std::string entity;
  std::string run_id;
  int64_t ttl_ms = 0;
  int64_t order_size = 0;
  Schema schema;  // "penstock.key", "penstock.order", then the fields
};

struct RejectedRow {
  int64_t row = 0;
  int32_t column = PENSTOCK_REJECT_NO_COLUMN;
  std::string reason;
  bool retryable = false;
};

// What happened to one batch; the proxy has checked that it adds up.
struct WriteOutcome {
  int64_t written = 0;
  int64_t unchanged = 0;
  int64_t stale = 0;
  std::vector<RejectedRow> rejected;
};

struct MarkerOf {
  ViewId view;
  std::string entity;
};

struct Marker {
  std::optional<Position> position;
  int64_t fence = 0;  // the last that was given out
  std::string store_id;
  int64_t committed_fence = 0;  // of the run that set the position; 0: not known
};

// One run of one view. The destructor ends it.
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  virtual int64_t fence() const = 0;
  // Of the run that began before this one, 0 if there was none, -1 if the store does not say.
  virtual int64_t previous_fence() const { return -1; }
  // The sink may take the array out of the batch; what it leaves stays the caller's.
  virtual Result<WriteOutcome> write(const CallLimits&, uint64_t seq, Batch& batch) = 0;
  virtual Result<void> flush(const CallLimits&) = 0;
  virtual Result<void> commit(const CallLimits&, const Position&) = 0;
  virtual Result<void> abort(const CallLimits&) = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;  // closes
  virtual Result<void> ping(const CallLimits&) = 0;
  virtual Result<SinkCapabilities> capabilities(const CallLimits&) = 0;
  virtual Result<std::unique_ptr<SinkWriter>> begin(const CallLimits&, const WriteSpec&) = 0;

  // NOT_SUPPORTED unless the sink has "marker/1".
  virtual bool has_marker() const = 0;
  virtual Result<Marker> load_marker(const CallLimits&, const ViewId&, const std::string& entity) = 0;
  // In the order of the views. At once where the sink can, else one after the other.
  virtual Result<std::vector<Marker>> load_markers(const CallLimits& limits, const std::vector<MarkerOf>& views) {
    std::vector<Marker> markers;
    for (const MarkerOf& of : views) {
      auto marker = load_marker(limits, of.view, of.entity);
      if (!marker) return std::move(marker.failure());
      markers.push_back(std::move(*marker));
    }
    return markers;
  }

  // NOT_SUPPORTED unless the sink has "lookup/1". One row per key: "penstock.state", "penstock.order", "penstock.ttl_ms",
  // then `fields`.
  virtual Result<Batch> lookup(const CallLimits&, const ViewId&, const std::string& entity, const Schema& fields,
                               const std::vector<std::string>& keys) = 0;

  // What a profile's key looks like in the store, for people. NOT_SUPPORTED unless the sink has "layout/1".
  virtual Result<std::string> describe_keys(const CallLimits&, const ViewId&, const std::string& /*entity*/) {
    return Failure{PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "the store does not describe its keys"};
  }
};

}  // namespace penstock::host
