// A connector in C++ in a host that knows less than these headers: what the host has given no room for is neither read nor written.
#include <penstock/module.hpp>
#include <penstock/testing/fake_call.hpp>

#include <gtest/gtest.h>

#include <cstddef>

namespace penstock {
namespace {

using testing::FakeBuffer;
using testing::FakeCall;

class TalkativeSource : public Source {
 public:
  static constexpr ComponentInfo kInfo{"talkative", "Talkative", "Says all that a source can say."};
  TalkativeSource(const Call&, const Options&) {}

  Schema describe(const Call&, const Table&) override { return {{"n", Type::int64}}; }
  Horizon horizon(const Call&, const Table&, const Cursor&) override { return {}; }
  std::vector<std::string> plan(const Call&, const Scan&, ScanInfo& info) override {
    fill(info);
    return {"token"};
  }
  std::unique_ptr<RowStream> scan(const Call&, const Scan&, const std::string&, ScanInfo& info) override {
    fill(info);
    return std::make_unique<NoRows>();
  }

 private:
  struct NoRows : RowStream {
    const Schema& schema() const override { return columns; }
    bool next(ArrowArray*) override { return false; }
    Schema columns{{"n", Type::int64}};
  };
  static void fill(ScanInfo& info) {
    info.rows_estimate = 3;
    info.statement = "SELECT";
    info.cursor_unit_ns = 1000;
    info.advice = info.advice_wanted ? "add an index" : "";
  }
};

class TalkativeSink : public Sink, public MarkerStore {
 public:
  static constexpr ComponentInfo kInfo{"talkative", "Talkative", "Says all that a sink can say."};
  TalkativeSink(const Call&, const Options&) {}

  SinkCapabilities capabilities(const Call&) override { return {}; }
  std::unique_ptr<Writer> begin(const Call&, const RunSpec&) override { return std::make_unique<Run>(); }
  Marker load_marker(const Call&, const ViewRef&) override { return {{}, 7, "store", 6}; }
  void compare_and_store_marker(const Call&, const ViewRef&, int64_t, const std::optional<Position>&) override {}

 private:
  struct Run : Writer {
    int64_t fence() const override { return 7; }
    int64_t previous_fence() const override { return 6; }
    WriteResult write(const Call&, uint64_t, const BatchView&) override { return {}; }
    void flush(const Call&) override {}
    void commit(const Call&, const Position&) override {}
  };
};

const auto& kSourceVtab = *static_cast<const penstock_source_vtab*>(source<TalkativeSource>()->vtab);
const auto& kSinkVtab = *static_cast<const penstock_sink_vtab*>(sink<TalkativeSink>()->vtab);

// A struct of which the host knows the first `size` bytes. Behind them lies what may be neither read, as it is no pointer to
// anything, nor written.
template <class T>
class ShortStruct {
 public:
  ShortStruct(uint32_t size, T known) : size_(size) {
    std::memset(&value_, kUnknown, sizeof value_);
    known.struct_size = size;
    std::memcpy(&value_, &known, size);
  }
  T* get() { return &value_; }
  bool intact() const {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&value_);
    return std::all_of(bytes + size_, bytes + sizeof value_, [](unsigned char byte) { return byte == kUnknown; });
  }

 private:
  static constexpr unsigned char kUnknown = 0xa5;
  T value_;
  uint32_t size_;
};

// What ended where before the next field was appended.
constexpr uint32_t kInfoBeforeUnit = offsetof(penstock_scan_info, cursor_unit_ns);
constexpr uint32_t kInfoBeforeAdvice = offsetof(penstock_scan_info, advice);
constexpr uint32_t kBeginBeforePrevious = offsetof(penstock_begin_result, previous_fence);
constexpr uint32_t kMarkerBeforeCommitted = offsetof(penstock_marker_out, committed_fence);
// What ends where in 1.0. These tests are built with the headers of a next minor too, in which more follows (tests/abi/minors).
constexpr uint32_t kInfo = kInfoBeforeAdvice + 8;
constexpr uint32_t kBegin = kBeginBeforePrevious + 8;
constexpr uint32_t kMarker = kMarkerBeforeCommitted + 8;

class OlderHost : public ::testing::Test {
 protected:
  OlderHost() {
    call.start("");
    call.give(statement);
    call.give(advice);
    call.give(store_id);
  }
  static penstock_status count(void* tokens, penstock_bytes) { return ++*static_cast<int*>(tokens), PENSTOCK_STATUS_OK; }

  // plan with this much of penstock_scan_info. Checks what the source says of the rest.
  penstock_scan_info plan(uint32_t size, bool advise) {
    ShortStruct<penstock_scan_info> info(size, {0, 0, -1, statement.get(), 0, advise ? advice.get() : nullptr});
    int tokens = 0;
    EXPECT_EQ(kSourceVtab.plan(call.get(), source.get(), &what, &count, &tokens, info.get()), PENSTOCK_STATUS_OK);
    EXPECT_EQ(tokens, 1);
    EXPECT_TRUE(info.intact());
    return *info.get();
  }

