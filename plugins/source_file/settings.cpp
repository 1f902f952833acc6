#include "settings.hpp"

namespace penstock::files {
namespace {

char delimiter_from(const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  const bool one_ascii = text.size() == 1 && static_cast<unsigned char>(text[0]) < 0x80;
  if (!one_ascii || text[0] == '"' || text[0] == '\n' || text[0] == '\r' || text[0] == '\0')
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                "option \"delimiter\" must be one ASCII character other than a quote or a line end, or \"tab\"");
  return text[0];
}

}  // namespace

Settings Settings::from(const Options& options) {
  Settings out;
  out.path = options.text("path");
  if (out.path.empty() || out.path.find('\0') != std::string::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "option \"path\" must name a file or a folder");
  while (out.path.size() > 1 && out.path.back() == '/') out.path.pop_back();
  const std::string& format = options.text("format");
  out.format = format == "csv" ? Format::csv : format == "ndjson" ? Format::ndjson : Format::automatic;
  out.delimiter = delimiter_from(options.text("delimiter"));
  out.null_text = options.text("null_text");
  out.settle_ns = options.duration("settle").count();
  const std::string& appended = options.text("appended");
  out.appended = appended == "trust" ? Appended::trust : appended == "reread" ? Appended::reread : Appended::verify;
  out.max_field_bytes = options.size("max_field_bytes");
  out.max_row_bytes = options.size("max_row_bytes");
  if (out.max_field_bytes > out.max_row_bytes)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "option \"max_field_bytes\" is larger than \"max_row_bytes\"");
  return out;
}

TableSettings TableSettings::from(const Options& options) {
  TableSettings out;
  if (options.has("types"))
    for (auto& [column, type] : options.map("types")) out.types.emplace(column, type);
  out.skip_bad_rows = options.has("on_bad_row") && options.text("on_bad_row") == "skip";
  return out;
}

}  // namespace penstock::files
