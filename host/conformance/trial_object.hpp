// A source or a sink, for checks that hold for both.
#pragma once

#include "conformance/session.hpp"

namespace penstock::host::conformance {

// What open gave. Functions that take a call use it in place of a new one.
class TrialObject {
 public:
  // Opened with these options; `opened` says whether it was.
  TrialObject(Session& session, const OptionSet& options, Answer& opened, FakeCall* call = nullptr);
  // Opened with the options of the quirks file; ends the check as failed if that fails.
  explicit TrialObject(Session& session);
  // Closed.
  ~TrialObject() { close(); }
  TrialObject(const TrialObject&) = delete;
  TrialObject& operator=(const TrialObject&) = delete;

  bool is_open() const { return object_ != nullptr; }
  void close();
  Answer ping(FakeCall* call = nullptr);
  const void* extension(const char* id) const;
  // What open left in its out-parameter when it failed; it was not NULL before.
  bool out_was_touched() const { return touched_; }

 private:
  Answer open(const OptionSet& options, FakeCall* call);

  Session& session_;
  const bool is_source_;
  const void* const vtab_;
  void* object_ = nullptr;
  bool touched_ = false;
};

}  // namespace penstock::host::conformance
