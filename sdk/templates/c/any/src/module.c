/* The module: the one function that the library exports, and the note that says what it is before it is loaded. */
#include "connector.h"

#define ID "@NAME@"
#define VERSION "0.1.0"

PENSTOCK_MODULE_NOTE(ID, VERSION)

/* Before everything else but validate: what a client library wants to be done once. No I/O. */
static penstock_status init(const penstock_host* host, penstock_call* call) {
  (void)host;
  (void)call;
  return PENSTOCK_STATUS_OK;
}

static void deinit(void) {}

static const penstock_component* const kComponents[] = {
@source@    &source_component,
@sink@    &sink_component,
};

static const penstock_module kModule = {
    .magic = PENSTOCK_MODULE_MAGIC,
    .struct_size = sizeof kModule,
    .abi_major = PENSTOCK_ABI_MAJOR,
    .abi_minor = PENSTOCK_ABI_MINOR,
    .n_components = sizeof kComponents / sizeof kComponents[0],
    .id = ID,
    .version = VERSION,
    .vendor = "You",
    .license = "Apache-2.0",
    .url = "https://example.org/" ID,
    .components = kComponents,
    .init = init,
    .deinit = deinit,
};

const penstock_module* penstock_module_v1(void) { return &kModule; }
