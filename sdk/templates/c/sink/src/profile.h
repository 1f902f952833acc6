/* A profile as the store keeps it: a row of a batch, taken out and put back. Here values are the bytes that Arrow has for them; yours
 * would become what your store calls a number, a text or a list. */
#ifndef PROFILE_H
#define PROFILE_H

#include "batch.h"

/* A view's field. `type` is the index of its Arrow format in value_formats, plus LIST for a list of it. */
#define LIST 0x10
#define N_VALUE_FORMATS 8
extern const char* const value_formats[N_VALUE_FORMATS];

struct field {
  char* name;
  int type;
};
struct fields {
  struct field* fields;
  size_t n;
};
enum fields_result { FIELDS_OK, FIELDS_NO_MEMORY, FIELDS_BAD_TYPE };

/* Copies the columns of the schema from `first` on; of what is not FIELDS_OK, nothing. */
enum fields_result copy_fields(const struct ArrowSchema* schema, int64_t first, struct fields* out);
void fields_free(struct fields* fields);

struct profile {
  struct bytes order;
  struct bytes values; /* of each field that is not null: type, size of name, name, size of value, value */
};
void profile_free(struct profile* profile);

/* The bytes of a row of a "z" or "w:N" column; not copied. */
struct slice {
  const uint8_t* data;
  size_t size;
};
struct slice bytes_at(const struct ArrowArray* column, const char* format, int64_t row);

/* From a row of a batch whose columns from 2 on are the fields. False when there is no memory; then the profile is freed. */
bool profile_from_row(const struct fields* fields, const struct ArrowArray* batch, struct slice order, int64_t row, struct profile* out);

/* Appends the profile's value of the field, or null where it has none or one of another type. False when there is no memory. */
bool append_value(const struct profile* profile, const struct field* field, struct column* column);

#endif
