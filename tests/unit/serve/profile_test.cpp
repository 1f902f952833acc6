#include "serve/profile.hpp"

#include "fake_profiles.hpp"
#include "serve/online_read.hpp"
#include "serve/profile_client.hpp"

#include <gtest/gtest.h>

namespace penstock::host {
namespace {

using test::FakeProfiles;
using test::text;
using test::value;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNow = 1'700'000'245 * kSecond;

Profile found() {
  return {.view = {"users", 2},
          .entity = "domain_userid",
          .key = "\"u1\"",
          .facts = {.state = ProfileState::found, .as_of_ns = 1'700'000'000 * kSecond, .ttl_ms = 90'000},
          .values = {{"orders", "11"}, {"a_longer_name", "\"x\\u001b\u202e\""}, {"none", "null"}}};
}

TEST(ProfileJson, IsOneDocument) {
  EXPECT_EQ(profile_json(found(), kNow),
            R"({"view":"users","version":2,"entity":"domain_userid","key":"u1","state":"found","as_of":"2023-11-14T22:13:20Z",)"
            R"("age_seconds":245,"ttl_seconds":90,"values":{"orders":11,"a_longer_name":"x\u001b)"
            "\u202e"
            R"(","none":null}})");
}

TEST(ProfileTable, IsASentenceAndALineAField) {
  EXPECT_EQ(profile_table(found(), kNow),
            "view \"users\" v2, domain_userid \"u1\": found, as of 2023-11-14T22:13:20Z (4m05s ago), expires in 1m30s\n"
            "  orders         11\n"
            "  a_longer_name  \"x\\u001b\\u{202e}\"\n"
            "  none           null\n");
}

TEST(ProfileTable, SaysWhenThereIsNothing) {
  Profile profile = found();
  profile.facts = {};
  EXPECT_EQ(profile_table(profile, kNow), "view \"users\" v2, domain_userid \"u1\": not in the store\n");
  profile.facts.state = ProfileState::expired;
  EXPECT_EQ(profile_table(profile, kNow), "view \"users\" v2, domain_userid \"u1\": expired\n");
}

TEST(ProfileTable, SaysWhenAProfileIsAheadOfTheClock) {
  Profile profile = found();
  profile.facts.as_of_ns = kNow + 5 * kSecond;
  profile.facts.ttl_ms.reset();
  profile.values.clear();
  EXPECT_EQ(profile_table(profile, kNow),
            "view \"users\" v2, domain_userid \"u1\": found, as of 2023-11-14T22:17:30Z (5.0s ahead of this clock)\n");
}

TEST(ProfileFacts, ComeFromTheOrderKeyAlsoBeforeTheEpoch) {
  const Configuration configuration = test::example_configuration();
  const View& view = configuration.views[0];
  FakeProfiles store;
  store.profiles[{"users_v1", "old"}] = {.as_of_ns = -1, .ttl_ms = 0, .values = {{"orders", value<int32_t>(1)}}};
  store.profiles[{"users_v1", "bare"}] = {};
  store.profiles[{"users_v1", "late"}] = {.state = PENSTOCK_PROFILE_EXPIRED, .as_of_ns = 1, .values = {{"orders", value<int32_t>(2)}}};
  const auto batch = store.read(view, {"orders"}, {"old", "bare", "late", "none"});
  ASSERT_TRUE(batch);
  const BatchView columns = batch->view();
  EXPECT_EQ(profile_facts(columns, 0, true), (ProfileFacts{.state = ProfileState::found, .as_of_ns = -1, .ttl_ms = 0}));
  EXPECT_EQ(profile_facts(columns, 0, false), (ProfileFacts{.state = ProfileState::found, .ttl_ms = 0})) << "an order key of transaction ids has no age";
  EXPECT_EQ(profile_facts(columns, 1, true), ProfileFacts{.state = ProfileState::found});
  EXPECT_EQ(profile_facts(columns, 2, true), ProfileFacts{.state = ProfileState::expired});
  EXPECT_EQ(profile_facts(columns, 3, true), ProfileFacts{});
}

TEST(ProfileFacts, HaveAnAgeUnlessTransactionIdsComeFirst) {
  Configuration configuration;
  View view;
  view.batch_source = "orders";
  EXPECT_TRUE(ages(configuration, view)) << "of a view whose source is gone";
  BatchSource& source = configuration.batch_sources.emplace_back();
  source.name = "orders";
  source.timestamp_field = "UPDATED_AT";
  EXPECT_TRUE(ages(configuration, view));
  source.cursor = CursorKind::xid;
  EXPECT_FALSE(ages(configuration, view));
  view.order_by = {"updated_at", "EVENT_TIME"};
  EXPECT_FALSE(ages(configuration, view));
  view.order_by = {"EVENT_TIME"};
  EXPECT_TRUE(ages(configuration, view));
}