  FakeCall call;
  FakeBuffer statement, advice, store_id;
  const penstock_options options{sizeof options, 0, nullptr, 0};
  const penstock_table table{sizeof table, 0, {}, {}, {}, {}, &options};
  const penstock_cursor cursor{sizeof cursor, PENSTOCK_CURSOR_TIMESTAMP, {}, {}, 0};
  const penstock_position until{sizeof until, 0, 0, {}, {}};
  const penstock_scan what{sizeof what, 0, &table, &cursor, nullptr, &until, nullptr, 0, nullptr, 0, 0, 0};

  struct SourceCloser {
    void operator()(penstock_source* object) const {
      FakeCall last;
      kSourceVtab.close(last.get(), object);
    }
  };
  struct SinkCloser {
    void operator()(penstock_sink* object) const {
      FakeCall last;
      kSinkVtab.close(last.get(), object);
    }
  };
  template <class Object, class Vtab>
  Object* open(const Vtab& vtab) {
    Object* object = nullptr;
    EXPECT_EQ(vtab.open(call.get(), &options, &object), PENSTOCK_STATUS_OK);
    return object;
  }
  std::unique_ptr<penstock_source, SourceCloser> source{open<penstock_source>(kSourceVtab)};
  std::unique_ptr<penstock_sink, SinkCloser> sink{open<penstock_sink>(kSinkVtab)};
};

TEST_F(OlderHost, IsToldOfAPlanWhatItHasRoomFor) {
  const penstock_scan_info info = plan(kInfoBeforeUnit, true);
  EXPECT_EQ(info.rows_estimate, 3);
  EXPECT_EQ(statement.bytes, "SELECT");
  EXPECT_EQ(plan(kInfoBeforeAdvice, true).cursor_unit_ns, 1000);
  EXPECT_EQ(advice.bytes, "");
}

TEST_F(OlderHost, IsToldOfAPlanEverythingThatFirstWas) {
  EXPECT_EQ(plan(kInfo, true).cursor_unit_ns, 1000);
  EXPECT_EQ(advice.bytes, "add an index");
}

TEST_F(OlderHost, IsToldOfAScanWhatItHasRoomFor) {
  ShortStruct<penstock_scan_info> info(kInfoBeforeUnit, {0, 0, -1, statement.get(), 0, nullptr});
  ArrowArrayStream stream{};
  ASSERT_EQ(kSourceVtab.scan(call.get(), source.get(), &what, {}, &stream, info.get()), PENSTOCK_STATUS_OK);
  stream.release(&stream);
  EXPECT_TRUE(info.intact());
  EXPECT_EQ(info.get()->rows_estimate, 3);
}

TEST_F(OlderHost, IsToldOfABeginWhatItHasRoomFor) {
  ArrowSchema schema{};
  export_schema({{"penstock.key", Type::binary}}, &schema);
  const penstock_run_spec spec{sizeof spec, 1, {}, {}, {}, 0, 24, &schema};
  for (const uint32_t size : {kBeginBeforePrevious, kBegin}) {
    ShortStruct<penstock_begin_result> result(size, {0, 0, 0, -1});
    penstock_writer* writer = nullptr;
    ASSERT_EQ(kSinkVtab.begin(call.get(), sink.get(), &spec, result.get(), &writer), PENSTOCK_STATUS_OK);
    kSinkVtab.end(call.get(), writer);
    EXPECT_TRUE(result.intact());
    EXPECT_EQ(result.get()->fence, 7);
    if (PENSTOCK_HAS(result.get(), previous_fence)) {
      EXPECT_EQ(result.get()->previous_fence, 6);
    }
  }
  schema.release(&schema);
}

TEST_F(OlderHost, IsToldOfMarkersWhatItHasRoomFor) {
  const auto& marker = *static_cast<const penstock_marker_vtab*>(kSinkVtab.get_extension(sink.get(), PENSTOCK_EXT_MARKER));
  penstock_position_out position{sizeof position, 0, 0, nullptr, nullptr};
  const penstock_view_ref view{sizeof view, 1, {}, {}};
  ShortStruct<penstock_marker_out> one(kMarkerBeforeCommitted, {0, 0, &position, 0, store_id.get(), 0});
  ASSERT_EQ(marker.load(call.get(), sink.get(), &view, one.get()), PENSTOCK_STATUS_OK);
  EXPECT_EQ(one.get()->fence, 7);
  EXPECT_TRUE(one.intact());
  ShortStruct<penstock_marker_out> many(kMarkerBeforeCommitted, {0, 0, &position, 0, store_id.get(), 0});
  ShortStruct<penstock_marker_out> whole(kMarker, {0, 0, &position, 0, store_id.get(), 0});
  const penstock_view_ref* const views[] = {&view, &view};
  penstock_marker_out* const outs[] = {many.get(), whole.get()};
  ASSERT_EQ(marker.load_many(call.get(), sink.get(), views, 2, outs), PENSTOCK_STATUS_OK);
  EXPECT_TRUE(many.intact());
  EXPECT_EQ(whole.get()->committed_fence, 6);
}

}  // namespace
}  // namespace penstock
