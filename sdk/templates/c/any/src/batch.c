#include "batch.h"

#include <stdlib.h>
#include <string.h>

bool bytes_append(struct bytes* bytes, const void* data, size_t size) {
  if (size > bytes->capacity - bytes->size) {
    size_t capacity = bytes->capacity == 0 ? 64 : bytes->capacity * 2;
    uint8_t* grown;
    if (capacity < bytes->size + size) capacity = bytes->size + size;
    if ((grown = realloc(bytes->data, capacity)) == NULL) return false;
    bytes->data = grown;
    bytes->capacity = capacity;
  }
  if (size != 0) memcpy(bytes->data + bytes->size, data, size);
  bytes->size += size;
  return true;
}

void bytes_free(struct bytes* bytes) {
  free(bytes->data);
  memset(bytes, 0, sizeof *bytes);
}

/* Bytes of a value of fixed size; 0 for others. */
static size_t width_of(const char* format) {
  switch (format[0]) {
    case 'c': return 1;
    case 'i':
    case 'f': return 4;
    case 'l':
    case 'g':
    case 't': return 8;
    default: return 0;
  }
}
static bool has_offsets(const struct column* column) { return strchr("uz+", column->format[0]) != NULL; }

static bool append_bit(struct bytes* bits, int64_t length, bool value) {
  const uint8_t none = 0;
  if (length % 8 == 0 && !bytes_append(bits, &none, 1)) return false;
  if (value) bits->data[length / 8] |= (uint8_t)(1u << (length % 8));
  return true;
}

/* Where values of any length end; the first offset is 0. */
static bool append_offset(struct column* column, size_t end) {
  const int32_t first = 0, offset = (int32_t)end;
  if (end > INT32_MAX) return false;
  if (column->offsets.size == 0 && !bytes_append(&column->offsets, &first, sizeof first)) return false;
  return bytes_append(&column->offsets, &offset, sizeof offset);
}

static bool end_value(struct column* column, bool valid) {
  if (column->format[0] == '+' ? !append_offset(column, (size_t)column->item->length)
                               : has_offsets(column) && !append_offset(column, column->data.size))
    return false;
  if (!append_bit(&column->validity, column->length, valid)) return false;
  column->null_count += !valid;
  ++column->length;
  return true;
}

bool column_append(struct column* column, const void* value, size_t size) {
  const bool appended = column->format[0] == 'b' ? append_bit(&column->data, column->length, *(const uint8_t*)value != 0)
                                                 : bytes_append(&column->data, value, size);
  return appended && end_value(column, true);
}

bool column_append_null(struct column* column) {
  static const uint8_t kZeros[8];
  const bool appended = column->format[0] == 'b' ? append_bit(&column->data, column->length, false)
                                                 : bytes_append(&column->data, kZeros, width_of(column->format));
  return appended && end_value(column, false);
}

bool column_append_list(struct column* column) { return end_value(column, true); }

void column_free(struct column* column) {
  bytes_free(&column->validity);
  bytes_free(&column->offsets);
  bytes_free(&column->data);
  column->length = column->null_count = 0;
  if (column->item != NULL) column_free(column->item);
}

size_t columns_size(const struct column* columns, size_t n) {
  size_t size = 0;
  for (size_t i = 0; i < n; ++i) size += columns[i].data.size + columns[i].offsets.size + columns[i].validity.size;
  return size;
}

static void release_field(struct ArrowSchema* self) { self->release = NULL; }

static void release_schema(struct ArrowSchema* self) {
  free(self->private_data); /* the children */
  free(self->children);
  self->release = NULL;
}

bool make_schema(const struct column* columns, size_t n, struct ArrowSchema* out) {
  struct ArrowSchema* children = calloc(n + 1, sizeof *children);
  struct ArrowSchema** pointers = calloc(n + 1, sizeof *pointers);
  if (children == NULL || pointers == NULL) return free(children), free(pointers), false;
  for (size_t i = 0; i < n; ++i) {
    children[i] = (struct ArrowSchema){
        .format = columns[i].format, .name = columns[i].name, .flags = ARROW_FLAG_NULLABLE, .release = release_field};
    pointers[i] = &children[i];
  }
  *out = (struct ArrowSchema){
      .format = "+s", .name = "", .n_children = (int64_t)n, .children = pointers, .release = release_schema, .private_data = children};
  return true;
}

/* What an array needs behind it, and what is freed with it. */
struct array_owner {
  const void* buffers[3];
  struct ArrowArray** pointers;
  struct ArrowArray children[]; /* of a struct its columns, of a list its items */
};

static void release_array(struct ArrowArray* self) {
  struct array_owner* owner = self->private_data;
  for (int64_t i = 0; i < self->n_children; ++i)
    if (owner->children[i].release != NULL) owner->children[i].release(&owner->children[i]); /* not what was moved out */
  for (size_t i = 0; i < 3; ++i) free((void*)(uintptr_t)owner->buffers[i]);
  free(owner->pointers);
  free(owner);
  self->release = NULL;
}

/* An array without values, with room for n children. */
static bool make_array(size_t n, struct ArrowArray* out) {
  struct array_owner* owner = calloc(1, sizeof *owner + n * sizeof owner->children[0]);
  struct ArrowArray** pointers = calloc(n + 1, sizeof *pointers);
  if (owner == NULL || pointers == NULL) return free(owner), free(pointers), false;
  for (size_t i = 0; i < n; ++i) pointers[i] = &owner->children[i];
  owner->pointers = pointers;
  *out = (struct ArrowArray){.n_buffers = 1,
                             .buffers = owner->buffers,
                             .n_children = (int64_t)n,
                             .children = n == 0 ? NULL : pointers,
                             .release = release_array,
                             .private_data = owner};
  return true;
}

/* Readers may not expect NULL for a buffer without values, nor for the offsets of no rows. */
static bool has_buffers(struct column* column) {
  const int64_t none = 0;
  if (column->item != NULL && !has_buffers(column->item)) return false;
  return (column->data.data != NULL || (bytes_append(&column->data, &none, sizeof none) && (column->data.size = 0, true))) &&
         (!has_offsets(column) || column->offsets.size != 0 || bytes_append(&column->offsets, &none, sizeof(int32_t)));
}

static bool make_arrays(const struct column* column, struct ArrowArray* out) {
  if (!make_array(column->item == NULL ? 0 : 1, out)) return false;
  return column->item == NULL || make_arrays(column->item, out->children[0]);
}

static void move_buffer(struct bytes* from, struct ArrowArray* to) {
  to->buffers[to->n_buffers++] = from->data;
  memset(from, 0, sizeof *from);
}

static void move_column(struct column* column, struct ArrowArray* out) {
  out->length = column->length;
  out->null_count = column->null_count;
  out->n_buffers = 0;
  move_buffer(&column->validity, out);
  if (has_offsets(column)) move_buffer(&column->offsets, out);
  if (column->item == NULL)
    move_buffer(&column->data, out);
  else
    move_column(column->item, out->children[0]);
  column_free(column);
}

bool make_batch(struct column* columns, size_t n, struct ArrowArray* out) {
  struct ArrowArray batch;
  if (!make_array(n, &batch)) return false;
  /* All that can fail comes before anything is moved. */
  for (size_t i = 0; i < n; ++i)
    if (!has_buffers(&columns[i]) || !make_arrays(&columns[i], batch.children[i])) return batch.release(&batch), false;
  batch.length = n == 0 ? 0 : columns[0].length;
  for (size_t i = 0; i < n; ++i) move_column(&columns[i], batch.children[i]);
  *out = batch;
  return true;
}
