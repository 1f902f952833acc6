// The commands that read and write profiles on one server, in the form that the run's profiles have: hashes or packed values. Pure.
#pragma once

#include "sink_redis/layout.hpp"
#include "sink_redis/packed_profile.hpp"
#include "sink_redis/profile_payload.hpp"
#include "sink_redis/resp.hpp"
#include "sink_redis/value_text.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace penstock::redis {

// Of one run. Reuses its memory.
class ProfileCommands {
 public:
  // Throws INVALID_ARGUMENT for an order key or a field name that packed profiles cannot have. `ttl_ms` 0: profiles stay.
  ProfileCommands(const Layout&, const Schema&, int64_t order_size, int64_t ttl_ms, bool packed);

  bool packed() const { return packer_.has_value(); }
  std::string_view layout() const { return packed() ? "packed" : "hash"; }
  // What tells packed profiles from those of other fields; empty for hashes.
  std::string_view fields_text() const { return packed() ? std::string_view(packer_->fields_text()) : std::string_view(); }
  size_t fields() const { return names_.size(); }
  // Of an order key, or of so many bytes of one, as it is kept.
  size_t order_width() const { return order_width(order_size_); }
  size_t order_width(size_t bytes) const { return digits_ * bytes; }

  // May small hashes be written in one piece, where the server takes that?
  bool could_be_payloads() const { return !packed() && ProfilePayload::fits(field_names_); }
  void use_payloads() { payload_.emplace(field_names_); }

  // Borrows the batch until the next one. The rows of all that follows are those of this batch.
  void bind(const BatchView& batch);

  struct Size {
    size_t bytes;  // of key and values, at most
    bool small;    // written by one command, which leaves alone what is not ours
  };
  // Counts a number that is NULL as if it were there.
  Size size_of(int64_t row) const;
  // At least the size of a value; of nulls 0.
  size_t value_bound(size_t field, int64_t row) const;
  // Is a row small whose largest value takes so many bytes?
  bool is_small(size_t largest) const { return packer_ || (payload_ && largest <= kPayloadValueBytes); }
  std::string_view key(int64_t row) const { return (*batch_)[kKeyColumn].bytes(row); }
  // The order key of a row as it is kept. Valid until the next call of anything that appends.
  std::string_view order(int64_t row);

  // Asks for the order key that is there, and where the row is not small whether there is anything else. Returns the number of commands.
  size_t append_read(Buffer& out, int64_t row, bool small) const;

  enum class Write : uint8_t {
    create,   // there is no profile; the first command's answer says if there is something
    replace,  // there is one
  };
  // `size` is the row's. Returns the number of commands.
  size_t append_write(Buffer& out, int64_t row, const Size& size, Write how);

  struct Touch {
    int64_t row;
    bool newer;  // than the order key that is there
  };
  // One command for profiles whose values are there already: they live on, with the greater order key.
  void append_touches(Buffer& out, std::span<const Touch> touches);

 private:
  struct Sum {
    size_t bytes = 0, largest = 0;
    void add(size_t size) {
      bytes += size;
      largest = std::max(largest, size);
    }
  };

  void append_key(Buffer& out, int64_t row) const { append_bulk(out, profiles_, key(row)); }
  size_t append_payload(Buffer& out, int64_t row, Write how);
  size_t append_packed(Buffer& out, int64_t row, size_t bytes, Write how);
  size_t append_hash(Buffer& out, int64_t row, Write how);

  std::string profiles_;  // what keys begin with
  std::vector<std::string> field_names_;
  std::vector<std::string> names_;  // the same, each as a bulk string
  std::string ttl_;                 // as a bulk string
  bool expires_;
  size_t digits_;  // of a byte of an order key: two where it is kept in hex
  size_t order_size_;
  std::string read_, read_end_;  // what stands before and behind the key
  std::optional<ProfilePayload> payload_ = {};
  std::optional<ProfilePacker> packer_ = {};
  const BatchView* batch_ = nullptr;
  std::vector<ValueWriter> values_ = {};
  std::vector<size_t> sized_ = {};  // of values_: those whose size depends on the row
  Sum fixed_ = {};                  // of the bounds of the others
  std::string order_ = {};
  Buffer scratch_ = {};
};

}  // namespace penstock::redis
