// A store of profiles in memory, for tests of what reads them.
#pragma once

#include "serve/profile_reader.hpp"

#include <penstock/builder.hpp>
#include <penstock/sink.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penstock::host::test {

struct StoredProfile {
  int8_t state = PENSTOCK_PROFILE_FOUND;
  std::optional<int64_t> as_of_ns = {};
  std::optional<int64_t> ttl_ms = {};
  std::map<std::string, std::function<void(ColumnBuilder&)>> values = {};  // what is not here is null
};

inline penstock::Type scalar_type(Scalar scalar) {
  switch (scalar) {
    case Scalar::bytes: return Type::binary;
    case Scalar::string: return Type::utf8;
    case Scalar::int32: return Type::int32;
    case Scalar::int64: return Type::int64;
    case Scalar::float64: return Type::float64;
    case Scalar::float32: return Type::float32;
    case Scalar::boolean: return Type::boolean;
    default: return Type::timestamp_ns;
  }
}

inline penstock::Field column_of(const ViewField& field) {
  penstock::Field scalar{field.name, scalar_type(field.type.scalar)};
  if (scalar.type == Type::timestamp_ns) scalar.timezone = "UTC";
  if (!field.type.list) return scalar;
  scalar.name = "item";
  return {field.name, Type::list, {}, 0, 0, 0, {scalar}};
}

inline std::string order_key(int64_t as_of_ns) {
  const uint64_t bits = static_cast<uint64_t>(as_of_ns) ^ uint64_t{1} << 63;
  std::string order;
  for (int shift = 56; shift >= 0; shift -= 8) order += static_cast<char>(bits >> shift & 255);
  return order + std::string(16, '\0');
}

template <class T>
std::function<void(ColumnBuilder&)> value(T v) {
  return [v](ColumnBuilder& column) { column.append<T>(v); };
}
inline std::function<void(ColumnBuilder&)> text(std::string v) {
  return [v = std::move(v)](ColumnBuilder& column) { column.append_bytes(v); };
}
inline std::function<void(ColumnBuilder&)> list(std::vector<std::function<void(ColumnBuilder&)>> items) {
  return [items = std::move(items)](ColumnBuilder& column) {
    for (const auto& item : items) item(column.item());
    column.end_list();
  };
}

class FakeProfiles final : public ProfileReader {
 public:
  std::map<std::pair<std::string, std::string>, StoredProfile> profiles;  // by qualified view and key
  std::optional<Failure> failure;

  Result<Batch> read(const View& view, const std::vector<std::string>& fields, const std::vector<std::string>& keys) override {
    if (failure) return *failure;
    auto schema = std::make_shared<Schema>(
        Schema{{"penstock.state", Type::int8}, {"penstock.order", Type::binary}, {"penstock.ttl_ms", Type::int64}});
    for (const std::string& name : fields)
      for (const ViewField& field : view.fields)
        if (field.name == name) schema->push_back(column_of(field));
    BatchBuilder builder(*schema);
    for (const std::string& key : keys) {
      const auto found = profiles.find({view.id.qualified(), key});
      const StoredProfile missing{.state = PENSTOCK_PROFILE_MISSING};
      const StoredProfile& profile = found == profiles.end() ? missing : found->second;
      builder[0].append<int8_t>(profile.state);
      profile.as_of_ns ? builder[1].append_bytes(order_key(*profile.as_of_ns)) : builder[1].append_null();
      profile.ttl_ms ? builder[2].append<int64_t>(*profile.ttl_ms) : builder[2].append_null();
      for (size_t i = 0; i < fields.size(); ++i) {
        const auto stored = profile.values.find(fields[i]);
        stored == profile.values.end() ? builder[3 + i].append_null() : stored->second(builder[3 + i]);
      }
    }
    ArrowArray array;
    builder.finish(&array);
    return Batch(std::move(schema), &array);
  }
};

inline Entity entity(std::string name, std::vector<std::string> keys) {
  Entity made;
  made.name = std::move(name);
  made.keys = std::move(keys);
  return made;
}

inline Service service(std::string name, std::vector<ViewId> views) {
  Service made;
  made.name = std::move(name);
  made.views = std::move(views);
  return made;
}

// Entities: domain_userid, and shop_customer of two columns. Views about domain_userid: users v1 and v2, scores v1 (shares the
// field "orders" with users); about shop_customer: shops v1. Services: checkout (users v2), mixed (users v1, shops v1).
inline Configuration example_configuration() {
  const auto view = [](std::string name, int32_t version, std::string about, std::vector<ViewField> fields) {
    View made;
    made.id = {std::move(name), version};
    made.entity = std::move(about);
    made.store = "profiles";
    made.offline = made.online = true;
    made.fields = std::move(fields);
    return made;
  };
  const FieldType int32{Scalar::int32, false}, string{Scalar::string, false}, float64{Scalar::float64, false};
  Configuration configuration;
  configuration.entities = {entity("domain_userid", {"domain_userid"}), entity("shop_customer", {"SHOP", "CUSTOMER"})};
  configuration.views = {view("users", 1, "domain_userid", {{"orders", "ORDERS", int32, ""}}),
                         view("users", 2, "domain_userid", {{"orders", "ORDERS", int32, ""}, {"country", "COUNTRY", string, ""}}),
                         view("scores", 1, "domain_userid", {{"churn", "CHURN", float64, ""}, {"orders", "ORDERS", int32, ""}}),
                         view("shops", 1, "shop_customer", {{"visits", "VISITS", int32, ""}})};
  View registered = view("later", 1, "domain_userid", {{"x", "X", int32, ""}});
  registered.online = false;
  configuration.views.push_back(registered);
  configuration.services = {service("checkout", {{"users", 2}}), service("mixed", {{"users", 1}, {"shops", 1}})};
  return configuration;
}

}  // namespace penstock::host::test
