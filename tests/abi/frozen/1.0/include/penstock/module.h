/* A module: one shared library with one exported function and any number of components. */
#ifndef PENSTOCK_MODULE_H
#define PENSTOCK_MODULE_H

#include "base.h"
#include "call.h"
#include "options.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PENSTOCK_MODULE_MAGIC 0x4b545350u /* "PSTK" */

#define PENSTOCK_KIND_SOURCE 1
#define PENSTOCK_KIND_SINK 2

typedef struct penstock_component {
  uint32_t struct_size;
  int32_t kind;      /* PENSTOCK_KIND_* */
  const char* id;    /* what `plugin = "…"` names; [a-z0-9_-]+ */
  const char* title; /* a few words */
  const char* doc;   /* a sentence or two */
  const penstock_option_desc* const* options; /* of a warehouse or store */
  uint64_t n_options;
  const penstock_option_desc* const* table_options; /* of a batch source; sources only */
  uint64_t n_table_options;
  const void* vtab; /* penstock_source_vtab or penstock_sink_vtab */
  /* [any] Checks options against each other. Offline: no I/O. */
  penstock_status (*validate)(penstock_call*, const penstock_options*);
} penstock_component;

typedef struct penstock_module {
  uint32_t magic;
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t flags; /* 0 */
  uint32_t n_components;
  const char* id;      /* equal to the note's */
  const char* version; /* equal to the note's */
  const char* vendor;
  const char* license; /* SPDX */
  const char* url;
  const penstock_component* const* components;
  /* [once] Before any other function of the module except validate. */
  penstock_status (*init)(const penstock_host*, penstock_call*);
  /* [once] At the end of the process, after everything was closed. The library stays loaded. */
  void (*deinit)(void);
} penstock_module;

/* The only export: pure, returns static data, any thread. */
PENSTOCK_EXPORT const penstock_module* penstock_module_v1(void);

typedef const penstock_module* (*penstock_module_v1_fn)(void);
#define PENSTOCK_MODULE_SYMBOL "penstock_module_v1"

/* The ELF note ".note.penstock" (name "Penstock", type PENSTOCK_NOTE_TYPE), read before the library is loaded, since its
 * constructors run at load. Its content: uint32 abi_major, uint32 abi_minor, id NUL, version NUL.
 * Use once, at file scope: PENSTOCK_MODULE_NOTE("postgres", "1.0.0") */
#define PENSTOCK_NOTE_TYPE 0x4b545350
#define PENSTOCK_STRINGIZE_(x) #x
#define PENSTOCK_STRINGIZE(x) PENSTOCK_STRINGIZE_(x)
#define PENSTOCK_MODULE_NOTE(id, version)                                                                              \
  PENSTOCK_MODULE_NOTE_FOR(PENSTOCK_STRINGIZE(PENSTOCK_ABI_MAJOR), PENSTOCK_STRINGIZE(PENSTOCK_ABI_MINOR), id, version)
#define PENSTOCK_MODULE_NOTE_FOR(major, minor, id, version)                                                            \
  __asm__(".pushsection .note.penstock,\"a\",%note\n"                                                                  \
          ".balign 4\n"                                                                                                \
          ".long 9\n"                                                                                                  \
          ".long 772f-771f\n"                                                                                          \
          ".long " PENSTOCK_STRINGIZE(PENSTOCK_NOTE_TYPE) "\n"                                                         \
          ".asciz \"Penstock\"\n"                                                                                      \
          ".balign 4\n"                                                                                                \
          "771: .long " major "\n"                                                                                     \
          ".long " minor "\n"                                                                                          \
          ".asciz \"" id "\"\n"                                                                                        \
          ".asciz \"" version "\"\n"                                                                                   \
          "772:\n"                                                                                                     \
          ".balign 4\n"                                                                                                \
          ".popsection\n");

#ifdef __cplusplus
}
#endif
#endif
