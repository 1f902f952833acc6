#include "conformance/trial.hpp"

#include "plugin/elf_note.hpp"
#include "plugin/file_check.hpp"
#include "plugin/library.hpp"
#include "plugin/module_check.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

// The exit codes of a process whose check was ended, and of one that came to its end. Not 0: a plugin may have called exit.
constexpr int kOver = 97;
constexpr int kDone = 98;

// As the host does, but from wherever the author builds: who may write there is looked at by a check of its own.
Result<const penstock_module*> load_as_host(const std::filesystem::path& plugin) {
  Descriptor file(open(plugin.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return invalid(std::string("cannot be read: ") + std::strerror(errno));
  const auto note = read_plugin_note(file.get());
  if (!note) return note.failure();
  const auto module = load_library(std::move(file));
  if (!module) return module.failure();
  if (const auto usable = check_module(*module, *note); !usable) return usable.failure();
  return *module;
}

std::string quirks_text(const std::filesystem::path& plugin) {
  return "the quirks file (" + quirks_beside(plugin).filename().string() + " beside the plugin, or --quirks)";
}

}  // namespace

std::string ComponentName::label() const { return std::string(kind == PENSTOCK_KIND_SOURCE ? "source" : "sink") + " \"" + id + "\""; }

void Trial::find(Verdict verdict, const std::string& expected, const std::string& seen) const {
  teller_.tell('f', {std::string(1, static_cast<char>('0' + static_cast<int>(verdict))), expected, seen});
}

void Trial::stop(const std::string& seen, const std::string& expected) const {
  fail(seen, expected);
  throw CheckOver();
}

void Trial::skip(const std::string& why) const {
  if (insists_) stop(why);
  find(Verdict::skip, "", why);
  throw CheckOver();
}

void Trial::measure(const std::string& name, double value, const std::string& unit) const {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  teller_.tell('m', {name, std::string(digits, end), unit});
}

Result<const penstock_module*> Trial::load() {
  if (module_ != nullptr) return module_;
  step("load the plugin");
  const auto loaded = load_as_host(plugin_);
  if (loaded) module_ = *loaded;
  return loaded;
}

const penstock_module& Trial::module() {
  if (const auto loaded = load(); !loaded) skip("the plugin cannot be loaded: load.module or static.note says why");
  return *module_;
}

bool Trial::apart(const std::string& as, const std::function<void()>& body) {
  const pid_t pid = fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid == 0) {
    step(as);
    try {
      body();
    } catch (const CheckOver&) {
      std::exit(kOver);
    } catch (const std::exception& error) {
      fail(error.what(), as);
    }
    std::exit(kDone);
  }
  ChildEnd end;
  while (waitpid(pid, &end.status, 0) < 0 && errno == EINTR) {
  }
  const int code = WIFEXITED(end.status) ? WEXITSTATUS(end.status) : -1;
  if (code != kOver && code != kDone) find(Verdict::crash, "the process ends well " + as, code == 0 ? "something ended it with the code 0" : end.trouble());
  return code == kDone;
}

const penstock_component& Trial::component() {
  const penstock_module& from = module();
  for (uint32_t i = 0; i < from.n_components; ++i)
    if (from.components[i]->kind == component_->kind && from.components[i]->id == component_->id) return *from.components[i];
  stop("the module no longer has the component", "the module is the same each time it is loaded");
}

ResolvedOptions Trial::options() {
  const penstock_component& declared = component();
  const Connection* connection = quirks_.connection(declared.kind, declared.id);
  const std::string section = declared.kind == PENSTOCK_KIND_SOURCE ? "warehouse" : "store";
  if (connection != nullptr) return resolve(section + " \"" + connection->name + "\"", connection->options, declared.options, declared.n_options);
  if (const auto problems = check_options(component_->label(), {}, {}, declared.options, declared.n_options); !problems.empty())
    skip(problems.front().text() + ": no [" + section + ".…] of " + quirks_text(plugin_) + " has plugin = \"" + declared.id + "\"");
  return resolve(component_->label(), {}, declared.options, declared.n_options);
}

const BatchSource& Trial::batch_source() {
  const BatchSource* found = quirks_.batch_source(component().id);
  if (found == nullptr)
    skip("no [[batch_source]] in " + quirks_text(plugin_) + " says which table of " + component_->label() + " to read");
  return *found;
}

ResolvedOptions Trial::table_options() {
  const BatchSource& source = batch_source();
  return resolve("batch_source \"" + source.name + "\"", source.options, component().table_options, component().n_table_options);
}

ResolvedOptions Trial::resolve(const std::string& object, const OptionInputs& given, const penstock_option_desc* const* declared, uint64_t count) {
  if (const auto problems = check_options(object, {}, given, declared, count); !problems.empty()) skip(problems.front().text());
  auto resolved = resolve_options(object, given, declared, count);
  if (!resolved) skip(resolved.failure().message);
  return std::move(*resolved);
}

}  // namespace penstock::host::conformance
