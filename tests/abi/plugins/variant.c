/* A complete plugin of one source, in which -DVARIANT_… changes one thing that a host must notice. */
#include <penstock/penstock.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define UNUSED(x) (void)(x)

#ifdef VARIANT_OTHER_MODULE
#define ID "variant_other"
#else
#define ID "variant"
#endif
PENSTOCK_MODULE_NOTE(ID, "1.0.0")

#ifdef VARIANT_CONSTRUCTOR
/* Leaves a file behind, so that a test sees whether the library's code has run. */
__attribute__((constructor)) static void leave_a_mark(void) {
  const char* path = getenv("PENSTOCK_TEST_MARK");
  FILE* file = path == NULL ? NULL : fopen(path, "w");
  if (file != NULL) fclose(file);
}
#endif

#ifdef VARIANT_UNDEFINED_SYMBOL
void penstock_test_nobody_defines_this(void);
#endif

static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  UNUSED(call);
  UNUSED(options);
#ifdef VARIANT_UNDEFINED_SYMBOL
  penstock_test_nobody_defines_this();
#endif
  *out = (penstock_source*)malloc(1);
  return PENSTOCK_STATUS_OK;
}
static void close_source(penstock_call* call, penstock_source* self) {
  UNUSED(call);
  free(self);
}
static penstock_status ping(penstock_call* call, penstock_source* self) {
  UNUSED(call);
  UNUSED(self);
  return PENSTOCK_STATUS_OK;
}
static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  UNUSED(call);
  UNUSED(self);
  UNUSED(table);
  UNUSED(out);
  return PENSTOCK_STATUS_NOT_SUPPORTED;
}
static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  UNUSED(call);
  UNUSED(self);
  UNUSED(add);
  UNUSED(context);
  return PENSTOCK_STATUS_NOT_SUPPORTED;
}
static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table,
                               const penstock_cursor* cursor, penstock_horizon* out) {
  UNUSED(call);
  UNUSED(self);
  UNUSED(table);
  UNUSED(cursor);
  UNUSED(out);
  return PENSTOCK_STATUS_NOT_SUPPORTED;
}
static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add,
                            void* context, penstock_scan_info* info) {
  UNUSED(call);
  UNUSED(self);
  UNUSED(scan);
  UNUSED(add);
  UNUSED(context);
  UNUSED(info);
  return PENSTOCK_STATUS_NOT_SUPPORTED;
}
static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  UNUSED(call);
  UNUSED(self);
  UNUSED(what);
  UNUSED(partition);
  UNUSED(out);
  UNUSED(info);
  return PENSTOCK_STATUS_NOT_SUPPORTED;
}
static const void* get_extension(penstock_source* self, const char* id) {
  UNUSED(self);
  UNUSED(id);
  return NULL;
}

static const penstock_source_vtab kVtab = {
#ifdef VARIANT_SMALL_VTAB
    .struct_size = offsetof(penstock_source_vtab, scan),
#else
    .struct_size = sizeof(penstock_source_vtab),
#endif
    .open = open_source,
    .close = close_source,
    .ping = ping,
    .describe = describe,
    .list_tables = list_tables,
#ifndef VARIANT_NULL_SLOT
    .horizon = horizon,
#endif
    .plan = plan,
    .scan = scan,
    .get_extension = get_extension,
};
#ifdef VARIANT_NULL_SLOT
penstock_status (*const kUnusedHorizon)(penstock_call*, penstock_source*, const penstock_table*, const penstock_cursor*,
                                        penstock_horizon*) = horizon;
#endif

#if defined(VARIANT_OPTION_TYPE)
static const penstock_option_desc kOption = {sizeof kOption, 99, 0, 0, "speed", "How fast.", NULL, NULL, INT64_MIN, INT64_MAX};
#elif defined(VARIANT_OPTION_NAME)
static const penstock_option_desc kOption = {sizeof kOption, PENSTOCK_OPTION_INT, 0, 0, "Top Speed", "How fast.", NULL, NULL, INT64_MIN, INT64_MAX};
#elif defined(VARIANT_OPTION_DEFAULT)
static const penstock_option_desc kOption = {sizeof kOption, PENSTOCK_OPTION_INT, 0, 0, "speed", "How fast.", "quick", NULL, INT64_MIN, INT64_MAX};
#elif defined(VARIANT_OPTION_RANGE)
static const penstock_option_desc kOption = {sizeof kOption, PENSTOCK_OPTION_DURATION, 0, 0, "wait", "How long.", "5m", NULL, 0, 1000};
#elif defined(VARIANT_OPTION_KEY)
static const penstock_option_desc kOption = {sizeof kOption, PENSTOCK_OPTION_INT, 0, 0, "plugin", "Taken.", NULL, NULL, INT64_MIN, INT64_MAX};
#elif defined(VARIANT_OPTION_SECRET)
static const penstock_option_desc kOption = {sizeof kOption, PENSTOCK_OPTION_STRING, PENSTOCK_OPTION_SECRET, 0, "password", "The password.", "hunter2", NULL, INT64_MIN, INT64_MAX};
#else
static const penstock_option_desc kOption = {sizeof kOption, PENSTOCK_OPTION_INT, 0, 0, "speed", "How fast.", "3", NULL, 1, 9};
#endif
static const penstock_option_desc* const kOptions[] = {&kOption, &kOption};

