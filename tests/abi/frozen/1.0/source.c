/* A table "numbers" of five rows: n from 1 to 5, at n seconds after 1970, and a name. Read in two partitions. */
#include "frozen.h"

#define ROWS 5
#define SECOND_NS 1000000000

static const char* const kNames[ROWS] = {"one", "two", "three", "four", NULL};

struct penstock_source {
  int64_t rows;
  int64_t streams;
};

struct stream {
  penstock_call* call;
  penstock_source* source;
  uint64_t hook;
  int64_t next; /* the number of the next row, by two */
  int64_t since, until;
  char error[64];
};

static const penstock_option_value* find_option(const penstock_options* options, const char* name) {
  for (uint64_t i = 0; i < options->n_values; ++i)
    if (same_text(options->values[i]->name, name)) return options->values[i];
  return NULL;
}

static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  const penstock_option_value* tags = find_option(options, "tags");
  const penstock_option_value* labels = find_option(options, "labels");
  const penstock_option_value* greeting = find_option(options, "greeting");
  penstock_source* self = calloc(1, sizeof *self);
  if (self == NULL) return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
  self->rows = find_option(options, "rows")->integer;
  note(call, "greeting %.*s, rows %lld, factor %.2f, loud %lld, pause %lld, batch %lld, tags %llu, labels %llu, password %s",
       (int)greeting->text.size, greeting->text.data, (long long)self->rows, find_option(options, "factor")->number,
       (long long)find_option(options, "loud")->integer, (long long)find_option(options, "pause")->integer,
       (long long)find_option(options, "batch")->integer, tags == NULL ? 0 : (unsigned long long)tags->n_list,
       labels == NULL ? 0 : (unsigned long long)labels->n_list, find_option(options, "password") == NULL ? "absent" : "given");
  *out = self;
  return PENSTOCK_STATUS_OK;
}

static void close_source(penstock_call* call, penstock_source* self) {
  note(call, "source closed with %lld streams", (long long)self->streams);
  free(self);
}

static penstock_status ping(penstock_call* call, penstock_source* self) {
  call->host->metric(call, (penstock_str){"rows", 4}, (double)self->rows);
  note(call, "ping: cancelled %d, descriptor %s, deadline %s", call->host->cancelled(call),
       call->host->cancel_fd(call) >= 0 ? "there" : "none", call->host->deadline_ns(call) == INT64_MAX ? "none" : "set");
  return PENSTOCK_STATUS_OK;
}

static void make_columns(struct ArrowSchema* out) {
  make_schema(out, "", "+s");
  add_column(out, "n", "l");
  add_column(out, "at", "tsu:UTC");
  add_column(out, "name", "u");
}

static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  (void)self;
  if (!same_text(table->table, "numbers") || table->schema.size != 0 || table->database.size != 0 || table->query.size != 0)
    return fail(call, PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_SAFE, "there is only the table \"numbers\"");
  if (find_option(table->options, "hint") != NULL) note(call, "the table has a hint");
  make_columns(out);
  return PENSTOCK_STATUS_OK;
}

static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  (void)call;
  (void)self;
  return add(context, (penstock_str){NULL, 0}, (penstock_str){NULL, 0}, (penstock_str){"numbers", 7});
}

static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table, const penstock_cursor* cursor,
                               penstock_horizon* out) {
  (void)table;
  out->guarantee = PENSTOCK_CLASS_A;
  out->position->ordinal = self->rows * SECOND_NS - cursor->lag_ns;
  say(call, out->position->detail, "detail");
  say(call, out->position->text, "n = %lld", (long long)self->rows);
  say(call, out->why, "%.*s (kind %d) does not change, zone %.*s", (int)cursor->column.size, cursor->column.data, cursor->kind,
      (int)cursor->timezone.size, cursor->timezone.data);
  say(call, out->holder, "nobody");
  return PENSTOCK_STATUS_OK;
}

static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add,
                            void* context, penstock_scan_info* info) {
  const penstock_bytes tokens[] = {{(const uint8_t*)"1", 1}, {(const uint8_t*)"2", 1}};
  (void)self;
  for (int i = 0; i < 2; ++i) {
    const penstock_status status = add(context, tokens[i]);
    if (status != PENSTOCK_STATUS_OK) return status;
  }
  say(call, info->statement, "every second of %llu columns by %llu keys", (unsigned long long)scan->n_columns,
      (unsigned long long)scan->n_key_columns);
  info->rows_estimate = ROWS;
  if (PENSTOCK_HAS(info, cursor_unit_ns)) info->cursor_unit_ns = 0;
  if (PENSTOCK_HAS(info, advice) && info->advice != NULL) say(call, info->advice, "read fewer rows");
  return PENSTOCK_STATUS_OK;
}

static int get_schema(struct ArrowArrayStream* self, struct ArrowSchema* out) {
  (void)self;
  make_columns(out);
  return 0;
}

