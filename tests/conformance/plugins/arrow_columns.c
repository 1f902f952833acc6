#include "arrow_columns.h"

#include "flaw.h"

int64_t width_of(char format) {
  switch (format) {
    case 'c': return 1;
    case 'i':
    case 'f': return 4;
    case 'l':
    case 'g':
    case 't': return 8;
    default: return 0;
  }
}

static int bit(const unsigned char* bits, int64_t at) { return (bits[at >> 3] >> (at & 7)) & 1; }

static int64_t place(const struct ArrowArray* column, int64_t row) { return row + (has_flaw("offset_ignored") ? 0 : column->offset); }

int is_null(const struct ArrowArray* column, int64_t row) {
  return column->null_count != 0 && column->buffers[0] != NULL && !bit(column->buffers[0], place(column, row));
}

void list_range(const struct ArrowArray* column, int64_t row, int64_t* begin, int64_t* end) {
  const int32_t* const offsets = (const int32_t*)column->buffers[1];
  *begin = offsets[place(column, row)];
  *end = offsets[place(column, row) + 1];
}

const void* value_of(const struct ArrowArray* column, char format, int64_t width, int64_t row, unsigned char* room, uint64_t* size) {
  const int64_t at = place(column, row);
  if (format == 'b') {
    *room = (unsigned char)bit(column->buffers[1], at);
    *size = 1;
    return room;
  }
  if (width != 0) {
    *size = (uint64_t)width;
    return (const unsigned char*)column->buffers[1] + at * width;
  }
  const int32_t* const offsets = (const int32_t*)column->buffers[1];
  *size = (uint64_t)(offsets[at + 1] - offsets[at]);
  return (const unsigned char*)column->buffers[2] + offsets[at];
}

/* Room for `size` bytes, new ones zero; which of the three buffers it is says where its size is noted. */
static int reserve(column_builder* column, int which, void** buffer, uint64_t size) {
  if (size <= column->room[which]) return 1;
  uint64_t room = column->room[which] == 0 ? 64 : column->room[which];
  while (room < size) room *= 2;
  unsigned char* const grown = realloc(*buffer, room);
  if (grown == NULL) {
    column->failed = 1;
    return 0;
  }
  memset(grown + column->room[which], 0, room - column->room[which]);
  *buffer = grown;
  column->room[which] = room;
  return 1;
}

/* The entry's validity and, where it has one, the end of its bytes or items. */
static void end_entry(column_builder* column, int valid, int64_t end) {
  void* validity = column->validity;
  void* offsets = column->offsets;
  const int has_offsets = column->format == '+' || column->format == 'u' || column->format == 'z';
  const uint64_t bytes = (uint64_t)(column->length / 8 + 1);
  const int there = reserve(column, 0, &validity, bytes) && (!has_offsets || reserve(column, 1, &offsets, (uint64_t)(column->length + 2) * 4));
  column->validity = validity;
  column->offsets = offsets;
  if (!there) return;
  if (valid) column->validity[column->length / 8] |= (unsigned char)(1 << (column->length % 8));
  column->null_count += !valid;
  ++column->length;
  if (has_offsets) column->offsets[column->length] = (int32_t)end;
}

void append_null(column_builder* column) {
  const unsigned char zeros[64] = {0};
  if (column->format == '+' || column->format == 'u' || column->format == 'z') {
    end_entry(column, 0, column->format == '+' ? column->items->length : (int64_t)column->data_size);
    return;
  }
  append_value(column, zeros, column->format == 'b' ? 1 : (uint64_t)column->width);
  if (column->failed) return;
  column->validity[(column->length - 1) / 8] &= (unsigned char)~(1 << ((column->length - 1) % 8));
  ++column->null_count;
}

