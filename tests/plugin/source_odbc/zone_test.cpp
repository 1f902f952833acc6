#include "warehouse.hpp"

#include <ctime>

namespace penstock::test {
namespace {

// The zone of this process, as the host's would be.
class HostZone {
 public:
  explicit HostZone(const char* name) {
    setenv("TZ", name, 1);
    tzset();
  }
  ~HostZone() {
    unsetenv("TZ");
    tzset();
  }
  HostZone(const HostZone&) = delete;
  HostZone& operator=(const HostZone&) = delete;
};

class OdbcZone : public EveryDatabase {
 protected:
  // On 2024-03-31 at 01:00 UTC the clocks of Berlin went from 02:00 to 03:00, and on 2024-10-27 at 01:00 UTC from 03:00 to 02:00.
  void SetUp() override {
    EveryDatabase::SetUp();
    const std::string instant = db.instant.empty() ? db.wall : db.instant;
    const char* utc = db.name == "postgres" ? "+00" : "";
    Sql sql{"CREATE TABLE " + db.path("zones") + " (id INT, wall " + db.wall + ", inst " + instant + ", day DATE)"};
    for (const auto& [wall, inst] : {std::pair<const char*, const char*>{"2024-03-31 01:59:59.999999", "2024-03-31 00:59:59.999999"}, {"2024-03-31 02:30:00", "2024-03-31 01:00:00"}, {"2024-03-31 03:00:00.000001", "2024-03-31 01:00:00.000001"},
                                     {"2024-10-27 02:30:00", "2024-10-27 00:30:00"}, {"2024-10-27 02:30:00", "2024-10-27 01:30:00"}, {"2024-10-27 03:00:00", "2024-10-27 02:00:00"}})
      sql.push_back("INSERT INTO " + db.path("zones") + " VALUES (" + std::to_string(sql.size() - 1) + ", '" + wall + "', '" + inst + utc + "', '" + std::string(wall, 10) + "')");
    db.exec(sql);
  }
  void TearDown() override { set_server_zone(""); }

  // What sessions begin with; empty: the default.
  void set_server_zone(const std::string& zone) const {
    if (db.name == "postgres") db.exec({zone.empty() ? "ALTER ROLE penstock RESET TimeZone" : "ALTER ROLE penstock SET TimeZone = '" + zone + "'"});
    if (db.name == "mariadb") db.exec({"SET GLOBAL time_zone = '" + (zone.empty() ? "+00:00" : zone) + "'"});
  }
  // What the driver sets in every session, by a key of its own.
  Given with_session_zone(const std::string& zone) const {
    Given options = db.options();
    if (zone.empty()) return options;
    if (db.name == "postgres") options["dsn"] += ";ConnSettings=SET TimeZone%3D'" + zone + "'";
    if (db.name == "mariadb") options["dsn"] += ";INITSTMT=SET time_zone='" + zone + "'";
    return options;
  }
  std::string ids(SourceDriver& warehouse, const CursorSpec& cursor, std::optional<int64_t> since, int64_t until) const {
    std::string out;
    for (const auto& row : warehouse.scan({.table = db.table("zones"), .columns = {"id"}, .cursor = cursor, .since = since, .until = until, .keys = {"id"}}))
      out += (out.empty() ? "" : " ") + row.at(0);
    return out;
  }
};

constexpr int64_t kForward = 1'711'846'800 * kSecond, kBack = 1'729'990'800 * kSecond, kHour = 3600 * kSecond;

TEST_P(OdbcZone, RowsAndWindowsAreTheSameWhateverTheZonesOfServerSessionAndHost) {
  const bool by_name = db.name == "postgres";
  std::vector<std::string> server_zones{"", by_name ? "Europe/Berlin" : "+05:30"}, session_zones{"", by_name ? "America/New_York" : "-03:30"};
  if (db.name == "sqlite") server_zones = session_zones = {""};
  const CursorSpec wall{.column = "wall", .timezone = "Europe/Berlin"}, day{.column = "day", .timezone = "Europe/Berlin"};
  const CursorSpec inst{.column = "inst", .timezone = db.instant.empty() ? "UTC" : ""};
  for (const std::string& server : server_zones)
    for (const std::string& session : session_zones)
      for (const char* host : {"UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Berlin"}) {
        SCOPED_TRACE("server \"" + server + "\", session \"" + session + "\", host " + host);
        set_server_zone(server);
        const HostZone zone(host);
        SourceDriver warehouse(odbc(), with_session_zone(session));
        EXPECT_EQ(warehouse.scan({.table = db.table("zones"), .columns = {"wall", "inst", "day"}, .cursor = inst, .keys = {"id"}}),
                  (Rows{{"1711850399999999", "1711846799999999", "19813"}, {"1711852200000000", "1711846800000000", "19813"}, {"1711854000000001", "1711846800000001", "19813"},
                        {"1729996200000000", "1729989000000000", "20023"}, {"1729996200000000", "1729992600000000", "20023"}, {"1729998000000000", "1729994400000000", "20023"}}));
        EXPECT_EQ(ids(warehouse, inst, kForward - 1000, kForward), "1");
        EXPECT_EQ(ids(warehouse, inst, kForward, kBack), "2 3");
        EXPECT_EQ(ids(warehouse, inst, kBack, INT64_MAX), "4 5");
        // The hour that is not there lies around the change.
        EXPECT_EQ(ids(warehouse, wall, std::nullopt, kForward - 1000), "0");
        EXPECT_EQ(ids(warehouse, wall, kForward - 1000, kForward), "1");
        EXPECT_EQ(ids(warehouse, wall, kForward, kForward + kHour), "2");
        // The hour that is there twice is read twice, and with it the moment that ends it.
        EXPECT_EQ(ids(warehouse, wall, kForward + kHour, kBack), "3 4 5");
        EXPECT_EQ(ids(warehouse, wall, kBack, kBack + kHour), "3 4 5");
        EXPECT_EQ(ids(warehouse, wall, kBack + kHour, INT64_MAX), "");
        // Berlin's days begin at 23:00 and 22:00 UTC.
        EXPECT_EQ(ids(warehouse, day, kForward - 3 * kHour, kForward - 2 * kHour), "0 1 2");
        EXPECT_EQ(ids(warehouse, day, kBack - 4 * kHour, kBack - 3 * kHour), "3 4 5");
        const auto clock = [] { return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count(); };
        const int64_t before = clock();
        const int64_t horizon = warehouse.horizon(db.table("zones"), wall).ordinal;
        EXPECT_LT(horizon, clock());
        EXPECT_GT(horizon, before - 5 * kSecond);
      }
}

PENSTOCK_EVERY_DATABASE(OdbcZone);

}  // namespace
}  // namespace penstock::test
