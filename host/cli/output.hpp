// What commands print.
#pragma once

#include "base/failure.hpp"
#include "base/text_table.hpp"
#include "config/definitions.hpp"

#include <string>
#include <vector>

namespace penstock::host {

// To standard output, in one piece.
void print(const std::string& text);
// To standard error, with a newline.
void complain(const std::string& text);
// Problems as lines on standard error, or with json as {"problems": […]} on standard output. Returns kBadConfiguration.
int report_problems(const std::vector<Problem>& problems, bool json);
// A failure that ended a command; with json as {"error": {…}} on standard output.
void report_failure(const Failure& failure, bool json);

// "12s", "3m05s", "2d04h"; "-" for nothing to say.
std::string age_text(int64_t now_ns, int64_t then_ns);

}  // namespace penstock::host
