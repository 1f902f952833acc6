#include "micro/stages.hpp"

#include "micro/rows.hpp"
#include "sink_redis/layout.hpp"
#include "sink_redis/profile_payload.hpp"
#include "sink_redis/resp.hpp"
#include "sink_redis/value_text.hpp"
#include "source_postgres/big_endian.hpp"
#include "source_postgres/column_type.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace penstock::bench {
namespace {

void expect(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "not as expected: %s\n", what);
  std::exit(1);
}

// Binary COPY rows into columns, as CopyStream does once a row is whole.
std::function<void()> parse() {
  std::vector<postgres::ColumnType> types;
  for (const uint32_t oid : copy_types()) types.push_back(postgres::column_type(oid));
  auto builder = std::make_shared<BatchBuilder>(source_schema());
  return [types, builder, bytes = copy_rows(1, kBatchRows)] {
    const char* at = bytes.data();
    for (const char* end = at + bytes.size(); at != end;) {
      expect(postgres::load_big_endian<int16_t>(at) == static_cast<int16_t>(types.size()), "the columns of a row");
      at += 2;
      for (size_t i = 0; i < types.size(); ++i) {
        const auto size = postgres::load_big_endian<int32_t>(at);
        postgres::append_value(types[i], {at + 4, static_cast<size_t>(size)}, (*builder)[i]);
        at += 4 + size;
      }
    }
    ArrowArray array{};
    builder->finish(&array);
    expect(array.length == kBatchRows, "the rows parsed");
    array.release(&array);
  };
}

// The check of every batch that comes out of a plugin.
std::function<void()> validate() {
  auto batch = std::make_shared<host::Batch>(source_batch(1, kBatchRows, 0));
  return [batch] { expect(static_cast<bool>(host::validate_array(batch->schema(), *batch->array())), "a valid batch"); };
}

// Key, order key, coercion, hash, newest row of each key.
std::function<void()> transform() {
  std::shared_ptr<host::Transformer> transformer = make_transformer(7, true);
  auto batch = std::make_shared<host::Batch>(source_batch(1, kBatchRows, 0));
  auto lent = std::make_shared<ArrowArray>();
  return [transformer, batch, lent] {
    // The transformer keeps the last batch until the next: it gets a view that nobody has to release.
    *lent = *batch->array();
    lent->release = [](ArrowArray* array) { array->release = nullptr; };
    auto out = transformer->apply(host::Batch(batch->shared_schema(), lent.get()));
    expect(out && out->rejects.empty() && out->batch.rows() >= kBatchRows - 1, "the rows transformed");
  };
}

// Columns into commands.
std::function<void()> format() {
  auto out = std::make_shared<Buffer>();
  auto batch = std::make_shared<host::Batch>(std::move(make_transformer(7, false)->apply(source_batch(1, kBatchRows, 0))->batch));
  return [out, batch] {
    const BatchView view = batch->view();
    std::vector<redis::ValueWriter> values;
    for (size_t i = 2; i < view.columns(); ++i) values.emplace_back(view[i]);
    Buffer scratch;
    out->clear();
    for (int64_t row = 0; row < batch->rows(); ++row) {
      redis::append_array_header(*out, 2 + 2 * values.size());
      redis::append_bulk(*out, "HSET");
      redis::append_bulk(*out, "penstock:features_v1:", view[0].bytes(row));
      for (size_t i = 0; i < values.size(); ++i) {
        redis::append_bulk(*out, view[i + 2].field().name);
        redis::append_bulk(*out, values[i].text(row, scratch));
      }
    }
    expect(out->size() > static_cast<size_t>(batch->rows()) * 200, "the commands written");
  };
}

// Columns into payloads, as the plugin sends them.
std::function<void()> pack() {
  auto out = std::make_shared<Buffer>();
  auto batch = std::make_shared<host::Batch>(std::move(make_transformer(7, false)->apply(source_batch(1, kBatchRows, 0))->batch));
  std::vector<std::string> names;
  for (size_t i = 2; i < batch->view().columns(); ++i) names.push_back(batch->view()[i].field().name);
  auto payload = std::make_shared<redis::ProfilePayload>(names);
  return [out, batch, payload] {
    const BatchView view = batch->view();
    std::vector<redis::ValueWriter> values;
    for (size_t i = 2; i < view.columns(); ++i) values.emplace_back(view[i]);
    std::string order;
    out->clear();
    for (int64_t row = 0; row < batch->rows(); ++row) {
      redis::append_bulk(*out, "penstock:features_v1:", view[0].bytes(row));
      order = redis::to_hex(view[1].bytes(row));
      payload->start(order);
      for (size_t i = 0; i < values.size(); ++i)
        if (!values[i].is_null(row)) payload->add(i, values[i], row);
      payload->append_to(*out);
    }
    expect(out->size() > static_cast<size_t>(batch->rows()) * 100, "the payloads written");
  };
}

// One integer a row, in pieces as they come from a socket.
std::function<void()> scan_replies() {
  std::string bytes;
  for (int64_t i = 0; i < kBatchRows; ++i) bytes += i % 3 == 0 ? ":10\r\n" : ":0\r\n";
  return [bytes] {
    redis::RespDecoder decoder;
    int64_t found = 0;
    for (size_t at = 0; at < bytes.size(); at += 16384) {
      decoder.feed(bytes.data() + at, std::min<size_t>(16384, bytes.size() - at));
      while (decoder.next() == redis::RespDecoder::Progress::complete) found += decoder.reply().kind() == redis::ReplyKind::integer;
    }
    expect(found == kBatchRows, "the replies found");
  };
}

}  // namespace

const std::vector<Stage>& stages() {
  static const std::vector<Stage> all{
      {"parse", "PostgreSQL's binary COPY rows into columns", parse},
      {"validate", "the check of a batch that leaves a plugin", validate},
      {"transform", "key, order key, coercion, hash, newest row of each key", transform},
      {"format", "columns into RESP, one HSET a row", format},
      {"pack", "columns into payloads for RESTORE", pack},
      {"replies", "scan of one integer reply a row", scan_replies},
  };
  return all;
}

}  // namespace penstock::bench
