#include "sink_redis/lookup.hpp"

#include "sink_redis/errors.hpp"
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

// Two commands a key: HMGET, then PTTL. A row is written when the second answer is there.
class ProfileReader {
 public:
  ProfileReader(const Layout& layout, const Schema& fields, const std::vector<std::string_view>& keys, BatchBuilder& out)
      : layout_(layout), fields_(fields), keys_(keys), out_(out) {}

  Encoded encode(Buffer& out) {
    if (next_ == 2 * keys_.size()) return {0, false};
    const std::string_view key = keys_[next_ / 2];
    const bool values = next_++ % 2 == 0;
    append_array_header(out, values ? 3 + fields_.size() : 2);
    append_bulk(out, values ? "HMGET" : "PTTL");
    append_bulk(out, layout_.profiles, key);
    if (!values) return {1};
    append_bulk(out, kOrderField);
    for (const Field& field : fields_) append_bulk(out, field.name);
    return {1};
  }

  void handle(const Reply& reply) {
    if (answered_++ % 2 == 0)
      keep_values(reply);
    else
      write_row(reply);
  }

  size_t bad_values = 0;
  std::string first_bad;

 private:
  void keep_values(const Reply& reply) {
    order_.reset();
    if (reply.is_error()) {
      if (error_code(reply.text()) == "WRONGTYPE") return;
      throw server_error("read", reply.text());
    }
    if (!reply.is_array() || reply.items() != 1 + fields_.size()) throw malformed();
    Reply item = reply.first_item();
    std::string order;
    if (!item.is_text() || !from_hex(item.text(), &order)) return;  // not a profile
    order_ = std::move(order);
    values_.resize(fields_.size());
    for (auto& value : values_) {
      item = item.next();
      value.reset();
      if (item.is_text()) value = item.text();
    }
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
      if (values_[i] && append_parsed(*values_[i], column)) continue;
      column.append_null();
      if (!values_[i]) continue;
      if (bad_values++ == 0) first_bad = fields_[i].name;
    }
  }

  static Error malformed() {
    return Error(PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_RECONNECT, "read: the server's answer does not fit the question");
  }

  const Layout& layout_;
  const Schema& fields_;
  const std::vector<std::string_view>& keys_;
  BatchBuilder& out_;
  size_t next_ = 0;
  size_t answered_ = 0;
  std::optional<std::string> order_;
  std::vector<std::optional<std::string>> values_;
};

}  // namespace

size_t read_profiles(const Call& call, Session& session, const Layout& layout, size_t window, const Schema& fields,
                     const std::vector<std::string_view>& keys, BatchBuilder& out, std::string* first_bad) {
  ProfileReader reader(layout, fields, keys, out);
  session.connection().pipeline(
      call, window, [&](Buffer& bytes) { return reader.encode(bytes); }, [&](const Reply& reply) { reader.handle(reply); });
  *first_bad = reader.first_bad;
  return reader.bad_values;
}

}  // namespace penstock::redis
