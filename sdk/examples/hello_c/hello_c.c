/* A complete source in plain C: one table of greetings, held in memory. It reads only the window that it is asked for, and leaves
 * the choice of columns to the host. */
#include <penstock/penstock.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

PENSTOCK_MODULE_NOTE("hello_c", "1.0.0")

#define N_GREETINGS 3
static const char* const kTexts[N_GREETINGS] = {"Guten Tag", "Good day", "Bonjour"};
static const int64_t kUpdatedAt[N_GREETINGS] = {1700000000000000000, 1700000001000000000, 1700000002000000000}; /* ns since 1970, UTC */

struct penstock_source {
  char mark[16]; /* the option, ended by NUL */
};

static penstock_str str(const char* text) { return (penstock_str){text, strlen(text)}; }
static int is(penstock_str text, const char* name) { return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0; }

/* Reports an error and returns its status, for `return fail(…)`. */
static penstock_status fail(penstock_call* call, penstock_status status, const char* message) {
  const penstock_error error = {sizeof error, status, PENSTOCK_RETRY_NEVER, 0, 0, {NULL, 0}, str(message)};
  call->host->set_error(call, &error);
  return status;
}

static const penstock_option_desc kMark = {sizeof kMark, PENSTOCK_OPTION_STRING, 0, 0, "mark", "What ends a greeting; 15 bytes at most.", "!",
                                           NULL, INT64_MIN, INT64_MAX};
static const penstock_option_desc* const kOptions[] = {&kMark};

static penstock_str mark_of(const penstock_options* options) {
  for (uint64_t i = 0; i < options->n_values; ++i)
    if (is(options->values[i]->name, "mark")) return options->values[i]->text;
  return str(""); /* the host fills in defaults, so this is not reached */
}

static penstock_status validate(penstock_call* call, const penstock_options* options) {
  if (mark_of(options).size >= sizeof((penstock_source*)NULL)->mark)
    return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, "option \"mark\" is longer than 15 bytes");
  return PENSTOCK_STATUS_OK;
}

static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  const penstock_status valid = validate(call, options);
  if (valid != PENSTOCK_STATUS_OK) return valid;
  penstock_source* self = calloc(1, sizeof *self);
  if (self == NULL) return fail(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "out of memory");
  const penstock_str mark = mark_of(options); /* borrowed: what is kept is copied */
  if (mark.size != 0) memcpy(self->mark, mark.data, mark.size);
  *out = self;
  return PENSTOCK_STATUS_OK;
}
static void close_source(penstock_call* call, penstock_source* self) { (void)call, free(self); }
static penstock_status ping(penstock_call* call, penstock_source* self) { return (void)call, (void)self, PENSTOCK_STATUS_OK; }

/* The schema is static data, so there is nothing to free but the array of pointers. */
static void release_column(struct ArrowSchema* schema) { schema->release = NULL; }
static void release_schema(struct ArrowSchema* schema) {
  for (int i = 0; i < 2; ++i)
    if (schema->children[i]->release != NULL) schema->children[i]->release(schema->children[i]); /* a consumer may have moved it out */
  free(schema->private_data);
  schema->release = NULL;
}
static penstock_status make_schema(penstock_call* call, struct ArrowSchema* out) {
  struct parts {
    struct ArrowSchema columns[2];
    struct ArrowSchema* children[2];
  }* parts = malloc(sizeof *parts);
  if (parts == NULL) return fail(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "out of memory");
  parts->columns[0] = (struct ArrowSchema){.format = "u", .name = "text", .flags = ARROW_FLAG_NULLABLE, .release = release_column};
  parts->columns[1] = (struct ArrowSchema){.format = "tsn:UTC", .name = "updated_at", .flags = ARROW_FLAG_NULLABLE, .release = release_column};
  for (int i = 0; i < 2; ++i) parts->children[i] = &parts->columns[i];
  *out = (struct ArrowSchema){.format = "+s", .name = "", .n_children = 2, .children = parts->children, .release = release_schema, .private_data = parts};
  return PENSTOCK_STATUS_OK;
}

static penstock_status check_table(penstock_call* call, const penstock_table* table) {
  if (is(table->table, "greetings")) return PENSTOCK_STATUS_OK;
  return fail(call, PENSTOCK_STATUS_NOT_FOUND, "there is only the table \"greetings\"");
}
static penstock_status check_scan(penstock_call* call, const penstock_scan* scan) {
  for (uint64_t i = 0; i < scan->n_columns; ++i)
    if (!is(scan->columns[i], "text") && !is(scan->columns[i], "updated_at"))
      return fail(call, PENSTOCK_STATUS_NOT_FOUND, "there are only the columns \"text\" and \"updated_at\"");
  return check_table(call, scan->table);
}
static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  (void)self;
  const penstock_status found = check_table(call, table);
  return found != PENSTOCK_STATUS_OK ? found : make_schema(call, out);
}
static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  (void)call, (void)self;
  return add(context, str(""), str(""), str("greetings"));
}
static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table, const penstock_cursor* cursor,
                               penstock_horizon* out) {
  static const char kWhy[] = "the greetings never change", kText[] = "2023-11-14 22:13:22 UTC";
  (void)self, (void)cursor;
  const penstock_status found = check_table(call, table);
  if (found != PENSTOCK_STATUS_OK) return found;
  out->guarantee = PENSTOCK_CLASS_A;
  out->position->ordinal = kUpdatedAt[N_GREETINGS - 1];
  call->host->append(call, out->position->text, kText, sizeof kText - 1);
  call->host->append(call, out->why, kWhy, sizeof kWhy - 1);
  return PENSTOCK_STATUS_OK;
}
static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add, void* context,
                            penstock_scan_info* info) {
  static const char kStatement[] = "the greetings of the window";
  (void)self;
  const penstock_status found = check_scan(call, scan);
  if (found != PENSTOCK_STATUS_OK) return found;
  call->host->append(call, info->statement, kStatement, sizeof kStatement - 1);
  return add(context, (penstock_bytes){NULL, 0}); /* one partition */
}

