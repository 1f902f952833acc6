/* A small source written in plain C: a table of the numbers 1 to 6 in column "n", two batches of three. Built twice, as "counting" and as
 * "counting_back" with the same names inside, to show that neither sees the other's. */
#include "nothing.h"
#include "rows.h"

#ifdef COUNTING_BACK
#define ID "counting_back"
#define STEP (-1)
#else
#define ID "counting"
#define STEP 1
#endif

PENSTOCK_MODULE_NOTE(ID, "1.2.3")

/* Neither static nor hidden by the source: only the version script keeps these names to this library. */
int64_t step_of_this_library = STEP;
int64_t next_step(void);
int64_t next_step(void) { return step_of_this_library; }

struct penstock_source {
  int64_t streams;
};

struct rows {
  struct penstock_source* source;
  int64_t batch;
};

static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  (void)call;
  (void)options;
  *out = (penstock_source*)calloc(1, sizeof **out);
  return *out == NULL ? PENSTOCK_STATUS_RESOURCE_EXHAUSTED : PENSTOCK_STATUS_OK;
}
static void close_source(penstock_call* call, penstock_source* self) {
  (void)call;
  if (self->streams != 0) abort(); /* a stream outlived its source */
  free(self);
}
static penstock_status ping(penstock_call* call, penstock_source* self) {
  (void)call;
  (void)self;
  return PENSTOCK_STATUS_OK;
}
static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  (void)self;
  if (table->table.size != 7 || memcmp(table->table.data, "numbers", 7) != 0)
    return fail(call, PENSTOCK_STATUS_NOT_FOUND, "there is only the table \"numbers\"");
  make_schema(out, "n", "l");
  return PENSTOCK_STATUS_OK;
}
static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  (void)call;
  (void)self;
  return add(context, text_of(""), text_of(""), text_of("numbers"));
}
static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table,
                               const penstock_cursor* cursor, penstock_horizon* out) {
  (void)self;
  (void)table;
  (void)cursor;
  out->guarantee = PENSTOCK_CLASS_A;
  out->position->ordinal = 6 * next_step();
  call->host->append(call, out->position->detail, "\0\1", 2);
  call->host->append(call, out->position->text, "n = 6", 5);
  call->host->append(call, out->why, "numbers do not change", 21);
  call->host->append(call, out->holder, "nobody", 6);
  return PENSTOCK_STATUS_OK;
}
static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add,
                            void* context, penstock_scan_info* info) {
  static const uint8_t kTokens[] = {'a', 'b'};
  (void)self;
  (void)scan;
  for (int i = 0; i < 2; ++i) {
    const penstock_status status = add(context, (penstock_bytes){kTokens + i, 1});
    if (status != PENSTOCK_STATUS_OK) return status;
  }
  call->host->append(call, info->statement, "count\nto six", 12);
  info->cursor_unit_ns = 1000;
  if (info->advice != NULL) call->host->append(call, info->advice, "count\nfaster", 12);
  return PENSTOCK_STATUS_OK;
}

static int get_schema(struct ArrowArrayStream* self, struct ArrowSchema* out) {
  (void)self;
  make_schema(out, "n", "l");
  return 0;
}
static int get_next(struct ArrowArrayStream* self, struct ArrowArray* out) {
  struct rows* rows = (struct rows*)self->private_data;
  memset(out, 0, sizeof *out);
  if (rows->batch < 2) make_rows(out, 1 + 3 * rows->batch++, 3);
  return 0;
}
static const char* get_last_error(struct ArrowArrayStream* self) {
  (void)self;
  return NULL;
}
static void release_stream(struct ArrowArrayStream* self) {
  struct rows* rows = (struct rows*)self->private_data;
  --rows->source->streams;
  free(rows);
  self->release = NULL;
}
static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  struct rows* rows = (struct rows*)calloc(1, sizeof *rows);
  (void)call;
  (void)what;
  (void)partition;
  rows->source = self;
  ++self->streams;
  info->honoured = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_ORDER;
  info->rows_estimate = 6;
  info->cursor_unit_ns = 1000;
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, rows};
  return PENSTOCK_STATUS_OK;
}

static const penstock_source_vtab kVtab = {sizeof kVtab, 0, open_source, close_source, ping, describe, list_tables, horizon, plan, scan, no_extension};
static const penstock_component kSource = {sizeof kSource, PENSTOCK_KIND_SOURCE, ID, "Counting", "Numbers.", NULL, 0, NULL, 0, &kVtab, accept_options};
static const penstock_component* const kComponents[] = {&kSource};
static const penstock_module kModule = {PENSTOCK_MODULE_MAGIC, sizeof kModule, PENSTOCK_ABI_MAJOR, PENSTOCK_ABI_MINOR, 0, 1, ID, "1.2.3", "Penstock tests", "Apache-2.0", "", kComponents, init_nothing, deinit_nothing};

const penstock_module* penstock_module_v1(void) { return &kModule; }
