// A source in C++: derive from penstock::Source, override describe, horizon and scan.
#pragma once

#include <penstock/builder.hpp>
#include <penstock/call.hpp>
#include <penstock/settings.hpp>
#include <penstock/source.h>

#include <cerrno>
#include <optional>

namespace penstock {

// The C structs of source.h as owned values; they may be kept.
struct Position {
  int64_t ordinal = 0;
  std::string detail;
  std::string text;
};

struct Table {
  std::string database, schema, table, query;
  Options options;
};

struct Cursor {
  int32_t kind = PENSTOCK_CURSOR_TIMESTAMP;
  std::string column;
  std::string timezone;
  int64_t lag_ns = 0;
};

struct Horizon {
  Position position;
  int32_t guarantee = PENSTOCK_CLASS_C;
  std::string why;
  std::string holder;
};

struct Scan {
  Table table;
  Cursor cursor;
  std::optional<Position> since;  // exclusive; empty: from the beginning
  Position until;                 // inclusive
  std::vector<std::string> columns;
  std::vector<std::string> key_columns;
  bool include_null_cursor = false;
  int64_t batch_rows = 0;
  int64_t batch_bytes = 0;
};

struct ScanInfo {
  uint32_t honoured = 0;
  int64_t rows_estimate = -1;
  std::string statement;
  int64_t cursor_unit_ns = 0;  // of an integer cursor: what it counts since 1970; 0: the cursor is no such integer
  bool advice_wanted = false;  // given to plan: somebody reads `advice`
  std::string advice = {};     // one sentence: what makes this scan slow, and the remedy; empty: nothing to say
};

struct TableName {
  std::string database, schema, table;
};

// The rows of one partition, a batch at a time.
class RowStream {
 public:
  virtual ~RowStream() = default;

  // The columns of every batch. Called before next.
  virtual const Schema& schema() const = 0;

  // Fills *out with at most batch_rows rows, or returns false at the end. An empty batch is not the end. Long waits check the
  // call (the one that scan was given).
  virtual bool next(ArrowArray* out) = 0;
};

// One connection. The host never calls two functions of an object at once, but may change the thread between calls.
// Derived classes also have
//   Derived(const Call&, const Settings&);                   // connects
//   static constexpr ComponentInfo kInfo{…};                 // id, title, doc
//   static constexpr auto kOptions = options_of(…);          // of Settings; settings.hpp
//   optionally  static constexpr auto kTableOptions = options_of(…);   // read with kTableOptions.read(table.options)
//   and         static void validate(const Settings&);                 // offline checks
// Where kOptions is an array of penstock_option_desc, or not there, Options stands in place of Settings.
class Source {
 public:
  virtual ~Source() = default;

  virtual void ping(const Call&) {}
  virtual Schema describe(const Call&, const Table&) = 0;
  virtual std::vector<TableName> list_tables(const Call&) {
    throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "this source cannot list tables");
  }
  virtual Horizon horizon(const Call&, const Table&, const Cursor&) = 0;

  // Tokens of the partitions, usable on another connection. Default: one partition with an empty token.
  virtual std::vector<std::string> plan(const Call&, const Scan&, ScanInfo&) { return {std::string()}; }

  // The call stays valid until the stream is destroyed.
  virtual std::unique_ptr<RowStream> scan(const Call&, const Scan&, const std::string& partition, ScanInfo&) = 0;

  virtual const void* get_extension(std::string_view) { return nullptr; }
};

