#include "plugin/library.hpp"

#include "plugin/printable.hpp"

#include <boost/dll/shared_library.hpp>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string_view>
#include <sys/stat.h>
#include <utility>

namespace penstock::host {
namespace {

struct Life {
  Result<void> started;
  bool ended = false;
};

using FileId = std::pair<dev_t, ino_t>;

struct Loaded {
  boost::dll::shared_library library;
  // glibc knows a library by each name that it was ever asked for under, before it looks at the file. The number of this
  // descriptor must therefore never name another file; it also keeps the FileId from being given to one.
  Descriptor file;
};

// What dlopen keeps a process long is kept a process long here, whichever registry asked for it. Leaked on purpose: a
// shared_library closes its library when it is destroyed, and no plugin survives that (destructors of statics and of threads
// that run later, clients' own atexit handlers).
struct Process {
  std::mutex mutex;
  std::map<FileId, Loaded> libraries;
  std::map<const penstock_module*, Life> modules;
};

Process& process() {
  static auto* const state = new Process;
  return *state;
}

// Boost's message holds dlerror's text between these; the text begins with the file, which the caller names better.
std::string linker_text(std::string_view message, const std::string& path) {
  constexpr std::string_view kBefore = "(dlerror system message: ";
  const size_t start = message.find(kBefore);
  if (start == std::string_view::npos) return printable(message, 1024);
  message.remove_prefix(start + kBefore.size());
  message = message.substr(0, message.rfind(')'));
  if (message.starts_with(path + ": ")) message.remove_prefix(path.size() + 2);
  return printable(message, 1024);
}

// Nothing if the library is already there.
Result<void> load_once(const FileId& id, Descriptor file) {
  const std::lock_guard lock(process().mutex);
  if (process().libraries.contains(id)) return {};
  namespace mode = boost::dll::load_mode;
  // RTLD_NODELETE: also no dlclose by anybody else unloads it. RTLD_NOW: an undefined symbol shows here, not in a run.
  const auto flags = static_cast<mode::type>(mode::rtld_now | mode::rtld_local | RTLD_NODELETE);
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  try {
    process().libraries.emplace(id, Loaded{boost::dll::shared_library(path, flags), std::move(file)});
  } catch (const std::exception& error) {
    return invalid("cannot be loaded: " + linker_text(error.what(), path));
  }
  return {};
}

}  // namespace

Result<const penstock_module*> load_library(Descriptor file) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return invalid(std::string("cannot be read: ") + std::strerror(errno));
  const FileId id{status.st_dev, status.st_ino};
  if (auto loaded = load_once(id, std::move(file)); !loaded) return loaded.failure();
  const std::lock_guard lock(process().mutex);
  const boost::dll::shared_library& library = process().libraries.at(id).library;
  if (!library.has(PENSTOCK_MODULE_SYMBOL)) return invalid("does not export " PENSTOCK_MODULE_SYMBOL);
  return library.get<const penstock_module*()>(PENSTOCK_MODULE_SYMBOL)();
}

Result<void> start_module(const penstock_module* module, const std::function<Result<void>()>& init) {
  // The lock is held across init: it is the promise that init runs once and before anything else.
  const std::lock_guard lock(process().mutex);
  const auto known = process().modules.find(module);
  if (known == process().modules.end()) return process().modules.emplace(module, Life{init()}).first->second.started;
  if (known->second.ended) return invalid("was shut down; it cannot start again in this process");
  return known->second.started;
}

void end_module(const penstock_module* module) {
  const std::lock_guard lock(process().mutex);
  const auto known = process().modules.find(module);
  if (known == process().modules.end() || known->second.ended || !known->second.started) return;
  known->second.ended = true;
  module->deinit();
}

}  // namespace penstock::host
