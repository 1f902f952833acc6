#include "support/fake_odbc.hpp"

#include "support/odbc_environment.hpp"

#include <fstream>

namespace penstock::test {
namespace {

std::string list(const std::vector<std::string>& elements) {
  std::string out;
  for (const std::string& element : elements) out += (out.empty() ? "" : ",\n") + element;
  return "[" + out + "]";
}

}  // namespace

FakeScript FakeScript::snowflake() {
  FakeScript script;
  script.driver(R"({"driver_name": "libSnowflake.so", "driver_version": "3.4.1", "dbms_name": "Snowflake", "dbms_version": "9.10.2",
                    "identifier_case": "upper", "catalog": "SNOWPLOW_DEV1", "catalog_patterns": true,
                    "getdata": ["any_column", "any_order", "bound"]})");
  return script;
}

FakeScript& FakeScript::driver(std::string json) {
  driver_ = std::move(json);
  return *this;
}

FakeScript& FakeScript::require(std::string json) {
  require_ = std::move(json);
  return *this;
}

FakeScript& FakeScript::connect(std::string json) {
  connect_.push_back(std::move(json));
  return *this;
}

FakeScript& FakeScript::table(std::string json) {
  tables_.push_back(std::move(json));
  return *this;
}

FakeScript& FakeScript::statement(std::string json) {
  statements_.push_back(std::move(json));
  return *this;
}

std::string FakeScript::json() const {
  return "{\"driver\": " + driver_ + ",\n\"require\": " + require_ + ",\n\"connect\": " + list(connect_) + ",\n\"tables\": " +
         list(tables_) + ",\n\"statements\": " + list(statements_) + "}\n";
}

FakeOdbc::FakeOdbc(const FakeScript& script) {
  OdbcEnvironment::shared();
  set_script(script);
  clear_log();
}

void FakeOdbc::set_script(const FakeScript& script) { write_file(folder_ / "script.json", script.json()); }

std::string FakeOdbc::connection_string(const std::string& more) const {
  return "DRIVER=Fake;SCRIPT=" + (folder_ / "script.json") + ";LOG=" + (folder_ / "log") + ";" + more;
}

std::vector<std::string> FakeOdbc::log() const { return logged(""); }

std::vector<std::string> FakeOdbc::logged(std::string_view beginning) const {
  std::ifstream file(folder_ / "log");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(beginning)) lines.push_back(line);
  return lines;
}

void FakeOdbc::clear_log() { write_file(folder_ / "log", ""); }

bool FakeOdbc::wait_for(const std::string& event) const {
  return eventually([&] {
    const std::vector<std::string> lines = log();
    return !lines.empty() && lines.back() == event;
  });
}

}  // namespace penstock::test
