/* The rows of a scan, as the host pulls them out of the file. */
#ifndef VISIT_STREAM_H
#define VISIT_STREAM_H

#include "batch.h"
#include "connector.h"
#include "visits_file.h"

#define PATH_BYTES 4096
/* Between two looks at whether the host wants the call to end. */
#define LINES_PER_CHECK 1000

/* The table's columns. A warehouse is asked for them, table by table. */
enum { USER_ID, CITY, PAGES, VISITED_AT, N_COLUMNS };
#define VISITED_AT_NAME "visited_at"
extern const struct column visit_columns[N_COLUMNS];

/* Which of visit_columns each of the columns asked for is. */
penstock_status find_columns(const penstock_scan* scan, int* columns, struct failure* failure);

/* Of opening or reading the file. */
penstock_status file_failure(struct failure* failure, const char* path, const struct visits_file* file);

/* `columns` as find_columns has found them. The call has to live as long as the stream. *out is untouched unless the status is OK. */
penstock_status open_visit_stream(penstock_call* call, const char* path, const penstock_scan* scan, const int* columns,
                                  struct ArrowArrayStream* out, struct failure* failure);

#endif