static penstock_status validate(penstock_call* call, const penstock_options* options) {
  const penstock_str message = {"speed 9 needs another engine", 28};
  const penstock_error error = {sizeof error, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, 0, 0, {NULL, 0}, message};
  if (options->n_values == 0 || options->values[0]->integer != 9) return PENSTOCK_STATUS_OK;
  call->host->set_error(call, &error);
  return PENSTOCK_STATUS_INVALID_ARGUMENT;
}

static const penstock_component kComponent = {
    .struct_size = sizeof(penstock_component),
#ifdef VARIANT_UNKNOWN_KIND
    .kind = 7,
#else
    .kind = PENSTOCK_KIND_SOURCE,
#endif
#ifdef VARIANT_COMPONENT_ID
    .id = "Variant Source",
#else
    .id = "variant",
#endif
    .title = "Variant",
    .doc = "A source for tests.",
    .options = kOptions,
#ifdef VARIANT_OPTION_TWICE
    .n_options = 2,
#else
    .n_options = 1,
#endif
    .vtab = &kVtab,
#ifndef VARIANT_NO_VALIDATE
    .validate = validate,
#endif
};
#ifdef VARIANT_NO_VALIDATE
penstock_status (*const kUnusedValidate)(penstock_call*, const penstock_options*) = validate;
#endif

static penstock_status init(const penstock_host* host, penstock_call* call) {
  UNUSED(host);
#ifdef VARIANT_INIT_FAILS
  const penstock_str message = {"the licence has expired", 23};
  const penstock_error error = {sizeof error, PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_NEVER, 0, 0, {NULL, 0}, message};
  call->host->set_error(call, &error);
  return PENSTOCK_STATUS_FAILED_PRECONDITION;
#else
  call->host->metric(call, (penstock_str){"inits", 5}, 1);
  return PENSTOCK_STATUS_OK;
#endif
}
static void deinit(void) {
  const char* path = getenv("PENSTOCK_TEST_DEINIT");
  FILE* file = path == NULL ? NULL : fopen(path, "a");
  if (file == NULL) return;
  fputs("deinit\n", file);
  fclose(file);
}

#ifdef VARIANT_SAME_COMPONENT_TWICE
static const penstock_component* const kComponents[] = {&kComponent, &kComponent};
#define N_COMPONENTS 2
#else
static const penstock_component* const kComponents[] = {&kComponent, NULL};
#define N_COMPONENTS 1
#endif

static const penstock_module kModule = {
#ifdef VARIANT_MAGIC
    .magic = 0,
#else
    .magic = PENSTOCK_MODULE_MAGIC,
#endif
#ifdef VARIANT_SMALL_MODULE
    .struct_size = offsetof(penstock_module, init),
#else
    .struct_size = sizeof(penstock_module),
#endif
#ifdef VARIANT_MODULE_MAJOR
    .abi_major = PENSTOCK_ABI_MAJOR + 1,
#else
    .abi_major = PENSTOCK_ABI_MAJOR,
#endif
    .abi_minor = PENSTOCK_ABI_MINOR,
#ifdef VARIANT_NO_COMPONENTS
    .n_components = 0,
#elif defined(VARIANT_NULL_COMPONENT)
    .n_components = N_COMPONENTS + 1,
#else
    .n_components = N_COMPONENTS,
#endif
    .id = ID,
#ifdef VARIANT_MODULE_VERSION
    .version = "1.0.1",
#else
    .version = "1.0.0",
#endif
    .vendor = "Penstock tests",
    .license = "Apache-2.0",
    .url = "",
    .components = kComponents,
    .init = init,
    .deinit = deinit,
};

#ifdef VARIANT_NO_EXPORT
PENSTOCK_EXPORT const penstock_module* penstock_module_v2(void);
PENSTOCK_EXPORT const penstock_module* penstock_module_v2(void) { return &kModule; }
#elif defined(VARIANT_RETURNS_NULL)
const penstock_module* const kUnusedModule = &kModule;
const penstock_module* penstock_module_v1(void) { return NULL; }
#else
const penstock_module* penstock_module_v1(void) { return &kModule; }
#endif
