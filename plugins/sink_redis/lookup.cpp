#include "sink_redis/lookup.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/packed_profile.hpp"
#include "sink_redis/value_text.hpp"

#include <optional>

namespace penstock::redis {
namespace {

constexpr size_t kStateColumn = 0;
constexpr size_t kProfileOrderColumn = 1;
constexpr size_t kTtlColumn = 2;
constexpr size_t kFirstColumn = 3;
constexpr int64_t kNoSuchKey = -2;  // PTTL's answers
constexpr int64_t kNeverExpires = -1;

// Two commands a key: HMGET, or GET where profiles are packed, then PTTL. A row is written when the second answer is there. Before all packed
// profiles comes the marker's list of the fields that they have.
class ProfileReader {
 public:
  ProfileReader(const Layout& layout, bool packed, const Schema& fields, const std::vector<std::string_view>& keys, BatchBuilder& out)
      : layout_(layout), packed_(packed), fields_(fields), keys_(keys), out_(out), fields_asked_(!packed), fields_known_(!packed), values_(fields.size()) {}

  Encoded encode(Buffer& out) {
    if (!fields_asked_) {
      fields_asked_ = true;
      append_command(out, {"HGET", layout_.marker_key, "fields"});
      return {1};
    }
    if (next_ == 2 * keys_.size()) return {0, false};
    const std::string_view key = keys_[next_ / 2];
    const bool values = next_++ % 2 == 0;
    append_array_header(out, values && !packed_ ? 3 + fields_.size() : 2);
    append_bulk(out, !values ? "PTTL" : packed_ ? "GET" : "HMGET");
    append_bulk(out, layout_.profiles, key);
    if (!values || packed_) return {1};
    append_bulk(out, kOrderField);
    for (const Field& field : fields_) append_bulk(out, field.name);
    return {1};
  }

  void handle(const Reply& reply) {
    if (!fields_known_) return keep_fields(reply);
    if (answered_++ % 2 == 0)
      keep_values(reply);
    else
      write_row(reply);
  }

  size_t bad_values = 0;
  std::string first_bad;

 private:
  struct Place {
    std::optional<size_t> at;  // of the stored fields
    bool fits = false;         // its type is the one that is asked for
  };

  // Without a marker, the fields that are asked for may be all that there are; the profiles' checksum tells.
  void keep_fields(const Reply& reply) {
    fields_known_ = true;
    if (reply.is_error()) throw server_error("read", reply.text());
    std::vector<StoredField> stored = stored_fields(fields_, 0);
    if (reply.is_text()) {
      auto listed = parse_stored_fields(reply.text());
      if (!listed) throw Error(PENSTOCK_STATUS_DATA_LOSS, "read: the list of fields in " + printable(layout_.marker_key) + " is not one that Penstock wrote");
      stored = std::move(*listed);
    }
    for (const Field& field : fields_) {
      Place place;
      for (size_t i = 0; i < stored.size(); ++i)
        if (stored[i].name == field.name) place = {i, stored[i].type == value_type_of(field)};
      places_.push_back(place);
    }
    unpacker_.emplace(stored);
  }

  void keep_values(const Reply& reply) {
    order_.reset();
    if (reply.is_error()) {
      if (error_code(reply.text()) == "WRONGTYPE") return;
      throw server_error("read", reply.text());
    }
    if (packed_) return keep_packed(reply);
    if (!reply.is_array() || reply.items() != 1 + fields_.size()) throw malformed();
    Reply item = reply.first_item();
    std::string order;
    if (!item.is_text() || !from_hex(item.text(), &order)) return;  // not a profile
    order_ = std::move(order);
    for (auto& value : values_) {
      item = item.next();
      value.reset();
      if (item.is_text()) value = item.text();
    }
  }

  void keep_packed(const Reply& reply) {
    std::string_view order;
    if (!reply.is_text() || !PackedReader::read_order(reply.text(), order)) return;  // not a profile
    order_ = order;
    const bool whole = unpacker_->split(reply.text(), order, parts_);
    for (size_t i = 0; i < fields_.size(); ++i) {
      values_[i].reset();
      const Place& place = places_[i];
      if (!whole || (place.at && !place.fits))
        spoilt(i);
      else if (place.at && parts_[*place.at])
        values_[i] = *parts_[*place.at];
    }
  }

  void spoilt(size_t field) {
    if (bad_values++ == 0) first_bad = fields_[field].name;
  }

  void write_row(const Reply& reply) {
    if (reply.is_error()) throw server_error("read", reply.text());
    if (reply.kind() != ReplyKind::integer) throw malformed();
    if (!order_ || reply.integer() == kNoSuchKey) {
      out_[kStateColumn].append<int8_t>(PENSTOCK_PROFILE_MISSING);
      for (size_t i = kProfileOrderColumn; i < out_.columns(); ++i) out_[i].append_null();
      return;
    }
    out_[kStateColumn].append<int8_t>(PENSTOCK_PROFILE_FOUND);
    out_[kProfileOrderColumn].append_bytes(*order_);
    if (reply.integer() == kNeverExpires)
      out_[kTtlColumn].append_null();
    else
      out_[kTtlColumn].append(reply.integer());
    for (size_t i = 0; i < fields_.size(); ++i) {
      ColumnBuilder& column = out_[kFirstColumn + i];
      if (values_[i] && (packed_ ? append_packed_value(*values_[i], value_type_of(fields_[i]), column) : append_parsed(*values_[i], column))) continue;
      column.append_null();
      if (values_[i]) spoilt(i);
    }
  }

  static Error malformed() {
    return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "read: the server's answer does not fit the question");
  }

  const Layout& layout_;
  const bool packed_;
  const Schema& fields_;
  const std::vector<std::string_view>& keys_;
  BatchBuilder& out_;
  bool fields_asked_, fields_known_;
  std::vector<Place> places_;  // one a field
  std::optional<PackedReader> unpacker_;
  std::vector<std::optional<std::string_view>> parts_;
  size_t next_ = 0;
  size_t answered_ = 0;
  std::optional<std::string> order_;
  std::vector<std::optional<std::string>> values_;
};

}  // namespace

size_t read_profiles(const Call& call, Session& session, const Layout& layout, const Settings& settings, const Schema& fields,
                     const std::vector<std::string_view>& keys, BatchBuilder& out, std::string* first_bad) {
  ProfileReader reader(layout, settings.packed, fields, keys, out);
  session.connection().pipeline(
      call, settings.pipeline_bytes, [&](Buffer& bytes) { return reader.encode(bytes); }, [&](const Reply& reply) { reader.handle(reply); });
  *first_bad = reader.first_bad;
  return reader.bad_values;
}

}  // namespace penstock::redis
