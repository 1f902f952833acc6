// Where a run gets its source and sink from.
#pragma once

#include "base/failure.hpp"
#include "config/definitions.hpp"
#include "config/options.hpp"
#include "plugin/sink.hpp"
#include "plugin/source.hpp"

#include <memory>
#include <string>

namespace penstock::host {

// Thread-safe. An object that was taken is the taker's alone; give it back when it is known to work, else just drop it.
class Connections {
 public:
  virtual ~Connections() = default;

  virtual Result<std::unique_ptr<Source>> take_source(const std::string& warehouse, const CallLimits&) = 0;
  virtual void give_back(const std::string& warehouse, std::unique_ptr<Source>) = 0;

  virtual Result<std::unique_ptr<Sink>> take_sink(const std::string& store, const CallLimits&) = 0;
  virtual void give_back(const std::string& store, std::unique_ptr<Sink>) = 0;
  // An idle connection, if there is one, without asking it whether it still works: for what may be done again on another.
  virtual std::unique_ptr<Sink> take_idle_sink(const std::string& /*store*/) { return nullptr; }

  // The source plugin's options of a batch source.
  virtual Result<ResolvedOptions> table_options(const BatchSource&) = 0;
};

}  // namespace penstock::host
