// A table that does not change is not looked at: that costs the time of a warehouse.
#include "snowflake.hpp"

namespace penstock::test {
namespace {

constexpr int64_t kSince = kSnowNow - 3600 * kSecond;

const std::string kBeyond = "SELECT 1 FROM .*";

std::string token(const std::string& value, int times) {
  return text_statement("SELECT TO_VARCHAR\\\\(SYSTEM.*", 1, {{value}}, "\"times\": " + std::to_string(times));
}

class SnowflakeQuiet : public SnowflakeTest {
 protected:
  // A table without a row after any position, or with one beyond the window.
  static SnowflakeScript script(bool is_anything_beyond = false) {
    SnowflakeScript out;
    out.scans = {text_statement(kBeyond, 1, is_anything_beyond ? std::vector<Texts>{{"1"}} : std::vector<Texts>{}), three_columns("SELECT t.*", {})};
    return out;
  }

  // As a run does. True: the table was scanned.
  bool run(ScanSpec scan) {
    fake_.clear_log();
    scan.until = source().horizon(scan.table, scan.cursor).ordinal;
    return scans(scan);
  }
  bool scans(const ScanSpec& scan) {
    fake_.clear_log();
    EXPECT_EQ(source().scan(scan), Rows{});
    return !fake_.logged("execute SELECT t.").empty();
  }
  static ScanSpec changed_since(int64_t since) { return scan_of(by("UPDATED_AT"), since); }
};

TEST_F(SnowflakeQuiet, IsSeenByOneScanAndRemembered) {
  open(script());
  const ScanSpec scan = changed_since(kSince);
  source().describe(scan.table);
  fake_.clear_log();
  source().horizon(scan.table, scan.cursor);
  source().scan(scan);
  source().horizon(scan.table, scan.cursor);
  source().scan(scan);
  expect_golden("quiet");
}

TEST_F(SnowflakeQuiet, HoldsForLaterPositionsUntilTheTableChanges) {
  SnowflakeScript two_tokens = script();
  two_tokens.first = {token("1769857200000000000", 3), token("1769857200000000001", 100)};
  open(two_tokens);
  EXPECT_TRUE(run(changed_since(kSince)));
  EXPECT_FALSE(run(changed_since(kSince)));
  EXPECT_FALSE(run(changed_since(kSince + 1)));
  EXPECT_TRUE(run(changed_since(kSince))) << "the token has changed";
  EXPECT_FALSE(run(changed_since(kSince)));
  EXPECT_TRUE(run(changed_since(kSince - 1))) << "earlier rows were never asked for";
}

TEST_F(SnowflakeQuiet, IsNotATableWithRowsBeyondTheWindow) {
  open(script(true));
  EXPECT_TRUE(run(changed_since(kSince)));
  EXPECT_TRUE(run(changed_since(kSince))) << "what was committed before the last look may come into the window without a change";
}

TEST_F(SnowflakeQuiet, NeedsALookAtTheTokenForEachScan) {
  open(script());
  EXPECT_TRUE(run(changed_since(kSince)));
  EXPECT_FALSE(run(changed_since(kSince)));
  EXPECT_TRUE(scans(changed_since(kSince)));
}

TEST_F(SnowflakeQuiet, IsAnotherQuestionForAnotherCursorOrForRowsWithoutOne) {
  open(script());
  EXPECT_TRUE(run(changed_since(kSince)));
  ScanSpec with_null = changed_since(kSince);
  with_null.include_null_cursor = true;
  EXPECT_TRUE(run(with_null));
  EXPECT_FALSE(run(with_null));
  EXPECT_FALSE(run(changed_since(kSince)));
  EXPECT_TRUE(run(scan_of(by("METADATA$ROW_LAST_COMMIT_TIME"), kSince)));
}

TEST_F(SnowflakeQuiet, IsNeverAViewNorWhatShowsFilesNorAFirstRun) {
  SnowflakeScript view = script();
  view.type = "VIEW";
  open(view);
  EXPECT_TRUE(run(changed_since(kSince)));
  EXPECT_TRUE(run(changed_since(kSince)));
  EXPECT_TRUE(fake_.logged("execute SELECT TO_VARCHAR(SYSTEM").empty());

  SnowflakeScript files = script();
  files.external = true;
  open(files);
  EXPECT_TRUE(run(changed_since(kSince)));
  EXPECT_TRUE(run(changed_since(kSince)));

  open(script());
  const ScanSpec everything = scan_of(by("UPDATED_AT"));
  EXPECT_TRUE(run(everything));
  EXPECT_TRUE(run(everything));
}

TEST_F(SnowflakeQuiet, IsAlsoATableWhoseChangesAreRead) {
  SnowflakeScript changes = script();
  changes.scans = {text_statement(kBeyond, 1, {}), three_columns("SELECT t.* CHANGES .*", {})};
  open(changes);
  ScanSpec scan = scan_of(by("PENSTOCK$CHANGE_TIME"), kSince);
  scan.table.options = {{"changes", "default"}};
  source().describe(scan.table);
  fake_.clear_log();
  source().horizon(scan.table, scan.cursor);
  source().scan(scan);
  source().horizon(scan.table, scan.cursor);
  source().scan(scan);
  expect_golden("quiet_changes");
}

TEST_F(SnowflakeQuiet, IsNotSaidOfATableThatTheServerKnowsNoTokenOf) {
  SnowflakeScript no_token = script();
  no_token.first = {text_statement("SELECT TO_VARCHAR\\\\(SYSTEM.*", 1, {}, R"("fault": {"sqlstate": "42000", "native": 2140, "message": "Unsupported"})")};
  open(no_token);
  EXPECT_TRUE(run(changed_since(kSince)));
  EXPECT_TRUE(run(changed_since(kSince)));
}

}  // namespace
}  // namespace penstock::test
