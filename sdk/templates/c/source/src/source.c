/* The source: the file of visits as a warehouse with one table. */
#include "batch.h"
#include "connector.h"
#include "visit_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TEXT_BYTES 64
/* The one token of a plan. A warehouse that can be read in parts gives several, such as ranges of a key. */
#define WHOLE_TABLE "all"
#define TABLE "visits"

struct penstock_source {
  char path[PATH_BYTES];
};

static penstock_status check_table(struct failure* failure, const penstock_table* table) {
  if (table->query.size != 0)
    return set_failure(failure, PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "a file answers no queries: name the table");
  if (!str_is(table->table, TABLE))
    return set_failure(failure, PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "there is only the table \"" TABLE "\"");
  return PENSTOCK_STATUS_OK;
}

static penstock_status check_cursor(struct failure* failure, const penstock_cursor* cursor) {
  if (cursor->kind != PENSTOCK_CURSOR_TIMESTAMP)
    return set_failure(failure, PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "a file has no transaction ids");
  if (!str_is(cursor->column, VISITED_AT_NAME))
    return set_failure(failure, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER,
                       "only the column \"" VISITED_AT_NAME "\" says when a row changed");
  return PENSTOCK_STATUS_OK;
}

static penstock_status check_path(struct failure* failure, penstock_str path) {
  if (path.size == 0 || path.size >= PATH_BYTES || memchr(path.data, '\0', (size_t)path.size) != NULL)
    return set_failure(failure, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "path is empty, too long, or has a NUL in it");
  return PENSTOCK_STATUS_OK;
}

/* Options against each other, without any I/O, so that `penstock validate` finds mistakes where nothing can be reached. */
static penstock_status validate(penstock_call* call, const penstock_options* options) {
  struct failure failure;
  const penstock_option_value* path = option_value(options, "path");
  if (path != NULL && check_path(&failure, path->text) != PENSTOCK_STATUS_OK) return report(call, &failure);
  return PENSTOCK_STATUS_OK;
}

/* Is the file there? A client library would ask its server. */
static penstock_status ping(penstock_call* call, penstock_source* self) {
  struct failure failure;
  struct visits_file file;
  if (check_call(call, &failure) != PENSTOCK_STATUS_OK) return report(call, &failure);
  if (!visits_open(&file, self->path)) {
    file_failure(&failure, self->path, &file);
    return report(call, &failure);
  }
  visits_close(&file);
  return PENSTOCK_STATUS_OK;
}

/* Connects: what a client library needs for that would be a member of penstock_source. */
static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  struct failure failure;
  const penstock_option_value* path = option_value(options, "path");
  penstock_source* self;
  penstock_status status = check_path(&failure, path == NULL ? (penstock_str){NULL, 0} : path->text);
  if (status != PENSTOCK_STATUS_OK) return report(call, &failure);
  if ((self = calloc(1, sizeof *self)) == NULL) {
    no_memory(&failure);
    return report(call, &failure);
  }
  memcpy(self->path, path->text.data, (size_t)path->text.size);
  if ((status = ping(call, self)) != PENSTOCK_STATUS_OK) return free(self), status;
  *out = self;
  return PENSTOCK_STATUS_OK;
}

static void close_source(penstock_call* call, penstock_source* self) {
  (void)call;
  free(self);
}

static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  struct failure failure;
  (void)self;
  if (check_table(&failure, table) != PENSTOCK_STATUS_OK) return report(call, &failure);
  if (make_schema(visit_columns, N_COLUMNS, out)) return PENSTOCK_STATUS_OK;
  no_memory(&failure);
  return report(call, &failure);
}

static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  (void)call;
  (void)self;
  add(context, str(""), str(""), str(TABLE)); /* what it answers matters only where another table would follow */
  return PENSTOCK_STATUS_OK;
}