namespace detail {

inline Position position_from(const penstock_position& in) {
  return {in.ordinal, std::string(to_view(in.detail)), std::string(to_view(in.text))};
}

inline void export_position(const Call& call, const Position& position, penstock_position_out* out) {
  out->ordinal = position.ordinal;
  call.append(out->detail, position.detail);
  call.append(out->text, position.text);
}

inline Table table_from(const penstock_table& in) {
  return {std::string(to_view(in.database)), std::string(to_view(in.schema)), std::string(to_view(in.table)),
          std::string(to_view(in.query)), Options(in.options)};
}

inline Cursor cursor_from(const penstock_cursor& in) {
  return {in.kind, std::string(to_view(in.column)), std::string(to_view(in.timezone)), in.lag_ns};
}

inline Scan scan_from(const penstock_scan& in) {
  Scan scan;
  scan.table = table_from(*in.table);
  scan.cursor = cursor_from(*in.cursor);
  if (in.since != nullptr) scan.since = position_from(*in.since);
  scan.until = position_from(*in.until);
  for (uint64_t i = 0; i < in.n_columns; ++i) scan.columns.emplace_back(to_view(in.columns[i]));
  for (uint64_t i = 0; i < in.n_key_columns; ++i) scan.key_columns.emplace_back(to_view(in.key_columns[i]));
  scan.include_null_cursor = in.null_cursor == PENSTOCK_NULL_CURSOR_INCLUDE;
  scan.batch_rows = in.batch_rows;
  scan.batch_bytes = in.batch_bytes;
  return scan;
}

inline bool wants_advice(const penstock_scan_info& out) { return PENSTOCK_HAS(&out, advice) && out.advice != nullptr; }

inline void export_info(const Call& call, const ScanInfo& info, penstock_scan_info* out) {
  out->honoured = info.honoured;
  out->rows_estimate = info.rows_estimate;
  call.append(out->statement, info.statement);
  // A host of before this field has given no room for it, and refuses integers.
  if (PENSTOCK_HAS(out, cursor_unit_ns)) out->cursor_unit_ns = info.cursor_unit_ns;
  if (wants_advice(*out)) call.append(out->advice, info.advice);
}

struct StreamState {
  penstock_call* call;
  std::unique_ptr<RowStream> rows;
  std::string error;
};

template <class Body>
int stream_guarded(ArrowArrayStream* stream, Body&& body) noexcept {
  auto* state = static_cast<StreamState*>(stream->private_data);
  const penstock_status status = guarded(state->call, [&](const Call& call) {
    try {
      body(*state->rows);
    } catch (const std::exception& error) {
      state->error = error.what();
      throw;
    }
    (void)call;
  });
  return status == PENSTOCK_STATUS_OK ? 0 : status == PENSTOCK_STATUS_CANCELLED ? ECANCELED : EIO;
}

inline void export_stream(penstock_call* call, std::unique_ptr<RowStream> rows, ArrowArrayStream* out) {
  *out = {};
  out->private_data = new StreamState{call, std::move(rows), {}};
  out->get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
    return stream_guarded(self, [&](RowStream& r) { export_schema(r.schema(), schema); });
  };
  out->get_next = [](ArrowArrayStream* self, ArrowArray* array) {
    return stream_guarded(self, [&](RowStream& r) {
      if (!r.next(array)) *array = {};  // released: the end
    });
  };
  out->get_last_error = [](ArrowArrayStream* self) -> const char* {
    return static_cast<StreamState*>(self->private_data)->error.c_str();
  };
  out->release = [](ArrowArrayStream* self) {
    delete static_cast<StreamState*>(self->private_data);
    self->release = nullptr;
  };
}

inline Source* source(penstock_source* self) { return reinterpret_cast<Source*>(self); }

template <class T>
constexpr penstock_source_vtab source_vtab() {
  return {
      .struct_size = sizeof(penstock_source_vtab),
      .reserved = 0,
      .open =
          [](penstock_call* c, const penstock_options* options, penstock_source** out) {
            return guarded(c, [&](const Call& call) {
              *out = reinterpret_cast<penstock_source*>(static_cast<Source*>(new T(call, settings_of<T>(options))));
            });
          },
      .close = [](penstock_call*, penstock_source* self) { delete source(self); },
      .ping = [](penstock_call* c, penstock_source* self) {
        return guarded(c, [&](const Call& call) { source(self)->ping(call); });
      },
      .describe =
          [](penstock_call* c, penstock_source* self, const penstock_table* table, ArrowSchema* out) {
            return guarded(c, [&](const Call& call) {
              export_schema(source(self)->describe(call, table_from(*table)), out);
            });
          },
      .list_tables =
          [](penstock_call* c, penstock_source* self, penstock_add_table add, void* context) {
            return guarded(c, [&](const Call& call) {
              for (const TableName& name : source(self)->list_tables(call))
                if (add(context, to_c(name.database), to_c(name.schema), to_c(name.table)) != PENSTOCK_STATUS_OK) return;
            });
          },
      .horizon =
          [](penstock_call* c, penstock_source* self, const penstock_table* table, const penstock_cursor* cursor,
             penstock_horizon* out) {
            return guarded(c, [&](const Call& call) {
              const Horizon horizon = source(self)->horizon(call, table_from(*table), cursor_from(*cursor));
              out->guarantee = horizon.guarantee;
              export_position(call, horizon.position, out->position);
              call.append(out->why, horizon.why);
              call.append(out->holder, horizon.holder);
            });
          },
      .plan =
          [](penstock_call* c, penstock_source* self, const penstock_scan* scan, penstock_add_partition add, void* context,
             penstock_scan_info* out) {
            return guarded(c, [&](const Call& call) {
              ScanInfo info;
              info.advice_wanted = wants_advice(*out);
              for (const std::string& token : source(self)->plan(call, scan_from(*scan), info))
                if (add(context, to_bytes(token)) != PENSTOCK_STATUS_OK) return;
              export_info(call, info, out);
            });
          },
      .scan =
          [](penstock_call* c, penstock_source* self, const penstock_scan* scan, penstock_bytes partition,
             ArrowArrayStream* stream, penstock_scan_info* out) {
            return guarded(c, [&](const Call& call) {
              ScanInfo info;
              auto rows = source(self)->scan(call, scan_from(*scan), std::string(to_view(partition)), info);
              export_info(call, info, out);
              export_stream(c, std::move(rows), stream);
            });
          },
      .get_extension = [](penstock_source* self, const char* id) { return source(self)->get_extension(id); },
  };
}

}  // namespace detail
}  // namespace penstock
