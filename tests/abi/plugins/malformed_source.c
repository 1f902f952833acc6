/* A source whose Arrow structs are malformed in the way that the option "mode" names: the second batch of a scan, or what is described.
 * Everything else it does is right, and what it made it can release however it was bent. */
#include "nothing.h"
#include "rows.h"

PENSTOCK_MODULE_NOTE("malformed_source", "1.0.0")

#define ROWS 3
#define COLUMNS 4

/* A batch in one piece. Its columns: "n" int64 (1, null, 3) · "t" text ("one", "", "drei") · "l" list of text (["a", "b"], [], ["c"]) ·
 * "w" four bytes. */
struct batch {
  struct ArrowArray columns[COLUMNS], item;
  struct ArrowArray* children[COLUMNS + 1];
  struct ArrowArray* items[1];
  const void *none[1], *n[3], *t[3], *l[3], *i[3], *w[3];
  int64_t numbers[ROWS];
  int32_t text_ends[ROWS + 1], list_ends[ROWS + 1], item_ends[ROWS + 1];
  uint8_t n_valid, all_valid, row_valid;
  char text[8], items_text[4], fixed[4 * ROWS];
};

static void release_batch(struct ArrowArray* self) {
  free(self->private_data);
  self->release = NULL;
}

static struct batch* make_batch(struct ArrowArray* out) {
  struct batch* b = (struct batch*)calloc(1, sizeof *b);
  const int32_t text_ends[] = {0, 3, 3, 7}, list_ends[] = {0, 2, 2, 3}, item_ends[] = {0, 1, 2, 3};
  memcpy(b->text_ends, text_ends, sizeof text_ends);
  memcpy(b->list_ends, list_ends, sizeof list_ends);
  memcpy(b->item_ends, item_ends, sizeof item_ends);
  memcpy(b->text, "onedrei", 8);
  memcpy(b->items_text, "abc", 4);
  memcpy(b->fixed, "aaaabbbbcccc", sizeof b->fixed);
  b->numbers[0] = 1, b->numbers[2] = 3;
  b->n_valid = 5, b->row_valid = 5, b->all_valid = 7;
  b->n[0] = &b->n_valid, b->n[1] = b->numbers;
  b->t[1] = b->text_ends, b->t[2] = b->text;
  b->l[1] = b->list_ends;
  b->i[1] = b->item_ends, b->i[2] = b->items_text;
  b->w[1] = b->fixed;
  const void** buffers[COLUMNS] = {b->n, b->t, b->l, b->w};
  const int64_t n_buffers[COLUMNS] = {2, 3, 2, 2};
  for (int i = 0; i < COLUMNS; ++i) {
    b->columns[i] = (struct ArrowArray){ROWS, i == 0, 0, n_buffers[i], 0, buffers[i], NULL, NULL, release_nothing_array, NULL};
    b->children[i] = &b->columns[i];
  }
  b->item = (struct ArrowArray){3, 0, 0, 3, 0, b->i, NULL, NULL, release_nothing_array, NULL};
  b->items[0] = &b->item;
  b->columns[2].n_children = 1;
  b->columns[2].children = b->items;
  *out = (struct ArrowArray){ROWS, 0, 0, 1, COLUMNS, b->none, b->children, NULL, release_batch, b};
  return b;
}

/* The four columns of a batch, by number. */
enum { N, T, L, W };

static void bend_batch(const char* mode, struct ArrowArray* a) {
  if (mode_is(mode, "length_negative")) a->length = -1;
  if (mode_is(mode, "length_unlike_columns")) a->length = 4;
  if (mode_is(mode, "batch_offset")) a->offset = 1;
  if (mode_is(mode, "batch_without_bitmap")) a->n_buffers = 0;
  if (mode_is(mode, "batch_without_buffers")) a->buffers = NULL;
  if (mode_is(mode, "batch_dictionary")) a->dictionary = a->children[0];
  if (mode_is(mode, "columns_too_few")) a->n_children = 3;
  if (mode_is(mode, "columns_too_many")) a->n_children = 5;
  if (mode_is(mode, "columns_negative")) a->n_children = -1;
  if (mode_is(mode, "columns_null")) a->children = NULL;
  if (mode_is(mode, "column_null")) a->children[T] = NULL;
}

