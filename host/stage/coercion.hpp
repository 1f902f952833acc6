// From a column's type to a field's type, by one table. Never wraps and never truncates: what does not fit is an error for
// that row, which becomes a reject.
//
//   field \ column   integers        float, double        decimal, text           bool   timestamps, date       binary
//   int32, int64     in range        whole, in range      whole, in range         0, 1   —                      —
//   double, float    exactly equal   nearest, in range    nearest, in range       —      —                      —
//   bool             0, 1            —                    text true/false/1/0…    as is  —                      —
//   string           decimal         shortest round trip  as is                   true…  ISO 8601               if UTF-8
//   bytes            —               —                    text as is              —      —                      as is
//   unix_timestamp   seconds*        —                    text ISO 8601           —      naive: view's zone     —
//   <type>_list      a list column, or a text that is a JSON array, item by item; a null item does not fit
//   * the timestamp_field: what its source says that it counts
//
// "nearest": a decimal fraction has no exact binary form, so rounding to the nearest is what the field's type asks for;
// what would become infinite does not fit. Null stays null.
#pragma once

#include "base/failure.hpp"
#include "base/time_zone.hpp"
#include "config/definitions.hpp"
#include "stage/cell.hpp"
#include "stage/json_lists.hpp"

#include <penstock/builder.hpp>
#include <penstock/reader.hpp>

#include <memory>
#include <optional>
#include <span>

namespace penstock::host {

// The Arrow field that a view's field has in a batch for a sink.
penstock::Field sink_field(const std::string& name, FieldType type);

// One column on its way to one field. Immutable; used from one thread at a time.
class Coercer {
 public:
  // INVALID_ARGUMENT when no value of that column type could become the field's type, or a naive timestamp has no zone.
  // `unit_ns`: what an integer counts that becomes a time.
  static Result<Coercer> make(const penstock::Field& column, FieldType field, const std::optional<TimeZone>& zone,
                              int64_t unit_ns = kNsPerSecond);

  // The column of one batch, borrowed.
  class Bound {
   public:
    // Can a value of this column fail at all? When not, check need not be called.
    bool can_fail() const { return owner_->can_fail_; }
    // Null when the row's value fits.
    const CoercionError* check(int64_t row) const;
    // Appends the values of these rows, which must fit, and continues the hash of each row with its value. A column at a time,
    // so that what depends on the types is decided once and not for every value.
    void append(std::span<const int64_t> rows, penstock::ColumnBuilder& out, std::span<uint64_t> hashes) const;
    // The hash that append would make of the row's value, which must fit.
    uint64_t hash(int64_t row, uint64_t seed) const;

   private:
    friend class Coercer;
    Bound(const Coercer* owner, penstock::ColumnView column);
    template <class T>
    void append_as_is(std::span<const int64_t> rows, penstock::ColumnBuilder& out, std::span<uint64_t> hashes) const;

    const Coercer* owner_;
    std::shared_ptr<const JsonLists> json_;  // what column_ is a view of when lists come as text
    penstock::ColumnView column_;
    std::optional<penstock::ColumnView> items_;
  };
  Bound bind(const penstock::ColumnView& column) const { return Bound(this, column); }

 private:
  Coercer(FieldType field, std::optional<TimeZone> zone, int64_t unit_ns, bool can_fail, bool as_is, bool from_json)
      : field_(field), zone_(std::move(zone)), unit_ns_(unit_ns), can_fail_(can_fail), as_is_(as_is), from_json_(from_json) {}

  // Calls visit with the value as the field's C++ type, unless it does not fit.
  template <class Visit>
  const CoercionError* visit_value(const penstock::ColumnView&, int64_t row, Visit&& visit) const;

  FieldType field_;
  std::optional<TimeZone> zone_;
  int64_t unit_ns_;
  bool can_fail_;
  bool as_is_;      // the column has the very type that the sink gets, and no value can fail
  bool from_json_;  // lists that come as text
  mutable std::string scratch_;
};

}  // namespace penstock::host
