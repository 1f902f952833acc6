#include "serve/online_read.hpp"

#include "fake_profiles.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace penstock::host {
namespace {

using test::FakeProfiles;
using test::list;
using test::text;
using test::value;

constexpr int64_t kSecond = 1'000'000'000;

class OnlineRead : public testing::Test {
 protected:
  OnlineRead() {
    store_.profiles[{"users_v1", "u1"}] = {.as_of_ns = 1'700'000'000 * kSecond, .values = {{"orders", value<int32_t>(10)}}};
    store_.profiles[{"users_v2", "u1"}] = {.as_of_ns = 1'700'000'000 * kSecond + 500'000'000,
                                           .ttl_ms = 90'250,
                                           .values = {{"orders", value<int32_t>(11)}, {"country", text("AT")}}};
    store_.profiles[{"users_v2", "gone"}] = {.state = PENSTOCK_PROFILE_EXPIRED, .values = {{"orders", value<int32_t>(5)}}};
    store_.profiles[{"scores_v1", "u1"}] = {.values = {{"churn", value<double>(0.25)}}};
    store_.profiles[{"shops_v1", "4:shop2:42"}] = {.values = {{"visits", value<int32_t>(7)}}};
    store_.profiles[{"users_v1", "42"}] = {.values = {{"orders", value<int32_t>(42)}}};
  }

  // The answer, or "status: message".
  std::string ask(std::string_view body) {
    const auto answer = answer_online_read(configuration_, body, store_);
    if (answer) return *answer;
    return std::string(status_name(answer.failure().status)) + ": " + answer.failure().message;
  }

  Configuration configuration_ = test::example_configuration();
  FakeProfiles store_;
};

TEST_F(OnlineRead, AnswersInColumnsInTheOrderAsked) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["u2", "u1"]}, "attributes": ["users_v2:country", "users_v2:orders"]})"),
            R"({"domain_userid":["u2","u1"],"country":[null,"AT"],"orders":[null,11]})");
}

TEST_F(OnlineRead, TakesEntitiesForAttributeKeysAndNullForAbsent) {
  EXPECT_EQ(ask(R"({"entities": {"domain_userid": ["u1"]}, "attribute_keys": null, "attributes": ["users_v1:orders"], "service": null})"),
            R"({"domain_userid":["u1"],"orders":[10]})");
}

TEST_F(OnlineRead, AnswersAServiceWithAllFieldsOfItsViews) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["u1"]}, "service": "checkout"})"),
            R"({"domain_userid":["u1"],"orders":[11],"country":["AT"]})");
}

TEST_F(OnlineRead, InterleavesViewsAsAsked) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["u1"]}, "attributes": ["users_v2:orders", "scores_v1:churn", "users_v2:country"]})"),
            R"({"domain_userid":["u1"],"orders":[11],"churn":[0.25],"country":["AT"]})");
}

TEST_F(OnlineRead, AnswersAnAttributeAskedTwiceOnce) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["u1", "u1"]}, "attributes": ["users_v1:orders", "users_v1:orders"]})"),
            R"({"domain_userid":["u1","u1"],"orders":[10,10]})");
}

TEST_F(OnlineRead, ReadsMissingAndExpiredProfilesAsNull) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["nobody", "gone"]}, "attributes": ["users_v2:orders"]})"),
            R"({"domain_userid":["nobody","gone"],"orders":[null,null]})");
}

TEST_F(OnlineRead, TellsStateAgeAndLifeWhenAsked) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["u1", "gone", "nobody"]}, "attributes": ["users_v2:orders"], "metadata": true})"),
            R"({"domain_userid":["u1","gone","nobody"],"orders":[11,null,null],"penstock":{"users_v2":{)"
            R"("state":["found","expired","missing"],"as_of":["2023-11-14T22:13:20.500Z",null,null],"ttl_seconds":[90.25,null,null]}}})");
}

TEST_F(OnlineRead, TellsNoAgeWhereTransactionIdsComeFirst) {
  BatchSource& source = configuration_.batch_sources.emplace_back();
  source.name = "by_xid";
  source.timestamp_field = "XID";
  source.cursor = CursorKind::xid;
  configuration_.views[1].batch_source = "by_xid";
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["u1"]}, "attributes": ["users_v2:orders"], "metadata": true})"),
            R"({"domain_userid":["u1"],"orders":[11],"penstock":{"users_v2":{"state":["found"],"as_of":[null],"ttl_seconds":[90.25]}}})");
}

