#include "fault/profile_table.hpp"

#include <ostream>

namespace penstock::test {

std::string profile_table() { return std::string("\"SIGNALS\".\"") + kTable + "\""; }

void create_profile_table(const PostgresServer& postgres, TableCursor cursor) {
  create_seed_table(postgres);
  std::string clock = "now()";
  if (cursor == TableCursor::xid) {
    clock = "pg_current_xact_id()";
    postgres.exec("ALTER TABLE " + profile_table() + " DROP COLUMN \"UPDATED_AT\"; ALTER TABLE " + profile_table() +
                  " ADD COLUMN \"UPDATED_AT\" xid8 NOT NULL DEFAULT pg_current_xact_id(); CREATE INDEX ON " + profile_table() + " (\"UPDATED_AT\")");
  }
  postgres.exec("CREATE SEQUENCE \"SIGNALS\".versions CACHE 100; ALTER TABLE " + profile_table() + " ADD PRIMARY KEY (\"DOMAIN_USERID\");" +
                "CREATE FUNCTION \"SIGNALS\".touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.\"UPDATED_AT\" := " + clock +
                "; RETURN NEW; END $$; CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON " + profile_table() +
                " FOR EACH ROW EXECUTE FUNCTION \"SIGNALS\".touch()");
}

void upsert_users(const PostgresServer& postgres, const std::string& prefix, int first, int count) {
  postgres.exec("INSERT INTO " + profile_table() + " (\"DOMAIN_USERID\", \"TOTAL_TRANSACTIONS\", \"TOTAL_REVENUE\", \"AVG_TRANSACTION_REVENUE\") SELECT '" +
                prefix + "' || n, nextval('\"SIGNALS\".versions'), n, n % 97 FROM generate_series(" + std::to_string(first) + ", " +
                std::to_string(first + count - 1) +
                ") AS n ON CONFLICT (\"DOMAIN_USERID\") DO UPDATE SET \"TOTAL_TRANSACTIONS\" = EXCLUDED.\"TOTAL_TRANSACTIONS\"");
}

Difference difference(const Profiles& expected, const Profiles& stored) {
  Difference found;
  found.keys = static_cast<int64_t>(expected.size());
  const auto note = [&](int64_t& count, const std::string& what) {
    if (found.none()) found.first = what;
    ++count;
  };
  for (const auto& [key, profile] : expected) {
    const auto at = stored.find(key);
    if (at == stored.end())
      note(found.missing, key + " is missing: " + profile);
    else if (at->second != profile)
      note(found.stale, key + " is " + at->second + " and should be " + profile);
  }
  for (const auto& [key, profile] : stored)
    if (!expected.contains(key)) note(found.extra, key + " should not be there: " + profile);
  return found;
}

Difference compare_every_key(const PostgresServer& postgres, RedisServer& redis) {
  return difference(expected_profiles(postgres), redis_profiles(redis));
}

std::ostream& operator<<(std::ostream& out, const Difference& difference) {
  return out << difference.missing << " missing, " << difference.stale << " stale, " << difference.extra << " extra of " << difference.keys
             << " keys" << (difference.first.empty() ? "" : "; first: ") << difference.first;
}

}  // namespace penstock::test
