#include "plugin/conduct.hpp"

namespace penstock::host {
namespace {

std::string what_happened(std::string_view callback, std::string_view action) {
  return std::string(callback) + " after the call \"" + std::string(action) + "\" had ended";
}

}  // namespace

void LateCallbacks::report(std::string_view component, std::string_view callback, std::string_view action) noexcept {
  // Locked while a hook runs: close has to know that none does. The plugin's thread is outside of every call and may wait.
  const std::lock_guard lock(mutex_);
  if (hooks_ == nullptr) return;
  try {
    if (hooks_->metric) hooks_->metric(component, "late_callbacks", 1);
    if (reported_.emplace(component, callback).second && hooks_->log)
      hooks_->log(PENSTOCK_LOG_WARN, component, "called " + what_happened(callback, action));
  } catch (...) {
    // Without memory there is nothing to be said.
  }
}

void LateCallbacks::close() {
  const std::lock_guard lock(mutex_);
  hooks_ = nullptr;
}

void Conduct::late_callback(std::string_view callback, std::string_view action, bool changes_answer) noexcept {
  late_->report(component_, callback, action);
  if (!changes_answer) return;
  try {
    const std::lock_guard lock(mutex_);
    if (why_.empty()) why_ = "it called " + what_happened(callback, action);
  } catch (...) {
    // The reason is lost, the verdict is not.
  }
  distrusted_ = true;
}

Result<void> Conduct::check() const {
  if (!distrusted_) return {};
  const std::lock_guard lock(mutex_);
  return internal("not called, as " + (why_.empty() ? "it used a call that had ended" : why_));
}

}  // namespace penstock::host
