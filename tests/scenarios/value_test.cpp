// Keys, values and names: what is in the warehouse is what is in the store, or it is one reject that says why.
#include "scenarios/scenario.hpp"

namespace penstock::test {
namespace {

using testing::HasSubstr;

class Values : public Scenario {
 protected:
  std::string kept(const std::string& field, const std::string& key) { return stored(field).at(key); }
};
class Keys : public Scenario {};
class Names : public Scenario {};

// 29
TEST_F(Values, OnePoisonRowIsOneRejectAndEverythingElseArrivesNowAndLater) {
  make_table();
  configure({.fields = "{ name = \"v\", type = \"int32\" }"});
  sql("INSERT INTO shop.items SELECT 'k' || n, '2026-01-01Z', CASE n WHEN 500 THEN 1::bigint << 40 ELSE n END FROM generate_series(1, 1000) n");
  EXPECT_EQ(counts(materialize()), "read 1000 = written 999 + unchanged 0 + stale 0 + rejected 1");
  sql("INSERT INTO shop.items VALUES ('after', clock_timestamp(), 1)");
  EXPECT_GE(materialize_until_all_read(), 1) << "the poison row does not stop the view";
  EXPECT_EQ(stored().size(), 1000u);
  EXPECT_EQ(stored().count("k500"), 0u);
}

// 30, 31
TEST_F(Values, NumbersArriveExactlyOrAreRejectedAndNeverWrapped) {
  make_table("id text, at timestamptz DEFAULT '2026-01-01Z', n numeric");
  configure({.fields = "{ name = \"int32\", column = \"n\", type = \"int32\" }"});
  sql("INSERT INTO shop.items (id, n) VALUES ('max', 2147483647), ('min', -2147483648), ('over', 2147483648), ('under', -2147483649), "
      "('fraction', 12.5), ('zeros', 12.00), ('wide', 99999999999999999999999999999999999999), ('nan', 'NaN'), ('inf', 'Infinity')");
  EXPECT_EQ(counts(materialize()), "read 9 = written 3 + unchanged 0 + stale 0 + rejected 6");
  EXPECT_EQ(stored("int32"), (Profiles{{"max", "2147483647"}, {"min", "-2147483648"}, {"zeros", "12"}}));
  EXPECT_THAT(rejects(), HasSubstr("\"key\":\"fraction\",\"column\":\"int32\",\"value_class\":\"number with a fraction\""));
}

// 31
TEST_F(Values, DecimalsOfAnyScaleArriveAsTheirDigits) {
  make_table("id text, at timestamptz DEFAULT '2026-01-01Z', whole numeric(38,0), fine numeric(38,30)");
  configure({.fields = "{ name = \"whole\", type = \"string\" }, { name = \"fine\", type = \"string\" }, { name = \"near\", column = \"fine\", type = \"double\" }"});
  sql("INSERT INTO shop.items (id, whole, fine) VALUES ('a', -99999999999999999999999999999999999999, 1.000000000000000000000000000001)");
  materialize();
  EXPECT_EQ(kept("whole", "a"), "-99999999999999999999999999999999999999");
  EXPECT_EQ(kept("fine", "a"), "1.000000000000000000000000000001");
  EXPECT_EQ(kept("near", "a"), "1");
}

// 32
TEST_F(Values, NanInfinitiesAndNegativeZeroArriveAsThemselves) {
  make_table("id text, at timestamptz DEFAULT '2026-01-01Z', d float8, f float4");
  configure({.fields = "{ name = \"d\", type = \"double\" }, { name = \"f\", type = \"float\" }"});
  sql("INSERT INTO shop.items (id, d, f) VALUES ('nan', 'NaN', 'NaN'), ('inf', 'Infinity', '-Infinity'), ('zero', '-0', '-0'), ('small', 5e-324, 1e-45)");
  EXPECT_EQ(materialize().written(), 4);
  EXPECT_EQ(stored("d"), (Profiles{{"inf", "inf"}, {"nan", "nan"}, {"small", "5e-324"}, {"zero", "-0"}}));
  EXPECT_EQ(stored("f"), (Profiles{{"inf", "-inf"}, {"nan", "nan"}, {"small", "1e-45"}, {"zero", "-0"}}));
  EXPECT_EQ(counts(materialize({"--full"})), "read 4 = written 0 + unchanged 4 + stale 0 + rejected 0") << "NaN is unchanged, too";
}

// 33
TEST_F(Values, NaughtyTextsArriveByteByByteAndWhatIsNoTextIsRejected) {
  make_table("id text, at timestamptz DEFAULT '2026-01-01Z', t text, b bytea");
  configure({.fields = "{ name = \"t\", type = \"string\" }, { name = \"b\", type = \"bytes\" }"});
  const std::map<std::string, std::string> naughty{
      {"crlf", "\r\n$-1\r\n*3\r\n"},   {"quotes", "'; DROP TABLE x; -- \" \\ ` ${HOME} %s %n"}, {"emoji", "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB"},
      {"rtl", "\xE2\x80\xAE" "evil"},  {"control", "\x01\x07\x1b[31m\x7f"},                       {"empty", ""},
      {"null", "NULL"},                {"bom", "\xEF\xBB\xBF" "x"},                               {"zalgo", "\xCC\xB6\xCC\xB7\xCC\xB8"},
      {"script", "<script>alert(1)</script>"}};
  PostgresSession session(postgres().dsn());
  for (const auto& [id, text] : naughty) {
    std::string hex;
    for (const unsigned char c : text) hex += "0123456789abcdef"[c >> 4], hex += "0123456789abcdef"[c & 15];
    session.exec("INSERT INTO shop.items (id, t, b) VALUES ('" + id + "', convert_from('\\x" + hex + "', 'UTF8'), '\\x" + hex + "00ff')");
  }
  EXPECT_EQ(materialize().written(), static_cast<int64_t>(naughty.size()));
  Profiles bytes;
  for (const auto& [id, text] : naughty) bytes[id] = text + std::string("\0\xff", 2);
  EXPECT_EQ(stored("t"), naughty);
  EXPECT_EQ(stored("b"), bytes);

  configure({.fields = "{ name = \"t\", column = \"b\", type = \"string\" }", .version = 2});
  EXPECT_EQ(materialize().rejected(), static_cast<int64_t>(naughty.size()));
  EXPECT_THAT(rejects(), HasSubstr("is not valid UTF-8"));
}

// 33
TEST_F(Values, BytesOfAFileThatAreNoUtf8StopTheRunAtTheirLineOrAreSkippedAndSaid) {
  const std::string csv = "id,at,v,t\na,2026-01-01T00:00:00Z,1,fine\nb,2026-01-01T00:00:00Z,2,\xff\xfe\nc\xc3,2026-01-01T00:00:00Z,3,x\nd,2026-01-01T00:00:00Z,4,\"a\nb\"\n";
  configure_files(csv, {.fields = "{ name = \"t\", type = \"string\" }"});
  EXPECT_THAT(failing_run(), HasSubstr("items.csv line 3: column \"t\": text that is not UTF-8 cannot be read as text"));
  EXPECT_EQ(marker("ordinal"), "(nil)");
  configure_files(csv, {.fields = "{ name = \"t\", type = \"string\" }", .source = "on_bad_row = \"skip\"\n"});
  EXPECT_EQ(materialize({"--full"}).written(), 2);
  EXPECT_EQ(stored("t"), (Profiles{{"a", "fine"}, {"d", "a\nb"}}));
}

// 34, 35
TEST_F(Values, ValuesOf16MegabytesArriveWholeInBoundedMemory) {
  make_table("id text, at timestamptz DEFAULT '2026-01-01Z', t text");
  sql("ALTER TABLE shop.items ALTER t SET STORAGE MAIN; INSERT INTO shop.items (id, t) SELECT 'k' || n, repeat(chr(96 + n), 16777216) || n FROM generate_series(1, 12) n");
  configure({.fields = "{ name = \"t\", type = \"string\" }", .host = "queue_batches = 1\n"});
  const Ran ran = materialize();
  EXPECT_EQ(ran.written(), 12);
  for (int n = 1; n <= 12; ++n) {
    const std::string key = "penstock:items_v1:k" + std::to_string(n), letter(1, static_cast<char>(96 + n));
    // What is left when the 16 MiB of this letter are gone.
    EXPECT_EQ(redis().command({"EVAL", "local t = redis.call('HGET', KEYS[1], 't') return #t .. ' ' .. t:gsub('^' .. ARGV[1] .. '+', '')", "1", key, letter}),
              std::to_string(16777216 + std::to_string(n).size()) + " " + std::to_string(n));
  }
  EXPECT_LT(ran.most_memory(), 180 << 20) << "of 192 MiB";
}

// 34
TEST_F(Values, ManyValuesOfAMegabyteStayWithinTheMemoryLimit) {
  make_table("id text, at timestamptz DEFAULT '2026-01-01Z', t text");
  sql("ALTER TABLE shop.items ALTER t SET STORAGE MAIN; INSERT INTO shop.items (id, t) SELECT 'k' || n, repeat('x', 1048576) FROM generate_series(1, 100) n");
  configure({.fields = "{ name = \"t\", type = \"string\" }", .host = "queue_batches = 64\nmemory_limit = \"16MiB\"\n"});
  const Ran ran = materialize();
  EXPECT_EQ(ran.written(), 100);
  EXPECT_LT(ran.most_memory(), 44 << 20) << "of 100 MiB; an idle host takes some 20";
}

// 36
TEST_F(Values, NullOverwritesAValueAndIsNotTheSameAsMissing) {
  make_table("id text, at timestamptz, v bigint, w bigint");
  configure({.fields = "{ name = \"v\", type = \"int64\" }, { name = \"w\", type = \"int64\" }", .view = "ttl = \"1h\"\n"});
  sql("INSERT INTO shop.items VALUES ('a', '2026-01-01Z', 1, 1)");
  materialize();
  sql("UPDATE shop.items SET at = clock_timestamp(), v = NULL");
  materialize_until_all_read();
  EXPECT_EQ(stored("v"), (Profiles{{"a", "-"}}));
  EXPECT_EQ(stored("w"), (Profiles{{"a", "1"}}));
  EXPECT_THAT(world_.penstock({"get", "items", "a", "--json"}).out, testing::AllOf(HasSubstr("\"state\":\"found\""), HasSubstr("\"v\":null")));
  EXPECT_THAT(world_.penstock({"get", "items", "b", "--json"}).out, HasSubstr("\"state\":\"missing\""));
}

// 37
TEST_F(Keys, NullEmptyAndHugeKeysAreRejectsAndSpacesAreNot) {
  make_table();
  configure();
  sql("INSERT INTO shop.items VALUES (NULL, '2026-01-01Z', 1), ('', '2026-01-01Z', 2), (repeat('k', 4097), '2026-01-01Z', 3), "
      "(repeat('k', 4096), '2026-01-01Z', 4), (' ', '2026-01-01Z', 5)");
  EXPECT_EQ(counts(materialize()), "read 5 = written 2 + unchanged 0 + stale 0 + rejected 3");
  EXPECT_EQ(stored(), (Profiles{{" ", "5"}, {std::string(4096, 'k'), "4"}}));
  for (const char* reason : {"the entity's key is NULL", "the entity's key is empty", "the entity's key is too long"}) EXPECT_THAT(rejects(), HasSubstr(reason));
}

// 38
TEST_F(Keys, OfSeveralColumnsNeverCollide) {
  make_table("a text, b text, at timestamptz DEFAULT '2026-01-01Z', v bigint");
  configure({.keys = "\"a\", \"b\""});
  sql("INSERT INTO shop.items (a, b, v) VALUES ('x', 'yz', 1), ('xy', 'z', 2), ('x:', 'y', 3), ('x', ':y', 4), ('1:x', '', 5), ('', '1:x', 6), ('', '', 7), ('x', NULL, 8)");
  EXPECT_EQ(counts(materialize()), "read 8 = written 7 + unchanged 0 + stale 0 + rejected 1");
  EXPECT_EQ(stored(), (Profiles{{"1:x2:yz", "1"}, {"2:xy1:z", "2"}, {"2:x:1:y", "3"}, {"1:x2::y", "4"}, {"3:1:x0:", "5"}, {"0:3:1:x", "6"}, {"0:0:", "7"}}));
}

// 39
TEST_F(Keys, EqualNumbersAndEqualUuidsAreOneEntityHoweverTheyAreWritten) {
  make_table("id numeric, at timestamptz, v bigint");
  configure();
  sql("INSERT INTO shop.items VALUES (7, '2026-01-01Z', 1), (7.0, '2026-01-02Z', 2), (7.000, '2026-01-03Z', 3), (-0.50, '2026-01-01Z', 4), "
      "(100, '2026-01-01Z', 5), (1e2, '2026-01-02Z', 6), (0.00, '2026-01-01Z', 7)");
  materialize();
  EXPECT_EQ(stored(), (Profiles{{"-0.5", "4"}, {"0", "7"}, {"100", "6"}, {"7", "3"}}));

  sql("DROP TABLE shop.items");
  redis().flush_all();
  make_table("id uuid, at timestamptz, v bigint");
  sql("INSERT INTO shop.items VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '2026-01-01Z', 1), ('{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}', '2026-01-02Z', 2)");
  materialize({"--full"});
  EXPECT_EQ(stored(), (Profiles{{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "2"}}));
}

// 40
TEST_F(Names, WithQuotesDotsSpacesAndReservedWordsAreOnlyNames) {
  sql("CREATE TABLE shop.\"sel\"\"ect.from where\" (\"order\" text, \"Group.By\" timestamptz, \"quo\"\"te; DROP TABLE x; --\" bigint);"
      "INSERT INTO shop.\"sel\"\"ect.from where\" VALUES ('a', '2026-01-01Z', 7)");
  configure({.keys = "\"order\"",
             .fields = "{ name = \"v\", column = 'quo\"te; DROP TABLE x; --', type = \"int64\" }",
             .timestamp = "Group.By",
             .table = "schema = 'shop'\ntable = 'sel\"ect.from where'"});
  EXPECT_EQ(materialize().written(), 1);
  EXPECT_EQ(stored(), (Profiles{{"a", "7"}}));
}

// 41
TEST_F(Names, OfColumnsEqualButForCaseStayApart) {
  make_table("id text, at timestamptz DEFAULT '2026-01-01Z', v bigint, \"V\" bigint");
  configure({.fields = "{ name = \"v\", type = \"int64\" }, { name = \"V\", type = \"int64\" }"});
  sql("INSERT INTO shop.items (id, v, \"V\") VALUES ('a', 1, 2)");
  materialize();
  EXPECT_EQ(stored("v"), (Profiles{{"a", "1"}}));
  EXPECT_EQ(stored("V"), (Profiles{{"a", "2"}}));

  sql("ALTER TABLE shop.items RENAME v TO \"Value\"; ALTER TABLE shop.items RENAME \"V\" TO value");
  configure({.fields = "{ name = \"VALUE\", type = \"int64\" }", .version = 2});
  EXPECT_THAT(failing_run(), HasSubstr("field \"VALUE\" could be any of the columns"));
}

}  // namespace
}  // namespace penstock::test
