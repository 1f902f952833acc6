#include "conformance/mishaps.hpp"

#include "conformance/exercise.hpp"
#include "conformance/trial_object.hpp"

#include <algorithm>
#include <cstring>

namespace penstock::host::conformance {
namespace {

using testing::CCursor;
using testing::CScan;
using testing::CTable;
using testing::HostStruct;

// An out-parameter whose bytes nobody expects.
template <class T>
struct Poisoned {
  T value;
  Poisoned() { std::memset(static_cast<void*>(&value), 0xa5, sizeof value); }
  bool touched() const {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&value);
    return !std::all_of(bytes, bytes + sizeof value, [](unsigned char byte) { return byte == 0xa5; });
  }
};

constexpr int64_t kSentinel = 0x5a5a5a5a5a5a5a5a;

class Provocation {
 public:
  explicit Provocation(Session& session) : session_(session) {}

  std::vector<Mishap> run() {
    open_cancelled();
    if (session_.component().kind == PENSTOCK_KIND_SOURCE) {
      TrialSource source(session_);
      TableSpec missing;
      missing.table = "penstock_check_missing";
      ask(source, missing, false);
      if (session_.trial().quirks().batch_source(session_.component().id) == nullptr) return std::move(mishaps_);
      const ScanSubject subject(session_);
      ask(source, subject.table(), true);
    } else {
      TrialSink sink(session_);
      ask(sink);
    }
    return std::move(mishaps_);
  }

 private:
  void note(Answer answer, bool touched) {
    const bool failed = !answer.ok();
    mishaps_.push_back({std::move(answer), failed && touched});
  }

  void open_cancelled() {
    FakeCall call(session_.shape());
    call.cancel();
    Answer answer;
    TrialObject object(session_, session_.options(), answer, &call);
    note(answer, object.out_was_touched());
  }

  std::unique_ptr<FakeCall> new_call(bool cancelled) const {
    auto call = std::make_unique<FakeCall>(session_.shape());
    if (cancelled) call->cancel();
    return call;
  }

  void ask(TrialSource& source, const TableSpec& table, bool cancelled) {
    const penstock_source_vtab& vtab = source.vtab();
    const auto call = new_call(cancelled);
    const CTable c_table(session_.component(), table, session_.shape());
    Poisoned<ArrowSchema> schema;
    const Answer described = session_.call("describe", [&](penstock_call* c) { return vtab.describe(c, source.object(), c_table.get(), &schema.value); }, call.get());
    if (described.ok()) schema.value.release(&schema.value);
    note(described, schema.touched());
    ask_horizon(source, c_table, cancelled);
    ScanSpec spec;
    spec.table = table;
    spec.columns = {"id"};
    ask_scan(source, spec, cancelled);
  }

  void ask_horizon(TrialSource& source, const CTable& table, bool cancelled) {
    const auto call = new_call(cancelled);
    const CursorSpec any;
    const CCursor cursor(any, session_.shape());
    FakeBuffer detail, text, why, holder;
    HostStruct<penstock_position_out> position(session_.shape(), {0, 0, kSentinel, detail.get(), text.get()});
    HostStruct<penstock_horizon> horizon(session_.shape(), {0, 77, position.get(), why.get(), holder.get()});
    const Answer answer = session_.call(
        "horizon", [&](penstock_call* c) { return source.vtab().horizon(c, source.object(), table.get(), cursor.get(), horizon.get()); }, call.get(),
        {&detail, &text, &why, &holder});
    note(answer, position.value().ordinal != kSentinel || horizon.value().guarantee != 77);
  }

  void ask_scan(TrialSource& source, const ScanSpec& spec, bool cancelled) {
    const auto planning = new_call(cancelled), scanning = new_call(cancelled);
    const CScan scan(session_.component(), spec, session_.shape());
    FakeBuffer statement;
    const penstock_scan_info blank{0, 77, kSentinel, statement.get(), kSentinel, nullptr};
    HostStruct<penstock_scan_info> info(session_.shape(), blank);
    const auto written = [&] {
      const penstock_scan_info now = info.value();
      return now.honoured != blank.honoured || now.rows_estimate != blank.rows_estimate || now.cursor_unit_ns != blank.cursor_unit_ns;
    };
    const auto add = [](void*, penstock_bytes) -> penstock_status { return PENSTOCK_STATUS_OK; };
    note(session_.call("plan", [&](penstock_call* c) { return source.vtab().plan(c, source.object(), scan.get(), add, nullptr, info.get()); }, planning.get(), {&statement}),
         written());
    Poisoned<ArrowArrayStream> stream;
    info = HostStruct<penstock_scan_info>(session_.shape(), blank);
    const penstock_bytes token{reinterpret_cast<const uint8_t*>("penstock_check"), 14};
    const Answer answer = session_.start_call(
        "scan", [&](penstock_call* c) { return source.vtab().scan(c, source.object(), scan.get(), token, &stream.value, info.get()); }, *scanning, {&statement});
    if (answer.ok()) stream.value.release(&stream.value);
    session_.end_call(*scanning);
    note(answer, stream.touched() || written());
  }

  void ask(TrialSink& sink) {
    const auto ping = new_call(true), asking = new_call(true), beginning = new_call(true);
    note(sink.ping(ping.get()), false);
    HostStruct<penstock_sink_capabilities> capabilities(session_.shape(), {0, 77, kSentinel, kSentinel});
    note(session_.call("capabilities", [&](penstock_call* c) { return sink.vtab().capabilities(c, sink.object(), capabilities.get()); }, asking.get()),
         capabilities.value().flags != 77 || capabilities.value().batch_rows != kSentinel || capabilities.value().batch_bytes != kSentinel);
    TrialRun run(sink);
    run.fence = kSentinel;
    const Answer begun = sink.begin({"penstock_check_mishap", 1}, {{"NAME", Type::utf8}}, run, 0, 24, beginning.get());
    note(begun, false);
    if (begun.ok()) run.abort();
  }

  Session& session_;
  std::vector<Mishap> mishaps_;
};

}  // namespace

std::vector<Mishap> provoke(Session& session) { return Provocation(session).run(); }

}  // namespace penstock::host::conformance
