#include "plugin/writer_proxy.hpp"

#include <penstock/error.hpp>

#include <cstring>
#include <vector>

namespace penstock::host {
namespace {

// Empty when the counts can be true.
std::string counts_problem(const penstock_write_result& result, int64_t rows, size_t rejects) {
  const std::string counts = std::to_string(result.written) + " written, " + std::to_string(result.unchanged) + " unchanged, " +
                             std::to_string(result.stale) + " stale, " + std::to_string(result.rejected) + " rejected";
  for (const int64_t count : {result.written, result.unchanged, result.stale, result.rejected})
    if (count < 0 || count > rows) return counts + " of " + std::to_string(rows) + " rows";
  if (result.written + result.unchanged + result.stale + result.rejected != rows)
    return counts + " do not add up to " + std::to_string(rows) + " rows";
  if (result.rejected != static_cast<int64_t>(rejects))
    return std::to_string(result.rejected) + " rows counted as rejected, " + std::to_string(rejects) + " reported";
  return {};
}

// What a batch looked like when it was given to the plugin. A sink takes the whole or leaves it as it was: rejects are read from what it
// left, and a column that was moved out may be gone by then.
class BatchShape {
 public:
  explicit BatchShape(const ArrowArray& array) { add(array); }

  // True when the batch was left, but not as it was. Its own struct is then what it was, so that the right release is called.
  bool restore(ArrowArray& array) const {
    if (array.release == nullptr) return false;
    size_t at = 0;
    const bool changed = differs(array, at);
    if (changed) array = nodes_[0];
    return changed;
  }

 private:
  void add(const ArrowArray& array) {
    nodes_.push_back(array);
    for (int64_t i = 0; i < array.n_children; ++i) add(*array.children[i]);
  }
  bool differs(const ArrowArray& array, size_t& at) const {
    const ArrowArray& before = nodes_[at++];
    if (std::memcmp(&before, &array, sizeof array) != 0) return true;
    for (int64_t i = 0; i < array.n_children; ++i)
      if (differs(*array.children[i], at)) return true;
    return false;
  }

  std::vector<ArrowArray> nodes_;
};

class PluginWriter final : public SinkWriter {
 public:
  PluginWriter(std::shared_ptr<OpenSink> sink, WriteSpec spec) : sink_(std::move(sink)), spec_(std::move(spec)), schema_(spec_.schema) {
    raw_ = {sizeof(penstock_run_spec),
            spec_.view.version,
            penstock::to_c(spec_.view.name),
            penstock::to_c(spec_.entity),
            penstock::to_c(spec_.run_id),
            spec_.ttl_ms,
            spec_.order_size,
            schema_.get()};
  }

  ~PluginWriter() override {
    if (object_ == nullptr) return;
    if (state_ == State::open) (void)abort({});
    const SerialUse::Turn turn(sink_->use);
    CallContext call(sink_->callee, "end", {kCloseTimeout});
    sink_->vtab->end(call.get(), object_);
  }

  Result<void> begin(const CallLimits& limits) {
    CallContext call(sink_->callee, "begin", limits);
    if (auto go = call.start(); !go) return go;
    const SerialUse::Turn turn(sink_->use);
    penstock_begin_result result{sizeof(penstock_begin_result), 0, 0, -1};
    penstock_writer* writer = nullptr;
    const penstock_status status = sink_->vtab->begin(call.get(), sink_->object, &raw_, &result, &writer);
    if (auto done = call.finish(status); !done) {
      if (writer != nullptr) call.warn("it failed and left a writer, which is not used and so never ended");
      return done;
    }
    if (writer == nullptr) return call.misbehaved("answered OK without a writer");
    object_ = writer;
    fence_ = result.fence;
    previous_fence_ = result.previous_fence;
    if (fence_ <= 0) return call.misbehaved("the fence " + std::to_string(fence_) + " is not positive");
    if (previous_fence_ >= -1 && previous_fence_ < fence_) return {};
    return call.misbehaved("the fence " + std::to_string(fence_) + " after the fence " + std::to_string(previous_fence_));
  }

