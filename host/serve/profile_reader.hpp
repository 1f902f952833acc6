// Where the read API gets profiles from.
#pragma once

#include "base/failure.hpp"
#include "batch/batch.hpp"
#include "config/definitions.hpp"

#include <string>
#include <vector>

namespace penstock::host {

// Thread-safe; blocks; so never called on the loop.
class ProfileReader {
 public:
  virtual ~ProfileReader() = default;

  // One row per key, in the order asked; the same key may come twice. Columns: "penstock.state" int8, "penstock.order" binary,
  // "penstock.ttl_ms" int64 (see penstock/sink.h), then the fields as named, each with the type that the view gives it. The
  // batch has been validated.
  virtual Result<Batch> read(const View& view, const std::vector<std::string>& fields, const std::vector<std::string>& keys) = 0;
};

}  // namespace penstock::host
