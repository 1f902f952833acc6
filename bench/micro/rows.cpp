#include "micro/rows.hpp"

#include <penstock/builder.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace penstock::bench {
namespace {

constexpr int64_t kStart = 1'700'000'000'000'000;  // microseconds
constexpr int64_t kPostgresEpoch = 946'684'800'000'000;

uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

struct Row {
  std::string key, t1, t2;
  int64_t at;
  int32_t i[4];
  double f[3];
  bool b1;
};

Row row(int64_t n, int64_t version) {
  const uint64_t high = scramble(static_cast<uint64_t>(n)), low = scramble(high);
  char key[37];
  std::snprintf(key, sizeof key, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32), static_cast<unsigned>((high >> 16) & 0xffff),
                static_cast<unsigned>(high & 0xffff), static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xffffffffffff));
  Row out{key, "segment-" + std::to_string(n % 5000), "city-" + std::to_string(n % 900'000), kStart + version * 1'000'000'000 + n, {}, {}, n % 2 == 0};
  const int64_t integers[] = {n + version, n % 1000, n * 7 % 100'000, n % 3};
  for (size_t k = 0; k < 4; ++k) out.i[k] = static_cast<int32_t>(integers[k]);
  out.f[0] = static_cast<double>(n) / 7.0;
  out.f[1] = static_cast<double>(n) * 0.25;
  out.f[2] = static_cast<double>(low >> 11) * 0x1p-53;
  return out;
}

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  for (size_t k = 0; k < sizeof(T); ++k) out += bytes[sizeof(T) - 1 - k];
}
template <class T>
void put_value(std::string& out, T value) {
  put(out, static_cast<int32_t>(sizeof(T)));
  put(out, value);
}
void put_text(std::string& out, const std::string& text) {
  put(out, static_cast<int32_t>(text.size()));
  out += text;
}

}  // namespace

Schema source_schema(size_t fields) {
  Schema schema{{"user_id", Type::utf8}, instant("updated_at")};
  const Schema ten{{"i1", Type::int32},   {"i2", Type::int32},   {"i3", Type::int32}, {"i4", Type::int32}, {"f1", Type::float64},
                   {"f2", Type::float64}, {"f3", Type::float64}, {"t1", Type::utf8},  {"t2", Type::utf8},  {"b1", Type::boolean}};
  for (size_t k = 0; k < fields; ++k) {
    schema.push_back(ten[k % kFields]);
    if (k >= kFields) schema.back().name += "_" + std::to_string(k / kFields);
  }
  return schema;
}

host::Batch source_batch(int64_t first, int64_t count, int64_t version, size_t fields) {
  const Schema schema = source_schema(fields);
  BatchBuilder builder(schema);
  for (int64_t n = first; n < first + count; ++n) {
    const Row r = row(n, version);
    builder[0].append_bytes(r.key);
    builder[1].append(r.at);
    for (size_t k = 0; k < fields; ++k) {
      ColumnBuilder& column = builder[2 + k];
      switch (const size_t at = k % kFields) {
        case 7: column.append_bytes(r.t1); break;
        case 8: column.append_bytes(r.t2); break;
        case 9: column.append(r.b1); break;
        default: at < 4 ? column.append(r.i[at]) : column.append(r.f[at - 4]);
      }
    }
  }
  ArrowArray array{};
  builder.finish(&array);
  return host::Batch(std::make_shared<const Schema>(schema), &array);
}

std::vector<uint32_t> copy_types() { return {25, 1184, 23, 23, 23, 23, 701, 701, 701, 25, 25, 16}; }

std::string copy_rows(int64_t first, int64_t count) {
  std::string out;
  for (int64_t n = first; n < first + count; ++n) {
    const Row r = row(n, 0);
    put(out, int16_t{12});
    put_text(out, r.key);
    put_value(out, r.at - kPostgresEpoch);
    for (const int32_t value : r.i) put_value(out, value);
    for (const double value : r.f) put_value(out, value);
    put_text(out, r.t1);
    put_text(out, r.t2);
    put_value(out, static_cast<uint8_t>(r.b1));
  }
  return out;
}

host::ViewId view_id() { return {"features", 1}; }

std::shared_ptr<const host::RowPlan> row_plan(size_t fields) {
  const Schema schema = source_schema(fields);
  host::View view;
  view.id = view_id();
  for (size_t i = 2; i < schema.size(); ++i) {
    const Type type = schema[i].type;
    const char* name = type == Type::int32 ? "int32" : type == Type::float64 ? "double" : type == Type::utf8 ? "string" : "bool";
    view.fields.push_back({schema[i].name, "", *host::field_type(name), ""});
  }
  host::BatchSource source;
  source.timestamp_field = "updated_at";
  host::Entity entity;
  entity.keys = {"user_id"};
  auto plan = host::RowPlan::make(view, source, entity, schema, 0);
  if (!plan) {
    std::fprintf(stderr, "%s\n", plan.failure().message.c_str());
    std::exit(1);
  }
  return std::make_shared<const host::RowPlan>(std::move(*plan));
}

std::unique_ptr<host::Transformer> make_transformer(int64_t fence, bool ordered, size_t fields) {
  return std::make_unique<host::Transformer>(row_plan(fields), host::WindowFilter{}, fence, ordered);
}

}  // namespace penstock::bench