static void bend_column(const char* mode, struct ArrowArray* a, struct batch* b) {
  struct ArrowArray* c = b->columns;
  if (mode_is(mode, "length_huge"))
    for (int i = 0; i < COLUMNS; ++i) a->length = c[i].length = INT64_MAX;
  if (mode_is(mode, "column_length_negative")) c[N].length = -3;
  if (mode_is(mode, "column_too_short")) c[N].length = 2;
  if (mode_is(mode, "column_released")) c[N].release = NULL;
  if (mode_is(mode, "column_dictionary")) c[N].dictionary = &b->item;
  if (mode_is(mode, "column_with_child")) c[N].n_children = 1, c[N].children = b->items;
  if (mode_is(mode, "column_of_another_type")) b->children[N] = &c[T], b->children[T] = &c[N];
  if (mode_is(mode, "offset_negative")) c[N].offset = -1;
  if (mode_is(mode, "offset_overflows")) c[N].offset = INT64_MAX;
  if (mode_is(mode, "buffers_too_few")) c[N].n_buffers = 1;
  if (mode_is(mode, "buffers_too_many")) c[N].n_buffers = 3;
  if (mode_is(mode, "buffers_negative")) c[N].n_buffers = -1;
  if (mode_is(mode, "buffers_null")) c[N].buffers = NULL;
  if (mode_is(mode, "data_null")) b->n[1] = NULL;
  if (mode_is(mode, "fixed_data_null")) b->w[1] = NULL;
  if (mode_is(mode, "child_released")) b->item.release = NULL;
  if (mode_is(mode, "child_null")) b->items[0] = NULL;
  if (mode_is(mode, "child_list_null")) c[L].children = NULL;
  if (mode_is(mode, "child_missing")) c[L].n_children = 0;
  if (mode_is(mode, "child_too_short")) b->item.length = 2;
  if (mode_is(mode, "child_length_negative")) b->item.length = -1;
  if (mode_is(mode, "child_offset_overflows")) b->item.offset = INT64_MAX;
  if (mode_is(mode, "child_text_no_utf8")) b->items_text[2] = (char)0x80;
}

static void bend_values(const char* mode, struct ArrowArray* a, struct batch* b) {
  struct ArrowArray* c = b->columns;
  if (mode_is(mode, "row_null")) a->null_count = 1, b->none[0] = &b->row_valid;
  if (mode_is(mode, "row_null_uncounted")) a->null_count = -1, b->none[0] = &b->row_valid;
  if (mode_is(mode, "row_null_denied")) b->none[0] = &b->row_valid;
  if (mode_is(mode, "nulls_too_many")) c[N].null_count = 4;
  if (mode_is(mode, "nulls_below_unknown")) c[N].null_count = -2;
  if (mode_is(mode, "nulls_miscounted")) c[N].null_count = 2;
  if (mode_is(mode, "nulls_denied")) c[N].null_count = 0;
  if (mode_is(mode, "nulls_without_bitmap")) b->n[0] = NULL;
  if (mode_is(mode, "offsets_null")) b->t[1] = NULL;
  if (mode_is(mode, "offsets_decrease")) b->text_ends[1] = 9;
  if (mode_is(mode, "offsets_negative")) b->text_ends[0] = -1;
  if (mode_is(mode, "offsets_end_negative")) b->text_ends[3] = INT32_MIN;
  if (mode_is(mode, "offsets_misaligned")) b->t[1] = (const char*)b->text_ends + 1;
  if (mode_is(mode, "list_offsets_decrease")) b->list_ends[1] = 3;
  if (mode_is(mode, "list_offsets_beyond")) b->list_ends[3] = INT32_MAX;
  if (mode_is(mode, "list_offsets_null")) b->l[1] = NULL;
  if (mode_is(mode, "text_null")) b->t[2] = NULL;
  if (mode_is(mode, "text_no_utf8")) b->text[3] = (char)0xff;
  if (mode_is(mode, "text_surrogate")) memcpy(b->text + 3, "\xed\xa0\x80", 3);
  if (mode_is(mode, "text_overlong")) memcpy(b->text + 3, "\xc0\xaf", 2);
  if (mode_is(mode, "text_cut")) b->text[6] = (char)0xc3;
  /* Odd, but allowed. */
  if (mode_is(mode, "odd_nulls_unknown")) c[N].null_count = -1;
  if (mode_is(mode, "odd_bitmap_without_nulls")) b->t[0] = &b->all_valid;
  if (mode_is(mode, "odd_first_offset")) memcpy(b->text, "\xff" "nedrei", 7), b->text_ends[0] = 1;
  if (mode_is(mode, "odd_row_bitmap")) b->none[0] = &b->all_valid;
}

static void release_schema_tree(struct ArrowSchema* self) {
  free(self->private_data);
  self->release = NULL;
}
/* Frees what it has, but does not say so. */
static void keep_schema(struct ArrowSchema* self) { free(self->private_data); }

