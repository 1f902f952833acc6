// What other programs see of packed profiles in the store.
#include "cluster_store.hpp"

#include <cstdio>
#include <fstream>
#include <gmock/gmock.h>
#include <penstock/stored_profile.hpp>

namespace penstock::test {
namespace {

using ::testing::HasSubstr;

enum class Where { server, cluster };

class PackedLayout : public ::testing::TestWithParam<Where> {
 protected:
  PackedLayout() { flush_all(); }

  void flush_all() { in_cluster_ ? shared_cluster().flush_all() : shared_server().flush_all(); }
  std::string redis(const std::vector<std::string>& argv) { return in_cluster_ ? shared_cluster().command(argv) : shared_server().command(argv); }
  std::unique_ptr<SinkDriver> open(std::map<std::string, std::string> options = {{"layout", "packed"}}) {
    return in_cluster_ ? open_redis(shared_cluster(), std::move(options)) : open_redis(shared_server(), std::move(options));
  }
  // Names in the store, those of a cluster in the bucket of `key`.
  std::string named(const std::string& name, const std::string& key) const {
    return in_cluster_ ? "penstock:{" + bucket_tag(key) + "}:" + name : "penstock:" + name;
  }
  std::string profile(const std::string& key) const { return named("users_v1:" + key, key); }
  std::string marker(const std::string& key) const { return named("marker:users_v1", key); }
  // What the names of every part of the store begin with.
  std::vector<std::string> prefixes() const {
    if (!in_cluster_) return {"penstock:"};
    std::vector<std::string> all;
    for (int bucket = 0; bucket < 64; ++bucket) {
      char prefix[16];
      std::snprintf(prefix, sizeof prefix, "penstock:{%02x}:", bucket);
      all.push_back(prefix);
    }
    return all;
  }
  std::string dump_markers(const std::string& view) {
    std::string all;
    for (const std::string& prefix : prefixes()) all += redis({"DUMP", prefix + "marker:" + view});
    return all;
  }
  void give_identity(const std::string& id) {
    for (const std::string& prefix : prefixes()) redis({"SET", prefix + "store", id});
  }

