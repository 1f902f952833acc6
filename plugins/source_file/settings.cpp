#include "settings.hpp"

namespace penstock::files {

char Settings::separator() const {
  if (delimiter == "tab" || delimiter == "\\t") return '\t';
  const bool one_ascii = delimiter.size() == 1 && static_cast<unsigned char>(delimiter[0]) < 0x80;
  if (!one_ascii || delimiter[0] == '"' || delimiter[0] == '\n' || delimiter[0] == '\r' || delimiter[0] == '\0')
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT,
                "option \"delimiter\" must be one ASCII character other than a quote or a line end, or \"tab\"");
  return delimiter[0];
}

Settings checked(Settings settings) {
  std::string& path = settings.path;
  if (path.empty() || path.find('\0') != std::string::npos)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "option \"path\" must name a file or a folder");
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  settings.separator();
  if (settings.max_field_bytes > settings.max_row_bytes)
    throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "option \"max_field_bytes\" is larger than \"max_row_bytes\"");
  return settings;
}

}  // namespace penstock::files
