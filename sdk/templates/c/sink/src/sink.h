/* What the parts of the sink share. */
#ifndef SINK_H
#define SINK_H

#include "connector.h"
#include "store.h"

struct penstock_sink {
  struct store* store; /* a client library's connection would be here */
  int64_t max_profiles;
};

/* Reports the failure; returns the status, for a slot to return. */
penstock_status fail(penstock_call* call, penstock_status status, int32_t retry, const char* message);
penstock_status fail_without_memory(penstock_call* call);
penstock_status fail_fenced(penstock_call* call);

/* Versions of a view are views of their own. By malloc; NULL: no memory. */
char* view_name(penstock_str view, int32_t version);

/* Stores the view's position, or that there is none where it is NULL, and reports what fails. */
penstock_status set_position(penstock_call* call, struct store* store, const char* view, int64_t fence, const penstock_position* position,
                             int64_t committed_fence);

/* The sink's features by id. */
const void* get_extension(penstock_sink* self, const char* id);

#endif
