#include "conformance/trial_object.hpp"

#include <penstock/sink.h>
#include <penstock/source.h>

#include <utility>

namespace penstock::host::conformance {
namespace {

// What an out-parameter points at before the call: the address of something that no plugin knows.
char untouched;

}  // namespace

TrialObject::TrialObject(Session& session, const OptionSet& options, Answer& opened, FakeCall* call)
    : session_(session), is_source_(session.component().kind == PENSTOCK_KIND_SOURCE), vtab_(session.component().vtab) {
  opened = open(options, call);
}

TrialObject::TrialObject(Session& session)
    : session_(session), is_source_(session.component().kind == PENSTOCK_KIND_SOURCE), vtab_(session.component().vtab) {
  session_.require(open(session.options(), nullptr));
}

Answer TrialObject::open(const OptionSet& options, FakeCall* call) {
  const ShapedOptions given(options, session_.shape());
  void* out = &untouched;
  const Answer answer = session_.call(
      "open",
      [&](penstock_call* c) {
        if (!is_source_) return static_cast<const penstock_sink_vtab*>(vtab_)->open(c, given.get(), reinterpret_cast<penstock_sink**>(&out));
        return static_cast<const penstock_source_vtab*>(vtab_)->open(c, given.get(), reinterpret_cast<penstock_source**>(&out));
      },
      call);
  touched_ = !answer.ok() && out != &untouched;
  if (answer.ok() && (out == &untouched || out == nullptr)) session_.trial().stop("open answered OK without an object");
  if (answer.ok()) object_ = out;
  return answer;
}

void TrialObject::close() {
  void* const closing = std::exchange(object_, nullptr);
  if (closing == nullptr) return;
  session_.call("close", [&](penstock_call* c) {
    if (is_source_) static_cast<const penstock_source_vtab*>(vtab_)->close(c, static_cast<penstock_source*>(closing));
    else static_cast<const penstock_sink_vtab*>(vtab_)->close(c, static_cast<penstock_sink*>(closing));
    return PENSTOCK_STATUS_OK;
  });
}

Answer TrialObject::ping(FakeCall* call) {
  return session_.call(
      "ping",
      [&](penstock_call* c) {
        if (is_source_) return static_cast<const penstock_source_vtab*>(vtab_)->ping(c, static_cast<penstock_source*>(object_));
        return static_cast<const penstock_sink_vtab*>(vtab_)->ping(c, static_cast<penstock_sink*>(object_));
      },
      call);
}

const void* TrialObject::extension(const char* id) const {
  if (is_source_) return static_cast<const penstock_source_vtab*>(vtab_)->get_extension(static_cast<penstock_source*>(object_), id);
  return static_cast<const penstock_sink_vtab*>(vtab_)->get_extension(static_cast<penstock_sink*>(object_), id);
}

}  // namespace penstock::host::conformance
