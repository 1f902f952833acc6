#include "sink_redis/profile_commands.hpp"

#include "sink_redis/scripts.hpp"
#include "sink_redis/short_copy.hpp"

namespace penstock::redis {
namespace {

void append_ready(Buffer& out, std::string_view commands) {
  copy_short(out.extend(commands.size()), commands.data(), commands.size());
}

// What is the same in many commands is encoded once.
std::string ready(std::initializer_list<std::string_view> arguments, size_t items = 0) {
  Buffer out;
  if (items > 0) append_array_header(out, items);
  for (const std::string_view argument : arguments) append_bulk(out, argument);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

bool has_fixed_size(const Field& field) {
  return field.type != Type::utf8 && field.type != Type::binary && field.type != Type::list;
}

}  // namespace

ProfileCommands::ProfileCommands(const Layout& layout, const Schema& schema, int64_t order_size, int64_t ttl_ms, bool packed)
    : profiles_(layout.profiles), ttl_(ready({std::to_string(ttl_ms)})), expires_(ttl_ms != 0), digits_(packed ? 1 : 2),
      order_size_(static_cast<size_t>(order_size)) {
  for (size_t i = kFirstFieldColumn; i < schema.size(); ++i) {
    field_names_.push_back(schema[i].name);
    names_.push_back(ready({schema[i].name}));
  }
  if (packed) packer_.emplace(schema, order_size);
  read_ = packed ? ready({"GETRANGE"}, 4) : ready({"HGET"}, 3);
  read_end_ = packed ? ready({"0", std::to_string(kPackedHeadBytes + order_width() - 1)}) : ready({kOrderField});
}

void ProfileCommands::bind(const BatchView& batch) {
  batch_ = &batch;
  values_.clear();
  sized_.clear();
  for (size_t i = kFirstFieldColumn; i < batch.columns(); ++i) values_.emplace_back(batch[i]);
  if (packer_) packer_->bind(batch);
  fixed_ = {};
  for (size_t i = 0; i < values_.size(); ++i)
    if (has_fixed_size(values_[i].column().field()))
      fixed_.add(packer_ ? packer_->number_bound(i) : values_[i].size_bound(0));
    else
      sized_.push_back(i);
}

size_t ProfileCommands::value_bound(size_t field, int64_t row) const {
  if (packer_) return packer_->value_bound(field, row);
  return values_[field].is_null(row) ? 0 : values_[field].size_bound(row);
}

ProfileCommands::Size ProfileCommands::size_of(int64_t row) const {
  Sum sum = fixed_;
  for (const size_t i : sized_) sum.add(value_bound(i, row));
  return {key(row).size() + sum.bytes, is_small(sum.largest)};
}

std::string_view ProfileCommands::order(int64_t row) {
  const std::string_view order = (*batch_)[kOrderColumn].bytes(row);
  order_.resize(order_width());
  if (packer_)
    order_ = order;
  else
    write_hex(order, order_.data());
  return order_;
}

size_t ProfileCommands::append_read(Buffer& out, int64_t row, bool small) const {
  append_ready(out, read_);
  append_key(out, row);
  append_ready(out, read_end_);
  // RESTORE does not replace what is not ours; HSET would write into it.
  if (small) return 1;
  append_array_header(out, 2);
  append_bulk(out, "EXISTS");
  append_key(out, row);
  return 2;
}

size_t ProfileCommands::append_write(Buffer& out, int64_t row, const Size& size, Write how) {
  if (packer_) return append_packed(out, row, size.bytes, how);
  return size.small ? append_payload(out, row, how) : append_hash(out, row, how);
}

size_t ProfileCommands::append_payload(Buffer& out, int64_t row, Write how) {
  payload_->start(order(row));
  for (size_t i = 0; i < values_.size(); ++i)
    if (!values_[i].is_null(row)) payload_->add(i, values_[i], row);
  append_array_header(out, how == Write::create ? 4 : 5);
  append_bulk(out, "RESTORE");
  append_key(out, row);
  append_ready(out, ttl_);
  payload_->append_to(out);
  if (how == Write::replace) append_bulk(out, "REPLACE");
  return 1;
}

size_t ProfileCommands::append_packed(Buffer& out, int64_t row, size_t bytes, Write how) {
  const bool create = how == Write::create;
  append_array_header(out, 3 + (expires_ ? 2u : 0u) + (create ? 1u : 0u));
  append_bulk(out, "SET");
  append_key(out, row);
  packer_->append_to(out, row, bytes - key(row).size());
  if (expires_) {
    append_bulk(out, "PX");
    append_ready(out, ttl_);
  }
  if (create) append_bulk(out, "NX");
  return 1;
}

size_t ProfileCommands::append_hash(Buffer& out, int64_t row, Write how) {
  size_t nulls = 0;
  for (const ValueWriter& value : values_) nulls += value.is_null(row);
  append_array_header(out, 4 + 2 * (values_.size() - nulls));
  append_bulk(out, "HSET");
  append_key(out, row);
  append_bulk(out, kOrderField);
  append_bulk(out, order(row));
  for (size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].is_null(row)) continue;
    append_ready(out, names_[i]);
    append_bulk(out, values_[i].text(row, scratch_));
  }
  size_t commands = 1;
  const bool there = how == Write::replace;
  if (there && nulls > 0) {
    append_array_header(out, 2 + nulls);
    append_bulk(out, "HDEL");
    append_key(out, row);
    for (size_t i = 0; i < values_.size(); ++i)
      if (values_[i].is_null(row)) append_ready(out, names_[i]);
    ++commands;
  }
  if (expires_ || there) {
    append_array_header(out, expires_ ? 3 : 2);
    append_bulk(out, expires_ ? "PEXPIRE" : "PERSIST");
    append_key(out, row);
    if (expires_) append_ready(out, ttl_);
    ++commands;
  }
  return commands;
}

// One call for all of them: the same values need not be sent again, and a plain HSET would leave a piece of a profile where it has just
// expired.
void ProfileCommands::append_touches(Buffer& out, std::span<const Touch> touches) {
  append_array_header(out, 4 + 2 * touches.size());
  append_bulk(out, "EVAL");
  append_bulk(out, script_text(packer_ ? Script::touch_packed : Script::touch));
  append_bulk(out, std::to_string(touches.size()));
  for (const Touch& touch : touches) append_key(out, touch.row);
  append_ready(out, ttl_);
  for (const Touch& touch : touches) append_bulk(out, touch.newer ? order(touch.row) : std::string_view());
}

}  // namespace penstock::redis
