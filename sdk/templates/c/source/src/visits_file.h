/* Stands for your client library: what speaks to the warehouse and knows nothing of Penstock. Here the warehouse is a text file of
 * visits, a line each: user, city, pages and time, with tabs between them and \N for NULL. */
#ifndef VISITS_FILE_H
#define VISITS_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct visit {
  const char* user_id; /* texts are valid until the next visit is read */
  const char* city;    /* NULL: none */
  bool has_pages, has_time;
  int64_t pages;
  int64_t visited_at; /* microseconds since 1970, UTC; in nanoseconds it fits an int64_t as well */
};

/* The file, read once from its beginning. */
struct visits_file {
  FILE* file;
  char* line;
  size_t line_capacity;
  int64_t line_number;
  /* Why opening or reading failed: an errno, or 0 and what is wrong with the line. */
  int error;
  const char* mistake;
};

enum visits_result { VISITS_ROW, VISITS_END, VISITS_FAILED };

bool visits_open(struct visits_file* file, const char* path);
enum visits_result visits_next(struct visits_file* file, struct visit* visit);
void visits_close(struct visits_file* file);

#endif