TEST_F(OnlineRead, TakesIntegersAsTheirDecimalText) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": [42, "42"]}, "attributes": ["users_v1:orders"]})"),
            R"({"domain_userid":[42,"42"],"orders":[42,42]})");
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": [18446744073709551615, -7]}, "attributes": ["users_v1:orders"]})"),
            R"({"domain_userid":[18446744073709551615,-7],"orders":[null,null]})");
}

TEST_F(OnlineRead, TakesAnArrayOfPartsForAnEntityOfSeveralColumns) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"shop_customer": [["shop", 42], ["sho", "p42"]]}, "attributes": ["shops_v1:visits"]})"),
            R"({"shop_customer":[["shop",42],["sho","p42"]],"visits":[7,null]})");
}

TEST_F(OnlineRead, NamesColumnsByViewWhenAsked) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["u1"]}, "attributes": ["users_v1:orders", "users_v2:orders"], "qualified_names": true})"),
            R"({"domain_userid":["u1"],"users_v1:orders":[10],"users_v2:orders":[11]})");
}

TEST_F(OnlineRead, EscapesWhatItEchoes) {
  EXPECT_EQ(ask(R"({"attribute_keys": {"domain_userid": ["a\"\n\u0000é"]}, "attributes": ["users_v1:orders"]})"),
            R"({"domain_userid":["a\"\n\u0000é"],"orders":[null]})");
}

