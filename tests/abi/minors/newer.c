/* A plugin of the next minor version: the frozen one, built against the new headers, with the new slots filled and the new
 * fields used where the host has them. With NEW_KIND also a component of a kind that today's host does not know. */
#include "../frozen/1.0/frozen.h"

PENSTOCK_MODULE_NOTE("newer", "1.1.0")

static penstock_source_vtab source_vtab;
static penstock_sink_vtab sink_vtab;
static penstock_component source, sink;
static penstock_status (*frozen_scan)(penstock_call*, penstock_source*, const penstock_scan*, penstock_bytes, struct ArrowArrayStream*,
                                      penstock_scan_info*);
static penstock_status (*frozen_begin)(penstock_call*, penstock_sink*, const penstock_run_spec*, penstock_begin_result*, penstock_writer**);

#define KNOWS(p, field) (PENSTOCK_HAS(p, field) ? "yes" : "no")

static penstock_status row_count(penstock_call* call, penstock_source* self, int64_t* out) {
  (void)call;
  (void)self;
  *out = 5;
  return PENSTOCK_STATUS_OK;
}
static penstock_status profile_count(penstock_call* call, penstock_sink* self, int64_t* out) {
  (void)call;
  (void)self;
  *out = 8;
  return PENSTOCK_STATUS_OK;
}

static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  note(call, "minor: scan knows now_ns %s, run_number %s, row_limit %s, branch %s, granularity_ns %s, sub_ordinal %s, bytes_estimate %s",
       KNOWS(call->host, now_ns), KNOWS(call, run_number), KNOWS(what, row_limit), KNOWS(what->table, branch),
       KNOWS(what->cursor, granularity_ns), KNOWS(what->until, sub_ordinal), KNOWS(info, bytes_estimate));
  if (PENSTOCK_HAS(info, bytes_estimate)) info->bytes_estimate = 100;
  return frozen_scan(call, self, what, partition, out, info);
}
static penstock_status begin(penstock_call* call, penstock_sink* self, const penstock_run_spec* spec, penstock_begin_result* result,
                             penstock_writer** out) {
  note(call, "minor: begin knows owner %s, profile_count %s", KNOWS(spec, owner), KNOWS(result, profile_count));
  if (PENSTOCK_HAS(result, profile_count)) result->profile_count = 8;
  return frozen_begin(call, self, spec, result, out);
}

static penstock_status init(const penstock_host* host, penstock_call* call) {
  (void)host;
  note(call, "frozen plugin started");
  return PENSTOCK_STATUS_OK;
}
static void deinit(void) {}

#ifdef NEW_KIND
/* What the component of a kind looks like that is not known is not known either. */
static const penstock_component kCatalog = {.struct_size = sizeof kCatalog, .kind = PENSTOCK_KIND_CATALOG, .id = "catalog"};
static const penstock_component* const kComponents[] = {&source, &kCatalog, &sink};
#else
static const penstock_component* const kComponents[] = {&source, &sink};
#endif
static const penstock_module kModule = {
    .magic = PENSTOCK_MODULE_MAGIC,
    .struct_size = sizeof kModule,
    .abi_major = PENSTOCK_ABI_MAJOR,
    .abi_minor = PENSTOCK_ABI_MINOR,
    .n_components = sizeof kComponents / sizeof *kComponents,
    .id = "newer",
    .version = "1.1.0",
    .vendor = "Penstock tests",
    .license = "Apache-2.0",
    .url = "",
    .components = kComponents,
    .init = init,
    .deinit = deinit,
};

__attribute__((constructor)) static void take_from_the_frozen_one(void) {
  memcpy(&source_vtab, frozen_source.vtab, sizeof source_vtab);
  frozen_scan = source_vtab.scan;
  source_vtab.scan = scan;
  source_vtab.row_count = row_count;
  source = frozen_source;
  source.vtab = &source_vtab;
  memcpy(&sink_vtab, frozen_sink.vtab, sizeof sink_vtab);
  frozen_begin = sink_vtab.begin;
  sink_vtab.begin = begin;
  sink_vtab.profile_count = profile_count;
  sink = frozen_sink;
  sink.vtab = &sink_vtab;
}

const penstock_module* penstock_module_v1(void) { return &kModule; }