struct stream {
  penstock_call* call; /* valid until the stream is released */
  const penstock_source* source;
  int64_t batch_rows;
  int next, end;     /* of the greetings */
  const char* error; /* what get_last_error says */
};

struct batch {
  struct ArrowArray columns[2];
  struct ArrowArray* children[2];
  const void* buffers[1];
  const void* text_buffers[3];
  const void* time_buffers[2];
  int32_t offsets[N_GREETINGS + 1];
  char text[N_GREETINGS * 32];
};
static void release_child(struct ArrowArray* array) { array->release = NULL; }
static void release_batch(struct ArrowArray* array) {
  free(array->private_data); /* the columns are within */
  array->release = NULL;
}

static int get_schema(struct ArrowArrayStream* self, struct ArrowSchema* out) {
  struct stream* stream = self->private_data;
  stream->error = "out of memory";
  return make_schema(stream->call, out) == PENSTOCK_STATUS_OK ? 0 : ENOMEM;
}
static int fail_next(struct stream* stream, penstock_status status, const char* message, int code) {
  stream->error = message;
  return (void)fail(stream->call, status, message), code;
}
static int get_next(struct ArrowArrayStream* self, struct ArrowArray* out) {
  struct stream* stream = self->private_data;
  *out = (struct ArrowArray){0}; /* released: the end */
  if (stream->call->host->cancelled(stream->call)) return fail_next(stream, PENSTOCK_STATUS_CANCELLED, "cancelled", ECANCELED);
  if (stream->next == stream->end) return 0;
  struct batch* batch = calloc(1, sizeof *batch);
  if (batch == NULL) return fail_next(stream, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "out of memory", ENOMEM);
  const int64_t* const times = kUpdatedAt + stream->next;
  int rows = 0;
  for (; stream->next < stream->end && rows < stream->batch_rows; ++stream->next) {
    strcpy(batch->text + batch->offsets[rows], kTexts[stream->next]); /* 32 bytes a greeting: the longest has 9, a mark 15 */
    strcat(batch->text + batch->offsets[rows], stream->source->mark);
    batch->offsets[rows + 1] = batch->offsets[rows] + (int32_t)strlen(batch->text + batch->offsets[rows]);
    ++rows;
  }
  batch->text_buffers[1] = batch->offsets; /* the first buffer is a bitmap; without nulls it may be NULL */
  batch->text_buffers[2] = batch->text;
  batch->time_buffers[1] = times;
  batch->columns[0] = (struct ArrowArray){.length = rows, .n_buffers = 3, .buffers = batch->text_buffers, .release = release_child};
  batch->columns[1] = (struct ArrowArray){.length = rows, .n_buffers = 2, .buffers = batch->time_buffers, .release = release_child};
  for (int i = 0; i < 2; ++i) batch->children[i] = &batch->columns[i];
  *out = (struct ArrowArray){.length = rows, .n_buffers = 1, .n_children = 2, .buffers = batch->buffers, .children = batch->children,
                             .release = release_batch, .private_data = batch};
  return 0;
}
static const char* get_last_error(struct ArrowArrayStream* self) { return ((struct stream*)self->private_data)->error; }
static void release_stream(struct ArrowArrayStream* self) {
  free(self->private_data);
  self->release = NULL;
}
static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  (void)partition;
  const penstock_status found = check_scan(call, what);
  if (found != PENSTOCK_STATUS_OK) return found;
  struct stream* stream = calloc(1, sizeof *stream);
  if (stream == NULL) return fail(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "out of memory");
  *stream = (struct stream){.call = call, .source = self, .batch_rows = what->batch_rows};
  while (stream->end < N_GREETINGS && kUpdatedAt[stream->end] <= what->until->ordinal) ++stream->end;
  if (what->since != NULL)
    while (stream->next < stream->end && kUpdatedAt[stream->next] <= what->since->ordinal) ++stream->next;
  info->honoured = PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL;
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, stream};
  return PENSTOCK_STATUS_OK;
}
static const void* get_extension(penstock_source* self, const char* id) { return (void)self, (void)id, NULL; }

static const penstock_source_vtab kVtab = {sizeof kVtab, 0,       open_source, close_source, ping, describe,
                                           list_tables,  horizon, plan,        scan,         get_extension};
static const penstock_component kHello = {sizeof kHello, PENSTOCK_KIND_SOURCE, "hello_c", "Hello", "A table of greetings, for learning.",
                                          kOptions,      1,                    NULL,      0,       &kVtab,
                                          validate};
static const penstock_component* const kComponents[] = {&kHello};
static penstock_status init(const penstock_host* host, penstock_call* call) { return (void)host, (void)call, PENSTOCK_STATUS_OK; }
static void deinit(void) {}
static const penstock_module kModule = {PENSTOCK_MODULE_MAGIC, sizeof kModule, PENSTOCK_ABI_MAJOR, PENSTOCK_ABI_MINOR, 0,
                                        1, "hello_c", "1.0.0", "Penstock", "Apache-2.0", "https://example.org/hello-c", kComponents, init, deinit};

const penstock_module* penstock_module_v1(void) { return &kModule; }