/* The schema of a batch, in one piece, with room for lists in lists. */
struct schema {
  struct ArrowSchema columns[COLUMNS], items[8];
  struct ArrowSchema* children[COLUMNS + 1];
  struct ArrowSchema* item[8][2];
};

static struct ArrowSchema schema_node(const char* name, const char* format) {
  return (struct ArrowSchema){format, name, NULL, ARROW_FLAG_NULLABLE, 0, NULL, NULL, release_nothing_schema, NULL};
}

static struct schema* make_columns(struct ArrowSchema* out) {
  static const char* const kNames[] = {"n", "t", "l", "w"};
  static const char* const kFormats[] = {"l", "u", "+l", "w:4"};
  struct schema* s = (struct schema*)calloc(1, sizeof *s);
  for (int i = 0; i < COLUMNS; ++i) {
    s->columns[i] = schema_node(kNames[i], kFormats[i]);
    s->children[i] = &s->columns[i];
  }
  for (int i = 0; i < 8; ++i) {
    s->items[i] = schema_node("item", "u");
    s->item[i][0] = s->item[i][1] = &s->items[i];
  }
  s->columns[L].n_children = 1;
  s->columns[L].children = s->item[0];
  *out = (struct ArrowSchema){"+s", "", NULL, 0, COLUMNS, s->children, NULL, release_schema_tree, s};
  return s;
}

static void bend_schema(const char* mode, struct ArrowSchema* schema, struct schema* s) {
  static char long_text[2000];
  struct ArrowSchema* c = s->columns;
  memset(long_text, 'x', sizeof long_text - 1);
  if (mode_is(mode, "schema_not_struct")) schema->format = "+l";
  if (mode_is(mode, "schema_no_format")) schema->format = NULL;
  if (mode_is(mode, "schema_empty")) schema->n_children = 0;
  if (mode_is(mode, "schema_columns_negative")) schema->n_children = -1;
  if (mode_is(mode, "schema_columns_huge")) schema->n_children = INT64_MAX;
  if (mode_is(mode, "schema_columns_null")) schema->children = NULL;
  if (mode_is(mode, "schema_column_null")) s->children[T] = NULL;
  if (mode_is(mode, "schema_column_released")) c[T].release = NULL;
  if (mode_is(mode, "schema_dictionary")) c[T].dictionary = &s->items[1];
  if (mode_is(mode, "schema_keeps_release")) schema->release = keep_schema;
  if (mode_is(mode, "format_null")) c[N].format = NULL;
  if (mode_is(mode, "format_empty")) c[N].format = "";
  if (mode_is(mode, "format_unknown")) c[N].format = "tDs";
  if (mode_is(mode, "format_large_text")) c[T].format = "U";
  if (mode_is(mode, "format_struct")) c[T].format = "+s";
  if (mode_is(mode, "format_too_long")) c[N].format = long_text;
  if (mode_is(mode, "format_trailing")) c[W].format = "w:4x";
  if (mode_is(mode, "width_zero")) c[W].format = "w:0";
  if (mode_is(mode, "width_wraps")) c[W].format = "w:4294967300";
  if (mode_is(mode, "width_huge")) c[W].format = "w:2147483647";
  if (mode_is(mode, "precision_zero")) c[N].format = "d:0,0";
  if (mode_is(mode, "precision_too_great")) c[N].format = "d:39,2";
  if (mode_is(mode, "scale_too_great")) c[N].format = "d:10,99";
  if (mode_is(mode, "zone_control")) c[N].format = "tsu:UT\x1b[31mC";
  if (mode_is(mode, "zone_no_utf8")) c[N].format = "tsu:\xff";
  if (mode_is(mode, "name_null")) c[N].name = NULL;
  if (mode_is(mode, "name_empty")) c[N].name = "";
  if (mode_is(mode, "name_twice")) c[T].name = "n";
  if (mode_is(mode, "name_no_utf8")) c[N].name = "n\xff";
  if (mode_is(mode, "name_too_long")) c[N].name = long_text;
  if (mode_is(mode, "list_without_item")) c[L].n_children = 0;
  if (mode_is(mode, "list_of_two")) c[L].n_children = 2;
  if (mode_is(mode, "list_item_null")) s->item[0][0] = NULL;
  if (mode_is(mode, "list_item_released")) s->items[0].release = NULL;
  if (mode_is(mode, "list_of_unknown")) s->items[0].format = "tDs";
  if (mode_is(mode, "flat_with_child")) c[N].n_children = 1, c[N].children = s->item[1];
  if (mode_is(mode, "lists_too_deep") || mode_is(mode, "list_in_itself"))
    for (int i = 0; i < 7; ++i) {
      s->items[i].format = "+l";
      s->items[i].n_children = 1;
      s->items[i].children = s->item[mode_is(mode, "list_in_itself") ? i : i + 1];
    }
  /* Odd, but allowed: nobody reads it. */
  if (mode_is(mode, "odd_metadata")) schema->metadata = c[N].metadata = "\xff\xff\xff\x7f";
  if (mode_is(mode, "odd_flags")) c[N].flags = -1;
  if (mode_is(mode, "odd_zone")) c[N].format = "tsu:Mars/Olympus";
  if (mode_is(mode, "odd_item_name")) s->items[0].name = "element";
  if (mode_is(mode, "items_of_bytes")) s->items[0].format = "z"; /* allowed, but the stream has texts */
  if (mode_is(mode, "odd_name")) c[N].name = "a\nb\x1b";
}

