#include "support/fake_sink.hpp"

#include <set>

namespace penstock::test {
namespace {

using namespace host;

// One call: what goes wrong with it, and when.
class Call {
 public:
  Call(FakeStore& store, std::string_view name, const CallLimits& limits) {
    if (store.log) store.log->add("sink." + std::string(name));
    if (store.before_call) store.before_call(name, limits);
    if (limits.cancel && limits.cancel->cancelled())
      fault_ = Fault{Fault::Where::before, {PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"}};
    else if (store.fault)
      fault_ = store.fault(name);
  }
  bool happens() const { return !fault_ || fault_->where == Fault::Where::after; }
  bool half() const { return fault_ && fault_->where == Fault::Where::during; }
  const std::optional<Fault>& fault() const { return fault_; }

 private:
  std::optional<Fault> fault_;
};

class FakeWriter final : public SinkWriter {
 public:
  FakeWriter(FakeStore& store, const WriteSpec& spec, int64_t fence, int64_t previous)
      : store_(store), spec_(spec), fence_(fence), previous_fence_(previous) {}
  ~FakeWriter() override {
    if (store_.log) store_.log->add("sink.end");
  }

  int64_t fence() const override { return fence_; }
  int64_t previous_fence() const override { return previous_fence_; }

  Result<WriteOutcome> write(const CallLimits& limits, uint64_t seq, Batch& batch) override {
    const Call call(store_, "write", limits);
    if (fenced()) return fenced_off();
    if (seq != ++sequence_) return internal("the sequence is " + std::to_string(seq) + ", expected " + std::to_string(sequence_));
    if (batch.schema() != spec_.schema) return internal("the batch has another schema than begin was given");
    flushed_ = false;
    WriteOutcome outcome;
    std::vector<Row> rows = rows_of(batch);
    if (!call.happens()) rows.resize(call.half() ? rows.size() / 2 : 0);
    std::set<std::string> keys;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!keys.insert(std::get<std::string>(rows[i][0].value)).second) return internal("a key is twice in a batch");
      apply(rows[i], static_cast<int64_t>(i), outcome);
    }
    if (call.fault()) return call.fault()->failure;
    if (store_.takes_arrays) {
      ArrowArray taken = *batch.array();
      batch.array()->release = nullptr;
      taken.release(&taken);
    }
    return outcome;
  }

  Result<void> flush(const CallLimits& limits) override {
    const Call call(store_, "flush", limits);
    if (fenced()) return fenced_off();
    flushed_ = call.happens();
    return result(call);
  }

  Result<void> commit(const CallLimits& limits, const Position& position) override {
    const Call call(store_, "commit", limits);
    if (fenced()) return fenced_off();
    if (!flushed_) return internal("commit without a flush");
    if (call.happens()) view().marker = position, view().committed = fence_;
    return result(call);
  }

  Result<void> abort(const CallLimits& limits) override { return result(Call(store_, "abort", limits)); }

 private:
  FakeStore::View& view() { return store_.views[spec_.view]; }
  bool fenced() { return view().fence != fence_; }
  static Failure fenced_off() { return {PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "a newer run took over"}; }
  static Result<void> result(const Call& call) { return call.fault() ? Result<void>(call.fault()->failure) : Result<void>(); }

  void apply(const Row& row, int64_t index, WriteOutcome& outcome) {
    const std::string& key = std::get<std::string>(row[0].value);
    if (store_.refuse) {
      if (auto reason = store_.refuse(key)) {
        outcome.rejected.push_back({index, 2, *reason, !store_.refuses_for_good});
        return;
      }
    }
    FakeStore::Profile fresh{std::get<std::string>(row[1].value), Row(row.begin() + 2, row.end())};
    const auto [it, inserted] = view().profiles.try_emplace(key, fresh);
    FakeStore::Profile& stored = it->second;
    const auto times = [](const std::string& order) { return order.substr(0, order.size() - PENSTOCK_ORDER_SUFFIX); };
    const auto hash = [](const std::string& order) { return order.substr(order.size() - 8); };
    const bool newer = fresh.order > stored.order;
    if (inserted)
      ++outcome.written;
    else if (hash(stored.order) == hash(fresh.order) && (newer || times(stored.order) == times(fresh.order)))
      ++outcome.unchanged, stored.order = std::max(stored.order, fresh.order);
    else if (!newer)
      ++outcome.stale;
    else
      ++outcome.written, stored = std::move(fresh);
  }

  FakeStore& store_;
  const WriteSpec spec_;
  const int64_t fence_, previous_fence_;
  uint64_t sequence_ = 0;
  bool flushed_ = true;
};

}  // namespace

std::map<std::string, Row> FakeStore::fields_of(const ViewId& view) const {
  std::map<std::string, Row> fields;
  const auto found = views.find(view);
  if (found != views.end())
    for (const auto& [key, profile] : found->second.profiles) fields[key] = profile.fields;
  return fields;
}

Result<SinkCapabilities> FakeSink::capabilities(const CallLimits& limits) {
  const Call call(store_, "capabilities", limits);
  if (call.fault()) return call.fault()->failure;
  return SinkCapabilities{store_.flags, 0, 0};
}

Result<Marker> FakeSink::load_marker(const CallLimits& limits, const ViewId& view, const std::string&) {
  const Call call(store_, "load_marker", limits);
  if (call.fault()) return call.fault()->failure;
  const FakeStore::View& found = store_.views[view];
  return Marker{found.marker, found.fence, store_.store_id, found.committed};
}

Result<std::unique_ptr<SinkWriter>> FakeSink::begin(const CallLimits& limits, const WriteSpec& spec) {
  const Call call(store_, "begin", limits);
  store_.specs.push_back(spec);
  FakeStore::View& view = store_.views[spec.view];
  const int64_t previous = view.fence;
  if (call.happens()) ++view.fence;
  if (call.fault()) return call.fault()->failure;
  return std::unique_ptr<SinkWriter>(std::make_unique<FakeWriter>(store_, spec, view.fence, previous));
}

Result<Batch> FakeSink::lookup(const CallLimits&, const ViewId&, const std::string&, const Schema&, const std::vector<std::string>&) {
  return Failure{PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "the fake store is read by its members"};
}

}  // namespace penstock::test
