#include "conformance/report.hpp"

#include "base/json_writer.hpp"
#include "plugin/printable.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxShown = 4096;
constexpr std::chrono::seconds kSlow(1);  // from here on a check's time is shown
constexpr Verdict kVerdicts[] = {Verdict::pass, Verdict::warn, Verdict::fail, Verdict::crash, Verdict::timeout, Verdict::skip};

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

std::string shown(const std::string& text) { return printable(text, kMaxShown); }

std::string decimal(double value) {
  char digits[64];
  std::snprintf(digits, sizeof digits, "%.3g", value);
  if (value >= 1000) std::snprintf(digits, sizeof digits, "%.0f", value);
  return digits;
}

// Its own lines, each after the indent.
std::string indented(const std::string& text, const std::string& indent) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += indent + printable(std::string_view(text).substr(at, end - at), kMaxShown) + "\n";
    at = end + 1;
  }
  return out;
}

std::string expectation(const Outcome& outcome, const Finding& finding) { return finding.expected.empty() ? outcome.promise : finding.expected; }

std::string lowered(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : printable(text, kMaxShown, Lines::keep)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string junit_time(std::chrono::nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds(time));
  return text;
}

// <failure>, <error>, <skipped>; nothing for what passed.
std::string junit_result(const Outcome& outcome) {
  if (outcome.verdict == Verdict::pass || outcome.verdict == Verdict::warn) return {};
  const char* element = outcome.verdict == Verdict::skip ? "skipped" : outcome.verdict == Verdict::fail ? "failure" : "error";
  std::string text;
  for (const Finding& finding : outcome.findings) text += (text.empty() ? "" : "; ") + finding.seen;
  std::string out = std::string("      <") + element + " message=\"" + xml(text) + "\"";
  if (outcome.verdict == Verdict::skip) return out + "/>\n";
  out += " type=\"" + std::string(verdict_name(outcome.verdict)) + "\">";
  for (const Finding& finding : outcome.findings) out += "expected: " + xml(expectation(outcome, finding)) + "\nseen: " + xml(finding.seen) + "\n";
  return out + "rule: " + xml(outcome.rule) + "</" + element + ">\n";
}

void write_outcome(JsonWriter& writer, const Outcome& outcome) {
  writer.begin_object();
  writer.member("check", outcome.check);
  if (!outcome.component.empty()) writer.member("component", outcome.component);
  writer.member("verdict", lowered(verdict_name(outcome.verdict)));
  writer.member("promise", outcome.promise);
  writer.member("rule", outcome.rule);
  writer.key("findings");
  writer.begin_array();
  for (const Finding& finding : outcome.findings) {
    writer.begin_object();
    writer.member("verdict", lowered(verdict_name(finding.verdict)));
    if (finding.verdict != Verdict::skip) writer.member("expected", expectation(outcome, finding));
    writer.member("seen", finding.seen);
    writer.end_object();
  }
  writer.end_array();
  writer.key("measures");
  writer.begin_array();
  for (const Measure& measure : outcome.measures) {
    writer.begin_object();
    writer.member("name", measure.name);
    writer.key("value");
    writer.number(measure.value);
    writer.member("unit", measure.unit);
    writer.end_object();
  }
  writer.end_array();
  if (!outcome.output.empty()) writer.member("output", printable(outcome.output, kMaxShown, Lines::keep));
  writer.key("seconds");
  writer.number(seconds(outcome.took));
  writer.end_object();
}

std::chrono::nanoseconds total(const SuiteReport& report) {
  std::chrono::nanoseconds sum{0};
  for (const Outcome& outcome : report.outcomes) sum += outcome.took;
  return sum;
}

}  // namespace

std::string head_text(const SuiteSettings& settings, const PluginFacts& plugin) {
  std::string out = settings.plugin.string() + ": ";
  if (plugin.id.empty()) out += "cannot be loaded";
  else out += plugin.id + " " + plugin.version + ", plugin ABI " + plugin.abi;
  for (const ComponentName& component : plugin.components) out += ", " + component.label();
  return out + "; seed " + std::to_string(settings.seed) + "\n";
}

