#include <penstock/call.hpp>
#include <penstock/testing/caller.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::testing {
namespace {

using Violations = std::vector<std::string>;

// What `body` does within a call of the slot.
template <class Body>
Violations violations(const char* slot, const Body& body) {
  FakeCall call;
  call.start(slot);
  body(call.get(), *call.get()->host);
  call.end();
  return call.violations();
}

TEST(FakeCall, RecordsWhatAConnectorSays) {
  FakeCall call;
  FakeBuffer buffer;
  call.start("write");
  call.give(buffer);
  const Call c(call.get());
  c.warn("slow");
  c.reject(3, 2, "too long", true);
  c.metric("rows", 2);
  c.metric("rows", 3);
  c.append(buffer.get(), "abc");
  c.set_error(Error(PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, "gone").sqlstate("08006").detail("host", "h"));
  EXPECT_EQ(call.logs(), std::vector<std::string>{"slow"});
  ASSERT_EQ(call.rejects().size(), 1u);
  EXPECT_EQ(call.rejects()[0].row, 3);
  EXPECT_EQ(call.rejects()[0].reason, "too long");
  EXPECT_EQ(call.metrics(), (std::map<std::string, double>{{"rows", 5}}));
  EXPECT_EQ(buffer.bytes, "abc");
  EXPECT_EQ(call.error().sqlstate, "08006");
  EXPECT_EQ(call.error().details, (std::map<std::string, std::string>{{"host", "h"}}));
  call.end();
  EXPECT_EQ(call.violations(), Violations{});
}

TEST(FakeCall, SeesWhatComesAfterTheEndOfTheCall) {
  FakeCall call;
  FakeBuffer buffer;
  call.start("ping");
  call.give(buffer);
  call.end();
  const Call late(call.get());
  late.cancelled();
  late.remaining_ms();
  late.append(buffer.get(), "x");
  EXPECT_EQ(call.violations(), (Violations{"ping: cancelled was called after the call had ended",
                                           "ping: deadline_ns was called after the call had ended",
                                           "ping: append was called after the call had ended",
                                           "ping: append: to a buffer that the call was not given"}));
  EXPECT_EQ(buffer.bytes, "");
}

TEST(FakeCall, OnlyWriteMayReject) {
  EXPECT_EQ(violations("flush", [](penstock_call* c, const penstock_host&) { Call(c).reject(0, 0, "no"); }),
            Violations{"flush: reject: only write may"});
  EXPECT_EQ(violations("write", [](penstock_call* c, const penstock_host&) { Call(c).reject(-1, -2, ""); }),
            (Violations{"write: reject: row -1", "write: reject: column -2", "write: reject: no reason"}));
}

TEST(FakeCall, ABufferOfAnotherCallIsNotAppendedTo) {
  FakeBuffer stranger;
  EXPECT_EQ(violations("horizon", [&](penstock_call* c, const penstock_host&) { Call(c).append(stranger.get(), "x"); }),
            Violations{"horizon: append: to a buffer that the call was not given"});
}

TEST(FakeCall, SeesErrorsThatAreNone) {
  const auto set = [](penstock_error error) {
    return violations("ping", [&](penstock_call* c, const penstock_host& host) { host.set_error(c, &error); });
  };
  EXPECT_EQ(set({sizeof(penstock_error), PENSTOCK_STATUS_OK, 0, 0, 0, {}, {"fine", 4}}), Violations{"ping: set_error: the status 0 is no error"});
  EXPECT_EQ(set({sizeof(penstock_error), 99, 9, 0, 0, {"08", 2}, {}}),
            (Violations{"ping: set_error: the status 99 is no error", "ping: set_error: no such retry class: 9",
                        "ping: set_error: the SQLSTATE \"08\" has not five characters", "ping: set_error: no message"}));
  EXPECT_EQ(set({sizeof(penstock_error), 1, 0, 0, 0, {}, {"\xff", 1}}), Violations{"ping: set_error: message: not UTF-8"});
  EXPECT_EQ(set({sizeof(penstock_error), 1, 0, 0, 0, {}, {nullptr, 5}}),
            (Violations{"ping: set_error: message: NULL with a size (5)", "ping: set_error: no message"}));
  EXPECT_EQ(set({8, 1, 0, 0, 0, {}, {}}), Violations{"ping: set_error: no error, or a smaller one than there ever was"});
  EXPECT_EQ(violations("ping", [](penstock_call* c, const penstock_host& host) { host.add_error_detail(c, {"k", 1}, {"v", 1}); }),
            Violations{"ping: add_error_detail: before set_error"});
}

TEST(FakeCall, SeesBadNamesAndLevels) {
  EXPECT_EQ(violations("ping",
                       [](penstock_call* c, const penstock_host& host) {
                         host.metric(c, {"Rows", 4}, 1);
                         host.log(c, 7, {"x", 1});
                       }),
            (Violations{"ping: metric: the name \"Rows\" is not [a-z0-9_]+", "ping: log: no such level: 7"}));
}

TEST(FakeCall, SeesHooksLeftBehindAndTokensThatAreNone) {
  const auto nothing = [](void*) {};
  EXPECT_EQ(violations("scan", [&](penstock_call* c, const penstock_host& host) { host.on_cancel(c, nothing, nullptr); }),
            Violations{"scan: a hook of on_cancel was left behind"});
  EXPECT_EQ(violations("scan",
                       [&](penstock_call* c, const penstock_host& host) {
                         const uint64_t token = host.on_cancel(c, nothing, nullptr);
                         host.off_cancel(c, token);
                         host.off_cancel(c, token);
                       }),
            Violations{"scan: off_cancel: no such token: 1"});
}

TEST(FakeCall, AHookThatHasRunIsStillTakenBack) {
  FakeCall call;
  call.start("ping");
  int ran = 0;
  {
    const CancelHook hook(Call(call.get()), [&] { ++ran; });
    call.cancel();
    call.cancel();
  }
  call.end();
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(call.violations(), Violations{});
}

TEST(CancelHook, LetsNoExceptionReachTheHost) {
  FakeCall call;
  int ran = 0;
  const CancelHook hook(Call(call.get()), [&] {
    ++ran;
    throw Error(PENSTOCK_STATUS_INTERNAL, "the client cannot be interrupted");
  });
  EXPECT_NO_THROW(call.cancel());
  EXPECT_EQ(ran, 1);
}

TEST(Caller, ThrowsWhatAConnectorMustNotDo) {
  Caller caller;
  EXPECT_THROW(caller.call("ping", nullptr, {}, [](penstock_call* c) { return Call(c).reject(0, 0, "no"), PENSTOCK_STATUS_OK; }),
               ContractViolated);
  FakeCall tolerant;
  tolerant.tolerate_violations();
  caller.call("ping", &tolerant, {}, [](penstock_call* c) { return Call(c).reject(0, 0, "no"), PENSTOCK_STATUS_OK; });
  EXPECT_EQ(tolerant.violations(), Violations{"ping: reject: only write may"});
}

TEST(Caller, ThrowsWhatAnEarlierCallDoesLate) {
  Caller caller;
  penstock_call* old = nullptr;
  caller.call("ping", nullptr, {}, [&](penstock_call* c) { return old = c, PENSTOCK_STATUS_OK; });
  Call(old).cancelled();
  try {
    caller.call("flush", nullptr, {}, [](penstock_call*) { return PENSTOCK_STATUS_OK; });
    FAIL() << "nothing was thrown";
  } catch (const ContractViolated& error) {
    EXPECT_EQ(error.violations, Violations{"ping: cancelled was called after the call had ended"});
  }
}

TEST(Caller, ThrowsWhenTheStatusIsNotTheOneReported) {
  Caller caller;
  EXPECT_THROW(caller.call("ping", nullptr, {}, [](penstock_call*) { return PENSTOCK_STATUS_NOT_FOUND; }), ContractViolated);
  try {
    caller.call("ping", nullptr, {}, [](penstock_call* c) {
      return guarded(c, [](const Call&) { throw Error(PENSTOCK_STATUS_NOT_FOUND, "no such file"); });
    });
    FAIL() << "nothing was thrown";
  } catch (const CallFailed& failed) {
    EXPECT_EQ(failed.error.message, "no such file");
  }
  EXPECT_EQ(caller.said(), "no such file\n");
}

TEST(Caller, CallsFromAThreadOfItsOwnWhereTheHostDoes) {
  Caller caller({.thread_per_call = true});
  std::thread::id seen = std::this_thread::get_id();
  caller.call("ping", nullptr, {}, [&](penstock_call*) { return seen = std::this_thread::get_id(), PENSTOCK_STATUS_OK; });
  EXPECT_NE(seen, std::this_thread::get_id());
}

TEST(Caller, AViolationThatADestructorFindsEndsTheProgram) {
  EXPECT_DEATH(detail::end_or_abort([] { throw ContractViolated({"close: a hook of on_cancel was left behind"}); }), "hook of on_cancel");
}

TEST(HostStruct, ShowsWhatWasWrittenBehindIt) {
  for (const HostShape& shape : {HostShape{}, kFirstHost, kNewerHost}) {
    HostStruct<penstock_write_result> result(shape, {});
    result.get()->rejected = 1;
    EXPECT_TRUE(result.intact());
    EXPECT_EQ(result.value().rejected, 1);
    reinterpret_cast<unsigned char*>(result.get())[sizeof(penstock_write_result)] = 0;
    EXPECT_FALSE(result.intact());
  }
  EXPECT_EQ(kNewerHost.size_of<penstock_host>(), sizeof(penstock_host) + 64);
}

}  // namespace
}  // namespace penstock::testing
