#include "visits_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool visits_open(struct visits_file* file, const char* path) {
  memset(file, 0, sizeof *file);
  file->file = fopen(path, "rbe");
  if (file->file == NULL) file->error = errno;
  return file->file != NULL;
}

void visits_close(struct visits_file* file) {
  if (file->file != NULL) fclose(file->file);
  free(file->line);
  memset(file, 0, sizeof *file);
}

/* Cuts the field off the front of the line. */
static char* take_field(char** line) {
  char* field = *line;
  char* tab = strchr(field, '\t');
  *line = tab == NULL ? field + strlen(field) : tab + 1;
  if (tab != NULL) *tab = '\0';
  return field;
}

static bool is_null(const char* field) { return strcmp(field, "\\N") == 0; }

/* False when it is neither a number nor NULL. */
static bool read_number(const char* field, bool* has, int64_t* number) {
  char* end;
  *has = !is_null(field);
  if (!*has) return true;
  if (strchr("-0123456789", field[0]) == NULL || field[0] == '\0') return false;
  errno = 0;
  *number = strtoimax(field, &end, 10);
  return errno == 0 && *end == '\0';
}

static enum visits_result bad_line(struct visits_file* file, const char* mistake) {
  file->error = 0;
  file->mistake = mistake;
  return VISITS_FAILED;
}

enum visits_result visits_next(struct visits_file* file, struct visit* visit) {
  errno = 0;
  const ssize_t size = getline(&file->line, &file->line_capacity, file->file);
  if (size < 0 && !feof(file->file)) {
    /* An end that is none must not look like one: what was not read would count as read for ever. */
    file->error = errno != 0 ? errno : EIO;
    return VISITS_FAILED;
  }
  /* Behind the last line, or in one that somebody is still writing. */
  if (size < 0 || file->line[size - 1] != '\n') return VISITS_END;
  ++file->line_number;
  file->line[size - 1] = '\0';
  if (strlen(file->line) + 1 != (size_t)size) return bad_line(file, "there is a NUL in it");

  char* rest = file->line;
  visit->user_id = take_field(&rest);
  visit->city = take_field(&rest);
  if (is_null(visit->city)) visit->city = NULL;
  if (!read_number(take_field(&rest), &visit->has_pages, &visit->pages)) return bad_line(file, "the pages are no number");
  if (!read_number(rest, &visit->has_time, &visit->visited_at)) return bad_line(file, "the time is no number of microseconds");
  if (visit->has_time && (visit->visited_at > INT64_MAX / 1000 || visit->visited_at < INT64_MIN / 1000))
    return bad_line(file, "the time is further away than a position can say");
  return VISITS_ROW;
}
