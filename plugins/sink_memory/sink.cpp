#include "sink.hpp"

#include <penstock/write_tally.hpp>

#include <algorithm>

namespace penstock::memory {
namespace {

constexpr int64_t kBatchRows = 16384;
// Rows applied under one lock; a reader waits no longer than these take.
constexpr int64_t kRowsPerLock = 256;

std::string view_name(const std::string& view, int32_t version) { return view + "_v" + std::to_string(version); }
std::string view_name(const ViewRef& view) { return view_name(view.view, view.view_version); }

class MemoryWriter final : public Writer {
 public:
  MemoryWriter(std::shared_ptr<Store> store, uint64_t max_profiles, const RunSpec& spec)
      : store_(std::move(store)), max_profiles_(max_profiles), ttl_ms_(spec.ttl_ms) {
    run_.view = view_name(spec.view, spec.view_version);
    run_.fence = store_->begin(run_.view, Schema(spec.schema.begin() + kFirstFieldColumn, spec.schema.end()));
  }

  int64_t fence() const override { return run_.fence; }
  int64_t previous_fence() const override { return run_.fence - 1; }

  WriteResult write(const Call& call, uint64_t seq, const BatchView& batch) override {
    check_usable();
    if (seq != next_batch_)
      throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                  "batch " + std::to_string(seq) + " came where batch " + std::to_string(next_batch_) + " was expected");
    over_ = true;  // until everything has gone well
    WriteTally tally(call, batch);
    const RowPacker packer(batch, kFirstFieldColumn);
    for (int64_t begin = 0; begin < batch.rows(); begin += kRowsPerLock) {
      call.check();
      std::vector<NewProfile> rows;
      for (int64_t row = begin; row < std::min(begin + kRowsPerLock, batch.rows()); ++row)
        rows.push_back({batch[kKeyColumn].bytes(row), batch[kOrderColumn].bytes(row), packer.pack(row)});
      const std::vector<Outcome> outcomes = store_->apply(run_, rows, ttl_ms_, max_profiles_);
      for (size_t i = 0; i < outcomes.size(); ++i) count(begin + static_cast<int64_t>(i), outcomes[i], tally);
    }
    ++next_batch_;
    over_ = false;
    return tally.result();
  }

  void flush(const Call&) override { check_usable(); }

  void commit(const Call&, const Position& position) override {
    check_usable();
    store_->commit(run_, position);
  }

  void abort(const Call&) override { over_ = true; }

 private:
  void check_usable() const {
    if (over_)
      throw Error(PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the run is over after an earlier error");
  }

  void count(int64_t row, Outcome outcome, WriteTally& tally) {
    switch (outcome) {
      case Outcome::written: return tally.written();
      case Outcome::unchanged: return tally.unchanged();
      case Outcome::stale: return tally.stale();
      case Outcome::other_width: return tally.reject(row, kOrderColumn, "the profile was written with an order key of another width", true);
      case Outcome::full:
        return tally.reject(row, kKeyColumn, "the store is full: max_profiles = " + std::to_string(max_profiles_), true);
    }
  }

  std::shared_ptr<Store> store_;
  uint64_t max_profiles_;
  int64_t ttl_ms_;
  RunRef run_;
  uint64_t next_batch_ = 1;
  bool over_ = false;
};

}  // namespace

MemorySink::MemorySink(const Call&, const Settings& settings)
    : store_(store_named(settings.name)), max_profiles_(settings.max_profiles) {}

SinkCapabilities MemorySink::capabilities(const Call&) {
  // Not durable: a position must never outlive what it speaks of.
  return {PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_TTL | PENSTOCK_SINK_UNCHANGED, kBatchRows, 0};
}

std::unique_ptr<Writer> MemorySink::begin(const Call&, const RunSpec& spec) {
  if (spec.schema.size() < kFirstFieldColumn || spec.schema[kKeyColumn].type != Type::binary ||
      spec.schema[kOrderColumn].type != Type::fixed_binary || spec.schema[kOrderColumn].width != spec.order_size ||
      spec.order_size < PENSTOCK_ORDER_SUFFIX)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the schema does not begin with a key and an order key");
  check_fields(spec.schema, kFirstFieldColumn);
  if (spec.ttl_ms < 0) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the ttl is negative");
  return std::make_unique<MemoryWriter>(store_, max_profiles_, spec);
}

Marker MemorySink::load_marker(const Call&, const ViewRef& view) {
  Marker out;
  Store::MarkerState state = store_->marker(view_name(view));
  out.position = std::move(state.position);
  out.fence = state.fence;
  out.committed_fence = state.committed;
  out.store_id = store_->id();
  return out;
}

void MemorySink::compare_and_store_marker(const Call&, const ViewRef& view, int64_t expected_fence,
                                          const std::optional<Position>& position) {
  store_->store_marker({view_name(view), expected_fence}, position);
}

void MemorySink::read_profiles(const Call& call, const ViewRef& view, const Schema& fields,
                               const std::vector<std::string_view>& keys, BatchBuilder& out) {
  check_fields(fields, 0);
  std::string first_bad;
  const size_t bad = store_->read(view_name(view), fields, keys, out, &first_bad);
  if (bad != 0)
    call.warn(std::to_string(bad) + " stored values are not of their field's type and were read as null; the first is of the field \"" +
              first_bad + "\"");
}

uint64_t MemorySink::remove_profiles(const Call&, const ViewRef& view, const std::vector<std::string_view>& keys) {
  return store_->remove(view_name(view), keys);
}

uint64_t MemorySink::set_ttl(const Call&, const ViewRef& view, const std::vector<std::string_view>& keys, int64_t ttl_ms) {
  if (ttl_ms < 0) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "the ttl is negative");
  return store_->set_ttl(view_name(view), keys, ttl_ms);
}

std::string MemorySink::describe_keys(const ViewRef& view) {
  return view.view + "_v" + std::to_string(view.view_version) + ", <" + view.entity + ">, in the host's memory";
}

}  // namespace penstock::memory
