/* Building Arrow schemas and arrays: a buffer that grows for each part of a column, given away without a copy. */
#ifndef BATCH_H
#define BATCH_H

#include <penstock/arrow.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
  uint8_t* data; /* by malloc; NULL while empty */
  size_t size, capacity;
};
/* False when there is no memory; then nothing is changed. */
bool bytes_append(struct bytes* bytes, const void* data, size_t size);
void bytes_free(struct bytes* bytes);

/* A column under construction. Begins zeroed but for name, format and, of a list, item. */
struct column {
  const char* name;    /* static, or alive until the batch is made */
  const char* format;  /* static: b c i l f g u z ts… +l */
  struct column* item; /* of a list: its values, which are appended here before the list is */
  int64_t length, null_count;
  struct bytes validity, offsets, data;
};
/* A value as Arrow has it: a number's bytes, a text's bytes, a bool as one byte. False when there is no memory or no room: then the
 * columns have to be given up. */
bool column_append(struct column* column, const void* value, size_t size);
bool column_append_null(struct column* column);
/* The items that were appended since the list before are one. */
bool column_append_list(struct column* column);
void column_free(struct column* column);

size_t columns_size(const struct column* columns, size_t n); /* bytes */
/* The columns as a struct schema; names and formats have to be static. False when there is no memory. */
bool make_schema(const struct column* columns, size_t n, struct ArrowSchema* out);
/* Moves the columns, which are of equal length, into a struct array; they are empty afterwards. False when there is no memory; then they
 * are as they were. */
bool make_batch(struct column* columns, size_t n, struct ArrowArray* out);

#endif
