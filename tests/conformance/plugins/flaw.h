/* A plugin of these tests is good, but for the one flaw that the environment variable PENSTOCK_FLAW names. */
#ifndef FLAW_H
#define FLAW_H

#include <stdlib.h>
#include <string.h>

static inline int has_flaw(const char* name) {
  const char* const flaw = getenv("PENSTOCK_FLAW");
  return flaw != NULL && strcmp(flaw, name) == 0;
}

#endif
