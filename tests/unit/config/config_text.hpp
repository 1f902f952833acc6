// A small good configuration to break, and its problems as text.
#pragma once

#include "config/load.hpp"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

inline std::vector<std::string> texts(const std::vector<Problem>& problems) {
  std::vector<std::string> result;
  for (const Problem& problem : problems) result.push_back(problem.text());
  return result;
}

inline std::vector<std::string> problems_of(const std::string& text) { return texts(parse_configuration({{"a.toml", text}}).problems); }

using Texts = std::vector<std::string>;

// Lines 1 to 7.
inline const std::string kBase = R"([warehouse.prod]
plugin = "postgres"
[store.profiles]
plugin = "redis"
[[batch_source]]
name = "orders"
table = "ORDERS"
)";
// Lines 8 on; the view's own keys begin at line 9.
inline const std::string kSource = kBase + "timestamp_field = \"UPDATED_AT\"\n";
inline const std::string kView = kSource + R"([[view]]
name = "users"
entity = "user_id"
batch_source = "orders"
offline = true
online = true
fields = [ { name = "A", type = "int32" } ]
)";  // the next line is 16

}  // namespace penstock::host
