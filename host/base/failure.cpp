#include "base/failure.hpp"

namespace penstock::host {

std::string_view status_name(penstock_status status) {
  switch (status) {
    case PENSTOCK_STATUS_OK: return "ok";
    case PENSTOCK_STATUS_INVALID_ARGUMENT: return "invalid_argument";
    case PENSTOCK_STATUS_NOT_FOUND: return "not_found";
    case PENSTOCK_STATUS_UNAUTHENTICATED: return "unauthenticated";
    case PENSTOCK_STATUS_PERMISSION_DENIED: return "permission_denied";
    case PENSTOCK_STATUS_UNAVAILABLE: return "unavailable";
    case PENSTOCK_STATUS_CANCELLED: return "cancelled";
    case PENSTOCK_STATUS_DEADLINE_EXCEEDED: return "deadline_exceeded";
    case PENSTOCK_STATUS_FAILED_PRECONDITION: return "failed_precondition";
    case PENSTOCK_STATUS_RESOURCE_EXHAUSTED: return "resource_exhausted";
    case PENSTOCK_STATUS_FENCED: return "fenced";
    case PENSTOCK_STATUS_NOT_SUPPORTED: return "not_supported";
    case PENSTOCK_STATUS_DATA_LOSS: return "data_loss";
    default: return "internal";
  }
}

}  // namespace penstock::host
