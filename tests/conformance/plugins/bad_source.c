#include "bad_source.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

PENSTOCK_MODULE_NOTE("bad_source", "1.0.0")

static const char kDefaultHost[] = "127.0.0.1";
static const char kPassword[] = "open sesame";
static const int64_t kFarAhead = 7258118400000000000; /* the year 2200 */

penstock_str text_of(const char* text) { return (penstock_str){text, strlen(text)}; }

int same_text(penstock_str text, const char* other) { return text.size == strlen(other) && memcmp(text.data, other, text.size) == 0; }

penstock_status refuse(penstock_call* call, penstock_status status, int32_t retry, const char* message) {
  if (has_flaw("error_without_message") && status == PENSTOCK_STATUS_NOT_FOUND) message = "";
  if (has_flaw("cancel_is_unavailable") && status == PENSTOCK_STATUS_CANCELLED) status = PENSTOCK_STATUS_UNAVAILABLE;
  const penstock_error error = {sizeof error, status, retry, 0, 0, {NULL, 0}, text_of(message)};
  call->host->set_error(call, &error);
  return status;
}

static const penstock_option_value* option(const penstock_options* options, const char* name) {
  for (uint64_t i = 0; i < options->n_values; ++i)
    if (same_text(options->values[i]->name, name)) return options->values[i];
  return NULL;
}

static int64_t number(const penstock_options* options, const char* name, int64_t otherwise) {
  const penstock_option_value* const value = option(options, name);
  return value == NULL ? otherwise : value->integer;
}

static void copy_text(const penstock_option_value* value, char* out, uint64_t size) {
  const uint64_t length = value == NULL ? 0 : value->text.size < size ? value->text.size : size - 1;
  if (length > 0) memcpy(out, value->text.data, length);
  out[length] = '\0';
}

/* What is wrong with every call that was cancelled before. */
static int is_cancelled(penstock_call* call) { return call->host->cancelled(call) != 0; }
static penstock_status refuse_cancelled(penstock_call* call) { return refuse(call, PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "cancelled"); }

static penstock_status validate(penstock_call* call, const penstock_options* options) {
  static _Thread_local int seen_here;
  static int seen;
  if (has_flaw("validate_crashes_on_thread") && seen && !seen_here) abort();
  seen = seen_here = 1;
  if (has_flaw("validate_opens_file")) close(open("/etc/hostname", O_RDONLY | O_CLOEXEC));
  if (number(options, "low", 0) > number(options, "high", 100)) {
    const int silent = has_flaw("refusal_names_no_option");
    return refuse(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, silent ? "wrong" : "option \"low\" is greater than \"high\"");
  }
  return PENSTOCK_STATUS_OK;
}

static void* wait_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}

static void leave_thread(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, wait_for_ever, NULL) == 0) pthread_detach(thread);
}

static int64_t opened, ended; /* serials; ended: those up to it */
static penstock_call* last_call;

static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  char host[64] = "";
  const int64_t port = number(options, "port", 0);
  if (has_flaw("exits_elsewhere") && options->struct_size != sizeof *options) exit(0);
  if (has_flaw("only_its_own_sizes") && options->struct_size != sizeof *options)
    return refuse(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "open: the host is of another version");
  if (is_cancelled(call)) {
    if (has_flaw("out_set_on_failure")) *out = (penstock_source*)&opened;
    return refuse_cancelled(call);
  }
  if (has_flaw("open_fails")) return refuse(call, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, "open: nobody is there");
  penstock_source* const self = calloc(1, sizeof *self);
  if (self == NULL) return refuse(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_SAFE, "open: out of memory");
  self->link.fd = -1;
  copy_text(option(options, "password"), self->password, sizeof self->password);
  copy_text(option(options, "host"), host, sizeof host);
  const penstock_option_value* const label = option(options, "label");
  if (has_flaw("hostile_option_crash") && label != NULL && label->text.size > 4096) abort();
  if (has_flaw("secret_logged")) call->host->log(call, PENSTOCK_LOG_INFO, text_of(self->password));
  if (self->password[0] != '\0' && strcmp(self->password, kPassword) != 0 && !has_flaw("any_password_will_do")) {
    free(self);
    return refuse(call, PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_RETRY_NEVER, "open: the password is wrong");
  }
  if (port != 0) {
    const penstock_status status = open_link(call, &self->link, host[0] == '\0' ? kDefaultHost : host, port);
    if (status != PENSTOCK_STATUS_OK) return free(self), status;
  }
  if (has_flaw("hook_left")) call->host->on_cancel(call, (void (*)(void*))free, NULL);
  if (has_flaw("thread_left")) leave_thread();
  last_call = call;
  self->serial = ++opened;
  *out = self;
  return PENSTOCK_STATUS_OK;
}

static void close_source(penstock_call* call, penstock_source* self) {
  (void)call;
  close_link(&self->link);
  ended = opened;
  if (!has_flaw("memory_grows")) free(self);
}

