#include "profile.h"

#include <stdlib.h>
#include <string.h>

const char* const value_formats[N_VALUE_FORMATS] = {"z", "u", "i", "l", "g", "f", "b", "tsn:UTC"};
enum { BINARY, UTF8, INT32, INT64, DOUBLE, FLOAT, BOOLEAN, TIMESTAMP };
static const size_t kWidths[N_VALUE_FORMATS] = {0, 0, 4, 8, 8, 4, 1, 8};

static int type_of(const struct ArrowSchema* schema) {
  const bool list = strcmp(schema->format, "+l") == 0;
  const char* format = list ? schema->children[0]->format : schema->format;
  for (int type = 0; type < N_VALUE_FORMATS; ++type)
    if (strcmp(format, value_formats[type]) == 0) return type + (list ? LIST : 0);
  return -1;
}

enum fields_result copy_fields(const struct ArrowSchema* schema, int64_t first, struct fields* out) {
  struct fields fields = {calloc((size_t)(schema->n_children - first) + 1, sizeof(struct field)), 0};
  enum fields_result result = fields.fields == NULL ? FIELDS_NO_MEMORY : FIELDS_OK;
  for (int64_t i = first; result == FIELDS_OK && i < schema->n_children; ++i) {
    struct field* field = &fields.fields[fields.n++];
    if ((field->name = strdup(schema->children[i]->name)) == NULL) result = FIELDS_NO_MEMORY;
    if ((field->type = type_of(schema->children[i])) < 0) result = FIELDS_BAD_TYPE;
  }
  if (result == FIELDS_OK)
    *out = fields;
  else
    fields_free(&fields);
  return result;
}

void fields_free(struct fields* fields) {
  for (size_t i = 0; i < fields->n; ++i) free(fields->fields[i].name);
  free(fields->fields);
  memset(fields, 0, sizeof *fields);
}

void profile_free(struct profile* profile) {
  bytes_free(&profile->order);
  bytes_free(&profile->values);
}

static bool bit_at(const void* bits, int64_t at) { return (((const uint8_t*)bits)[at / 8] >> (at % 8)) & 1; }

/* The host sends no array without the buffers that it must have, and checks before it sends. */
static bool is_null(const struct ArrowArray* column, int64_t row) {
  return column->null_count != 0 && column->buffers[0] != NULL && !bit_at(column->buffers[0], row + column->offset);
}

struct slice bytes_at(const struct ArrowArray* column, const char* format, int64_t row) {
  const int64_t at = row + column->offset;
  if (format[0] == 'w') {
    const size_t width = (size_t)strtoul(format + 2, NULL, 10);
    return (struct slice){(const uint8_t*)column->buffers[1] + (size_t)at * width, width};
  }
  const int32_t* offsets = column->buffers[1];
  return (struct slice){(const uint8_t*)column->buffers[2] + offsets[at], (size_t)(offsets[at + 1] - offsets[at])};
}

static bool append_sized(struct bytes* out, struct slice value) {
  const uint32_t size = (uint32_t)value.size;
  return bytes_append(out, &size, sizeof size) && bytes_append(out, value.data, value.size);
}

static bool append_scalar(struct bytes* out, int type, const struct ArrowArray* column, int64_t row) {
  if (type == BINARY || type == UTF8) return append_sized(out, bytes_at(column, value_formats[type], row));
  if (type == BOOLEAN) {
    const uint8_t value = bit_at(column->buffers[1], row + column->offset);
    return append_sized(out, (struct slice){&value, 1});
  }
  return append_sized(out, (struct slice){(const uint8_t*)column->buffers[1] + (size_t)(row + column->offset) * kWidths[type], kWidths[type]});
}

/* A list is the bytes of its items, each after its size. */
static bool append_row(struct bytes* out, int type, const struct ArrowArray* column, int64_t row) {
  if (type < LIST) return append_scalar(out, type, column, row);
  const int32_t* offsets = (const int32_t*)column->buffers[1] + column->offset + row;
  const size_t before = out->size;
  uint32_t size = 0;
  if (!bytes_append(out, &size, sizeof size)) return false;
  for (int32_t i = offsets[0]; i < offsets[1]; ++i)
    if (!append_scalar(out, type - LIST, column->children[0], i)) return false;
  size = (uint32_t)(out->size - before - sizeof size);
  memcpy(out->data + before, &size, sizeof size);
  return true;
}

bool profile_from_row(const struct fields* fields, const struct ArrowArray* batch, struct slice order, int64_t row, struct profile* out) {
  memset(out, 0, sizeof *out);
  bool there = bytes_append(&out->order, order.data, order.size);
  for (size_t i = 0; there && i < fields->n; ++i) {
    const struct field* field = &fields->fields[i];
    const struct ArrowArray* column = batch->children[2 + i];
    const uint8_t type = (uint8_t)field->type;
    if (is_null(column, row)) continue;
    const struct slice name = {(const uint8_t*)field->name, strlen(field->name)};
    there = bytes_append(&out->values, &type, 1) && append_sized(&out->values, name) && append_row(&out->values, field->type, column, row);
  }
  if (!there) profile_free(out);
  return there;
}

/* Takes what has its size in front off the front. */
static struct slice take(struct slice* from) {
  uint32_t size;
  memcpy(&size, from->data, sizeof size);
  const struct slice taken = {from->data + sizeof size, size};
  from->data += sizeof size + size;
  from->size -= sizeof size + size;
  return taken;
}

static bool append_list(struct column* column, struct slice items) {
  while (items.size != 0) {
    const struct slice item = take(&items);
    if (!column_append(column->item, item.data, item.size)) return false;
  }
  return column_append_list(column);
}

bool append_value(const struct profile* profile, const struct field* field, struct column* column) {
  struct slice rest = {profile->values.data, profile->values.size};
  while (rest.size != 0) {
    const int type = *rest.data++;
    --rest.size;
    const struct slice name = take(&rest), value = take(&rest);
    if (type != field->type || name.size != strlen(field->name) || memcmp(name.data, field->name, name.size) != 0) continue;
    return type < LIST ? column_append(column, value.data, value.size) : append_list(column, value);
  }
  return column_append_null(column);
}