static void write_time(int64_t ns, char* out) {
  const int64_t second = 1000000000;
  const int64_t fraction = (ns % second + second) % second;
  const time_t seconds = (time_t)(ns / second - (ns % second < 0));
  struct tm parts = {0};
  size_t size;
  gmtime_r(&seconds, &parts);
  size = strftime(out, TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(out + size, TEXT_BYTES - size, ".%09ldZ", (long)fraction);
}

/* Of the newest visit, in nanoseconds; INT64_MIN when there is none. */
static penstock_status find_newest(penstock_call* call, const char* path, int64_t* newest, struct failure* failure) {
  struct visits_file file;
  struct visit visit;
  enum visits_result result = VISITS_END;
  penstock_status status = PENSTOCK_STATUS_OK;
  *newest = INT64_MIN;
  if (!visits_open(&file, path)) return file_failure(failure, path, &file);
  while (status == PENSTOCK_STATUS_OK && (result = visits_next(&file, &visit)) == VISITS_ROW) {
    if (visit.has_time && visit.visited_at * 1000 > *newest) *newest = visit.visited_at * 1000;
    if (file.line_number % LINES_PER_CHECK == 1) status = check_call(call, failure);
  }
  if (result == VISITS_FAILED) status = file_failure(failure, path, &file);
  visits_close(&file);
  return status;
}

/* A window ends at the newest visit, less the lag. A warehouse would be asked for its clock, or for the oldest transaction that is still
 * open; never this machine's clock, which is another one. */
static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table, const penstock_cursor* cursor,
                               penstock_horizon* out) {
  struct failure failure;
  int64_t newest;
  char text[TEXT_BYTES];
  if (check_table(&failure, table) != PENSTOCK_STATUS_OK || check_cursor(&failure, cursor) != PENSTOCK_STATUS_OK ||
      find_newest(call, self->path, &newest, &failure) != PENSTOCK_STATUS_OK)
    return report(call, &failure);
  newest = cursor->lag_ns > 0 && newest < INT64_MIN + cursor->lag_ns ? INT64_MIN : newest - cursor->lag_ns;
  write_time(newest, text);
  out->guarantee = PENSTOCK_CLASS_B;
  out->position->ordinal = newest;
  append_text(call, out->position->text, text);
  append_text(call, out->why, "the newest visit in the file less the lag: whoever writes an older one later is not noticed");
  return PENSTOCK_STATUS_OK;
}

/* What plan and scan have in common: is there such a table, and what would be run? */
static penstock_status look_at_scan(penstock_call* call, const penstock_source* self, const penstock_scan* scan, int* columns,
                                    penstock_scan_info* info, struct failure* failure) {
  char text[TEXT_BYTES];
  if (check_table(failure, scan->table) != PENSTOCK_STATUS_OK || check_cursor(failure, scan->cursor) != PENSTOCK_STATUS_OK ||
      find_columns(scan, columns, failure) != PENSTOCK_STATUS_OK)
    return failure->status;
  append_text(call, info->statement, "read ");
  append_text(call, info->statement, self->path);
  append_text(call, info->statement, ": visits ");
  if (scan->since != NULL) {
    write_time(scan->since->ordinal, text);
    append_text(call, info->statement, "after ");
    append_text(call, info->statement, text);
    append_text(call, info->statement, " and ");
  }
  write_time(scan->until->ordinal, text);
  append_text(call, info->statement, "up to ");
  append_text(call, info->statement, text);
  return PENSTOCK_STATUS_OK;
}

static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add, void* context,
                            penstock_scan_info* info) {
  struct failure failure;
  int columns[N_COLUMNS];
  if (look_at_scan(call, self, scan, columns, info, &failure) != PENSTOCK_STATUS_OK) return report(call, &failure);
  add(context, (penstock_bytes){(const uint8_t*)WHOLE_TABLE, strlen(WHOLE_TABLE)});
  return PENSTOCK_STATUS_OK;
}

static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  struct failure failure;
  int columns[N_COLUMNS];
  if (!str_is((penstock_str){(const char*)partition.data, partition.size}, WHOLE_TABLE)) {
    set_failure(&failure, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "the partition is not one that this source gave out");
    return report(call, &failure);
  }
  if (look_at_scan(call, self, what, columns, info, &failure) != PENSTOCK_STATUS_OK ||
      open_visit_stream(call, self->path, what, columns, out, &failure) != PENSTOCK_STATUS_OK)
    return report(call, &failure);
  /* What the host need not do again. Not PENSTOCK_HONOURED_ORDER: the lines come as they stand in the file. A bit that is not true loses
   * rows; without any of them the host does it all. */
  info->honoured = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL | PENSTOCK_HONOURED_NULL_CURSOR;
  info->rows_estimate = -1;
  return PENSTOCK_STATUS_OK;
}

static const void* get_extension(penstock_source* self, const char* id) {
  (void)self;
  (void)id;
  return NULL; /* there is none for sources yet */
}

static const penstock_option_desc kPath = {.struct_size = sizeof kPath,
                                           .type = PENSTOCK_OPTION_STRING,
                                           .flags = PENSTOCK_OPTION_REQUIRED,
                                           .name = "path",
                                           .doc = "The file with the visits.",
                                           .min = INT64_MIN,
                                           .max = INT64_MAX};
static const penstock_option_desc* const kOptions[] = {&kPath};

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

const penstock_component source_component = {
    .struct_size = sizeof source_component,
    .kind = PENSTOCK_KIND_SOURCE,
    .id = "@NAME@",
    .title = "@NAME@",
    .doc = "A text file of visits, a line each.",
    .options = kOptions,
    .n_options = sizeof kOptions / sizeof kOptions[0],
    .vtab = &kVtab,
    .validate = validate,
};