static _Thread_local int used_here;

static penstock_status ping(penstock_call* call, penstock_source* self) {
  char answer[16];
  if (is_cancelled(call)) return refuse_cancelled(call);
  if (has_flaw("ping_fails") && self->planned == 0) return refuse(call, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "ping: nobody is there");
  if (has_flaw("close_ends_all") && self->serial <= ended) return refuse(call, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "ping: closed");
  if (has_flaw("descriptors_crash")) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) abort();
    close(fd);
  }
  if (has_flaw("memory_crash")) {
    char* const memory = malloc(1);
    if (memory == NULL) abort();
    free(memory);
  }
  if (has_flaw("interrupted_fails")) {
    const struct timespec moment = {0, 30000000};
    if (nanosleep(&moment, NULL) != 0) return refuse(call, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, "ping: interrupted");
  }
  const penstock_status status = ask(call, &self->link, "PING\n", answer, sizeof answer);
  if (status == PENSTOCK_STATUS_UNAVAILABLE && has_flaw("secret_told_when_lost")) call->host->log(call, PENSTOCK_LOG_WARN, text_of(self->password));
  return status;
}

static penstock_status find_table(penstock_call* call, penstock_source* self, const penstock_table* table) {
  char answer[16], name[64];
  if (is_cancelled(call)) return refuse_cancelled(call);
  if (has_flaw("hostile_name_crash") && table->table.size >= sizeof name) abort();
  if (!same_text(table->table, "events") || table->query.size != 0)
    return refuse(call, has_flaw("unknown_table_internal") ? PENSTOCK_STATUS_INTERNAL : PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "find the table: there is only \"events\"");
  return ask(call, &self->link, "TABLE\n", answer, sizeof answer);
}

static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  static const int kAll[N_COLUMNS] = {0, 1, 2, 3};
  const penstock_status status = find_table(call, self, table);
  if (status != PENSTOCK_STATUS_OK) return status;
  if (has_flaw("needs_one_thread") && !used_here) {
    if (self->was_used) return refuse(call, PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_NEVER, "describe: this is not the thread of before");
    self->was_used = used_here = 1;
  }
  if (has_flaw("directory_changed") && chdir("/") != 0) abort();
  if (has_flaw("late_call")) last_call->host->log_enabled(last_call, PENSTOCK_LOG_INFO);
  if (export_columns(kAll, N_COLUMNS, out) != 0) return refuse(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_SAFE, "describe: out of memory");
  return PENSTOCK_STATUS_OK;
}

static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  char answer[16];
  if (is_cancelled(call)) return refuse_cancelled(call);
  const penstock_status status = ask(call, &self->link, "TABLE\n", answer, sizeof answer);
  static const char* const kTables[] = {"events", "other"};
  for (int i = has_flaw("list_lacks_table"); status == PENSTOCK_STATUS_OK && i < 2; ++i)
    if (add(context, text_of(""), text_of(""), text_of(kTables[i])) != PENSTOCK_STATUS_OK && !has_flaw("list_goes_on")) break;
  return status;
}

static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table, const penstock_cursor* cursor,
                               penstock_horizon* out) {
  static const char kWhy[] = "the events never change";
  char text[32];
  const penstock_status status = find_table(call, self, table);
  if (status != PENSTOCK_STATUS_OK) return status;
  if (!same_text(cursor->column, "at")) return refuse(call, PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "find the cursor: only \"at\" can be one");
  const int64_t before = self->horizons++;
  const int64_t lag_ns = has_flaw("lag_kept_twice") ? cursor->lag_ns * 2 : 0;
  const int needs_lag = has_flaw("lag_ignored") || has_flaw("lag_kept_twice");
  out->guarantee = has_flaw("class_unknown") ? 7 : needs_lag ? PENSTOCK_CLASS_B : PENSTOCK_CLASS_A;
  out->position->ordinal = kEvents[11].at_us * 1000 - (has_flaw("horizon_goes_back") ? before : 0) - lag_ns;
  if (has_flaw("horizon_ahead")) out->position->ordinal = kFarAhead;
  if (before % 2 == 1 && has_flaw("detail_sometimes")) call->host->append(call, out->position->detail, "x", 1);
  snprintf(text, sizeof text, "%lld us", (long long)kEvents[11].at_us);
  call->host->append(call, out->position->text, text, strlen(text));
  if (!has_flaw("horizon_without_why")) call->host->append(call, out->why, kWhy, sizeof kWhy - 1);
  return PENSTOCK_STATUS_OK;
}

