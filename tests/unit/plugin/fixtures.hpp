// Plugin folders and calls for the loader's tests.
#pragma once

#include "config/options.hpp"
#include "plugin/registry.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace penstock::host::test {

inline std::filesystem::path built_plugin(const std::string& name) {
  return std::filesystem::path(PENSTOCK_BUILD_DIR) / "test_plugins" / (name + ".so");
}

inline std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A folder that the host trusts, with copies of the test plugins; gone at the end.
class PluginFolder {
 public:
  PluginFolder() {
    char name[] = "/tmp/penstock-plugins.XXXXXX";
    if (mkdtemp(name) != nullptr) path_ = name;
  }
  ~PluginFolder() { std::filesystem::remove_all(path_); }
  PluginFolder(const PluginFolder&) = delete;
  PluginFolder& operator=(const PluginFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

  // Copies <build>/test_plugins/<plugin>.so to <folder>/<name>.
  std::filesystem::path add(const std::string& plugin, const std::string& name) const {
    return write(name, read_bytes(built_plugin(plugin)));
  }
  // A new file each time: one that is loaded may not change, and would be known again.
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::filesystem::remove(file(name));
    std::ofstream(file(name), std::ios::binary) << bytes;
    set_mode(name, 0644);
    return file(name);
  }
  void set_mode(const std::string& name, unsigned mode) const {
    std::filesystem::permissions(file(name), static_cast<std::filesystem::perms>(mode));
  }

 private:
  std::filesystem::path path_;
};

// What plugins said through the registry's hooks.
class Heard {
 public:
  Registry::Hooks hooks() {
    return {[this](int32_t level, std::string_view scope, std::string_view message) {
              const std::lock_guard lock(mutex_);
              log_.push_back(std::to_string(level) + " " + std::string(scope) + ": " + std::string(message));
            },
            [this](std::string_view component, std::string_view name, double value) {
              const std::lock_guard lock(mutex_);
              metrics_[std::string(component) + "." + std::string(name)] = value;
            }};
  }
  std::vector<std::string> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  std::map<std::string, double> metrics() const {
    const std::lock_guard lock(mutex_);
    return metrics_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> log_;
  std::map<std::string, double> metrics_;
};

// "OK", or the failure's message.
template <class T>
std::string outcome(const Result<T>& result) {
  return result.ok() ? "OK" : result.failure().message;
}

inline std::vector<std::string> messages(const std::vector<Failure>& failures) {
  std::vector<std::string> out;
  for (const Failure& failure : failures) out.push_back(failure.message);
  return out;
}

// One of the misbehaving plugins, loaded from a folder of its own.
class Misbehaving {
 public:
  explicit Misbehaving(const std::string& plugin) : registry(heard.hooks()) {
    const auto loaded = registry.load_file(folder.add(plugin, plugin + ".so"));
    EXPECT_EQ(outcome(loaded), "OK");
  }

  ResolvedOptions options(int32_t kind, const std::string& mode) const {
    const penstock_component& declared = *registry.find(kind, "misbehaving")->declared;
    return std::move(*resolve_options("test", {{"mode", {mode, {}}}}, declared.options, declared.n_options));
  }
  Result<std::unique_ptr<Source>> try_source(const std::string& mode, const CallLimits& limits = {}) const {
    return registry.open_source(*registry.find(PENSTOCK_KIND_SOURCE, "misbehaving"), options(PENSTOCK_KIND_SOURCE, mode), limits);
  }
  std::unique_ptr<Source> source(const std::string& mode) const { return std::move(*try_source(mode)); }
  Result<std::unique_ptr<Sink>> try_sink(const std::string& mode) const {
    return registry.open_sink(*registry.find(PENSTOCK_KIND_SINK, "misbehaving"), options(PENSTOCK_KIND_SINK, mode), {});
  }
  std::unique_ptr<Sink> sink(const std::string& mode) const { return std::move(*try_sink(mode)); }

  // A counter of the plugin's (streams_released …), which it reports when it is asked. They count all of this process.
  double source_counter(const std::string& name) { return (void)source("fine")->ping({}), heard.metrics()["misbehaving." + name]; }
  double sink_counter(const std::string& name) { return (void)sink("fine")->ping({}), heard.metrics()["misbehaving." + name]; }

  PluginFolder folder;
  Heard heard;
  Registry registry;
};

}  // namespace penstock::host::test