/* One row a batch. */
static int get_next(struct ArrowArrayStream* self, struct ArrowArray* out) {
  struct stream* stream = self->private_data;
  while (stream->next <= stream->source->rows && stream->next * SECOND_NS <= stream->since) stream->next += 2;
  *out = (struct ArrowArray){0};
  if (stream->call->host->cancelled(stream->call)) {
    snprintf(stream->error, sizeof stream->error, "cancelled before row %lld", (long long)stream->next);
    fail(stream->call, PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, stream->error);
    return 125; /* ECANCELED */
  }
  if (stream->next > stream->source->rows || stream->next * SECOND_NS > stream->until) return 0;
  const char* name = kNames[stream->next - 1];
  const size_t size = name == NULL ? 0 : strlen(name);
  make_array(out, 1, 1, 0, 0);
  *(int64_t*)buffer_of(add_array(out, 2, 8, 0), 1) = stream->next;
  *(int64_t*)buffer_of(add_array(out, 2, 8, 0), 1) = stream->next * 1000000;
  struct ArrowArray* names = add_array(out, 3, 4, size);
  set_valid(out->children[0], 0);
  set_valid(out->children[1], 0);
  names->null_count = name == NULL;
  if (name != NULL) {
    set_valid(names, 0);
    ((int32_t*)buffer_of(names, 1))[1] = (int32_t)size;
    memcpy(buffer_of(names, 2), name, size);
  }
  stream->next += 2;
  return 0;
}

static const char* get_last_error(struct ArrowArrayStream* self) {
  const struct stream* stream = self->private_data;
  return stream->error[0] == '\0' ? NULL : stream->error;
}

static void release_stream(struct ArrowArrayStream* self) {
  struct stream* stream = self->private_data;
  stream->call->host->off_cancel(stream->call, stream->hook);
  --stream->source->streams;
  free(stream);
  self->release = NULL;
}

static void do_nothing(void* stream) { (void)stream; }

static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  if (partition.size != 1 || (partition.data[0] != '1' && partition.data[0] != '2'))
    return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "this partition is not of this source");
  struct stream* stream = calloc(1, sizeof *stream);
  stream->call = call;
  stream->source = self;
  stream->next = partition.data[0] - '0';
  stream->since = what->since == NULL ? INT64_MIN : what->since->ordinal;
  stream->until = what->until->ordinal;
  stream->hook = call->host->on_cancel(call, do_nothing, stream);
  ++self->streams;
  info->honoured = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL | PENSTOCK_HONOURED_ORDER |
                   PENSTOCK_HONOURED_NULL_CURSOR;
  info->rows_estimate = ROWS / 2;
  say(call, info->statement, "batches of %lld rows and %lld bytes", (long long)what->batch_rows, (long long)what->batch_bytes);
  if (PENSTOCK_HAS(info, cursor_unit_ns)) info->cursor_unit_ns = 0;
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, stream};
  return PENSTOCK_STATUS_OK;
}

static const void* get_extension(penstock_source* self, const char* id) {
  (void)self;
  (void)id;
  return NULL;
}

static penstock_status validate(penstock_call* call, const penstock_options* options) {
  if (find_option(options, "loud")->integer == 0 || find_option(options, "rows")->integer > 1) return PENSTOCK_STATUS_OK;
  return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "loud with a single row");
}

static const char* const kGreetings[] = {"hello", "good day", NULL};
static const penstock_option_desc kOptions[] = {
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_STRING, 0, 0, "greeting", "What to say.", "hello", kGreetings, INT64_MIN, INT64_MAX},
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_INT, 0, 0, "rows", "How many.", "5", NULL, 1, ROWS},
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_DOUBLE, 0, 0, "factor", "A number.", "1.5", NULL, INT64_MIN, INT64_MAX},
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_BOOL, 0, 0, "loud", "Yes or no.", "true", NULL, INT64_MIN, INT64_MAX},
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_DURATION, 0, 0, "pause", "How long.", "5ms", NULL, 0, INT64_MAX},
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_SIZE, 0, 0, "batch", "How large.", "1KiB", NULL, 1, INT64_MAX},
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_STRING_LIST, 0, 0, "tags", "Some words.", NULL, NULL, INT64_MIN, INT64_MAX},
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_STRING_MAP, 0, 0, "labels", "Words for words.", NULL, NULL, INT64_MIN, INT64_MAX},
    {sizeof(penstock_option_desc), PENSTOCK_OPTION_STRING, PENSTOCK_OPTION_SECRET, 0, "password", "Secret.", NULL, NULL, INT64_MIN, INT64_MAX},
};
static const penstock_option_desc* const kOptionList[] = {&kOptions[0], &kOptions[1], &kOptions[2], &kOptions[3], &kOptions[4],
                                                          &kOptions[5], &kOptions[6], &kOptions[7], &kOptions[8]};
static const penstock_option_desc kHint = {sizeof kHint, PENSTOCK_OPTION_STRING, 0, 0, "hint", "A hint.", NULL, NULL, INT64_MIN, INT64_MAX};
static const penstock_option_desc* const kTableOptionList[] = {&kHint};

static const penstock_source_vtab kVtab = {
    .struct_size = sizeof kVtab,
    .open = open_source,
    .close = close_source,
    .ping = ping,
    .describe = describe,
    .list_tables = list_tables,
    .horizon = horizon,
    .plan = plan,
    .scan = scan,
    .get_extension = get_extension,
};
const penstock_component frozen_source = {
    .struct_size = sizeof frozen_source,
    .kind = PENSTOCK_KIND_SOURCE,
    .id = "frozen",
    .title = "Frozen",
    .doc = "Numbers, as ABI 1.0 had them.",
    .options = kOptionList,
    .n_options = sizeof kOptionList / sizeof *kOptionList,
    .table_options = kTableOptionList,
    .n_table_options = 1,
    .vtab = &kVtab,
    .validate = validate,
};
