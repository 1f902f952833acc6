#include "cli/output.hpp"

#include "base/escape.hpp"
#include "base/json_writer.hpp"
#include "cli/arguments.hpp"
#include "observe/progress.hpp"

#include <cstdio>

namespace penstock::host {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void complain(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

int report_problems(const std::vector<Problem>& problems, bool json) {
  if (json) {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    writer.key("problems");
    writer.begin_array();
    for (const Problem& problem : problems) {
      writer.begin_object();
      writer.member("file", problem.where.file);
      writer.member("line", static_cast<int64_t>(problem.where.line));
      writer.member("column", static_cast<int64_t>(problem.where.column));
      writer.member("object", problem.object);
      writer.member("message", problem.message);
      writer.end_object();
    }
    writer.end_array();
    writer.end_object();
    print(out + "\n");
  } else {
    for (const Problem& problem : problems) complain(problem.text());
    complain(std::to_string(problems.size()) + (problems.size() == 1 ? " problem" : " problems") + " in the configuration");
  }
  return kBadConfiguration;
}

void report_failure(const Failure& failure, bool json) {
  if (!json) return complain("penstock: " + failure.message);
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.key("error");
  writer.begin_object();
  writer.member("code", status_name(failure.status));
  writer.member("message", failure.message);
  if (!failure.sqlstate.empty()) writer.member("sqlstate", failure.sqlstate);
  writer.end_object();
  writer.end_object();
  print(out + "\n");
}

std::string age_text(int64_t now_ns, int64_t then_ns) { return now_ns <= then_ns ? "0s" : format_duration(now_ns - then_ns); }

}  // namespace penstock::host
