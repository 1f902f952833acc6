#include "sink_redis/resp.hpp"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <memory>
#include <random>

namespace penstock::redis {
namespace {

std::string dump(const Reply& reply);

std::string dump_items(const Reply& reply) {
  std::string out = "[";
  Reply item = reply.items() == 0 ? reply : reply.first_item();
  for (size_t i = 0; i < reply.items(); ++i) {
    out += (i == 0 ? "" : " ") + dump(item);
    if (i + 1 < reply.items()) item = item.next();
  }
  return out + "]";
}

std::string dump(const Reply& reply) {
  const std::string text(reply.text());
  switch (reply.kind()) {
    case ReplyKind::simple_string: return "+" + text;
    case ReplyKind::bulk_string: return "$" + text;
    case ReplyKind::error: return "-" + text;
    case ReplyKind::integer: return std::to_string(reply.integer());
    case ReplyKind::nil: return "nil";
    case ReplyKind::boolean: return reply.integer() != 0 ? "true" : "false";
    case ReplyKind::number: return "," + std::to_string(reply.number());
    case ReplyKind::big_number: return "(" + text;
    case ReplyKind::verbatim: return "=" + text;
    case ReplyKind::array: return dump_items(reply);
    case ReplyKind::map: return "%" + dump_items(reply);
    case ReplyKind::set: return "~" + dump_items(reply);
    case ReplyKind::push: return ">" + dump_items(reply);
    case ReplyKind::attribute: break;
  }
  return "?";
}

// All replies in `bytes`, given in pieces of the sizes that `piece` returns; then "…" if more is expected, or the error.
template <class Piece>
std::vector<std::string> decode(const std::string& bytes, const Piece& piece, RespLimits limits = {}) {
  RespDecoder decoder(limits);
  std::vector<std::string> out;
  RespDecoder::Progress progress = RespDecoder::Progress::incomplete;
  for (size_t at = 0; at < bytes.size();) {
    const size_t size = std::min<size_t>(piece(), bytes.size() - at);
    decoder.feed(bytes.data() + at, size);
    at += size;
    while ((progress = decoder.next()) == RespDecoder::Progress::complete) out.push_back(dump(decoder.reply()));
    if (progress == RespDecoder::Progress::invalid) {
      out.push_back(std::string("error: ") + decoder.error());
      return out;
    }
  }
  if (decoder.pending() != 0) out.push_back("…");
  return out;
}

std::vector<std::string> decode(const std::string& bytes, RespLimits limits = {}) {
  const auto whole = decode(bytes, [&] { return bytes.size(); }, limits);
  EXPECT_EQ(decode(bytes, [] { return 1; }, limits), whole) << "in pieces of one byte";
  EXPECT_EQ(decode(bytes, [] { return 3; }, limits), whole) << "in pieces of three bytes";
  return whole;
}

using Replies = std::vector<std::string>;

TEST(RespEncoder, WritesCommandsAsArraysOfStrings) {
  Buffer out;
  append_array_header(out, 3);
  append_bulk(out, "SET");
  append_bulk(out, "pre:", "k");
  append_bulk(out, std::string_view("\r\n\0", 3));
  append_bulk(out, "");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), out.size()),
            std::string("*3\r\n$3\r\nSET\r\n$5\r\npre:k\r\n$3\r\n\r\n\0\r\n$0\r\n\r\n", 39));
}

TEST(RespDecoder, ReadsEveryTypeOfResp2) {
  EXPECT_EQ(decode("+OK\r\n"), Replies{"+OK"});
  EXPECT_EQ(decode("+\r\n"), Replies{"+"});
  EXPECT_EQ(decode("+a\rb\nc\r\n"), Replies{"+a\rb\nc"});
  EXPECT_EQ(decode("-ERR no\r\n"), Replies{"-ERR no"});
  EXPECT_EQ(decode(":0\r\n:-1\r\n:9223372036854775807\r\n:-9223372036854775808\r\n"),
            (Replies{"0", "-1", "9223372036854775807", "-9223372036854775808"}));
  EXPECT_EQ(decode("$5\r\na\r\nbc\r\n"), Replies{"$a\r\nbc"});
  EXPECT_EQ(decode("$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"), (Replies{"$", "nil", "nil", "[]"}));
  EXPECT_EQ(decode("*3\r\n:1\r\n*2\r\n$1\r\nx\r\n*0\r\n+z\r\n+next\r\n"), (Replies{"[1 [$x []] +z]", "+next"}));
}

TEST(RespDecoder, ReadsEveryTypeOfResp3) {
  EXPECT_EQ(decode("_\r\n#t\r\n#f\r\n"), (Replies{"nil", "true", "false"}));
  EXPECT_EQ(decode(",1.5\r\n,-inf\r\n,nan\r\n,1e3\r\n"), (Replies{",1.500000", ",-inf", ",nan", ",1000.000000"}));
  EXPECT_EQ(decode("(-12345678901234567890123\r\n"), Replies{"(-12345678901234567890123"});
  EXPECT_EQ(decode("!8\r\nERR a\r\nb\r\n"), Replies{"-ERR a\r\nb"});
  EXPECT_EQ(decode("=6\r\ntxt:hi\r\n"), Replies{"=hi"});
  EXPECT_EQ(decode("%1\r\n+k\r\n:1\r\n~1\r\n:2\r\n>2\r\n+message\r\n_\r\n"), (Replies{"%[+k 1]", "~[2]", ">[+message nil]"}));
}