void append_value(column_builder* column, const void* bytes, uint64_t size) {
  void* data = column->data;
  const int is_bit = column->format == 'b';
  const uint64_t end = is_bit ? (uint64_t)(column->length / 8 + 1) : column->data_size + size;
  const int there = reserve(column, 2, &data, end);
  column->data = data;
  if (!there) return;
  if (is_bit)
    column->data[column->length / 8] |= (unsigned char)(*(const unsigned char*)bytes << (column->length % 8));
  else if (size != 0)
    memcpy(column->data + column->data_size, bytes, size);
  column->data_size = end;
  end_entry(column, 1, (int64_t)end);
}

void end_list(column_builder* column) { end_entry(column, 1, column->items->length); }

void free_column(column_builder* column) {
  free(column->validity);
  free(column->offsets);
  free(column->data);
  if (column->items != NULL) free_column(column->items);
  column->validity = column->data = NULL;
  column->offsets = NULL;
}

/* What an array of these owns: its children and buffers. */
typedef struct owned_array {
  const void* buffers[3];
  struct ArrowArray** children;
  struct ArrowArray* storage;
} owned_array;

static void release_array(struct ArrowArray* array) {
  owned_array* const owned = array->private_data;
  for (int64_t i = 0; i < array->n_children; ++i)
    if (array->children[i]->release != NULL) array->children[i]->release(array->children[i]);
  for (int i = 0; i < 3; ++i) free((void*)(uintptr_t)owned->buffers[i]);
  free(owned->children);
  free(owned->storage);
  free(owned);
  array->release = NULL;
}

static int make_array(struct ArrowArray* out, int64_t n_children) {
  owned_array* const owned = calloc(1, sizeof *owned);
  if (owned == NULL) return -1;
  if (n_children > 0) {
    owned->storage = calloc((size_t)n_children, sizeof *owned->storage);
    owned->children = calloc((size_t)n_children, sizeof(struct ArrowArray*));
    if (owned->storage == NULL || owned->children == NULL) {
      free(owned->storage);
      free(owned->children);
      free(owned);
      return -1;
    }
    for (int64_t i = 0; i < n_children; ++i) owned->children[i] = &owned->storage[i];
  }
  memset(out, 0, sizeof *out);
  out->n_children = n_children;
  out->children = owned->children;
  out->buffers = owned->buffers;
  out->private_data = owned;
  out->release = release_array;
  return 0;
}

static int finish_column(column_builder* column, struct ArrowArray* out) {
  const int is_list = column->format == '+';
  const int has_offsets = is_list || column->format == 'u' || column->format == 'z';
  void* validity = column->validity;
  void* offsets = column->offsets;
  void* data = column->data;
  /* An empty column has its buffers too. */
  const int there = !column->failed && reserve(column, 0, &validity, 1) && (!has_offsets || reserve(column, 1, &offsets, 4)) &&
                    (is_list || reserve(column, 2, &data, 1));
  column->validity = validity;
  column->offsets = offsets;
  column->data = data;
  if (!there || make_array(out, is_list ? 1 : 0) != 0) return -1;
  if (is_list && finish_column(column->items, out->children[0]) != 0) {
    out->release(out);
    return -1;
  }
  owned_array* const owned = out->private_data;
  owned->buffers[0] = column->validity;
  owned->buffers[1] = has_offsets ? (const void*)column->offsets : column->data;
  owned->buffers[2] = has_offsets && !is_list ? column->data : NULL;
  column->validity = column->data = NULL;
  column->offsets = NULL;
  out->n_buffers = has_offsets && !is_list ? 3 : 2;
  out->length = column->length;
  out->null_count = column->null_count;
  return 0;
}

int finish_batch(column_builder* columns, int64_t n, int64_t rows, struct ArrowArray* out) {
  struct ArrowArray batch;
  int result = make_array(&batch, n);
  if (result == 0) {
    batch.length = rows;
    batch.n_buffers = 1;
    for (int64_t i = 0; i < n && result == 0; ++i) result = finish_column(&columns[i], batch.children[i]);
    if (result == 0)
      *out = batch;
    else
      batch.release(&batch);
  }
  for (int64_t i = 0; i < n; ++i) free_column(&columns[i]);
  return result;
}