  const bool in_cluster_ = GetParam() == Where::cluster;
  std::unique_ptr<SinkDriver> sink_ = open();
};

INSTANTIATE_TEST_SUITE_P(In, PackedLayout, ::testing::Values(Where::server, Where::cluster),
                         [](const auto& where) { return where.param == Where::server ? "AServer" : "ACluster"; });

const std::vector<StoredField> kStoredTwoFields = {{"NAME", {ValueKind::string, false}}, {"ORDERS", {ValueKind::int32, false}}};

TEST_P(PackedLayout, AProfileIsOneValueThatTheReaderOfTheSdkReads) {
  const ProfileRow row{"k", order_key(1, 2, 3), {cell("ann"), cell(int32_t{-5})}};
  sink_->begin(kTwoFields)->write({row, {"n", order_key(1), {Cell{}, Cell{}}}});
  EXPECT_EQ(redis({"TYPE", profile("k")}), "string");
  EXPECT_EQ(read_packed_profile(kStoredTwoFields, redis({"GET", profile("k")})), (StoredProfile{order_key(1, 2, 3), {std::string("ann"), int32_t{-5}}}));
  EXPECT_EQ(read_packed_profile(kStoredTwoFields, redis({"GET", profile("n")})), (StoredProfile{order_key(1), {std::monostate(), std::monostate()}}));
  EXPECT_EQ(redis({"PTTL", profile("k")}), "-1");
  EXPECT_EQ(redis({"HMGET", marker("k"), "layout", "fields"}), "[\"packed\", \"NAME string\nORDERS int32\n\"]");
}

TEST(PackedProfiles, AreTheSameBytesInAClusterAsOnAServer) {
  shared_server().flush_all();
  shared_cluster().flush_all();
  const std::vector<ProfileRow> rows = edge_rows();
  open_redis(shared_server(), {{"layout", "packed"}})->begin(all_types())->write(rows);
  open_redis(shared_cluster(), {{"layout", "packed"}})->begin(all_types())->write(rows);
  for (const ProfileRow& row : rows)
    EXPECT_EQ(shared_cluster().command({"GET", "penstock:{" + bucket_tag(row.key) + "}:users_v1:" + row.key}),
              shared_server().command({"GET", "penstock:users_v1:" + row.key}));
}

TEST_P(PackedLayout, ANewVersionReplacesTheValueAndAnUnchangedOneOnlyItsOrder) {
  const auto run = sink_->begin(kTwoFields);
  run->write({two_fields("k", 1, "a long name that goes", 5)});
  run->write({two_fields("k", 2, "x", 6)});
  const std::string before = redis({"GET", profile("k")});
  run->write({two_fields("k", 3, "x", 6)});
  const std::string after = redis({"GET", profile("k")});
  EXPECT_EQ(after.substr(4, 24), order_key(3, 1, 6));
  EXPECT_EQ(after.substr(28), before.substr(28));
  EXPECT_EQ(read_packed_profile(kStoredTwoFields, after), (StoredProfile{order_key(3, 1, 6), {std::string("x"), int32_t{6}}}));
}

TEST_P(PackedLayout, LargeValuesThatAreThereAreNotSentAgain) {
  const std::string text(600, 't');
  const auto row = [&](int64_t time, uint64_t fence) { return ProfileRow{"a", order_key(time, fence, 7), {cell(text), cell(int32_t{1})}}; };
  sink_->begin(kTwoFields)->write({row(1, 1)});
  redis({"SETRANGE", profile("a"), "40", "here"});
  EXPECT_EQ(sink_->begin(kTwoFields, {.ttl_ms = 60'000})->write({row(2, 2)}), (Written{0, 1, 0, 0}));
  EXPECT_EQ(redis({"GETRANGE", profile("a"), "40", "43"}), "here");
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a"})[0].order, order_key(2, 2, 7));
  EXPECT_GT(std::stol(redis({"PTTL", profile("a")})), 50'000);
  EXPECT_EQ(sink_->begin(kTwoFields)->write({row(2, 1)}), (Written{0, 1, 0, 0})) << "the same times from a run before";
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a"})[0].order, order_key(2, 2, 7));
  EXPECT_EQ(redis({"PTTL", profile("a")}), "-1");
}

TEST_P(PackedLayout, WhatPenstockDidNotWriteIsNeverTouched) {
  const std::string order(24, '\x80');
  const std::vector<std::pair<std::string, std::string>> strings = {
      {"text", "mine"},        {"empty", ""},  {"mark", "\xf5P"}, {"cut", "\xf5P\x01\x18" + order.substr(1)}, {"form", "\xf5P\x03\x18" + order + "1234"}, {"letter", "\xf5Q\x01\x18" + order + "1234"}};
  std::vector<std::string> keys;
  for (const auto& [key, value] : strings) {
    redis({"SET", profile(key), value, "PX", "9000000"});
    keys.push_back(key);
  }
  redis({"RPUSH", profile("list"), "a", "b"});
  redis({"HSET", profile("hash"), "_o", "800000000000000100000000000000010000000000000001"});
  keys.insert(keys.end(), {"list", "hash"});
  const auto dump = [&] {
    std::string all;
    for (const std::string& key : keys) all += redis({"DUMP", profile(key)});
    return all;
  };
  const std::string before = dump();
  const auto run = sink_->begin(kTwoFields, {.ttl_ms = 1000});
  std::vector<ProfileRow> rows = {two_fields("fine", 9, "x", 1)};
  for (const std::string& key : keys) rows.push_back(two_fields(key, 9, "x", 1));
  EXPECT_EQ(run->write(rows), (Written{1, 0, 0, 8}));
  ASSERT_EQ(run->rejects().size(), 8u);
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(run->rejects()[i].row, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(run->rejects()[i].reason, "the key \"" + profile(keys[i]) + "\" holds something that Penstock did not write");
    EXPECT_TRUE(run->rejects()[i].retryable) << "until someone deletes the key";
  }
  EXPECT_EQ(sink_->remove({"text", "empty", "letter", "list"}), 0u);
  EXPECT_EQ(sink_->set_ttl({"text", "empty", "letter", "list"}, 5), 0u);
  EXPECT_EQ(dump(), before);
  EXPECT_GT(std::stol(redis({"PTTL", profile("text")})), 8'000'000);
  EXPECT_EQ(sink_->lookup(kTwoFields, keys), std::vector<Profile>(keys.size(), missing(2)));
}

TEST_P(PackedLayout, AViewStaysInTheLayoutThatItsProfilesAreIn) {
  const auto hashes = open({});
  sink_->begin(kTwoFields, {.view = "packed"})->commit({7, "", ""});
  hashes->begin(kTwoFields, {.view = "hashes"})->commit({7, "", ""});
  const auto markers = [&] { return dump_markers("packed_v1") + dump_markers("hashes_v1"); };
  const std::string before = markers();

  const RecordedError to_hash = error_of([&] { hashes->begin(kTwoFields, {.view = "packed"}); });
  EXPECT_EQ(to_hash.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_EQ(to_hash.retry, PENSTOCK_RETRY_NEVER);
  EXPECT_THAT(to_hash.message, HasSubstr("are there in layout = \"packed\", and the store's is \"hash\": give the view a new version, or the store another key_prefix"));
  const RecordedError to_packed = error_of([&] { sink_->begin(kTwoFields, {.view = "hashes"}); });
  EXPECT_EQ(to_packed.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_THAT(to_packed.message, HasSubstr("are there in layout = \"hash\", and the store's is \"packed\""));
  const RecordedError to_other_fields = error_of([&] { sink_->begin({kTwoFields[1], kTwoFields[0]}, {.view = "packed"}); });
  EXPECT_EQ(to_other_fields.status, PENSTOCK_STATUS_FAILED_PRECONDITION);
  EXPECT_THAT(to_other_fields.message, HasSubstr("were packed with other fields, or in another order"));
  EXPECT_EQ(markers(), before);

  sink_->begin(kTwoFields, {.view = "packed"});
  hashes->begin(kTwoFields, {.view = "hashes"});
}

TEST_P(PackedLayout, AStoreThatWasEmptiedTakesEitherLayout) {
  const auto hashes = open({});
  sink_->begin(kTwoFields)->write({two_fields("k", 1, "x", 1)});
  flush_all();
  hashes->begin(kTwoFields)->write({two_fields("k", 1, "x", 1)});
  EXPECT_EQ(redis({"HMGET", marker("k"), "layout", "fields"}), "[(nil), (nil)]");
  // A marker from another life of the store, as a copy that was put back by hand.
  give_identity("another");
  redis({"DEL", profile("k")});
  sink_->begin(kTwoFields)->write({two_fields("k", 1, "x", 1)});
  EXPECT_EQ(redis({"HGET", marker("k"), "layout"}), "packed");
  give_identity("a third");
  hashes->begin(kTwoFields);
  EXPECT_EQ(redis({"HMGET", marker("k"), "layout", "fields"}), "[(nil), (nil)]");
}

TEST_P(PackedLayout, WithoutTheMarkerAProfileIsReadIfItsFieldsAreThoseAskedFor) {
  const ProfileRow row = two_fields("k", 1, "x", 1);
  sink_->begin(kTwoFields)->write({row});
  redis({"DEL", marker("k")});
  EXPECT_EQ(sink_->lookup(kTwoFields, {"k"}), std::vector<Profile>{found(row)});
  EXPECT_EQ(sink_->lookup({kTwoFields[1]}, {"k"}), (std::vector<Profile>{{PENSTOCK_PROFILE_FOUND, row.order, {}, {Cell{}}}}));
  EXPECT_THAT(sink_->said(), HasSubstr("1 stored values are not of their field's type and were read as null; the first is of the field \"ORDERS\""));
}

TEST_P(PackedLayout, AProfileThatSomeoneSpoiltReadsAsNullsAndIsSaidOnce) {
  sink_->begin(kTwoFields)->write({two_fields("a", 1, "ann", 1), two_fields("b", 1, "ann", 2)});
  redis({"APPEND", profile("a"), "x"});
  redis({"SETRANGE", profile("b"), "33", "\xff"});
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a", "b"}), (std::vector<Profile>{{PENSTOCK_PROFILE_FOUND, order_key(1, 1, 1), {}, {Cell{}, Cell{}}},
                                                                         {PENSTOCK_PROFILE_FOUND, order_key(1, 1, 2), {}, {Cell{}, cell(int32_t{2})}}}));
  EXPECT_THAT(sink_->said(), HasSubstr("3 stored values are not of their field's type and were read as null; the first is of the field \"NAME\""));
}

TEST_P(PackedLayout, TakesLargeValuesAndRejectsLargerOnes) {
  const ProfileRow row = two_fields("a", 1, std::string(20'000'000, 'x').c_str(), 1);
  EXPECT_EQ(sink_->begin(kTwoFields)->write({two_fields("before", 1, "x", 1), row, two_fields("after", 1, "x", 1)}), (Written{3, 0, 0, 0}));
  EXPECT_EQ(sink_->lookup(kTwoFields, {"a"}), std::vector<Profile>{found(row)});

  const auto narrow = open({{"layout", "packed"}, {"max_row_bytes", "1KiB"}});
  const auto run = narrow->begin(kTwoFields);
  EXPECT_EQ(run->write({two_fields("b", 1, std::string(2000, 'x').c_str(), 1), two_fields("c", 1, std::string(900, 'x').c_str(), 1)}), (Written{1, 0, 0, 1}));
  ASSERT_EQ(run->rejects().size(), 1u);
  EXPECT_EQ(run->rejects()[0].column, 2);
  EXPECT_THAT(run->rejects()[0].reason, HasSubstr("more than max_row_bytes = 1024"));
}

TEST_P(PackedLayout, TakesAViewOfVeryManyFields) {
  Schema fields;
  ProfileRow row{"a", order_key(1), {}}, sparse{"b", order_key(1), {}};
  for (int32_t i = 0; i < 1000; ++i) {
    fields.push_back({"FIELD_" + std::to_string(i), Type::int32});
    row.cells.push_back(cell(i));
    sparse.cells.push_back(i % 3 == 0 ? cell(i) : Cell{});
  }
  EXPECT_EQ(sink_->begin(fields)->write({row, sparse}), (Written{2, 0, 0, 0}));
  EXPECT_EQ(sink_->lookup(fields, {"a", "b"}), (std::vector<Profile>{found(row), found(sparse)}));
}

TEST_P(PackedLayout, AScriptThatTheServerForgotIsLoadedAgain) {
  const auto sink = open({{"layout", "packed"}, {"transaction_rows", "10"}});
  const auto run = sink->begin(kTwoFields);
  std::vector<ProfileRow> rows;
  for (int32_t i = 0; i < 1000; ++i) rows.push_back(two_fields("key-" + std::to_string(i), 1, "x", i));
  redis({"SCRIPT", "FLUSH"});
  EXPECT_EQ(run->write(rows), (Written{1000, 0, 0, 0}));
}

// The order is told by its bytes, wherever the first difference is.
TEST_P(PackedLayout, TheGreaterOrderWinsWhicheverByteDecides) {
  const auto run = sink_->begin(kTwoFields, {.order_size = 27});
  for (size_t at = 0; at < 19; ++at) {
    const std::string key = "k" + std::to_string(at);
    const auto row = [&](char byte, const char* name, char hash) {
      std::string order(27, '\x80');
      order[at] = byte;
      order[26] = hash;
      return ProfileRow{key, order, {cell(name), cell(1)}};
    };
    EXPECT_EQ(run->write({row('\x7f', "old", '\x02')}), (Written{1, 0, 0, 0})) << at;
    EXPECT_EQ(run->write({row('\x80', "new", '\x01')}), (Written{1, 0, 0, 0})) << at;
    EXPECT_EQ(run->write({row('\x7f', "older", '\x03')}), (Written{0, 0, 1, 0})) << at;
    EXPECT_EQ(run->write({row('\xff', "newest", '\x01')}), (Written{0, 1, 0, 0})) << at;
  }
}

// ---- docs/redis-layout.md ----

std::string python_of_the_document() {
  std::ifstream in(PENSTOCK_SOURCE_DIR "/docs/redis-layout.md");
  std::string out;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```"))
      inside = line == "```python";
    else if (inside)
      out += line + "\n";
  }
  return out;
}

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    out += two;
  }
  return out;
}

TEST_P(PackedLayout, ThePythonFunctionOfTheDocumentReadsEveryType) {
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "there is no python3";
  const std::vector<ProfileRow> rows = edge_rows();
  sink_->begin(all_types())->write(rows);
  const std::string fields = redis({"HGET", marker("k"), "fields"});
  std::string program = python_of_the_document();
  program += "fields = bytes.fromhex('" + hex(fields) + "')\n";
  for (const char* key : {"edge-1", "edge-4", "edge-5"})
    program += "for name, value in read_packed(bytes.fromhex('" + hex(redis({"GET", profile(key)})) + "'), fields).items(): print(name, ascii(value)[-90:])\n";
  program += "print(read_packed(None, fields), read_packed(b'not a profile', fields), read_packed(bytes.fromhex('" +
             hex(redis({"GET", profile("edge-5")})) + "'), b'F int32\\n'))\n";
  const std::string file = shared_server().folder() + "/read_packed.py";
  std::ofstream(file) << program;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("python3 " + file + " 2>&1").c_str(), "r"), pclose);
  std::string out;
  char bytes[4096];
  for (size_t n = 0; (n = fread(bytes, 1, sizeof bytes, pipe.get())) > 0;) out.append(bytes, n);
  EXPECT_EQ(out, R"text(F_BYTES b''
F_STRING ''
F_INT32 -2147483648
F_INT64 -9223372036854775808
F_DOUBLE 5e-324
F_FLOAT 1.401298464324817e-45
F_BOOL False
F_TIME -9223372036854775808
F_BYTES_LIST []
F_STRING_LIST []
F_INT32_LIST []
F_INT64_LIST []
F_DOUBLE_LIST []
F_FLOAT_LIST []
F_BOOL_LIST []
F_TIME_LIST []
F_BYTES b'$-1\r\n'
F_STRING 'null'
F_INT32 1
F_INT64 1
F_DOUBLE -inf
F_FLOAT inf
F_BOOL True
F_TIME 0
F_BYTES_LIST f0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff', b'', b'a', b'ab', b'abc']
F_STRING_LIST ['say "hi" \\ \t\n\x01\x7f \U0001f30a \xe9 ]},', '', 'a\x00b']
F_INT32_LIST [-2147483648, 0, 2147483647]
F_INT64_LIST [-9223372036854775808, 0, 9223372036854775807]
F_DOUBLE_LIST [nan, inf, -inf, -0.0, 0.1, 1.7976931348623157e+308, 5e-324, 1e+22]
F_FLOAT_LIST [nan, -inf, -0.0, 0.10000000149011612, 3.4028234663852886e+38]
F_BOOL_LIST [True, False]
F_TIME_LIST [-9223372036854775808, -1, 0, 1, 999999999, 1700000000123456789, 9223372036854775807]
F_BYTES None
F_STRING None
F_INT32 None
F_INT64 None
F_DOUBLE None
F_FLOAT None
F_BOOL None
F_TIME None
F_BYTES_LIST None
F_STRING_LIST None
F_INT32_LIST None
F_INT64_LIST None
F_DOUBLE_LIST None
F_FLOAT_LIST None
F_BOOL_LIST None
F_TIME_LIST None
None None None
)text");
}

}  // namespace
}  // namespace penstock::test