TEST(RespDecoder, DropsAttributesWhereverTheyStand) {
  EXPECT_EQ(decode("|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n"), Replies{"$x"});
  EXPECT_EQ(decode("*2\r\n|2\r\n+a\r\n*1\r\n:1\r\n+b\r\n:2\r\n+x\r\n|0\r\n+y\r\n"), Replies{"[+x +y]"});
}

TEST(RespDecoder, WaitsForTheRestOfAReply) {
  for (const std::string part : {"$5\r\nab", "*2\r\n:1\r\n", "+OK\r", "$", "*2\r\n*1\r\n", "|1\r\n+a\r\n:1\r\n"})
    EXPECT_EQ(decode(part), Replies{"…"}) << part;
}

TEST(RespDecoder, RefusesWhatIsNotTheProtocol) {
  const std::pair<const char*, const char*> cases[] = {
      {"HTTP/1.1 400 Bad Request\r\n", "an unknown reply type"},
      {"\r\n", "an unknown reply type"},
      {":\r\n", "an integer is malformed"},
      {":1x\r\n", "an integer is malformed"},
      {":+1\r\n", "an integer is malformed"},
      {":01\r\n", "an integer is malformed"},
      {":-0\r\n", "an integer is malformed"},
      {": 1\r\n", "an integer is malformed"},
      {":9223372036854775808\r\n", "an integer is malformed"},
      {"$-2\r\n", "a string length is malformed"},
      {"$x\r\n", "a string length is malformed"},
      {"$3\r\nabcde", "a string does not end where it should"},
      {"*-2\r\n", "an array length is malformed"},
      {"*2.0\r\n", "an array length is malformed"},
      {"%-1\r\n", "an array length is malformed"},
      {"$?\r\n", "a string length is malformed"},
      {"#x\r\n", "a boolean is malformed"},
      {"_x\r\n", "a null is malformed"},
      {",1,5\r\n", "a number is malformed"},
      {"(12a\r\n", "a big number is malformed"},
      {"=3\r\ntxt\r\n", "a verbatim string is malformed"},
      {"!-1\r\n", "a string length is malformed"},
  };
  for (const auto& [bytes, why] : cases) EXPECT_EQ(decode(bytes), Replies{std::string("error: ") + why}) << bytes;
}

TEST(RespDecoder, StaysInvalidOnceItIs) {
  RespDecoder decoder;
  decoder.feed("?\r\n", 3);
  EXPECT_EQ(decoder.next(), RespDecoder::Progress::invalid);
  decoder.feed("+OK\r\n", 5);
  EXPECT_EQ(decoder.next(), RespDecoder::Progress::invalid);
}

TEST(RespDecoder, KeepsToItsLimits) {
  const RespLimits limits{.line_bytes = 20, .bulk_bytes = 10, .depth = 2, .items = 5};
  EXPECT_EQ(decode("+" + std::string(18, 'a') + "\r\n", limits), Replies{"+" + std::string(18, 'a')});
  EXPECT_EQ(decode("+" + std::string(30, 'a') + "\r\n", limits), Replies{"error: a line is too long"});
  EXPECT_EQ(decode("+" + std::string(30, 'a'), limits), Replies{"error: a line is too long"});
  EXPECT_EQ(decode("$11\r\n", limits), Replies{"error: a string is too long"});
  EXPECT_EQ(decode("*1\r\n*1\r\n:1\r\n", limits), Replies{"[[1]]"});
  EXPECT_EQ(decode("*1\r\n*1\r\n*0\r\n", limits), Replies{"error: a reply is nested too deeply"});
  EXPECT_EQ(decode("*6\r\n", limits), Replies{"error: a reply has too many items"});
  EXPECT_EQ(decode("*2\r\n*2\r\n:1\r\n:2\r\n*2\r\n", limits), Replies{"error: a reply has too many items"});
  EXPECT_EQ(decode("*1000000000000\r\n"), Replies{"error: a reply has too many items"});
}

TEST(RespDecoder, ReadsALargeStringInSmallPiecesInLinearTime) {
  const std::string big(8'000'000, 'x');
  const std::string bytes = "*2\r\n$" + std::to_string(big.size()) + "\r\n" + big + "\r\n:1\r\n";
  EXPECT_EQ(decode(bytes, [] { return 100; }), Replies{"[$" + big + " 1]"});
}

// ---- against hiredis ----

