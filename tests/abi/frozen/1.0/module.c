/* The frozen plugin: a source and a sink that use all that ABI 1.0 has. */
#include "frozen.h"

PENSTOCK_MODULE_NOTE("frozen", "1.0.0")

static penstock_status init(const penstock_host* host, penstock_call* call) {
  if (!PENSTOCK_HAS(host, metric)) return fail(call, PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER, "a host before 1.0");
  note(call, "frozen plugin started");
  return PENSTOCK_STATUS_OK;
}
static void deinit(void) {}

static const penstock_component* const kComponents[] = {&frozen_source, &frozen_sink};
static const penstock_module kModule = {
    .magic = PENSTOCK_MODULE_MAGIC,
    .struct_size = sizeof kModule,
    .abi_major = PENSTOCK_ABI_MAJOR,
    .abi_minor = PENSTOCK_ABI_MINOR,
    .n_components = 2,
    .id = "frozen",
    .version = "1.0.0",
    .vendor = "Penstock tests",
    .license = "Apache-2.0",
    .url = "",
    .components = kComponents,
    .init = init,
    .deinit = deinit,
};

const penstock_module* penstock_module_v1(void) { return &kModule; }
