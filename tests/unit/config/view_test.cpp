#include "config_text.hpp"

namespace penstock::host {
namespace {

// The one problem of a good view with one more line, which is line 16.
Texts problems_with(const std::string& line) { return problems_of(kView + line + "\n"); }

Texts problems_with_fields(const std::string& fields) {
  return problems_of(kSource +
                     "[[view]]\nname = \"users\"\nentity = \"user_id\"\nbatch_source = \"orders\"\noffline = true\n"
                     "online = true\nfields = " +
                     fields + "\n");
}

TEST(View, NeedsANameAndAnEntity) {
  EXPECT_EQ(problems_of(kBase + "[[view]]\nversion = 2\n"),
            (Texts{"a.toml:8:1: [[view]]: key \"name\" is missing", "a.toml:8:1: [[view]]: key \"entity\" is missing"}));
}

TEST(View, HasANameOfWordCharacters) {
  EXPECT_EQ(problems_of("[[view]]\nname = \"big users\"\nentity = \"user_id\"\n"),
            Texts{"a.toml:2:1: [[view]]: name: \"big users\" is not a name: use 1 to 128 of A-Z a-z 0-9 _"});
}

TEST(View, HasAVersionFromOne) {
  EXPECT_EQ(problems_with("version = 0"),
            Texts{"a.toml:16:1: view \"users\" v1: version: 0 is out of range: 1 to 2147483647"});
  EXPECT_EQ(problems_with("version = \"1\""),
            Texts{"a.toml:16:1: view \"users\" v1: version: expected an integer, found a string"});
}

TEST(View, CannotBeOnlineWithoutBeingOffline) {
  EXPECT_EQ(problems_of("[[view]]\nname = \"users\"\nentity = \"user_id\"\nonline = true\n"),
            Texts{"a.toml:4:1: view \"users\" v1: online = true with offline = false is not a batch view: what is synced "
                  "to a store "
                  "comes from a table in the warehouse; set offline = true"});
}

TEST(View, MayStayInTheWarehouseOrBeRegisteredOnly) {
  const auto loaded = parse_configuration(
      {{"a.toml",
        "[[view]]\nname = \"a\"\nentity = \"user_id\"\noffline = true\n[[view]]\nname = \"b\"\nentity = \"user_id\"\n"}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  ASSERT_EQ(loaded.configuration.views.size(), 2U);
  EXPECT_FALSE(loaded.configuration.views[0].materialized());
  EXPECT_FALSE(loaded.configuration.views[1].materialized());
}

TEST(View, NeedsASourceAndFieldsToBeMaterialized) {
  EXPECT_EQ(problems_of(kSource + "[[view]]\nname = \"users\"\nentity = \"user_id\"\noffline = true\nonline = true\n"),
            (Texts{"a.toml:9:1: view \"users\" v1: key \"batch_source\" is missing: the view is materialized (offline = "
                   "true, online = true)",
                   "a.toml:9:1: view \"users\" v1: key \"fields\" is missing: the view is materialized (offline = true, "
                   "online = true)"}));
  EXPECT_EQ(
      problems_with_fields("[]"),
      Texts{
          "a.toml:15:1: view \"users\" v1: fields: is empty: the view is materialized (offline = true, online = true)"});
}

TEST(View, NeedsASourceWithATimestampFieldToBeMaterialized) {
  EXPECT_EQ(
      problems_of(kBase + "[[view]]\nname = \"users\"\nentity = \"user_id\"\nbatch_source = \"orders\"\noffline = true\n"
                          "online = true\nfields = [ { name = \"A\", type = \"int32\" } ]\n"),
      Texts{"a.toml:11:1: view \"users\" v1: batch_source: batch_source \"orders\" has no timestamp_field, which tells "
            "changed rows from unchanged ones"});
}

TEST(View, RefersToThingsThatExist) {
  EXPECT_EQ(
      problems_of(kSource +
                  "[[view]]\nname = \"users\"\nentity = \"usr_id\"\nbatch_source = \"ordrs\"\nstore = \"profile\"\n"
                  "offline = true\nonline = true\nfields = [ { name = \"A\", type = \"int32\" } ]\n"),
      (Texts{"a.toml:11:1: view \"users\" v1: entity: entity \"usr_id\" is not defined (did you mean \"user_id\"?)",
             "a.toml:12:1: view \"users\" v1: batch_source: batch_source \"ordrs\" is not defined (did you mean "
             "\"orders\"?)",
             "a.toml:13:1: view \"users\" v1: store: store \"profile\" is not defined (did you mean \"profiles\"?)"}));
}

TEST(View, MustNameItsStoreWhenThereAreSeveral) {
  EXPECT_EQ(problems_of(kView + "[store.other]\nplugin = \"memory\"\n"),
            Texts{"a.toml:9:1: view \"users\" v1: key \"store\" is missing: there are several, \"other\", \"profiles\""});
}

TEST(View, NeedsAStoreToBeMaterialized) {
  EXPECT_EQ(
      problems_of("[warehouse.prod]\nplugin = \"postgres\"\n[[batch_source]]\nname = \"orders\"\ntable = \"ORDERS\"\n"
                  "timestamp_field = \"T\"\n[[view]]\nname = \"users\"\nentity = \"user_id\"\nbatch_source = \"orders\"\n"
                  "offline = true\nonline = true\nfields = [ { name = \"A\", type = \"int32\" } ]\n"),
      Texts{"a.toml:7:1: view \"users\" v1: needs a store: there is no [store.NAME]"});
}

TEST(View, IsDefinedOnce) {
  EXPECT_EQ(problems_of("[[view]]\nname = \"users\"\nentity = \"user_id\"\n[[view]]\nname = \"users\"\nversion = "
                        "1\nentity = \"user_id\"\n"),
            Texts{"a.toml:4:1: view \"users\" v1: is already defined at a.toml:1:1"});
}

TEST(View, MayHaveSeveralVersions) {
  EXPECT_EQ(problems_of("[[view]]\nname = \"users\"\nentity = \"user_id\"\n[[view]]\nname = \"users\"\nversion = "
                        "2\nentity = \"user_id\"\n"),
            Texts{});
}

TEST(View, RefusesUnknownKeysAndSuggests) {
  EXPECT_EQ(problems_with("onreject = \"keep\""),
            Texts{"a.toml:16:1: view \"users\" v1: unknown key \"onreject\" (did you mean \"on_reject\"?)"});
  EXPECT_EQ(problems_with("colour = 1"), Texts{"a.toml:16:1: view \"users\" v1: unknown key \"colour\""});
}

TEST(View, ChecksItsChoices) {
  EXPECT_EQ(problems_with("null_timestamp = \"skpi\""),
            Texts{"a.toml:16:1: view \"users\" v1: null_timestamp: \"skpi\" is not one of \"fail\", \"skip\", \"always\" "
                  "(did you mean \"skip\"?)"});
  EXPECT_EQ(problems_with("on_reject = true"),
            Texts{"a.toml:16:1: view \"users\" v1: on_reject: expected one of \"keep\", \"fail\", found a boolean"});
}

TEST(View, ChecksItsDurations) {
  EXPECT_EQ(problems_with("ttl = 365"),
            Texts{"a.toml:16:1: view \"users\" v1: ttl: expected a duration like \"5m\", found an integer"});
  EXPECT_EQ(problems_with("ttl = \"1 year\""), Texts{"a.toml:16:1: view \"users\" v1: ttl: \"1 year\" is not a duration: "
                                                     "write it like \"500ms\", \"90s\", \"5m\", \"1h\" or \"365d\""});
  EXPECT_EQ(problems_with("ttl = \"0s\""),
            Texts{"a.toml:16:1: view \"users\" v1: ttl: \"0s\" is too short: at least 1ms"});
  EXPECT_EQ(problems_with("interval = \"99ms\""),
            Texts{"a.toml:16:1: view \"users\" v1: interval: \"99ms\" is too short: at least 100ms"});
  EXPECT_EQ(problems_with("lookback = \"0s\""), Texts{});
}

TEST(View, ChecksItsRatio) {
  EXPECT_EQ(problems_with("max_reject_ratio = 1.5"),
            Texts{"a.toml:16:1: view \"users\" v1: max_reject_ratio: 1.5 is out of range: 0 to 1"});
  EXPECT_EQ(problems_with("max_reject_ratio = nan"),
            Texts{"a.toml:16:1: view \"users\" v1: max_reject_ratio: nan is out of range: 0 to 1"});
  EXPECT_EQ(problems_with("max_reject_ratio = \"1\""),
            Texts{"a.toml:16:1: view \"users\" v1: max_reject_ratio: expected a number, found a string"});
  EXPECT_EQ(problems_with("max_reject_ratio = 0"), Texts{});
}

TEST(View, ChecksItsOwnerAndTimeZoneAndTags) {
  EXPECT_EQ(problems_with("owner = \"me\""),
            Texts{"a.toml:16:1: view \"users\" v1: owner: \"me\" is not an e-mail address"});
  EXPECT_EQ(problems_with("timezone = \"Europe Berlin\""),
            Texts{"a.toml:16:1: view \"users\" v1: timezone: \"Europe Berlin\" is not the name of a time zone: write it "
                  "like \"Europe/Berlin\" or \"UTC\""});
  EXPECT_EQ(problems_with("tags = [\"a\"]"),
            Texts{"a.toml:16:1: view \"users\" v1: tags: expected a table of strings, found an array"});
  EXPECT_EQ(problems_with("tags = { team = 1 }"),
            Texts{"a.toml:16:10: view \"users\" v1: tags: \"team\": expected a string, found an integer"});
}

TEST(View, ChecksItsOrder) {
  EXPECT_EQ(problems_with("order_by = \"A\""),
            Texts{"a.toml:16:1: view \"users\" v1: order_by: expected an array, found a string"});
  EXPECT_EQ(problems_with("order_by = []"), Texts{"a.toml:16:1: view \"users\" v1: order_by: holds 0 columns: 1 to 16"});
  EXPECT_EQ(problems_with("order_by = [\"A\", \"A\"]"),
            Texts{"a.toml:16:18: view \"users\" v1: order_by: column \"A\" is listed twice"});
  EXPECT_EQ(problems_with("order_by = [1]"), Texts{"a.toml:16:13: view \"users\" v1: order_by: expected a column's name, "
                                                   "1 to 128 bytes without control characters, found an integer"});
}

TEST(View, StartsItsBackfillAtAnInstant) {
  for (const std::string value : {"2024-01-31T08:00:00Z", "2024-01-31T10:00:00+02:00", "\"2024-01-31T10:00:00+02:00\""}) {
    const auto loaded = parse_configuration({{"a.toml", kView + "backfill_since = " + value}});
    EXPECT_EQ(texts(loaded.problems), Texts{});
    EXPECT_EQ(loaded.configuration.views.at(0).backfill_since_ns, 1706688000'000000000) << value;
  }
  for (const std::string value : {"2024-01-31", "\"2024-01-31\""}) {
    const auto loaded = parse_configuration({{"a.toml", kView + "backfill_since = " + value}});
    EXPECT_EQ(loaded.configuration.views.at(0).backfill_since_ns, 1706659200'000000000) << value;
  }
}

TEST(View, RefusesABackfillStartThatIsNoInstant) {
  EXPECT_EQ(problems_with("backfill_since = 2024-01-31T08:00:00"),
            Texts{"a.toml:16:1: view \"users\" v1: backfill_since: \"2024-01-31T08:00:00\" has no offset from UTC: write "
                  "2024-01-31T08:00:00Z, or the offset"});
  EXPECT_EQ(problems_with("backfill_since = \"soon\""),
            Texts{"a.toml:16:1: view \"users\" v1: backfill_since: \"soon\" is not a time with its offset like "
                  "2024-01-31T00:00:00Z, or a date, "
                  "between 1678 and 2261"});
  EXPECT_EQ(
      problems_with("backfill_since = 1"),
      Texts{
          "a.toml:16:1: view \"users\" v1: backfill_since: expected a time with its offset like 2024-01-31T00:00:00Z, or "
          "a date, found an integer"});
  EXPECT_EQ(problems_with("backfill_since = 08:00:00"),
            Texts{"a.toml:16:1: view \"users\" v1: backfill_since: \"08:00:00\" is not a time with its offset like "
                  "2024-01-31T00:00:00Z, or a date, between 1678 and 2261"});
  EXPECT_EQ(problems_with("backfill_since = 1500-01-01"),
            Texts{"a.toml:16:1: view \"users\" v1: backfill_since: \"1500-01-01\" is not a time with its offset like "
                  "2024-01-31T00:00:00Z, or a date, between 1678 and 2261"});
}

TEST(View, WarnsWhenProfilesExpireBeforeTheNextRun) {
  const auto loaded = parse_configuration({{"a.toml", kView + "ttl = \"1m\"\n"}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  EXPECT_EQ(texts(loaded.warnings),
            Texts{"a.toml:16:1: view \"users\" v1: ttl: 1m is shorter than the interval of 5m: profiles "
                  "expire before they can be written again"});
}

TEST(View, WarnsAboutTheEntitysTtlToo) {
  const auto loaded =
      parse_configuration({{"a.toml", kView + "interval = \"2h\"\n[[entity]]\nname = \"user_id\"\nttl = \"1h\"\n"}});
  EXPECT_EQ(texts(loaded.warnings),
            Texts{"a.toml:9:1: view \"users\" v1: ttl: 1h is shorter than the interval of 2h: profiles "
                  "expire before they can be written again"});
}

TEST(View, WarnsAboutALookbackAmongTransactionIds) {
  const auto warnings = [](const std::string& cursor, const std::string& line) {
    std::string text = kView + line;
    const std::string key = "timestamp_field = \"";
    text.insert(text.find(key), cursor);
    const auto loaded = parse_configuration({{"a.toml", text}});
    EXPECT_EQ(texts(loaded.problems), Texts{});
    return texts(loaded.warnings);
  };
  EXPECT_EQ(warnings("cursor = \"xid\"\n", "lookback = \"1m\"\n"),
            Texts{"a.toml:17:1: view \"users\" v1: lookback: has no effect, since batch_source \"orders\" has cursor = \"xid\", "
                  "which does not count in times"});
  EXPECT_EQ(warnings("cursor = \"xid\"\n", "lookback = \"0s\"\n"), Texts{});
  EXPECT_EQ(warnings("cursor = \"timestamp\"\n", "lookback = \"1m\"\n"), Texts{});
}

TEST(Field, NeedsANameAndAType) {
  EXPECT_EQ(problems_with_fields("[ {} ]"), (Texts{"a.toml:15:12: view \"users\" v1: fields: key \"name\" is missing",
                                                   "a.toml:15:12: view \"users\" v1: key \"type\" is missing"}));
  EXPECT_EQ(problems_with_fields("[ { name = \"A\" } ]"),
            Texts{"a.toml:15:12: view \"users\" v1: field \"A\": key \"type\" is missing"});
  EXPECT_EQ(problems_with_fields("[ \"A\" ]"), Texts{"a.toml:15:12: view \"users\" v1: fields: expected a table like { "
                                                     "name = \"A\", type = \"int32\" }, found a string"});
}

TEST(Field, HasATypeOfTheSixteen) {
  EXPECT_EQ(
      problems_with_fields("[ { name = \"A\", type = \"int23\" } ]"),
      Texts{
          "a.toml:15:26: view \"users\" v1: field \"A\": type: \"int23\" is not a field type (did you mean \"int32\"?)"});
  EXPECT_EQ(problems_with_fields("[ { name = \"A\", type = \"boolean\" } ]"),
            Texts{"a.toml:15:26: view \"users\" v1: field \"A\": type: \"boolean\" is not a field type (did you mean "
                  "\"bool\"?)"});
  EXPECT_EQ(problems_with_fields("[ { name = \"A\", type = \"json\" } ]"),
            Texts{"a.toml:15:26: view \"users\" v1: field \"A\": type: \"json\" is not a field type: use one of bytes, "
                  "string, int32, "
                  "int64, double, float, bool, unix_timestamp, or one of them with _list"});
}

TEST(Field, HasANameThatStoresCanUse) {
  EXPECT_EQ(problems_with_fields("[ { name = \"1st\", type = \"int32\" } ]"),
            Texts{"a.toml:15:14: view \"users\" v1: field \"1st\": name: \"1st\" is not a field name: use 1 to 128 of "
                  "A-Z a-z 0-9 _, "
                  "not beginning with a digit"});
  EXPECT_EQ(problems_with_fields("[ { name = \"_o\", type = \"int32\" } ]"),
            Texts{"a.toml:15:14: view \"users\" v1: field \"_o\": name: \"_o\" is reserved: stores keep the order of a "
                  "profile's rows under it"});
}

TEST(Field, IsListedOnce) {
  EXPECT_EQ(problems_with_fields("[ { name = \"A\", type = \"int32\" }, { name = \"A\", type = \"int64\" } ]"),
            Texts{"a.toml:15:46: view \"users\" v1: field \"A\": name: is listed twice"});
}

TEST(Field, ReadsAnyColumnOfTheSource) {
  const auto loaded = parse_configuration(
      {{"a.toml",
        "[[view]]\nname = \"v\"\nentity = \"user_id\"\nfields = [ { name = \"A\", type = \"string_list\" },"
        "{ name = \"b\", column = \"Größe in m²\", type = \"double\", description = \"d\" } ]\n"}});
  EXPECT_EQ(texts(loaded.problems), Texts{});
  const auto& fields = loaded.configuration.views.at(0).fields;
  ASSERT_EQ(fields.size(), 2U);
  EXPECT_EQ(fields[0].column, "A");
  EXPECT_EQ(fields[0].type, (FieldType{Scalar::string, true}));
  EXPECT_EQ(fields[1].column, "Größe in m²");
  EXPECT_EQ(problems_with_fields("[ { name = \"A\", column = \"a\\u0001\", type = \"int32\" } ]"),
            Texts{"a.toml:15:26: view \"users\" v1: field \"A\": column: holds a control character"});
}

TEST(Field, RefusesUnknownKeys) {
  EXPECT_EQ(problems_with_fields("[ { name = \"A\", typ = \"int32\", type = \"int32\" } ]"),
            Texts{"a.toml:15:26: view \"users\" v1: field \"A\": unknown key \"typ\" (did you mean \"type\"?)"});
}

TEST(View, TakesEveryKey) {
  const auto loaded = parse_configuration({{"a.toml", kView + R"(version = 3
store = "profiles"
owner = "a@b.c"
description = "two
lines"
)"}});
  EXPECT_EQ(loaded.problems.size(), 1U);  // a string of one line may not hold a line end
  const auto good = parse_configuration({{"a.toml", kView + R"(version = 3
store = "profiles"
owner = "a@b.c"
description = """two
lines"""
tags = { team = "x" }
ttl = "365d"
interval = "1s"
lookback = "2s"
lag = "3s"
order_by = ["E", "C"]
null_timestamp = "always"
on_reject = "fail"
max_reject_ratio = 0.25
timezone = "Europe/Berlin"
max_rows_per_second = 1000
)"}});
  ASSERT_EQ(texts(good.problems), Texts{});
  using namespace std::chrono_literals;
  const View& view = good.configuration.views.at(0);
  EXPECT_EQ(view.id, (ViewId{"users", 3}));
  EXPECT_EQ(view.description, "two\nlines");
  EXPECT_EQ(view.tags, (std::map<std::string, std::string>{{"team", "x"}}));
  EXPECT_EQ(view.ttl, 365 * 24h);
  EXPECT_EQ(view.interval, 1s);
  EXPECT_EQ(view.lookback, 2s);
  EXPECT_EQ(view.lag, 3s);
  EXPECT_EQ(view.order_by, (std::vector<std::string>{"E", "C"}));
  EXPECT_EQ(view.null_timestamp, NullTimestamp::always);
  EXPECT_EQ(view.on_reject, OnReject::fail);
  EXPECT_EQ(view.max_reject_ratio, 0.25);
  EXPECT_EQ(view.timezone, "Europe/Berlin");
  EXPECT_EQ(view.max_rows_per_second, 1000);
  EXPECT_TRUE(view.materialized());
}

}  // namespace
}  // namespace penstock::host
