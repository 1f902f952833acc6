/* What every part of the connector needs: failures, options, the end of a call. */
#ifndef CONNECTOR_H
#define CONNECTOR_H

#include <penstock/penstock.h>

#include <stdbool.h>
#include <string.h>

@source@extern const penstock_component source_component;
@sink@extern const penstock_component sink_component;

/* Room for a path of 4096 bytes and a sentence around it. */
#define MESSAGE_BYTES 4608

/* Why something failed, until the host is told. */
struct failure {
  penstock_status status;
  int32_t retry; /* PENSTOCK_RETRY_* */
  char message[MESSAGE_BYTES];
};

/* Fills it in; the message is one sentence, made as printf would, without secrets and without values of rows. Returns the status. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
penstock_status set_failure(struct failure* failure, penstock_status status, int32_t retry, const char* format, ...);

penstock_status no_memory(struct failure* failure);

/* Tells the host, which copies everything. Returns the status, for a slot to return. */
penstock_status report(penstock_call* call, const struct failure* failure);

/* OK, or CANCELLED when the host wants the call to end: ask between two pieces of work. */
penstock_status check_call(penstock_call* call, struct failure* failure);

static inline penstock_str str(const char* text) { return (penstock_str){text, strlen(text)}; }
static inline bool str_is(penstock_str text, const char* expected) {
  return text.size == strlen(expected) && memcmp(text.data, expected, (size_t)text.size) == 0;
}
/* For a buffer of the host, which may be NULL where nobody reads it. */
void append_text(penstock_call* call, penstock_buffer* buffer, const char* text);

/* The value of the option, or NULL when it has none. */
const penstock_option_value* option_value(const penstock_options* options, const char* name);

#endif