std::string outcome_text(const Outcome& outcome) {
  std::string name = outcome.check;
  if (!outcome.component.empty()) name += " (" + outcome.component + ")";
  std::string line(verdict_name(outcome.verdict));
  line.resize(8, ' ');
  line += name;
  if (outcome.verdict == Verdict::skip) return line + ": " + shown(outcome.findings.front().seen) + "\n";
  for (const Measure& measure : outcome.measures)
    line += (&measure == &outcome.measures.front() ? ": " : ", ") + measure.name + " " + decimal(measure.value) + (measure.unit.empty() ? "" : " " + measure.unit);
  if (outcome.took >= kSlow) line += " (" + decimal(seconds(outcome.took)) + " s)";
  line += "\n";
  for (const Finding& finding : outcome.findings) {
    line += "        expected: " + shown(expectation(outcome, finding)) + "\n";
    line += "        seen:     " + shown(finding.seen) + "\n";
  }
  if (!outcome.findings.empty()) line += "        rule:     " + outcome.rule + "\n";
  if (!outcome.output.empty()) line += "        output:\n" + indented(outcome.output, "          ");
  return line;
}

std::string summary_text(const SuiteReport& report) {
  constexpr const char* kWords[] = {"passed", "warned", "failed", "crashed", "timed out", "skipped"};
  std::string out = std::to_string(report.outcomes.size()) + " checks: ";
  bool first = true;
  for (size_t i = 0; i < std::size(kVerdicts); ++i) {
    const size_t count = report.count(kVerdicts[i]);
    if (count == 0) continue;
    out += (first ? "" : ", ") + std::to_string(count) + " " + kWords[i];
    first = false;
  }
  return out + " (" + decimal(seconds(total(report))) + " s)\n";
}

std::string report_json(const SuiteSettings& settings, const SuiteReport& report) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.member("file", settings.plugin.string());
  writer.member("id", report.plugin.id);
  writer.member("version", report.plugin.version);
  writer.member("abi", report.plugin.abi);
  writer.key("components");
  writer.begin_array();
  for (const ComponentName& component : report.plugin.components) writer.string(component.label());
  writer.end_array();
  writer.member("seed", static_cast<int64_t>(settings.seed));
  writer.key("checks");
  writer.begin_array();
  for (const Outcome& outcome : report.outcomes) write_outcome(writer, outcome);
  writer.end_array();
  writer.key("summary");
  writer.begin_object();
  for (const Verdict verdict : kVerdicts) writer.member(lowered(verdict_name(verdict)), static_cast<int64_t>(report.count(verdict)));
  writer.key("good");
  writer.boolean(report.good());
  writer.key("seconds");
  writer.number(seconds(total(report)));
  writer.end_object();
  writer.end_object();
  return out + "\n";
}

std::string report_junit(const SuiteSettings& settings, const SuiteReport& report) {
  const std::string name = settings.plugin.filename().string();
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"" + xml(name) + "\" tests=\"" +
                    std::to_string(report.outcomes.size()) + "\" failures=\"" + std::to_string(report.count(Verdict::fail)) + "\" errors=\"" +
                    std::to_string(report.count(Verdict::crash) + report.count(Verdict::timeout)) + "\" skipped=\"" +
                    std::to_string(report.count(Verdict::skip)) + "\" time=\"" + junit_time(total(report)) + "\">\n";
  for (const Outcome& outcome : report.outcomes) {
    out += "    <testcase classname=\"" + xml(outcome.component.empty() ? name : outcome.component) + "\" name=\"" + xml(outcome.check) + "\" time=\"" +
           junit_time(outcome.took) + "\">\n" + junit_result(outcome);
    std::string notes;
    if (outcome.verdict == Verdict::warn)
      for (const Finding& finding : outcome.findings) notes += "warning: " + finding.seen + "\n";
    for (const Measure& measure : outcome.measures) notes += measure.name + ": " + decimal(measure.value) + " " + measure.unit + "\n";
    notes += outcome.output;
    if (!notes.empty()) out += "      <system-out>" + xml(notes) + "</system-out>\n";
    out += "    </testcase>\n";
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace penstock::host::conformance