TEST_F(OnlineRead, RefusesWithTheReason) {
  const std::string identifiers = R"({"attribute_keys": {"domain_userid": ["u1"]}, )";
  const std::string attributes = R"("attributes": ["users_v1:orders"])";
  const struct {
    std::string body, answer;
  } cases[] = {
      {"", "invalid_argument: the body is not valid JSON: incomplete JSON"},
      {"{} x", "invalid_argument: the body is not valid JSON: extra data"},
      {"[]", "invalid_argument: the body must be a JSON object"},
      {"{}", "invalid_argument: one of \"attribute_keys\" and \"entities\" is needed"},
      {R"({"attribute_keys": {}, "entities": {}})", "invalid_argument: one of \"attribute_keys\" and \"entities\" is needed"},
      {identifiers + R"("attribute": []})", "invalid_argument: unknown member \"attribute\" (did you mean \"attributes\"?)"},
      {R"({"attribute_keys": {"domain_userid": ["u1"]}})", "invalid_argument: one of \"attributes\" and \"service\" is needed"},
      {identifiers + attributes + R"(, "service": "checkout"})", "invalid_argument: one of \"attributes\" and \"service\" is needed"},
      {identifiers + attributes + R"(, "metadata": 1})", "invalid_argument: \"metadata\" must be true or false"},
      {R"({"attribute_keys": {}, )" + attributes + "}", "invalid_argument: \"attribute_keys\" must be an object with exactly one key name"},
      {R"({"entities": {"a": [], "b": []}, )" + attributes + "}", "invalid_argument: \"entities\" must be an object with exactly one key name"},
      {R"({"attribute_keys": {"domain_userd": ["u1"]}, )" + attributes + "}",
       "not_found: there is no entity \"domain_userd\" (did you mean \"domain_userid\"?)"},
      {R"({"attribute_keys": {"domain_userid": []}, )" + attributes + "}",
       "invalid_argument: \"domain_userid\" must be an array of 1 to 100 identifiers"},
      {R"({"attribute_keys": {"domain_userid": "u1"}, )" + attributes + "}",
       "invalid_argument: \"domain_userid\" must be an array of 1 to 100 identifiers"},
      {R"({"attribute_keys": {"domain_userid": ["u1", 1.5]}, )" + attributes + "}",
       "invalid_argument: identifier 1 of \"domain_userid\" must be a string or an integer"},
      {R"({"attribute_keys": {"domain_userid": [""]}, )" + attributes + "}", "invalid_argument: identifier 0 of \"domain_userid\" is empty"},
      {R"({"attribute_keys": {"domain_userid": [["a", "b"]]}, )" + attributes + "}",
       "invalid_argument: identifier 0 of \"domain_userid\" must be one value"},
      {R"({"attribute_keys": {"domain_userid": [")" + std::string(1025, 'x') + R"("]}, )" + attributes + "}",
       "invalid_argument: identifier 0 of \"domain_userid\" exceeds 1024 bytes"},
      {R"({"attribute_keys": {"shop_customer": ["shop"]}, "attributes": ["shops_v1:visits"]})",
       "invalid_argument: identifier 0 of \"shop_customer\" must be an array of 2 parts"},
      {R"({"attribute_keys": {"shop_customer": [["shop", null]]}, "attributes": ["shops_v1:visits"]})",
       "invalid_argument: identifier 0 of \"shop_customer\" must be made of strings and integers"},
      {identifiers + R"("attributes": []})", "invalid_argument: \"attributes\" must be an array of 1 to 1000 names"},
      {identifiers + R"("attributes": [1]})", "invalid_argument: \"attributes\" must be an array of strings like \"view_v1:field\""},
      {identifiers + R"("attributes": ["orders"]})", "invalid_argument: attribute \"orders\" must look like \"view_v1:field\""},
      {identifiers + R"("attributes": ["users:orders"]})", "invalid_argument: attribute \"users:orders\" must look like \"view_v1:field\""},
      {identifiers + R"("attributes": ["users_v:orders"]})", "invalid_argument: attribute \"users_v:orders\" must look like \"view_v1:field\""},
      {identifiers + R"("attributes": ["users_v01:orders"]})", "invalid_argument: attribute \"users_v01:orders\" must look like \"view_v1:field\""},
      {identifiers + R"("attributes": ["users_v1:"]})", "invalid_argument: attribute \"users_v1:\" must look like \"view_v1:field\""},
      {identifiers + R"("attributes": ["user_v1:orders"]})",
       "not_found: attribute \"user_v1:orders\": there is no view \"user\" (did you mean \"users\"?)"},
      {identifiers + R"("attributes": ["users_v3:orders"]})",
       "not_found: attribute \"users_v3:orders\": view \"users\" has no version 3 (it has 1, 2)"},
      {identifiers + R"("attributes": ["users_v1:order"]})",
       "not_found: view \"users\" v1 has no field \"order\" (did you mean \"orders\"?)"},
      {identifiers + R"("attributes": ["shops_v1:visits"]})",
       "invalid_argument: attribute \"shops_v1:visits\": view \"shops\" v1 is about \"shop_customer\", not about \"domain_userid\""},
      {identifiers + R"("attributes": ["later_v1:x"]})", "invalid_argument: attribute \"later_v1:x\": view \"later\" v1 is not online: no store has it"},
      {identifiers + R"("attributes": ["users_v1:orders", "scores_v1:orders"]})",
       "invalid_argument: two columns of the answer would be called \"orders\": ask with \"qualified_names\": true"},
      {identifiers + R"("service": 1})", "invalid_argument: \"service\" must be a string"},
      {identifiers + R"("service": "checkuot"})", "not_found: there is no service \"checkuot\" (did you mean \"checkout\"?)"},
      {identifiers + R"("service": "mixed"})",
       "invalid_argument: service \"mixed\": view \"shops\" v1 is about \"shop_customer\", not about \"domain_userid\""},
  };
  for (const auto& [body, answer] : cases) EXPECT_EQ(ask(body), answer) << body;
}

TEST_F(OnlineRead, RefusesMoreThanAHundredIdentifiers) {
  const auto body = [](int identifiers) {
    std::string out = R"({"attribute_keys": {"domain_userid": [0)";
    for (int i = 1; i < identifiers; ++i) out += "," + std::to_string(i);
    return out + R"(]}, "attributes": ["users_v1:orders"]})";
  };
  EXPECT_TRUE(answer_online_read(configuration_, body(100), store_));
  EXPECT_EQ(ask(body(101)), "invalid_argument: \"domain_userid\" must be an array of 1 to 100 identifiers");
}

