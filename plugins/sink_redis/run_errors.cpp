#include "sink_redis/run_errors.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/scripts.hpp"

namespace penstock::redis {

Error run_error(std::string_view code) {
  if (code == kFenced) return Error(PENSTOCK_STATUS_FENCED, "a newer run of this view has begun in the store");
  if (code == kWiped)
    return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the store was emptied during the run");
  return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_UNKNOWN_OUTCOME,
               "the store's sequence of this run is not where it should be: writes were lost or repeated");
}

Error other_layout(std::string_view wanted, std::string_view there) {
  const std::string advice = ": give the view a new version, or the store another key_prefix";
  if (wanted == there)
    return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, "begin: the profiles of this view were packed with other fields, or in another order of them" + advice);
  return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, "begin: the profiles of this view are there in layout = \"" + printable(there, 20) +
                                                        "\", and the store's is \"" + std::string(wanted) + "\"" + advice);
}

Error run_is_over() {
  return Error(PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the run is over after an earlier error");
}

Error unexpected_batch(uint64_t seq, uint64_t expected) {
  return Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "batch " + std::to_string(seq) + " came where batch " + std::to_string(expected) + " was expected");
}

}  // namespace penstock::redis
