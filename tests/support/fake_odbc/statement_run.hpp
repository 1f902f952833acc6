// What happens when a statement is executed.
#pragma once

#include "handles.hpp"

namespace penstock::fake_odbc {

// Lets the script answer; logs the text.
SQLRETURN run(Statement& statement, const std::string& text);
// A catalog function, which the script may answer, delay or fail under its name, FUNCTION(argument,…); else `rows` is the answer.
SQLRETURN run_catalog(Statement& statement, const std::string& name, std::vector<Column> columns,
                      const std::function<std::vector<Row>()>& rows);
// Before row `row` is fetched: delays, stalls and faults of the script. True: this row is to be reported as failed.
bool reach_row(Statement& statement, const Rule& rule, int64_t row);

}  // namespace penstock::fake_odbc