TEST_F(OnlineRead, RefusesDeepNesting) {
  const std::string deep = R"({"attribute_keys": )" + std::string(200'000, '[');
  EXPECT_EQ(ask(deep), "invalid_argument: the body is not valid JSON: too deep");
}

TEST_F(OnlineRead, RefusesBytesThatAreNotUtf8) {
  EXPECT_TRUE(ask("{\"attribute_keys\": {\"domain_userid\": [\"\xff\"]}}").starts_with("invalid_argument: the body is not valid JSON"));
}

TEST_F(OnlineRead, KeepsTheStoresFailuresApartFromTheClients) {
  const std::string body = R"({"attribute_keys": {"domain_userid": ["u1"]}, "attributes": ["users_v1:orders"]})";
  store_.failure = Failure{PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, "connection refused"};
  EXPECT_EQ(ask(body), "unavailable: view \"users\" v1: store \"profiles\": connection refused");
  for (const penstock_status status : {PENSTOCK_STATUS_UNAUTHENTICATED, PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_STATUS_INVALID_ARGUMENT}) {
    store_.failure = Failure{status, PENSTOCK_RETRY_NEVER, "wrong password"};
    EXPECT_EQ(ask(body), "internal: view \"users\" v1: store \"profiles\": wrong password");
  }
}

TEST_F(OnlineRead, RefusesAnAnswerOfTheStoreThatIsNotWhatWasAsked) {
  class Wrong final : public ProfileReader {
   public:
    explicit Wrong(std::vector<penstock::Field> columns, int64_t rows) : columns_(std::move(columns)), rows_(rows) {}
    Result<Batch> read(const View&, const std::vector<std::string>&, const std::vector<std::string>&) override {
      auto schema = std::make_shared<Schema>(columns_);
      BatchBuilder builder(*schema);
      for (int64_t row = 0; row < rows_; ++row)
        for (size_t i = 0; i < columns_.size(); ++i) builder[i].append_null();
      ArrowArray array;
      builder.finish(&array);
      return Batch(std::move(schema), &array);
    }
    std::vector<penstock::Field> columns_;
    int64_t rows_;
  };
  const penstock::Field state{"penstock.state", Type::int8}, order{"penstock.order", Type::binary}, ttl{"penstock.ttl_ms", Type::int64};
  const std::string body = R"({"attribute_keys": {"domain_userid": ["u1"]}, "attributes": ["users_v1:orders"]})";
  const auto answer = [&](std::vector<penstock::Field> columns, int64_t rows) {
    Wrong wrong(std::move(columns), rows);
    const auto result = answer_online_read(configuration_, body, wrong);
    return result ? *result : result.failure().message;
  };
  const std::string where = "view \"users\" v1: store \"profiles\": lookup: ";
  EXPECT_EQ(answer({state, order, ttl, {"orders", Type::int32}}, 1), R"({"domain_userid":["u1"],"orders":[null]})");
  EXPECT_EQ(answer({state, order, ttl, {"orders", Type::int32}}, 2), where + "2 rows for 1 keys");
  EXPECT_EQ(answer({state, order, ttl}, 1), where + "another number of columns than asked for");
  EXPECT_EQ(answer({state, ttl, order, {"orders", Type::int32}}, 1), where + "the columns before the fields have other types");
  EXPECT_EQ(answer({state, order, ttl, {"country", Type::int32}}, 1), where + "column \"country\" in the place of \"orders\"");
  EXPECT_EQ(answer({state, order, ttl, {"orders", Type::int64}}, 1), where + "field \"orders\" is not a int32");
  EXPECT_EQ(answer({state, order, ttl, list_of("orders", Type::int32)}, 1), where + "field \"orders\" is not a int32");
}

// Every field type, as a value, as null and in a list.
TEST(OnlineReadTypes, AreWrittenExactly) {
  Configuration configuration;
  configuration.entities = {test::entity("user_id", {"user_id"})};
  View view;
  view.id = {"all", 1};
  view.entity = "user_id";
  view.offline = view.online = true;
  const std::pair<const char*, Scalar> scalars[] = {{"bytes", Scalar::bytes},     {"string", Scalar::string},   {"int32", Scalar::int32},
                                                    {"int64", Scalar::int64},     {"double", Scalar::float64},  {"float", Scalar::float32},
                                                    {"bool", Scalar::boolean},    {"time", Scalar::unix_timestamp}};
  for (const auto& [name, scalar] : scalars) {
    view.fields.push_back({name, name, {scalar, false}, ""});
    view.fields.push_back({std::string(name) + "s", name, {scalar, true}, ""});
  }
  configuration.views = {view};
  configuration.services = {test::service("all", {{"all", 1}})};

  FakeProfiles store;
  const double infinity = std::numeric_limits<double>::infinity();
  store.profiles[{"all_v1", "full"}] = {
      .values = {
          {"bytes", text(std::string("\0\xff", 2))},
          {"bytess", list({text(""), text("abc")})},
          {"string", text("naïve \"q\"\n😀")},
          {"strings", list({text("a"), text("")})},
          {"int32", value<int32_t>(std::numeric_limits<int32_t>::min())},
          {"int32s", list({value<int32_t>(1), value<int32_t>(-2)})},
          {"int64", value<int64_t>(std::numeric_limits<int64_t>::max())},
          {"int64s", list({value<int64_t>(std::numeric_limits<int64_t>::min()), value<int64_t>(9007199254740993)})},
          {"double", value<double>(2.5)},
          {"doubles", list({value<double>(std::nan("")), value<double>(infinity), value<double>(-infinity), value<double>(1e21), value<double>(0.1)})},
          {"float", value<float>(0.1f)},
          {"floats", list({value<float>(16777216.f), value<float>(-0.f)})},
          {"bool", value<bool>(true)},
          {"bools", list({value<bool>(false), value<bool>(true)})},
          {"time", value<int64_t>(1'700'000'000'123'456'789)},
          {"times", list({value<int64_t>(-1'500'000'000), value<int64_t>(0), value<int64_t>(1'700'000'000 * kSecond)})},
      }};
  store.profiles[{"all_v1", "empty"}] = {.values = {{"strings", list({})}, {"string", text("")}}};
  const auto answer = answer_online_read(configuration, R"({"attribute_keys": {"user_id": ["empty", "full", "none"]}, "service": "all"})", store);
  ASSERT_TRUE(answer) << answer.failure().message;
  EXPECT_EQ(*answer, R"({"user_id":["empty","full","none"],)"
                     R"("bytes":[null,"AP8=",null],"bytess":[null,["","YWJj"],null],)"
                     R"("string":["","naïve \"q\"\n😀",null],"strings":[[],["a",""],null],)"
                     R"("int32":[null,-2147483648,null],"int32s":[null,[1,-2],null],)"
                     R"("int64":[null,9223372036854775807,null],"int64s":[null,[-9223372036854775808,9007199254740993],null],)"
                     R"("double":[null,2.5,null],"doubles":[null,["NaN","Infinity","-Infinity",1e+21,0.1],null],)"
                     R"("float":[null,0.1,null],"floats":[null,[16777216,-0],null],)"
                     R"("bool":[null,true,null],"bools":[null,[false,true],null],)"
                     R"("time":[null,1700000000.123456789,null],"times":[null,[-1.5,0,1700000000],null]})");
}