struct penstock_source {
  char mode[MODE_SIZE];
  int batches;
};

static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  (void)call;
  *out = (penstock_source*)calloc(1, sizeof **out);
  copy_mode(options, (*out)->mode);
  return PENSTOCK_STATUS_OK;
}
static void close_source(penstock_call* call, penstock_source* self) {
  (void)call;
  free(self);
}
static penstock_status ping(penstock_call* call, penstock_source* self) {
  (void)call;
  (void)self;
  return PENSTOCK_STATUS_OK;
}
static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  (void)call;
  (void)table;
  bend_schema(self->mode, out, make_columns(out));
  return PENSTOCK_STATUS_OK;
}
static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  (void)call;
  (void)self;
  return add(context, text_of(""), text_of(""), text_of("letters"));
}
static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table, const penstock_cursor* cursor,
                               penstock_horizon* out) {
  (void)self;
  (void)table;
  (void)cursor;
  out->guarantee = PENSTOCK_CLASS_A;
  out->position->ordinal = 6;
  call->host->append(call, out->position->text, "6", 1);
  return PENSTOCK_STATUS_OK;
}
static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add,
                            void* context, penstock_scan_info* info) {
  (void)call;
  (void)self;
  (void)scan;
  info->cursor_unit_ns = 1;
  return add(context, (penstock_bytes){NULL, 0});
}

static int get_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  (void)stream;
  make_columns(out);
  return 0;
}
static int get_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  struct penstock_source* self = (struct penstock_source*)stream->private_data;
  memset(out, 0, sizeof *out);
  if (self->batches == 2) return 0;
  struct batch* b = make_batch(out);
  if (self->batches++ == 0) return 0;
  bend_column(self->mode, out, b);
  bend_values(self->mode, out, b);
  bend_batch(self->mode, out);
  return 0;
}
static const char* get_last_error(struct ArrowArrayStream* stream) {
  (void)stream;
  return NULL;
}
static void release_stream(struct ArrowArrayStream* stream) { stream->release = NULL; }
static void keep_stream(struct ArrowArrayStream* stream) { (void)stream; }
static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  (void)call;
  (void)what;
  (void)partition;
  info->cursor_unit_ns = 1;
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, mode_is(self->mode, "stream_keeps_release") ? keep_stream : release_stream, self};
  return PENSTOCK_STATUS_OK;
}

static const penstock_option_desc kMode = {sizeof kMode, PENSTOCK_OPTION_STRING, 0, 0, "mode", "What is malformed.", "fine", NULL, INT64_MIN, INT64_MAX};
static const penstock_option_desc* const kOptions[] = {&kMode};
static const penstock_source_vtab kSourceVtab = {sizeof kSourceVtab, 0, open_source, close_source, ping, describe, list_tables, horizon, plan, scan, no_extension};
static const penstock_component kSource = {sizeof kSource, PENSTOCK_KIND_SOURCE, "misbehaving", "Malformed", "Gives malformed Arrow structs.", kOptions, 1, NULL, 0, &kSourceVtab, accept_options};
static const penstock_component* const kComponents[] = {&kSource};
static const penstock_module kModule = {PENSTOCK_MODULE_MAGIC, sizeof kModule, PENSTOCK_ABI_MAJOR, PENSTOCK_ABI_MINOR, 0, 1, "malformed_source", "1.0.0", "Penstock tests", "Apache-2.0", "", kComponents, init_nothing, deinit_nothing};

const penstock_module* penstock_module_v1(void) { return &kModule; }
