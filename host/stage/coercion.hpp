// From a column's type to a field's type, by one table. Never wraps and never truncates: what does not fit is an error for
// that row, which becomes a reject.
//
//   field \ column   integers        float, double        decimal, text           bool   timestamps, date       binary
//   int32, int64     in range        whole, in range      whole, in range         0, 1   —                      —
//   double, float    exactly equal   nearest, in range    nearest, in range       —      —                      —
//   bool             0, 1            —                    text true/false/1/0     as is  —                      —
//   string           decimal         shortest round trip  as is                   true…  ISO 8601               if UTF-8
//   bytes            —               —                    text as is              —      —                      as is
//   unix_timestamp   seconds         —                    text ISO 8601           —      naive: view's zone     —
//   <type>_list      a list column, item by item; a null item does not fit
//
// "nearest": a decimal fraction has no exact binary form, so rounding to the nearest is what the field's type asks for;
// what would become infinite does not fit. Null stays null.
#pragma once

#include "base/failure.hpp"
#include "base/time_zone.hpp"
#include "config/definitions.hpp"

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

#include <optional>

namespace penstock::host {

// The Arrow field that a view's field has in a batch for a sink.
penstock::Field sink_field(const std::string& name, FieldType type);

// Why a value did not fit: static text, never the value itself.
struct CoercionError {
  const char* value_class;  // "int64 above int32"
  const char* reason;       // "does not fit into int32"
};

// One column on its way to one field. Immutable; used from one thread at a time.
class Coercer {
 public:
  // INVALID_ARGUMENT when no value of that column type could become the field's type, or a naive timestamp has no zone.
  static Result<Coercer> make(const penstock::Field& column, FieldType field, const std::optional<TimeZone>& zone);

  // The column of one batch, borrowed.
  class Bound {
   public:
    // Can a value of this column fail at all? When not, check need not be called.
    bool can_fail() const { return owner_->can_fail_; }
    // Null when the row's value fits.
    const CoercionError* check(int64_t row) const;
    // Appends the row's value, which must fit, and continues `hash` with it.
    void append(int64_t row, penstock::ColumnBuilder& out, uint64_t& hash) const;

   private:
    friend class Coercer;
    Bound(const Coercer* owner, penstock::ColumnView column) : owner_(owner), column_(std::move(column)) {
      if (column_.field().type == penstock::Type::list) items_ = column_.items();
    }
    const Coercer* owner_;
    penstock::ColumnView column_;
    std::optional<penstock::ColumnView> items_;
  };
  Bound bind(const penstock::ColumnView& column) const { return Bound(this, column); }

 private:
  Coercer(FieldType field, std::optional<TimeZone> zone, bool can_fail)
      : field_(field), zone_(std::move(zone)), can_fail_(can_fail) {}

  const CoercionError* check_value(const penstock::ColumnView&, int64_t row) const;
  void append_value(const penstock::ColumnView&, int64_t row, penstock::ColumnBuilder&, uint64_t& hash) const;

  FieldType field_;
  std::optional<TimeZone> zone_;
  bool can_fail_;
  mutable std::string scratch_;
};

// Readers that other stages share. Null when the value fits; the value must not be null.
const CoercionError* read_instant_ns(const penstock::ColumnView&, int64_t row, const std::optional<TimeZone>& zone, int64_t& out);
// The text form of any value (see `string` above); may point into `scratch` or into the column.
const CoercionError* read_text(const penstock::ColumnView&, int64_t row, std::string& scratch, std::string_view& out);

bool is_timestamp(penstock::Type type);  // date32 included
bool is_integer(penstock::Type type);
// "timestamp without time zone", "int64": for messages
std::string type_label(const penstock::Field& column);

}  // namespace penstock::host
