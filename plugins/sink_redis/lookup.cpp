#include "sink_redis/lookup.hpp"

#include "sink_redis/errors.hpp"
#include "sink_redis/packed_profile.hpp"
#include "sink_redis/value_text.hpp"

#include <optional>
#include <set>

namespace penstock::redis {
namespace {

constexpr size_t kStateColumn = 0;
constexpr size_t kProfileOrderColumn = 1;
constexpr size_t kTtlColumn = 2;
constexpr size_t kFirstColumn = 3;
constexpr int64_t kNoSuchKey = -2;  // PTTL's answers
constexpr int64_t kNeverExpires = -1;

// Two commands a key: HMGET, or GET where profiles are packed, then PTTL. The answers come in any order where there are several nodes.
class ProfileReader {
 public:
  ProfileReader(bool packed, const Schema& fields, size_t keys) : packed_(packed), fields_(fields), answers_(keys) {}

  // A marker's list of the fields that packed profiles have: the same in every part of the view that has one.
  void keep_fields(const Reply& reply, std::string_view marker_key) {
    if (reply.is_error()) throw server_error("read", reply.text());
    if (!reply.is_text()) return;
    stored_ = parse_stored_fields(reply.text());
    if (!stored_) throw Error(PENSTOCK_STATUS_DATA_LOSS, "read: the list of fields in " + printable(marker_key) + " is not one that Penstock wrote");
  }

  // Before all packed profiles.
  void find_places() {
    // Without a marker, the fields that are asked for may be all that there are; the profiles' checksum tells.
    const std::vector<StoredField> stored = stored_ ? *stored_ : stored_fields(fields_, 0);
    for (const Field& field : fields_) {
      Place place;
      for (size_t i = 0; i < stored.size(); ++i)
        if (stored[i].name == field.name) place = {i, stored[i].type == value_type_of(field)};
      places_.push_back(place);
    }
    unpacker_.emplace(stored);
  }

  void encode(size_t command, std::string_view key, Buffer& out) const {
    const bool values = command % 2 == 0;
    append_array_header(out, values && !packed_ ? 3 + fields_.size() : 2);
    append_bulk(out, !values ? "PTTL" : packed_ ? "GET" : "HMGET");
    append_bulk(out, key);
    if (!values || packed_) return;
    append_bulk(out, kOrderField);
    for (const Field& field : fields_) append_bulk(out, field.name);
  }

  void handle(size_t command, const Reply& reply) {
    Answer& answer = answers_[command / 2];
    if (command % 2 == 0) return keep_values(reply, answer);
    if (reply.is_error()) throw server_error("read", reply.text());
    if (reply.kind() != ReplyKind::integer) throw malformed();
    answer.ttl = reply.integer();
  }

  void write_rows(BatchBuilder& out) {
    for (const Answer& answer : answers_) write_row(answer, out);
  }

  size_t bad_values = 0;
  std::string first_bad;

 private:
  struct Place {
    std::optional<size_t> at;  // of the stored fields
    bool fits = false;         // its type is the one that is asked for
  };
  struct Answer {
    std::optional<std::string> order = {};  // none: not a profile
    std::vector<std::optional<std::string>> values = {};
    std::vector<bool> spoilt = {};  // of packed values: what is there is not a value of the field's type
    int64_t ttl = 0;
  };

  void keep_values(const Reply& reply, Answer& answer) {
    if (reply.is_error()) {
      if (error_code(reply.text()) == "WRONGTYPE") return;
      throw server_error("read", reply.text());
    }
    if (packed_) return keep_packed(reply, answer);
    if (!reply.is_array() || reply.items() != 1 + fields_.size()) throw malformed();
    Reply item = reply.first_item();
    std::string order;
    if (!item.is_text() || !from_hex(item.text(), &order)) return;
    answer.order = std::move(order);
    answer.values.resize(fields_.size());
    for (auto& value : answer.values) {
      item = item.next();
      if (item.is_text()) value = item.text();
    }
  }

  void keep_packed(const Reply& reply, Answer& answer) {
    std::string_view order;
    if (!reply.is_text() || !PackedReader::read_order(reply.text(), order)) return;  // not a profile
    answer.order = order;
    answer.values.resize(fields_.size());
    answer.spoilt.resize(fields_.size());
    const bool whole = unpacker_->split(reply.text(), order, parts_);
    for (size_t i = 0; i < fields_.size(); ++i) {
      const Place& place = places_[i];
      if (!whole || (place.at && !place.fits))
        answer.spoilt[i] = true;
      else if (place.at && parts_[*place.at])
        answer.values[i] = *parts_[*place.at];
    }
  }

  void write_row(const Answer& answer, BatchBuilder& out) {
    if (!answer.order || answer.ttl == kNoSuchKey) {
      out[kStateColumn].append<int8_t>(PENSTOCK_PROFILE_MISSING);
      for (size_t i = kProfileOrderColumn; i < out.columns(); ++i) out[i].append_null();
      return;
    }
    out[kStateColumn].append<int8_t>(PENSTOCK_PROFILE_FOUND);
    out[kProfileOrderColumn].append_bytes(*answer.order);
    if (answer.ttl == kNeverExpires)
      out[kTtlColumn].append_null();
    else
      out[kTtlColumn].append(answer.ttl);
    for (size_t i = 0; i < fields_.size(); ++i) {
      const auto& value = answer.values[i];
      ColumnBuilder& column = out[kFirstColumn + i];
      if (value && (packed_ ? append_packed_value(*value, value_type_of(fields_[i]), column) : append_parsed(*value, column))) continue;
      column.append_null();
      const bool bad = value || (packed_ && answer.spoilt[i]);
      if (bad && bad_values++ == 0) first_bad = fields_[i].name;
    }
  }

  static Error malformed() {
    return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "read: the server's answer does not fit the question");
  }

  const bool packed_;
  const Schema& fields_;
  std::vector<Answer> answers_;
  std::optional<std::vector<StoredField>> stored_;
  std::vector<Place> places_;  // one a field
  std::optional<PackedReader> unpacker_;
  std::vector<std::optional<std::string_view>> parts_;
};

}  // namespace

size_t read_profiles(const Call& call, Nodes& nodes, const std::vector<Layout>& layouts, bool packed, const Schema& fields,
                     const std::vector<std::string_view>& keys, BatchBuilder& out, std::string* first_bad) {
  std::vector<std::string> names;
  for (const std::string_view key : keys) names.push_back(layouts[nodes.part_of(key)].profiles + std::string(key));
  std::vector<std::string_view> commands;
  for (const std::string& name : names) commands.insert(commands.end(), 2, name);
  ProfileReader reader(packed, fields, keys.size());
  if (packed) {
    std::set<std::string_view> distinct;
    for (const std::string_view key : keys) distinct.insert(layouts[nodes.part_of(key)].marker_key);
    const std::vector<std::string_view> markers(distinct.begin(), distinct.end());
    nodes.each(
        call, markers, [&](size_t number, Session&, Buffer& bytes) { append_command(bytes, {"HGET", markers[number], "fields"}); },
        [&](size_t number, const Reply& reply) { reader.keep_fields(reply, markers[number]); });
    reader.find_places();
  }
  nodes.each(
      call, commands, [&](size_t command, Session&, Buffer& bytes) { reader.encode(command, commands[command], bytes); },
      [&](size_t command, const Reply& reply) { reader.handle(command, reply); });
  reader.write_rows(out);
  *first_bad = reader.first_bad;
  return reader.bad_values;
}

}  // namespace penstock::redis