std::string dump(const redisReply& reply) {
  const std::string text(reply.str == nullptr ? "" : reply.str, reply.str == nullptr ? 0 : static_cast<size_t>(reply.len));
  switch (reply.type) {
    case REDIS_REPLY_STATUS: return "+" + text;
    case REDIS_REPLY_STRING: return "$" + text;
    case REDIS_REPLY_ERROR: return "-" + text;
    case REDIS_REPLY_INTEGER: return std::to_string(reply.integer);
    case REDIS_REPLY_NIL: return "nil";
    default: break;
  }
  std::string out = "[";
  for (size_t i = 0; i < reply.elements; ++i) out += (i == 0 ? "" : " ") + dump(*reply.element[i]);
  return out + "]";
}

// As decode, by hiredis.
std::vector<std::string> decode_by_hiredis(const std::string& bytes) {
  const std::unique_ptr<redisReader, void (*)(redisReader*)> reader(redisReaderCreate(), redisReaderFree);
  redisReaderFeed(reader.get(), bytes.data(), bytes.size());
  std::vector<std::string> out;
  for (;;) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader.get(), &reply) != REDIS_OK) {
      out.push_back("error");
      return out;
    }
    if (reply == nullptr) break;
    out.push_back(dump(*static_cast<redisReply*>(reply)));
    freeReplyObject(reply);
  }
  return out;
}

// Nothing of RESP3 in it, which hiredis does not know.
std::string random_text(std::mt19937_64& random) {
  static constexpr std::string_view kAlphabet = "abc01-+:$*\r\n \xff";
  std::string text(random() % 8, 'x');
  for (char& c : text) c = kAlphabet[random() % kAlphabet.size()];
  return text;
}

void append_random_reply(std::mt19937_64& random, int depth, std::string& out) {
  switch (random() % (depth < 4 ? 7 : 5)) {
    case 0: out += "+ok" + std::to_string(random() % 10) + "\r\n"; return;
    case 1: out += "-ERR x\r\n"; return;
    case 2: out += ":" + std::to_string(static_cast<int64_t>(random())) + "\r\n"; return;
    case 3: out += random() % 2 == 0 ? "$-1\r\n" : "*-1\r\n"; return;
    case 4: {
      const std::string text = random_text(random);
      out += "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
      return;
    }
    default: {
      const size_t n = random() % 4;
      out += "*" + std::to_string(n) + "\r\n";
      for (size_t i = 0; i < n; ++i) append_random_reply(random, depth + 1, out);
    }
  }
}

void mutate(std::mt19937_64& random, std::string& bytes) {
  static constexpr std::string_view kAlphabet = "+-:$*012\r\nab";
  for (size_t n = 1 + random() % 3; n > 0 && !bytes.empty(); --n) {
    const size_t at = random() % bytes.size();
    switch (random() % 4) {
      case 0: bytes[at] = kAlphabet[random() % kAlphabet.size()]; break;
      case 1: bytes.erase(at, 1 + random() % 3); break;
      case 2: bytes.insert(at, 1, kAlphabet[random() % kAlphabet.size()]); break;
      default: bytes.resize(at); break;
    }
  }
}

// A length that would make hiredis allocate what nobody sent.
bool has_huge_length(const std::string& bytes) {
  for (size_t at = bytes.find_first_of("*$"); at != std::string::npos; at = bytes.find_first_of("*$", at + 1)) {
    const size_t end = bytes.find_first_not_of("0123456789", at + 1);
    if ((end == std::string::npos ? bytes.size() : end) - at > 6) return true;
  }
  return false;
}

TEST(RespDecoder, AgreesWithHiredisOnRandomAndOnDamagedReplies) {
  size_t accepted = 0, refused = 0;
  for (uint64_t seed = 1; seed <= 8'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string bytes;
    for (size_t n = 1 + random() % 3; n > 0; --n) append_random_reply(random, 0, bytes);
    if (seed % 4 != 0) mutate(random, bytes);
    if (has_huge_length(bytes)) continue;
    Replies ours = decode(bytes, [&] { return 1 + random() % 7; });
    EXPECT_EQ(ours, decode(bytes, [&] { return bytes.size(); })) << "seed " << seed;
    // hiredis skips the two bytes after a string without looking at them.
    if (!ours.empty() && ours.back() == "error: a string does not end where it should") continue;
    if (!ours.empty() && ours.back() == "…") ours.pop_back();
    if (!ours.empty() && ours.back().starts_with("error")) ours.back() = "error", ++refused;
    else ++accepted;
    ASSERT_EQ(ours, decode_by_hiredis(bytes)) << "seed " << seed;
  }
  EXPECT_GT(accepted, 2000u);
  EXPECT_GT(refused, 500u);
}

TEST(RespDecoder, SurvivesArbitraryBytes) {
  static constexpr std::string_view kAlphabet = "+-:$*_#,(!=%~>|019tf\r\n\r\n\r\nx";
  for (uint64_t seed = 1; seed <= 8'000; ++seed) {
    std::mt19937_64 random(seed);
    std::string bytes(random() % 60, 'x');
    for (char& c : bytes) c = kAlphabet[random() % kAlphabet.size()];
    const RespLimits limits{.line_bytes = 30, .bulk_bytes = 20, .depth = 3, .items = 20};
    EXPECT_EQ(decode(bytes, [&] { return 1 + random() % 5; }, limits), decode(bytes, [&] { return bytes.size(); }, limits)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace penstock::redis
