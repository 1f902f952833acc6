#include "catalog_text.hpp"

namespace penstock::host {
namespace {

const std::string kAdvice = "; a published version is immutable: publish version 2 instead";

// What applying `after` over `before` says, line by line.
Texts changes(const Parts& before, const Parts& after) {
  Texts lines;
  for (const Change& change : plan_changes(to_records(configuration_of(before)), configuration_of(after))) {
    for (const std::string& line : describe(change)) lines.push_back(line);
  }
  return lines;
}

Parts with_fields(const std::string& fields) {
  Parts parts;
  parts.fields = fields;
  return parts;
}

Parts with_source(const std::string& source) {
  Parts parts;
  parts.source = source;
  return parts;
}

Parts with(const std::string& more) {
  Parts parts;
  parts.more = more;
  return parts;
}

TEST(Changes, AreNoneWhenNothingChanged) {
  EXPECT_TRUE(plan_changes(to_records(configuration_of(Parts{})), configuration_of(Parts{})).empty());
}

TEST(Changes, OfTheFirstApplyAreAllNew) {
  const Configuration wanted = configuration_of(Parts{});
  const auto planned = plan_changes({}, wanted);
  const auto records = to_records(wanted);
  ASSERT_EQ(planned.size(), records.size());
  for (size_t i = 0; i < planned.size(); ++i) {
    EXPECT_EQ(planned[i].kind, ChangeKind::add);
    EXPECT_EQ(planned[i].definition, records[i]);
  }
  EXPECT_EQ(describe(planned.back()), Texts{"view \"users\" v1: new"});
  EXPECT_EQ(describe(planned[3]), Texts{"entity \"person\": new"});
  EXPECT_EQ(planned.back().where.file, "a.toml");
  EXPECT_EQ(planned.back().where.line, 13U);
}

TEST(Changes, KnowARemovedView) {
  const auto before = to_records(configuration_of(Parts{}));
  const auto planned = plan_changes(before, configuration_of("[[entity]]\nname = \"person\"\nkeys = [\"PID\"]\n"));
  ASSERT_EQ(planned.size(), 2U);
  EXPECT_EQ(planned[0].kind, ChangeKind::remove);
  EXPECT_EQ(planned[0].definition, before[5]);
  EXPECT_EQ(describe(planned[0]), Texts{"batch_source \"orders\": removed"});
  EXPECT_EQ(describe(planned[1]), Texts{"view \"users\" v1: removed"});
}

TEST(Changes, OfPoliciesAreAllowed) {
  const Parts before =
      with("ttl = \"30d\"\nowner = \"a@x\"\ntags = { team = \"one\", old = \"x\" }\nmax_reject_ratio = 0.5\n");
  const Parts after = with(
      "ttl = \"365d\"\ndescription = \"Orders of a person\"\ninterval = \"1h\"\nlookback = \"10m\"\nlag = \"1s\"\n"
      "tags = { team = \"two\", new = \"y\" }\nnull_timestamp = \"skip\"\non_reject = \"fail\"\nmax_rows_per_second = "
      "10\n"
      "backfill_since = 2024-01-01\n");
  const auto planned = plan_changes(to_records(configuration_of(before)), configuration_of(after));
  ASSERT_EQ(planned.size(), 1U);
  EXPECT_EQ(planned[0].kind, ChangeKind::change);
  EXPECT_EQ(planned[0].differences,
            (Texts{"backfill_since: none -> 2024-01-01T00:00:00Z", "description: none -> \"Orders of a person\"",
                   "interval: none -> 1h", "lag: 0s -> 1s", "lookback: 0s -> 10m", "max_reject_ratio: 0.5 -> 1",
                   "max_rows_per_second: 0 -> 10", "null_timestamp: fail -> skip", "on_reject: keep -> fail",
                   "owner: a@x -> none", "tags: new none -> y", "tags: old x -> none", "tags: team one -> two",
                   "ttl: 30d -> 365d"}));
  EXPECT_EQ(describe(planned[0]).back(), "view \"users\" v1: ttl: 30d -> 365d");
}

TEST(Changes, OfAFieldsTypeAreRefused) {
  const auto planned = plan_changes(
      to_records(configuration_of(Parts{})),
      configuration_of(with_fields("[ { name = \"A\", type = \"int64\" }, { name = \"B\", type = \"string\" } ]")));
  ASSERT_EQ(planned.size(), 1U);
  EXPECT_EQ(planned[0].kind, ChangeKind::refuse);
  EXPECT_EQ(planned[0].definition.name, "users");
  EXPECT_EQ(planned[0].where.line, 13U);
  EXPECT_EQ(describe(planned[0]), Texts{"view \"users\" v1: field \"A\": type int32 -> int64; a published version is "
                                        "immutable: publish version 2 instead"});
}

TEST(Changes, OfTheSetOfFieldsAreRefused) {
  EXPECT_EQ(changes(Parts{}, with_fields("[ { name = \"A\", type = \"int32\" } ]")),
            Texts{"view \"users\" v1: field \"B\": removed" + kAdvice});
  EXPECT_EQ(changes(Parts{}, with_fields("[ { name = \"A\", type = \"int32\" }, { name = \"B\", type = \"string\" }, { "
                                         "name = \"C\", type = \"bool\" } ]")),
            Texts{"view \"users\" v1: field \"C\": added, as bool" + kAdvice});
  EXPECT_EQ(changes(Parts{}, with_fields("[ { name = \"B\", type = \"string\" }, { name = \"A\", type = \"int32\" } ]")),
            Texts{"view \"users\" v1: fields: order A, B -> B, A" + kAdvice});
  EXPECT_EQ(changes(Parts{},
                    with_fields(
                        "[ { name = \"A\", type = \"int32\", column = \"X Y\" }, { name = \"B\", type = \"string\" } ]")),
            Texts{"view \"users\" v1: field \"A\": column A -> \"X Y\"" + kAdvice});
}

TEST(Changes, OfAFieldsDescriptionAreAllowed) {
  EXPECT_EQ(
      changes(Parts{},
              with_fields(
                  "[ { name = \"A\", type = \"int32\", description = \"d\" }, { name = \"B\", type = \"string\" } ]")),
      Texts{"view \"users\" v1: field \"A\": description none -> d"});
}

TEST(Changes, OfABatchSourcesTableAreRefusedOnItsViews) {
  EXPECT_EQ(
      changes(Parts{}, with_source("name = \"orders\"\nschema = \"S\"\ntable = \"ORDERS2\"\ntimestamp_field = \"T2\"\n")),
      (Texts{"batch_source \"orders\": table: ORDERS -> ORDERS2", "batch_source \"orders\": timestamp_field: T -> T2",
             "view \"users\" v1: source: table ORDERS -> ORDERS2" + kAdvice,
             "view \"users\" v1: source: timestamp_field T -> T2" + kAdvice}));
}

TEST(Changes, OfABatchSourcesRestAreAllowed) {
  EXPECT_EQ(
      changes(
          Parts{},
          with_source("name = \"orders\"\nschema = \"S\"\ntable = \"ORDERS\"\ntimestamp_field = \"T\"\nowner = \"o@x\"\n"
                      "delimiter = \";\"\n")),
      (Texts{"batch_source \"orders\": options: delimiter none -> \";\"",
             "batch_source \"orders\": owner: none -> o@x"}));
}

TEST(Changes, OfAnEntitysKeysAreRefusedOnItsViews) {
  Parts after;
  after.entity = "name = \"person\"\nkeys = [\"REGION\", \"PID\"]\nttl = \"1d\"\n";
  EXPECT_EQ(changes(Parts{}, after),
            (Texts{"entity \"person\": keys: [PID] -> [REGION, PID]", "entity \"person\": ttl: none -> 1d",
                   "view \"users\" v1: keys: [PID] -> [REGION, PID]" + kAdvice}));
}

TEST(Changes, OfTheOrderOfRowsAreRefused) {
  EXPECT_EQ(
      changes(Parts{}, with("order_by = [\"E\"]\ntimezone = \"UTC\"\n")),
      (Texts{"view \"users\" v1: order_by: [] -> [E]" + kAdvice, "view \"users\" v1: timezone: none -> UTC" + kAdvice}));
}

TEST(Changes, AdviseAVersionThatIsFree) {
  Parts two;
  two.version = "7";
  auto applied = to_records(configuration_of(Parts{}));
  const auto seven = to_records(configuration_of(two));
  applied.insert(applied.end(), seven.back());
  const auto planned = plan_changes(applied, configuration_of(with_fields("[ { name = \"A\", type = \"int32\" } ]")));
  ASSERT_EQ(planned.size(), 2U);
  EXPECT_EQ(planned[0].differences,
            Texts{"field \"B\": removed; a published version is immutable: publish version 8 instead"});
  EXPECT_EQ(planned[1].kind, ChangeKind::remove);
}

TEST(Changes, ByANewVersionAreAllowed) {
  Parts after;
  after.rest = "[[view]]\nname = \"users\"\nversion = 2\nentity = \"person\"\n";
  EXPECT_EQ(changes(Parts{}, after), Texts{"view \"users\" v2: new"});
}

TEST(Changes, OfAServiceAreAllowed) {
  Parts before;
  before.rest =
      "[[view]]\nname = \"users\"\nversion = 2\nentity = \"person\"\n[[service]]\nname = \"s\"\nviews = [ { name = "
      "\"users\", version = 1 } ]\n";
  Parts after;
  after.rest =
      "[[view]]\nname = \"users\"\nversion = 2\nentity = \"person\"\n[[service]]\nname = \"s\"\nviews = [ { name = "
      "\"users\", version = 2 } ]\n";
  EXPECT_EQ(changes(before, after),
            Texts{"service \"s\": views: [{name = users, version = 1}] -> [{name = users, version = 2}]"});
}

TEST(Changes, OverAViewThatCannotBeReadAreRefused) {
  auto applied = to_records(configuration_of(Parts{}));
  applied.back().json = "{";
  applied.front().json = "{";
  const auto planned = plan_changes(applied, configuration_of(Parts{}));
  ASSERT_EQ(planned.size(), 2U);
  EXPECT_EQ(planned[0].kind, ChangeKind::change);
  EXPECT_EQ(planned[0].differences, Texts{"the applied definition cannot be read"});
  EXPECT_EQ(planned[1].kind, ChangeKind::refuse);
  EXPECT_EQ(planned[1].differences, Texts{"the applied definition cannot be read" + kAdvice});
}

TEST(Changes, AreTheSameWhenTheAppliedRecordsComeBackFromTheState) {
  const Configuration configuration = configuration_of(Parts{});
  const auto records = to_records(configuration);
  const auto back = with_definitions(configuration, records);
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(plan_changes(records, *back).empty());
}

}  // namespace
}  // namespace penstock::host