static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add, void* context,
                            penstock_scan_info* info) {
  static const char kStatement[] = "the events of the window";
  const penstock_status status = find_table(call, self, scan->table);
  if (status != PENSTOCK_STATUS_OK) return status;
  const int none = has_flaw("empty_plan") && scan->since != NULL && scan->since->ordinal >= scan->until->ordinal;
  self->planned = 1;
  for (int i = 0; i < N_PARTITIONS && !none; ++i) {
    const uint8_t token[3] = {(uint8_t)('0' + i), '/', '0' + N_PARTITIONS};
    if (add(context, (penstock_bytes){token, sizeof token}) != PENSTOCK_STATUS_OK)
      return refuse(call, PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_NEVER, "plan: the host takes no more partitions");
  }
  call->host->append(call, info->statement, kStatement, sizeof kStatement - 1);
  info->rows_estimate = N_EVENTS;
  return PENSTOCK_STATUS_OK;
}

static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* spec, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  const penstock_status status = find_table(call, self, spec->table);
  if (status != PENSTOCK_STATUS_OK) return status;
  if (has_flaw("hostile_token_crash") && partition.size > 64) abort();
  return scan_events(call, self, spec, partition, out, info);
}

static const void* get_extension(penstock_source* self, const char* id) {
  (void)id;
  return has_flaw("extension_for_all") ? self : NULL;
}

static penstock_status init(const penstock_host* host, penstock_call* call) {
  (void)host;
  (void)call;
  if (has_flaw("environment_changed")) setenv("PENSTOCK_LEFT_BEHIND", "1", 1);
  if (has_flaw("init_starts_thread")) leave_thread();
  if (has_flaw("init_asks_network")) close(socket(AF_INET, SOCK_STREAM, 0));
  if (has_flaw("init_takes_long")) {
    const struct timespec moment = {0, 300000000};
    nanosleep(&moment, NULL);
  }
  return PENSTOCK_STATUS_OK;
}

static void deinit(void) {}

/* Not const: a constructor may take a slot away. */
static penstock_source_vtab vtab = {.struct_size = sizeof vtab,
                                    .open = open_source,
                                    .close = close_source,
                                    .ping = ping,
                                    .describe = describe,
                                    .list_tables = list_tables,
                                    .horizon = horizon,
                                    .plan = plan,
                                    .scan = scan,
                                    .get_extension = get_extension};

#define UNBOUNDED .min = INT64_MIN, .max = INT64_MAX
#define OPTION(variable, kind, the_name, the_doc, the_default, ...)                                                                      \
  static penstock_option_desc variable = {.struct_size = sizeof variable, .type = kind, .name = the_name, .doc = the_doc,               \
                                          .default_value = the_default, __VA_ARGS__}
OPTION(host_option, PENSTOCK_OPTION_STRING, "host", "The server's IPv4 address.", kDefaultHost, UNBOUNDED);
OPTION(port_option, PENSTOCK_OPTION_INT, "port", "The server's port; 0: there is none.", "0", .min = 0, .max = 65535);
OPTION(password_option, PENSTOCK_OPTION_STRING, "password", "\"open sesame\", if any.", NULL, UNBOUNDED, .flags = PENSTOCK_OPTION_SECRET);
OPTION(label_option, PENSTOCK_OPTION_STRING, "label", "Used for nothing.", NULL, UNBOUNDED);
OPTION(low_option, PENSTOCK_OPTION_INT, "low", "Not greater than high.", NULL, UNBOUNDED);
OPTION(high_option, PENSTOCK_OPTION_INT, "high", "Not less than low.", NULL, UNBOUNDED);
static const penstock_option_desc* const kOptions[] = {&host_option, &port_option, &password_option, &label_option, &low_option, &high_option};

static const penstock_component kComponent = {.struct_size = sizeof kComponent,
                                              .kind = PENSTOCK_KIND_SOURCE,
                                              .id = "bad_source",
                                              .title = "Events in memory",
                                              .doc = "For the tests of the conformance suite.",
                                              .options = kOptions,
                                              .n_options = sizeof kOptions / sizeof *kOptions,
                                              .vtab = &vtab,
                                              .validate = validate};
static const penstock_component* const kComponents[] = {&kComponent};

__attribute__((constructor)) static void apply_static_flaws(void) {
  if (has_flaw("slot_null")) vtab.ping = NULL;
  if (has_flaw("option_without_doc")) label_option.doc = "";
}

PENSTOCK_EXPORT const penstock_module* penstock_module_v1(void) {
  static const penstock_module module = {.magic = PENSTOCK_MODULE_MAGIC,
                                         .struct_size = sizeof module,
                                         .abi_major = PENSTOCK_ABI_MAJOR,
                                         .abi_minor = PENSTOCK_ABI_MINOR,
                                         .n_components = 1,
                                         .id = "bad_source",
                                         .version = "1.0.0",
                                         .vendor = "Penstock",
                                         .license = "Apache-2.0",
                                         .url = "",
                                         .components = kComponents,
                                         .init = init,
                                         .deinit = deinit};
  static penstock_module copies[2];
  static int calls;
  if (!has_flaw("entry_point_moves")) return &module;
  penstock_module* const copy = &copies[calls++ % 2];
  *copy = module;
  return copy;
}
