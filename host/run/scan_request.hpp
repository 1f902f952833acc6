// A view's window as the question to its source.
#pragma once

#include "config/definitions.hpp"
#include "config/options.hpp"
#include "plugin/source.hpp"
#include "run/job.hpp"
#include "run/machine.hpp"
#include "stage/row_plan.hpp"

#include <string>

namespace penstock::host {

// The scan of a view's window: also for `plan`, which shows the statement.
ScanRequest scan_request(const View& view, const BatchSource& source, const ResolvedOptions& options, const Window& window,
                         const RowPlan& plan, const RunLimits& limits);
TableRef table_ref(const BatchSource& source, const ResolvedOptions& options);
CursorRef cursor_ref(const View& view, const BatchSource& source, const std::string& column);

}  // namespace penstock::host
