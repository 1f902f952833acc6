#include "run/driver.hpp"

namespace penstock::host {

RunReport RunDriver::run(RunJob job) const {
  RunExecution execution(connections_, state_, clock_, limits_, std::move(job));
  while (!execution.over()) execution.step();
  return execution.finish();
}

}  // namespace penstock::host
