/* The slots of a plugin that has nothing to do in them. */
#ifndef PENSTOCK_TEST_NOTHING_H
#define PENSTOCK_TEST_NOTHING_H

#include <penstock/penstock.h>

#include <stddef.h>

static inline const void* no_extension(penstock_source* self, const char* id) {
  (void)self;
  (void)id;
  return NULL;
}
static inline penstock_status accept_options(penstock_call* call, const penstock_options* options) {
  (void)call;
  (void)options;
  return PENSTOCK_STATUS_OK;
}
static inline penstock_status init_nothing(const penstock_host* host, penstock_call* call) {
  (void)host;
  (void)call;
  return PENSTOCK_STATUS_OK;
}
static inline void deinit_nothing(void) {}

#endif
