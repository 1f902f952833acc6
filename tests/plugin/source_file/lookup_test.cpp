#include "file_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace penstock::test {
namespace {

using FileLookup = FileTest;

const std::string kHeader = "ID,AT\n";
std::string csv(const std::string& id) { return kHeader + id + ",2026-01-01T00:00:00Z\n"; }

TEST_F(FileLookup, TriesTheMostExactNameFirst) {
  // Least exact first, so that each new file takes over from the one before.
  const std::vector<std::string> names = {"T/x.csv", "T.jsonl", "T.ndjson", "T.csv", "SIGNALS.T/x.csv", "SIGNALS.T.csv",
                                          "SIGNALS/T/x.csv", "SIGNALS/T.csv", "DB/SIGNALS/T/x.csv", "DB/SIGNALS/T.ndjson",
                                          "DB/SIGNALS/T.csv"};
  for (const std::string& name : names) {
    write(name, name.ends_with("csv") ? csv(name) : "{\"ID\":\"" + name + "\",\"AT\":\"2026-01-01T00:00:00Z\"}\n");
    EXPECT_EQ(read_all({"ID"}), (Rows{{name}}));
    close();
  }
}

TEST_F(FileLookup, FindsATableWithoutDatabaseOrSchema) {
  write("T.csv", csv("plain"));
  write("DB/T.csv", csv("wrong"));
  database_ = "DB";
  schema_ = "";
  EXPECT_EQ(read_all({"ID"}), (Rows{{"plain"}}));
}

TEST_F(FileLookup, TakesAFileAsTheTableWhateverItsName) {
  write("orders.csv", csv("1"));
  options_["path"] = path("orders.csv");
  EXPECT_EQ(read_all({"ID"}), (Rows{{"1"}}));
}

TEST_F(FileLookup, NeedsTheFormatOfAFileWithAnUnknownExtension) {
  write("orders.txt", csv("1"));
  options_["path"] = path("orders.txt");
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_EQ(last_error_.message, "the extension of " + path("orders.txt") + " does not tell its format: set the option \"format\"");
  close();
  options_["format"] = "csv";
  EXPECT_EQ(read_all({"ID"}), (Rows{{"1"}}));
}

TEST_F(FileLookup, SaysWhatItTriedWhenATableIsNotThere) {
  std::filesystem::create_directory(path("T"));
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_EQ(last_error_.status, PENSTOCK_STATUS_NOT_FOUND);
  const std::string extensions = "{.csv,.ndjson,.jsonl}";
  EXPECT_EQ(last_error_.message, "table \"T\" is not there; tried " + path("DB/SIGNALS/T") + extensions + ", " +
                                     path("SIGNALS/T") + extensions + ", " + path("SIGNALS.T") + extensions + ", " + path("T") +
                                     extensions + " (a folder without data files)");
}

TEST_F(FileLookup, RefusesNamesThatCouldLeadOutOfTheFolder) {
  write("inside/x.csv", csv("1"));
  write("outside.csv", csv("secret"));
  options_["path"] = path("inside");
  const std::vector<std::string> bad = {"..", "../outside", "a/b", "/etc/passwd", ".hidden", "..\\x/../outside"};
  for (const std::string& name : bad) {
    for (std::string* part : {&table_, &schema_, &database_}) {
      const std::string good = *part;
      *part = name;
      EXPECT_EQ(describe(), std::nullopt) << name;
      EXPECT_EQ(last_error_.status, PENSTOCK_STATUS_INVALID_ARGUMENT) << name;
      EXPECT_FALSE(try_horizon().has_value()) << name;
      *part = good;
    }
  }
}

TEST_F(FileLookup, ReadsAFolderInTheOrderOfNamesWithoutUnfinishedFiles) {
  write("T/b.csv", csv("b"));
  write("T/a.CSV", csv("a"));
  write("T/.c.csv", csv("hidden"));
  write("T/d.csv.tmp", csv("unfinished"));
  write("T/e.csv.part", csv("unfinished"));
  write("T/readme.txt", "no table");
  write("T/below/f.csv", csv("too deep"));
  std::filesystem::create_directory(path("T/g.csv"));
  EXPECT_EQ(read_all({"ID"}), (Rows{{"a"}, {"b"}}));
}

TEST_F(FileLookup, RefusesAFolderOfTwoFormatsUnlessToldWhich) {
  write("T/a.csv", csv("a"));
  write("T/b.ndjson", "{\"ID\":\"b\",\"AT\":\"2026-01-01T00:00:00Z\"}\n");
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_EQ(last_error_.message, "folder " + path("T") + " holds CSV and NDJSON files (a.csv and b.ndjson): set the warehouse's "
                                                         "option \"format\"");
  close();
  options_["format"] = "ndjson";
  EXPECT_EQ(read_all({"ID"}), (Rows{{"b"}}));
}

TEST_F(FileLookup, RefusesAQuery) {
  query_ = "select 1";
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_EQ(last_error_.status, PENSTOCK_STATUS_NOT_SUPPORTED);
}

TEST_F(FileLookup, RefusesATransactionIdCursor) {
  write("T.csv", csv("1"));
  cursor_kind_ = PENSTOCK_CURSOR_XID;
  EXPECT_FALSE(try_horizon().has_value());
  EXPECT_EQ(last_error_.message, "files have no transaction ids: use cursor = \"timestamp\"");
}

TEST_F(FileLookup, ListsEveryNameThatItResolves) {
  write("A.csv", csv("1"));
  write("S.B.ndjson", "{}\n");
  write("S/C.csv", csv("1"));
  write("D/S/E.csv", csv("1"));
  write("F.txt", "no table");
  std::vector<std::string> names;
  FakeCall call;
  ASSERT_EQ(vtab().list_tables(call.get(), source(),
                               [](void* context, penstock_str database, penstock_str schema, penstock_str table) -> penstock_status {
                                 static_cast<std::vector<std::string>*>(context)->push_back(
                                     std::string(to_view(database)) + "/" + std::string(to_view(schema)) + "/" +
                                     std::string(to_view(table)));
                                 return PENSTOCK_STATUS_OK;
                               },
                               &names),
            PENSTOCK_STATUS_OK);
  EXPECT_EQ(names, (std::vector<std::string>{"//A", "//S", "/D/S", "/S/B", "/S/C", "D/S/E"}));
  for (const std::string& name : names) {
    database_ = name.substr(0, name.find('/'));
    schema_ = name.substr(database_.size() + 1, name.rfind('/') - database_.size() - 1);
    table_ = name.substr(name.rfind('/') + 1);
    EXPECT_TRUE(try_horizon().has_value()) << name;
  }
}

TEST_F(FileLookup, PingTellsMissingFromThere) {
  const auto ping = [&] {
    FakeCall call;
    const penstock_status status = vtab().ping(call.get(), source());
    last_error_ = call.error();
    return status;
  };
  EXPECT_EQ(ping(), PENSTOCK_STATUS_OK);
  close();
  options_["path"] = path("gone");
  EXPECT_EQ(ping(), PENSTOCK_STATUS_NOT_FOUND);
  EXPECT_EQ(last_error_.message, "cannot read " + path("gone") + ": No such file or directory");
}

TEST_F(FileLookup, AForbiddenFolderIsAnErrorAndNotAnEmptyOne) {
  if (geteuid() == 0) GTEST_SKIP() << "nothing is forbidden to root";
  std::filesystem::create_directory(path("locked"));
  ASSERT_EQ(chmod(path("locked").c_str(), 0), 0);
  options_["path"] = path("locked");
  FakeCall call;
  EXPECT_EQ(vtab().ping(call.get(), source()), PENSTOCK_STATUS_PERMISSION_DENIED);
  EXPECT_FALSE(describe().has_value());
  EXPECT_EQ(last_error_.status, PENSTOCK_STATUS_PERMISSION_DENIED);
}

TEST_F(FileLookup, ValidateChecksOptionsWithoutLookingAtTheDisk) {
  const auto validate = [&](const std::map<std::string, std::string>& given) {
    const FakeOptions options(component().options, component().n_options, given);
    FakeCall call;
    component().validate(call.get(), options.get());
    return call.error().message;
  };
  EXPECT_EQ(validate({{"path", "/does/not/exist"}}), "");
  EXPECT_EQ(validate({{"path", "/x"}, {"delimiter", "tab"}}), "");
  EXPECT_EQ(validate({{"path", ""}}), "option \"path\" must name a file or a folder");
  for (const char* delimiter : {"", ";;", "\"", "\n", "ä"})
    EXPECT_EQ(validate({{"path", "/x"}, {"delimiter", delimiter}}),
              "option \"delimiter\" must be one ASCII character other than a quote or a line end, or \"tab\"");
  EXPECT_EQ(validate({{"path", "/x"}, {"max_row_bytes", "1KiB"}}), "option \"max_field_bytes\" is larger than \"max_row_bytes\"");
}

TEST_F(FileLookup, DoesNotHangOnAFifo) {
  ASSERT_EQ(mkfifo(path("T.csv").c_str(), 0600), 0);
  EXPECT_EQ(describe(), std::nullopt);
  EXPECT_EQ(last_error_.status, PENSTOCK_STATUS_NOT_FOUND);
}

}  // namespace
}  // namespace penstock::test
