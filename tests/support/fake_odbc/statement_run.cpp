#include "statement_run.hpp"

#include <memory>

namespace penstock::fake_odbc {
namespace {

void reach(Statement& statement, const Rule& rule, std::optional<int64_t> row) {
  for (const Stall& stall : rule.stalls)
    if (stall.before_row == row) statement.stall(stall.ignores_timeout);
  for (const Fault& fault : rule.faults)
    if (fault.before_row == row && !fault.row_only) statement.connection.raise(fault);
}

void answer(Statement& statement, const Rule& rule) {
  statement.query_id = rule.query_id;
  statement.pause(rule.delay);
  reach(statement, rule, {});
  statement.row_count = rule.row_count;
  if (!rule.columns.empty())
    statement.result = Result{.columns = rule.columns, .row_count = rule.row_count, .rows = rule.rows, .row = rule.row, .rule = &rule};
}

}  // namespace

SQLRETURN run(Statement& statement, const std::string& text) {
  statement.close();
  statement.connection.log->add("execute " + text);
  statement.connection.require_alive();
  const Statement::Running running(statement);
  const Rule* rule = statement.connection.match(text);
  if (rule == nullptr) throw OdbcError("42000", "the script has no answer to: " + text);
  answer(statement, *rule);
  return SQL_SUCCESS;
}

SQLRETURN run_catalog(Statement& statement, const std::string& name, std::vector<Column> columns,
                      const std::function<std::vector<Row>()>& rows) {
  statement.close();
  statement.connection.log->add(name);
  statement.connection.require_alive();
  const Statement::Running running(statement);
  if (const Rule* rule = statement.connection.match(name)) answer(statement, *rule);
  if (statement.result) return SQL_SUCCESS;
  const auto found = std::make_shared<std::vector<Row>>(rows());
  statement.result = Result{.columns = std::move(columns), .rows = static_cast<int64_t>(found->size())};
  statement.result->row = [found](int64_t n) { return (*found)[static_cast<size_t>(n)]; };
  return SQL_SUCCESS;
}

bool reach_row(Statement& statement, const Rule& rule, int64_t row) {
  statement.pause(rule.row_delay);
  reach(statement, rule, row);
  for (const Fault& fault : rule.faults) {
    if (fault.before_row != row || !fault.row_only) continue;
    warn(statement, fault.sqlstate, fault.message);
    statement.diagnostics.back().native = fault.native;
    return true;
  }
  return false;
}

}  // namespace penstock::fake_odbc
