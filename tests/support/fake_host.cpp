#include "support/fake_host.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <dlfcn.h>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

namespace penstock::test {
namespace {

std::string text(penstock_str s) { return {s.data == nullptr ? "" : s.data, s.size}; }

int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

int64_t scaled(const std::string& value, const std::vector<std::pair<std::string, int64_t>>& units) {
  size_t used = 0;
  const int64_t number = std::stoll(value, &used);
  for (const auto& [unit, factor] : units)
    if (value.substr(used) == unit) return number * factor;
  throw std::runtime_error("cannot read \"" + value + "\"");
}

std::vector<std::string> split(const std::string& value, const std::string& separators) {
  std::vector<std::string> parts;
  size_t start = 0;
  while (start < value.size()) {
    const size_t end = std::min(value.find_first_of(separators, start), value.size());
    parts.push_back(value.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

}  // namespace

const penstock_host FakeCall::kHost = {
    .struct_size = sizeof(penstock_host),
    .abi_major = PENSTOCK_ABI_MAJOR,
    .abi_minor = PENSTOCK_ABI_MINOR,
    .reserved = 0,
    .log_enabled = [](penstock_call*, int32_t) -> int32_t { return 1; },
    .log =
        [](penstock_call* call, int32_t, penstock_str message) {
          const std::lock_guard lock(of(call).mutex_);
          of(call).logs_.push_back(text(message));
        },
    .set_error =
        [](penstock_call* call, const penstock_error* e) {
          const std::lock_guard lock(of(call).mutex_);
          of(call).error_ = {e->status, e->retry, e->vendor_code, e->retry_after_ns, text(e->sqlstate), text(e->message), {}};
        },
    .add_error_detail =
        [](penstock_call* call, penstock_str key, penstock_str value) {
          const std::lock_guard lock(of(call).mutex_);
          of(call).error_.details[text(key)] = text(value);
        },
    .cancelled = [](penstock_call* call) -> int32_t { return of(call).cancelled_ ? 1 : 0; },
    .cancel_fd = [](penstock_call* call) -> int32_t { return of(call).cancel_fd_; },
    .deadline_ns = [](penstock_call* call) -> int64_t { return of(call).deadline_ns_; },
    .on_cancel = [](penstock_call* call, void (*fn)(void*), void* arg) -> uint64_t {
      FakeCall& self = of(call);
      const std::lock_guard lock(self.mutex_);
      if (self.cancelled_ || monotonic_ns() >= self.deadline_ns_) fn(arg);
      self.hooks_.push_back({self.next_token_, fn, arg});
      return self.next_token_++;
    },
    .off_cancel =
        [](penstock_call* call, uint64_t token) {
          FakeCall& self = of(call);
          const std::lock_guard lock(self.mutex_);
          std::erase_if(self.hooks_, [&](const Hook& hook) { return hook.token == token; });
        },
    .reject =
        [](penstock_call* call, const penstock_rejection* r) {
          const std::lock_guard lock(of(call).mutex_);
          of(call).rejects_.push_back({r->row, r->column, text(r->reason), r->retryable != 0});
        },
    .append =
        [](penstock_call*, penstock_buffer* buffer, const void* data, uint64_t size) {
          reinterpret_cast<FakeBuffer*>(buffer)->bytes.append(static_cast<const char*>(data), size);
        },
    .metric = [](penstock_call*, penstock_str, double) {},
};

FakeCall::FakeCall() : cancel_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  raw_.call = {sizeof(penstock_call), 0, &kHost};
  raw_.self = this;
}

FakeCall::~FakeCall() { close(cancel_fd_); }

void FakeCall::cancel() {
  const std::lock_guard lock(mutex_);
  cancelled_ = true;
  eventfd_write(cancel_fd_, 1);
  run_hooks();
}

void FakeCall::run_hooks() {
  const std::lock_guard lock(mutex_);
  for (const Hook& hook : hooks_) hook.fn(hook.arg);
  hooks_.clear();
}

void FakeCall::set_deadline_ms_from_now(int64_t ms) {
  deadline_ns_ = monotonic_ns() + ms * 1'000'000;
  watchdog_ = std::jthread([this, ms](std::stop_token stop) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any changed;
    changed.wait_for(lock, stop, std::chrono::milliseconds(ms), [] { return false; });
    if (!stop.stop_requested()) run_hooks();
  });
}

RecordedError FakeCall::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}
std::vector<RecordedReject> FakeCall::rejects() const {
  const std::lock_guard lock(mutex_);
  return rejects_;
}
std::vector<std::string> FakeCall::logs() const {
  const std::lock_guard lock(mutex_);
  return logs_;
}

const penstock_module& load_plugin(const std::string& build_dir, const std::string& name) {
  // The tests of the tests have plugins of their own, with errors in them.
  const char* const folder = std::getenv("PENSTOCK_TEST_PLUGINS");
  const std::string path = (folder != nullptr ? folder : build_dir + "/plugins") + "/" + name + ".so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw std::runtime_error(dlerror());
  const auto entry = reinterpret_cast<penstock_module_v1_fn>(dlsym(library, PENSTOCK_MODULE_SYMBOL));
  if (entry == nullptr) throw std::runtime_error(dlerror());
  return *entry();
}

const penstock_component& component(const penstock_module& module, const std::string& id) {
  for (uint32_t i = 0; i < module.n_components; ++i)
    if (id == module.components[i]->id) return *module.components[i];
  throw std::runtime_error("no component \"" + id + "\"");
}

FakeOptions::FakeOptions(const penstock_option_desc* const* declared, uint64_t n,
                         const std::map<std::string, std::string>& given) {
  size_t used = 0;
  for (uint64_t i = 0; i < n; ++i) {
    const penstock_option_desc& desc = *declared[i];
    const auto found = given.find(desc.name);
    if (found != given.end()) ++used;
    if (found == given.end() && desc.default_value == nullptr) continue;
    auto item = std::make_unique<Storage>();
    item->name = desc.name;
    const std::string value = found != given.end() ? found->second : desc.default_value;
    item->value = {sizeof(penstock_option_value), desc.type, {item->name.data(), item->name.size()}, 0, 0, {}, nullptr, 0};
    switch (desc.type) {
      case PENSTOCK_OPTION_INT: item->value.integer = std::stoll(value); break;
      case PENSTOCK_OPTION_DOUBLE: item->value.number = std::stod(value); break;
      case PENSTOCK_OPTION_BOOL: item->value.integer = value == "true"; break;
      case PENSTOCK_OPTION_DURATION:
        item->value.integer = scaled(value, {{"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000},
                                             {"h", 3'600'000'000'000}, {"d", 86'400'000'000'000}});
        break;
      case PENSTOCK_OPTION_SIZE:
        item->value.integer = scaled(value, {{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}});
        break;
      case PENSTOCK_OPTION_STRING_LIST: item->items = split(value, ","); break;
      case PENSTOCK_OPTION_STRING_MAP: item->items = split(value, ",="); break;
      default: item->text = value;
    }
    item->value.text = {item->text.data(), item->text.size()};
    for (const std::string& part : item->items) item->list.push_back({part.data(), part.size()});
    item->value.list = item->list.data();
    item->value.n_list = item->list.size();
    pointers_.push_back(&item->value);
    storage_.push_back(std::move(item));
  }
  if (used != given.size()) throw std::runtime_error("an option that was given is not declared");
  options_ = {sizeof(penstock_options), 0, pointers_.data(), pointers_.size()};
}

}  // namespace penstock::test