TEST(ProfileAt, TakesARowOfALookup) {
  const Configuration configuration = test::example_configuration();
  const View& view = configuration.views[1];
  FakeProfiles store;
  store.profiles[{"users_v2", "u1"}] = {.as_of_ns = 5, .values = {{"orders", value<int32_t>(1)}, {"country", text("AT")}}};
  const auto batch = store.read(view, {"country", "orders"}, {"none", "u1"});
  ASSERT_TRUE(batch);
  EXPECT_EQ(profile_at(view, "\"u1\"", {"country", "orders"}, *batch, 1, true).value(),
            (Profile{{"users", 2}, "domain_userid", "\"u1\"", {ProfileState::found, 5, {}}, {{"country", "\"AT\""}, {"orders", "1"}}}));
  EXPECT_EQ(profile_at(view, "\"none\"", {"country", "orders"}, *batch, 0, true).value(),
            (Profile{{"users", 2}, "domain_userid", "\"none\"", {}, {{"country", "null"}, {"orders", "null"}}}));
  EXPECT_FALSE(profile_at(view, "\"u1\"", {"country", "orders"}, *batch, 2, true));
  EXPECT_FALSE(profile_at(view, "\"u1\"", {"orders", "country"}, *batch, 1, true));
}

class ProfileClient : public testing::Test {
 protected:
  ProfileClient() {
    configuration_ = test::example_configuration();
    configuration_.views[2].fields.push_back({"seen", "SEEN", {Scalar::unix_timestamp, false}, ""});
    views_ = {&configuration_.views[1], &configuration_.views[2]};
    store_.profiles[{"users_v2", "u\"1"}] = {
        .as_of_ns = 1'700'000'000'123'456'789, .ttl_ms = 250, .values = {{"orders", value<int32_t>(11)}, {"country", text("a\"],[}{:,\\")}}};
    store_.profiles[{"scores_v1", "u\"1"}] = {.values = {{"churn", value<double>(2.5)}, {"seen", value<int64_t>(1'700'000'000'123'456'789)}}};
  }
  Configuration configuration_;
  std::vector<const View*> views_;
  FakeProfiles store_;
};

TEST_F(ProfileClient, ReadsBackWhatTheHostAnswers) {
  const std::string_view key = "u\"1";
  const auto answer = answer_online_read(configuration_, profile_request(views_, {&key, 1}), store_);
  ASSERT_TRUE(answer) << answer.failure().message;
  const auto profiles = profiles_from_answer(views_, *answer);
  ASSERT_TRUE(profiles) << profiles.failure().message;
  EXPECT_EQ(*profiles, (std::vector<Profile>{
                           {{"users", 2},
                            "domain_userid",
                            R"("u\"1")",
                            {ProfileState::found, 1'700'000'000'123'456'789, 250},
                            {{"orders", "11"}, {"country", R"("a\"],[}{:,\\")"}}},
                           {{"scores", 1},
                            "domain_userid",
                            R"("u\"1")",
                            {ProfileState::found, {}, {}},
                            {{"churn", "2.5"}, {"orders", "null"}, {"seen", "1700000000.123456789"}}},
                       }));
}

TEST_F(ProfileClient, AsksForAKeyOfSeveralParts) {
  const View* shops = &configuration_.views[3];
  const std::string_view parts[] = {"shop", "42"};
  EXPECT_EQ(profile_request({&shops, 1}, parts),
            R"({"attribute_keys":{"shop_customer":[["shop","42"]]},"attributes":["shops_v1:visits"],"metadata":true,"qualified_names":true})");
}

TEST_F(ProfileClient, RefusesWhatIsNoAnswerToIt) {
  const std::string_view key = "u\"1";
  const std::string good = *answer_online_read(configuration_, profile_request(views_, {&key, 1}), store_);
  const auto message = [&](const std::string& answer) {
    const auto profiles = profiles_from_answer(views_, answer);
    return profiles ? "" : profiles.failure().message;
  };
  const auto without = [&](std::string part) {
    std::string answer = good;
    answer.replace(answer.find(part), part.size(), "x");
    return answer;
  };
  EXPECT_EQ(message("nonsense"), "the host's answer cannot be used: it is not a JSON object");
  EXPECT_EQ(message("[]"), "the host's answer cannot be used: it is not a JSON object");
  EXPECT_EQ(message("{}"), "the host's answer cannot be used: it has no metadata");
  EXPECT_EQ(message(without("domain_userid")), "the host's answer cannot be used: no domain_userid");
  EXPECT_EQ(message(without("scores_v1:churn")), "the host's answer cannot be used: no field \"churn\" of view \"scores\" v1");
  EXPECT_EQ(message(R"({"penstock":{"users_v2":{}}})"), "the host's answer cannot be used: no state of view \"users\" v2");
  EXPECT_EQ(message(R"({"penstock":{}})"), "the host's answer cannot be used: nothing about view \"users\" v2");
  EXPECT_EQ(message(R"({"penstock":[]})"), "the host's answer cannot be used: nothing about view \"users\" v2");
}

}  // namespace
}  // namespace penstock::host
