/* What the halves of the frozen plugin share. */
#ifndef FROZEN_H
#define FROZEN_H

#include <penstock/penstock.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const penstock_component frozen_source;
extern const penstock_component frozen_sink;

static inline int same_text(penstock_str text, const char* wanted) {
  return text.size == strlen(wanted) && memcmp(text.data, wanted, text.size) == 0;
}

/* Appends formatted text to a buffer of the host's. */
__attribute__((format(printf, 3, 4))) static inline void say(penstock_call* call, penstock_buffer* buffer, const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  call->host->append(call, buffer, text, strlen(text));
}

/* One line of the log. */
__attribute__((format(printf, 2, 3))) static inline void note(penstock_call* call, const char* format, ...) {
  char text[256];
  va_list arguments;
  if (call->host->log_enabled(call, PENSTOCK_LOG_INFO) == 0) return;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  call->host->log(call, PENSTOCK_LOG_INFO, (penstock_str){text, strlen(text)});
}

/* Records an error with everything that one can have, and returns its status. */
static inline penstock_status fail(penstock_call* call, penstock_status status, int32_t retry, const char* message) {
  const penstock_error error = {sizeof error, status, retry, 42, 1000000, {"42P01", 5}, {message, strlen(message)}};
  call->host->set_error(call, &error);
  call->host->add_error_detail(call, (penstock_str){"plugin", 6}, (penstock_str){"frozen", 6});
  return status;
}

static inline void free_schema(struct ArrowSchema* self) {
  for (int64_t i = 0; i < self->n_children; ++i)
    if (self->children[i]->release != NULL) self->children[i]->release(self->children[i]);
  for (int64_t i = 0; i < self->n_children; ++i) free(self->children[i]);
  free(self->children);
  self->release = NULL;
}

/* An empty struct, or a column. The names are static. */
static inline void make_schema(struct ArrowSchema* out, const char* name, const char* format) {
  *out = (struct ArrowSchema){.format = format, .name = name, .flags = ARROW_FLAG_NULLABLE, .release = free_schema};
}
static inline void add_column(struct ArrowSchema* out, const char* name, const char* format) {
  out->children = realloc(out->children, (size_t)(out->n_children + 1) * sizeof *out->children);
  out->children[out->n_children] = malloc(sizeof **out->children);
  make_schema(out->children[out->n_children++], name, format);
}

static inline void free_array(struct ArrowArray* self) {
  for (int64_t i = 0; i < self->n_children; ++i)
    if (self->children[i]->release != NULL) self->children[i]->release(self->children[i]);
  for (int64_t i = 0; i < self->n_children; ++i) free(self->children[i]);
  for (int64_t i = 0; i < self->n_buffers; ++i) free((void*)(uintptr_t)self->buffers[i]);
  free(self->children);
  free(self->buffers);
  self->release = NULL;
}

/* A struct of rows without columns yet, or a column whose buffers are all there and hold zeros: a bitmap, then `width` bytes a
 * row, then what `size` says. */
static inline void make_array(struct ArrowArray* out, int64_t rows, int64_t n_buffers, size_t width, size_t size) {
  *out = (struct ArrowArray){.length = rows, .n_buffers = n_buffers, .release = free_array};
  out->buffers = calloc((size_t)n_buffers, sizeof *out->buffers);
  if (n_buffers > 1) out->buffers[0] = calloc(1, (size_t)rows / 8 + 1);
  if (n_buffers > 1) out->buffers[1] = calloc((size_t)rows + 1, width);
  if (n_buffers > 2) out->buffers[2] = calloc(1, size + 1);
}
static inline struct ArrowArray* add_array(struct ArrowArray* out, int64_t n_buffers, size_t width, size_t size) {
  out->children = realloc(out->children, (size_t)(out->n_children + 1) * sizeof *out->children);
  struct ArrowArray* column = malloc(sizeof *column);
  out->children[out->n_children++] = column;
  make_array(column, out->length, n_buffers, width, size);
  return column;
}
static inline void* buffer_of(struct ArrowArray* array, int index) { return (void*)(uintptr_t)array->buffers[index]; }
static inline void set_valid(struct ArrowArray* column, int64_t row) {
  ((uint8_t*)buffer_of(column, 0))[row / 8] |= (uint8_t)(1u << (row % 8));
}

#endif
