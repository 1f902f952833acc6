#include "conformance/session.hpp"

#include "base/failure.hpp"
#include "plugin/printable.hpp"

#include <exception>
#include <thread>
#include <utility>

namespace penstock::host::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxShown = 512;
// Ended calls that are kept; a late use of an older one is a use after free, for which the sanitizers are.
constexpr size_t kKeptCalls = 1024;

// The body of a slot is C code, but a check's own part of it may throw.
class Thrown {
 public:
  template <class Body>
  void of(const Body& body) {
    try {
      body();
    } catch (...) {
      thrown_ = std::current_exception();
    }
  }
  void pass_on() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  std::exception_ptr thrown_;
};

}  // namespace

std::string Answer::text() const {
  std::string out = slot + " answered ";
  if (ok()) return out + "OK";
  const std::string_view name = status_name(status);
  out += name.empty() ? std::to_string(status) : std::string(name);
  return out + (error.message.empty() ? ", without a message" : ": \"" + printable(std::string_view(error.message), kMaxShown) + "\"");
}

Session::Session(Trial& trial, const HostShape& shape) : trial_(trial), shape_(shape), init_call_(shape) {
  const penstock_module& module = trial_.module();
  trial_.step("init");
  // The host that init is given stays the host's for good.
  const Answer answer = call("init", [&](penstock_call* c) { return module.init(c->host, c); }, &init_call_);
  require(answer);
}

Session::~Session() {
  trial_.step("deinit");
  trial_.module().deinit();
}

const OptionSet& Session::options() {
  if (options_ == nullptr) options_ = std::make_unique<OptionSet>(trial_.options().get());
  return *options_;
}

void Session::run(const std::function<void()>& body) const {
  if (!shape_.thread_per_call) return body();
  Thrown thrown;
  std::thread([&] { thrown.of(body); }).join();
  thrown.pass_on();
}

void Session::note(FakeCall& used, Answer& answer) {
  answer.error = used.error();
  if (!answer.ok() && answer.error.status == PENSTOCK_STATUS_OK) used.violate("failed without set_error");
  else if (!answer.ok() && answer.error.status != answer.status)
    used.violate("set_error: the status " + std::to_string(answer.error.status) + " was reported, but " + std::to_string(answer.status) + " was returned");
  answer.violations = take_violations(used);
  const std::lock_guard lock(mutex_);
  for (const std::string& line : used.logs()) said_ += line + "\n";
  for (const testing::RecordedReject& reject : used.rejects()) said_ += reject.reason + "\n";
  for (const auto& metric : used.metrics()) said_ += metric.first + "\n";
  if (!answer.error.message.empty()) said_ += answer.error.message + "\n";
  for (const auto& [key, value] : answer.error.details) said_ += key + "=" + value + "\n";
}

void Session::notice(const std::string& violation) {
  const std::lock_guard lock(mutex_);
  violations_.push_back(violation);
}

std::vector<std::string> Session::take_violations(FakeCall& used) {
  std::vector<std::string> found = used.take_untold_violations();
  const std::lock_guard lock(mutex_);
  violations_.insert(violations_.end(), found.begin(), found.end());
  return found;
}

Answer Session::start_call(const std::string& slot, const std::function<penstock_status(penstock_call*)>& body, FakeCall& used,
                           std::initializer_list<const FakeBuffer*> buffers) {
  used.start(slot);
  for (const FakeBuffer* buffer : buffers) used.give(*buffer);
  return within(slot, [&] { return body(used.get()); }, used);
}

Answer Session::within(const std::string& slot, const std::function<penstock_status()>& body, FakeCall& used) {
  Answer answer{slot};
  const auto start = Clock::now();
  run([&] { answer.status = body(); });
  answer.took = Clock::now() - start;
  note(used, answer);
  return answer;
}

void Session::end_call(FakeCall& used) {
  used.end();
  take_violations(used);
}

Answer Session::call(const std::string& slot, const std::function<penstock_status(penstock_call*)>& body, FakeCall* given,
                     std::initializer_list<const FakeBuffer*> buffers) {
  if (given == nullptr) {
    const std::lock_guard lock(mutex_);
    if (calls_.size() == kKeptCalls) calls_.pop_front();
    given = calls_.emplace_back(std::make_unique<FakeCall>(shape_)).get();
  }
  Answer answer = start_call(slot, body, *given, buffers);
  given->end();
  const auto left = take_violations(*given);
  answer.violations.insert(answer.violations.end(), left.begin(), left.end());
  return answer;
}

void Session::require(const Answer& answer) const {
  if (!answer.ok()) trial_.stop(answer.text(), answer.slot + " answers OK");
}

void Session::forget() {
  std::deque<std::unique_ptr<FakeCall>>().swap(calls_);
  std::vector<std::string>().swap(violations_);
  std::string().swap(said_);
}

std::vector<std::string> Session::violations() {
  for (const auto& used : calls_) take_violations(*used);
  return violations_;
}

void run_at_once(std::initializer_list<std::function<void()>> bodies) {
  std::deque<Thrown> thrown(bodies.size());
  {
    std::vector<std::jthread> threads;
    size_t next = 0;
    for (const auto& body : bodies) threads.emplace_back([&body, &mine = thrown[next++]] { mine.of(body); });
  }
  for (const Thrown& each : thrown) each.pass_on();
}

}  // namespace penstock::host::conformance
