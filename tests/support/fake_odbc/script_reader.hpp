// The members of a JSON object, of which none may be unknown.
#pragma once

#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::fake_odbc {

template <class T>
T pick(const std::map<std::string, T>& known, const std::string& name) {
  const auto found = known.find(name);
  if (found == known.end()) throw std::runtime_error("\"" + name + "\" is not known here");
  return found->second;
}

class Members {
 public:
  // `value` must live as long as this.
  Members(const boost::json::value& value, std::initializer_list<std::string_view> known) : object_(value.as_object()) {
    for (const auto& member : object_) {
      bool is_known = false;
      for (const std::string_view name : known) is_known = is_known || member.key() == name;
      if (!is_known) throw std::runtime_error("member \"" + std::string(member.key()) + "\" is not known here");
    }
  }

  const boost::json::value* find(std::string_view name) const { return object_.if_contains(name); }
  const boost::json::value& at(std::string_view name) const { return object_.at(name); }
  std::string text(std::string_view name, std::string otherwise = {}) const {
    const boost::json::value* value = find(name);
    return value == nullptr ? otherwise : std::string(value->as_string());
  }
  int64_t integer(std::string_view name, int64_t otherwise) const {
    const boost::json::value* value = find(name);
    return value == nullptr ? otherwise : value->to_number<int64_t>();
  }
  bool boolean(std::string_view name, bool otherwise) const {
    const boost::json::value* value = find(name);
    return value == nullptr ? otherwise : value->as_bool();
  }
  template <class T, class From>
  std::vector<T> list(std::string_view name, From from) const {
    std::vector<T> out;
    if (const boost::json::value* value = find(name))
      for (const boost::json::value& element : value->as_array()) out.push_back(from(element));
    return out;
  }
  std::vector<std::string> texts(std::string_view name) const {
    return list<std::string>(name, [](const boost::json::value& value) { return std::string(value.as_string()); });
  }
  std::map<std::string, std::string> text_map(std::string_view name) const {
    std::map<std::string, std::string> out;
    if (const boost::json::value* value = find(name))
      for (const auto& member : value->as_object()) out[std::string(member.key())] = std::string(member.value().as_string());
    return out;
  }

 private:
  const boost::json::object& object_;
};

}  // namespace penstock::fake_odbc
