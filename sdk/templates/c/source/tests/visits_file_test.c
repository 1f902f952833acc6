/* The client's side of the source, without Penstock. */
#include "../src/visits_file.h"

#include "expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/visits-XXXXXX";

static void open_text(const char* text, struct visits_file* file) {
  FILE* out = fopen(path, "wb");
  fputs(text, out);
  fclose(out);
  if (!visits_open(file, path)) abort();
}

static bool fails_with(const char* text, const char* mistake) {
  struct visits_file file;
  struct visit visit;
  open_text(text, &file);
  const bool failed_so = visits_next(&file, &visit) == VISITS_FAILED && file.error == 0 && strcmp(file.mistake, mistake) == 0;
  visits_close(&file);
  return failed_so;
}

static void test_reading(void) {
  struct visits_file file;
  struct visit visit;
  open_text("ann\tOslo\t3\t-5\nbob\t\\N\t\\N\t\\N\ncleo\t\t0\t20\nhalf a li", &file);
  expect("reads a line, also of before 1970", visits_next(&file, &visit) == VISITS_ROW && strcmp(visit.user_id, "ann") == 0 &&
             strcmp(visit.city, "Oslo") == 0 && visit.pages == 3 && visit.visited_at == -5);
  expect("reads NULL", visits_next(&file, &visit) == VISITS_ROW && visit.city == NULL && !visit.has_pages && !visit.has_time);
  expect("tells an empty text from NULL",
         visits_next(&file, &visit) == VISITS_ROW && visit.city != NULL && visit.city[0] == '\0' && visit.has_pages);
  expect("leaves a line alone that is still being written", visits_next(&file, &visit) == VISITS_END);
  visits_close(&file);
}

static void test_failing(void) {
  struct visits_file file;
  expect("says why a file cannot be opened", !visits_open(&file, "/nowhere/visits.tsv") && file.error == ENOENT);
  expect("says what is wrong with a line", fails_with("ann\tOslo\tmany\t1\n", "the pages are no number"));
  expect("takes no number that does not fit", fails_with("ann\tOslo\t9223372036854775808\t1\n", "the pages are no number"));
  expect("takes no time that a position cannot say",
         fails_with("ann\tOslo\t1\t9223372036854775807\n", "the time is further away than a position can say"));
  expect("misses what is not there", fails_with("ann\tOslo\n", "the pages are no number"));
}

int main(void) {
  close(mkstemp(path));
  test_reading();
  test_failing();
  unlink(path);
  return failed;
}
