// Types with edge values, and what must arrive of them.
#pragma once

#include "warehouse.hpp"

namespace penstock::test {

using Cells = std::vector<std::string>;

struct TypeCase {
  std::string type;
  std::string format;                                       // of Arrow
  std::vector<std::pair<std::string, std::string>> values;  // SQL, as delivered
};

// What a column delivers.
struct Delivered {
  std::string format;
  Cells cells;
  bool operator==(const Delivered&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Delivered& delivered) {
  out << delivered.format << ":";
  for (const std::string& cell : delivered.cells) out << " [" << (cell.size() > 200 ? std::to_string(cell.size()) + " bytes" : cell) << "]";
  return out;
}

inline Delivered expected_of(const TypeCase& c) {
  Delivered out{c.format, {}};
  for (const auto& value : c.values) out.cells.push_back(value.second);
  return out;
}

// Makes table `types` anew: a column v0, v1, … for each case, that holds its values, and NULL after the last.
inline void make_types(const Database& db, const std::vector<TypeCase>& cases) {
  size_t rows = 0;
  std::string create = "CREATE TABLE " + db.path("types") + " (id INT, at " + db.wall;
  for (size_t i = 0; i < cases.size(); ++i) {
    create += ", v" + std::to_string(i) + " " + cases[i].type;
    rows = std::max(rows, cases[i].values.size());
  }
  Sql sql{"DROP TABLE IF EXISTS " + db.path("types"), create + ")"};
  for (size_t row = 0; row < rows; ++row) {
    sql.push_back("INSERT INTO " + db.path("types") + " VALUES (" + std::to_string(row) + ", '2024-01-01 00:00:00'");
    for (const TypeCase& c : cases) sql.back() += ", " + (row < c.values.size() ? c.values[row].first : "NULL");
    sql.back() += ")";
  }
  db.exec(sql);
}

// The columns of table `types`, each without the NULLs after its last value.
inline std::vector<Delivered> delivered(SourceDriver& warehouse, const TableSpec& table, const std::vector<TypeCase>& cases) {
  std::vector<std::string> columns;
  for (size_t i = 0; i < cases.size(); ++i) columns.push_back("v" + std::to_string(i));
  std::vector<Delivered> out(cases.size());
  {
    ScanDriver scan;
    warehouse.start({.table = table, .columns = columns, .cursor = {.column = "at", .timezone = "UTC"}, .keys = {"id"}}, scan);
    const std::vector<std::string> formats = formats_of(scan.schema());
    for (size_t i = 0; i < cases.size(); ++i) out[i].format = formats.at(i).substr(columns[i].size() + 1);
    while (auto batch = scan.next())
      for (const auto& row : *batch)
        for (size_t i = 0; i < cases.size(); ++i) out[i].cells.push_back(row.at(i));
  }
  const std::vector<std::string> described = formats_of(warehouse.describe(table));
  for (size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(described.at(i + 2), columns[i] + ":" + out[i].format) << "of " << cases[i].type << " as it is described";
    while (out[i].cells.size() > cases[i].values.size()) {
      EXPECT_EQ(out[i].cells.back(), "NULL") << "of " << cases[i].type;
      out[i].cells.pop_back();
    }
  }
  return out;
}

inline void expect_types(const Database& db, const std::vector<TypeCase>& cases) {
  db.fresh();
  make_types(db, cases);
  Warehouse warehouse(db);
  const std::vector<Delivered> found = delivered(warehouse, db.table("types"), cases);
  for (size_t i = 0; i < cases.size(); ++i) EXPECT_EQ(found[i], expected_of(cases[i])) << cases[i].type;
}

}  // namespace penstock::test