  int64_t fence() const override { return fence_; }
  int64_t previous_fence() const override { return previous_fence_; }

  Result<WriteOutcome> write(const CallLimits& limits, uint64_t seq, Batch& batch) override {
    CallContext call(sink_->callee, "write", limits);
    if (auto go = start(call); !go) return go.failure();
    const SerialUse::Turn turn(sink_->use);
    // The plugin may take the array away.
    const int64_t rows = batch.rows();
    const BatchShape shape(*batch.array());
    call.collect_rejects(rows, static_cast<int32_t>(spec_.schema.size()));
    penstock_write_result result{sizeof(penstock_write_result), 0, 0, 0, 0, 0};
    auto done = call.finish(sink_->vtab->write(call.get(), object_, seq, batch.array(), &result));
    const bool changed = shape.restore(*batch.array());
    if (!done) return dead(done.failure());
    if (changed) return dead(call.misbehaved("it changed the batch, which is taken as a whole or left as it was"));
    auto rejects = call.finish_rejects();
    if (!rejects) return dead(rejects.failure());
    if (const auto problem = counts_problem(result, rows, rejects->size()); !problem.empty())
      return dead(call.misbehaved(problem));
    return WriteOutcome{result.written, result.unchanged, result.stale, std::move(*rejects)};
  }

  Result<void> flush(const CallLimits& limits) override {
    CallContext call(sink_->callee, "flush", limits);
    if (auto go = start(call); !go) return go;
    const SerialUse::Turn turn(sink_->use);
    if (auto done = call.finish(sink_->vtab->flush(call.get(), object_)); !done) return dead(done.failure());
    return {};
  }

  Result<void> commit(const CallLimits& limits, const Position& position) override {
    CallContext call(sink_->callee, "commit", limits);
    if (auto go = start(call); !go) return go;
    const SerialUse::Turn turn(sink_->use);
    const penstock_position raw = host::to_c(position);
    if (auto done = call.finish(sink_->vtab->commit(call.get(), object_, &raw)); !done) return dead(done.failure());
    state_ = State::finished;
    return {};
  }

  // Without the cancel token: giving up is what cancelling leads to, so it may not be cancelled in turn.
  Result<void> abort(const CallLimits& limits) override {
    if (state_ == State::finished) return internal("abort: the writer has already finished").in(sink_->callee.component());
    state_ = State::finished;
    const auto timeout = limits.timeout.count() > 0 ? limits.timeout : std::chrono::nanoseconds(kCloseTimeout);
    CallContext call(sink_->callee, "abort", {timeout, nullptr, limits.scope});
    const SerialUse::Turn turn(sink_->use);
    return call.finish(sink_->vtab->abort(call.get(), object_));
  }

 private:
  enum class State { open, failed, finished };

  // After an error the plugin may only be asked to abort and end.
  Result<void> start(const CallContext& call) const {
    if (state_ == State::open) return call.start();
    return call.misbehaved(state_ == State::failed ? "not called, as the writer failed before" : "not called, as the writer has finished");
  }
  Failure dead(Failure failure) {
    state_ = State::failed;
    return failure;
  }

  std::shared_ptr<OpenSink> sink_;
  const WriteSpec spec_;
  const ExportedSchema schema_;
  penstock_run_spec raw_;  // borrows from spec_ and schema_; the plugin may keep it until end
  penstock_writer* object_ = nullptr;
  int64_t fence_ = 0;
  int64_t previous_fence_ = -1;
  State state_ = State::open;
};

}  // namespace

Result<std::unique_ptr<SinkWriter>> begin_writer_proxy(std::shared_ptr<OpenSink> sink, const CallLimits& limits, const WriteSpec& spec) {
  auto writer = std::make_unique<PluginWriter>(std::move(sink), spec);
  if (auto begun = writer->begin(limits); !begun) return begun.failure();
  return std::unique_ptr<SinkWriter>(std::move(writer));
}

}  // namespace penstock::host