TEST(OnlineReadFuzz, NeverFailsToAnswer) {
  const Configuration configuration = test::example_configuration();
  FakeProfiles store;
  const std::string good = R"({"attribute_keys": {"domain_userid": ["u1", 2]}, "attributes": ["users_v2:orders", "users_v2:country"], "metadata": true})";
  std::mt19937 random(20260101);
  for (int round = 0; round < 5000; ++round) {
    std::string body = good;
    for (unsigned edits = 1 + random() % 6; edits > 0; --edits) {
      const size_t at = random() % body.size();
      switch (random() % 4) {
        case 0: body[at] = static_cast<char>(random()); break;
        case 1: body.erase(at, random() % 8); break;
        case 2: body.insert(at, body.substr(random() % body.size(), random() % 12)); break;
        default: body.insert(at, 1, "[]{}\",:0-"[random() % 9]);
      }
      if (body.empty()) body = " ";
    }
    const auto answer = answer_online_read(configuration, body, store);
    if (!answer) {
      EXPECT_FALSE(answer.failure().message.empty()) << body;
      EXPECT_TRUE(answer.failure().status == PENSTOCK_STATUS_INVALID_ARGUMENT || answer.failure().status == PENSTOCK_STATUS_NOT_FOUND) << body;
    }
  }
}

}  // namespace
}  // namespace penstock::host
