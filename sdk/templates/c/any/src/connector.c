#include "connector.h"

#include <stdarg.h>
#include <stdio.h>

penstock_status set_failure(struct failure* failure, penstock_status status, int32_t retry, const char* format, ...) {
  va_list arguments;
  failure->status = status;
  failure->retry = retry;
  va_start(arguments, format);
  vsnprintf(failure->message, sizeof failure->message, format, arguments);
  va_end(arguments);
  return status;
}

penstock_status no_memory(struct failure* failure) {
  return set_failure(failure, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, "out of memory");
}

penstock_status report(penstock_call* call, const struct failure* failure) {
  const penstock_error error = {sizeof error, failure->status, failure->retry, 0, 0, {NULL, 0}, str(failure->message)};
  call->host->set_error(call, &error);
  return failure->status;
}

penstock_status check_call(penstock_call* call, struct failure* failure) {
  if (!call->host->cancelled(call)) return PENSTOCK_STATUS_OK;
  return set_failure(failure, PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_RECONNECT, "cancelled");
}

void append_text(penstock_call* call, penstock_buffer* buffer, const char* text) {
  if (buffer != NULL) call->host->append(call, buffer, text, strlen(text));
}

const penstock_option_value* option_value(const penstock_options* options, const char* name) {
  for (uint64_t i = 0; i < options->n_values; ++i)
    if (str_is(options->values[i]->name, name)) return options->values[i];
  return NULL;
}
