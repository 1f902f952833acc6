/* Options declared as data. From the declaration the host checks the TOML with line and column, redacts secrets, and prints
 * documentation; the plugin receives values that already have the declared type and range. */
#ifndef PENSTOCK_OPTIONS_H
#define PENSTOCK_OPTIONS_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PENSTOCK_OPTION_STRING 1
#define PENSTOCK_OPTION_INT 2
#define PENSTOCK_OPTION_DOUBLE 3
#define PENSTOCK_OPTION_BOOL 4
#define PENSTOCK_OPTION_DURATION 5    /* "90s", "5m": nanoseconds in `integer` */
#define PENSTOCK_OPTION_SIZE 6        /* "64MiB": bytes in `integer` */
#define PENSTOCK_OPTION_STRING_LIST 7 /* ["a", "b"]: `list` */
#define PENSTOCK_OPTION_STRING_MAP 8  /* { a = "x" }: `list` holds key, value, key, value */

#define PENSTOCK_OPTION_REQUIRED 1u /* must be given */
#define PENSTOCK_OPTION_SECRET 2u   /* only by reference ({ env }, { file }, { credential }); never shown */

/* One declared option; static data of the plugin. */
typedef struct penstock_option_desc {
  uint32_t struct_size;
  int32_t type;                /* PENSTOCK_OPTION_* */
  uint32_t flags;              /* PENSTOCK_OPTION_REQUIRED | PENSTOCK_OPTION_SECRET */
  uint32_t reserved;
  const char* name;            /* [a-z][a-z0-9_]* */
  const char* doc;             /* one sentence for people */
  const char* default_value;   /* as in TOML without quotes; NULL: absent unless given */
  const char* const* choices;  /* NULL, or the allowed strings, ended by NULL */
  int64_t min;                 /* for INT, DURATION (ns), SIZE (bytes); INT64_MIN: no bound */
  int64_t max;                 /* INT64_MAX: no bound */
} penstock_option_desc;

/* One value. The member that `type` names is set, the others are zero. */
typedef struct penstock_option_value {
  uint32_t struct_size;
  int32_t type;
  penstock_str name;
  int64_t integer; /* INT, BOOL (0 or 1), DURATION, SIZE */
  double number;   /* DOUBLE */
  penstock_str text;
  const penstock_str* list;
  uint64_t n_list;
} penstock_option_value;

/* The values given, plus defaults; an option without either is not in the list. */
typedef struct penstock_options {
  uint32_t struct_size;
  uint32_t reserved;
  const penstock_option_value* const* values;
  uint64_t n_values;
} penstock_options;

#ifdef __cplusplus
}
#endif
#endif
