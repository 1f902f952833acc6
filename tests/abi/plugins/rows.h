/* Arrow structs for test plugins: one int64 column, counted when they are released. */
#ifndef PENSTOCK_TEST_ROWS_H
#define PENSTOCK_TEST_ROWS_H

#include <penstock/penstock.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_int schemas_released, arrays_released;

static inline penstock_str text_of(const char* text) { return (penstock_str){text, strlen(text)}; }

static inline penstock_status fail(penstock_call* call, penstock_status status, const char* message) {
  const penstock_error error = {sizeof error, status, PENSTOCK_RETRY_SAFE, 42, 0, {"42P01", 5}, text_of(message)};
  call->host->set_error(call, &error);
  return status;
}

#define MODE_SIZE 32

/* The option "mode", the first and only one. */
static inline void copy_mode(const penstock_options* options, char* out) {
  const penstock_str text = options->n_values == 0 ? text_of("") : options->values[0]->text;
  const size_t size = text.size < MODE_SIZE ? (size_t)text.size : MODE_SIZE - 1;
  memcpy(out, text.data, size);
  out[size] = '\0';
}
static inline int mode_is(const char* mode, const char* expected) { return strcmp(mode, expected) == 0; }

static inline void release_schema(struct ArrowSchema* self) {
  ++schemas_released;
  /* The one child that make_schema made, whatever n_children was bent to. */
  free(self->children[0]);
  free(self->children);
  self->release = NULL;
}
static inline void release_nothing_schema(struct ArrowSchema* self) { self->release = NULL; }

/* A struct of one column; name and format are literals. */
static inline void make_schema(struct ArrowSchema* out, const char* name, const char* format) {
  memset(out, 0, sizeof *out);
  out->format = "+s";
  out->name = "";
  out->n_children = 1;
  out->children = (struct ArrowSchema**)calloc(1, sizeof *out->children);
  out->children[0] = (struct ArrowSchema*)calloc(1, sizeof *out);
  out->children[0]->format = format;
  out->children[0]->name = name;
  out->children[0]->flags = ARROW_FLAG_NULLABLE;
  out->children[0]->release = release_nothing_schema;
  out->release = release_schema;
}

static inline void release_array(struct ArrowArray* self) {
  ++arrays_released;
  if (self->children != NULL) {
    free((void*)(uintptr_t)self->children[0]->buffers[1]);
    free(self->children[0]->buffers);
    free(self->children[0]);
    free(self->children);
  }
  free(self->buffers);
  self->release = NULL;
}
static inline void release_nothing_array(struct ArrowArray* self) { self->release = NULL; }

/* A struct array of `rows` rows whose one column counts from `first`. */
static inline void make_rows(struct ArrowArray* out, int64_t first, int64_t rows) {
  int64_t* values = (int64_t*)calloc((size_t)rows + 1, sizeof *values);
  struct ArrowArray* column = (struct ArrowArray*)calloc(1, sizeof *column);
  for (int64_t i = 0; i < rows; ++i) values[i] = first + i;
  column->length = rows;
  column->n_buffers = 2;
  column->buffers = (const void**)calloc(2, sizeof(void*));
  column->buffers[1] = values;
  column->release = release_nothing_array;
  memset(out, 0, sizeof *out);
  out->length = rows;
  out->n_buffers = 1;
  out->buffers = (const void**)calloc(1, sizeof(void*));
  out->n_children = 1;
  out->children = (struct ArrowArray**)calloc(1, sizeof *out->children);
  out->children[0] = column;
  out->release = release_array;
}

#endif
