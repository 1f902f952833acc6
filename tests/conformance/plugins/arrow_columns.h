/* Columns of Arrow batches in plain C: reading those that a sink is given, making those that a plugin gives out. */
#ifndef ARROW_COLUMNS_H
#define ARROW_COLUMNS_H

#include <penstock/arrow.h>

/* The type of a value by the first letter of its format: z u i l g f b, t for timestamps, w, c; of a list's items likewise. */
int64_t width_of(char format); /* bytes of a value; 0: bits, or of its own size */

/* Both take the array's offset into account. */
int is_null(const struct ArrowArray* column, int64_t row);
/* The items of row `row` of a list are *begin up to *end of column->children[0]. */
void list_range(const struct ArrowArray* column, int64_t row, int64_t* begin, int64_t* end);
/* The value's bytes, as they are stored; a bool is one byte 0 or 1, in `room`. */
const void* value_of(const struct ArrowArray* column, char format, int64_t width, int64_t row, unsigned char* room, uint64_t* size);

/* A column that grows. All zero but `format` and `width` is an empty one. */
typedef struct column_builder {
  char format; /* as above; '+' for a list */
  int64_t width;
  int64_t length, null_count;
  unsigned char *validity, *data;
  int32_t* offsets;
  uint64_t data_size, room[3];
  struct column_builder* items; /* of a list; not owned by it */
  int failed;                   /* memory was not there */
} column_builder;

void append_null(column_builder* column);
void append_value(column_builder* column, const void* bytes, uint64_t size);
/* After its items were appended to column->items. */
void end_list(column_builder* column);
void free_column(column_builder* column);

/* Moves n columns into a struct array of `rows` rows. 0, or -1 when memory is not there or a column has failed; the columns are empty
 * afterwards either way. */
int finish_batch(column_builder* columns, int64_t n, int64_t rows, struct ArrowArray* out);

#endif
