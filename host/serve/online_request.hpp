// The body of POST /api/v1/get-online-attributes, understood.
//
//   {"attribute_keys": {"domain_userid": ["u1", "u2"]}, "attributes": ["view_v1:field", …]}
//   {"attribute_keys": {"domain_userid": ["u1"]}, "service": "name"}
//
// `entities` may be said for `attribute_keys`. One key name with 1 to 100 identifiers: strings, or integers (their decimal
// text), or for an entity of several columns arrays of those, one part a column.
// Two members are ours: `"metadata": true` adds the age of the profiles; `"qualified_names": true` names the columns of the
// answer "view_v1:field" instead of "field". Without it, two attributes of the same field name are refused.
#pragma once

#include "base/failure.hpp"
#include "config/definitions.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

inline constexpr size_t kMaxIdentifiers = 100;
inline constexpr size_t kMaxIdentifierBytes = 1024;  // of one, encoded
inline constexpr size_t kMaxAttributes = 1000;
inline constexpr size_t kMaxReadJsonDepth = 16;

struct OnlineRequest {
  std::string entity;
  std::vector<std::string> keys;  // encoded
  std::string identifiers_json;   // the array as it was asked, for the answer

  struct ViewPart {
    const View* view;  // of the configuration
    std::vector<std::string> fields;
  };
  std::vector<ViewPart> views;  // in the order of their first attribute

  struct Column {
    std::string name;  // in the answer
    size_t view;       // in views
    size_t field;      // in its fields
  };
  std::vector<Column> columns;  // in the order asked; nothing twice

  bool metadata = false;
};

// Points into `configuration`. INVALID_ARGUMENT for what is malformed or does not go together, NOT_FOUND for a view, version,
// field, service or entity that is not configured; with what was probably meant.
Result<OnlineRequest> parse_online_request(const Configuration& configuration, std::string_view body);

}  // namespace penstock::host
