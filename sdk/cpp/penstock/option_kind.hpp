// What a member of a settings struct says about its option: the option's type, how it is declared, checked and read.
#pragma once

#include <penstock/options.hpp>
#include <penstock/quantity.hpp>

#include <span>
#include <tuple>
#include <type_traits>

namespace penstock {

// Bytes, written as "64MiB".
struct ByteCount {
  int64_t value = 0;
  constexpr operator int64_t() const { return value; }
};

// A value of an enum and how people write it.
template <class E>
struct Choice {
  const char* text;
  E value;
};

// Declarations, to be written with designated initialisers. Strings must be literals; a default is written as in TOML without quotes.
// Arrays of choices must have static storage.
struct TextOption {
  const char* name;
  const char* doc;
  const char* default_value = nullptr;
  std::span<const char* const> choices = {};  // empty: any text
  bool required = false;
  bool secret = false;  // only by reference ({ env }, { file }, { credential }); never shown
};
template <class E>
struct ChoiceOption {
  const char* name;
  const char* doc;
  const char* default_value = nullptr;
  std::span<const Choice<E>> choices;
  bool required = false;
  static constexpr bool secret = false;
};
struct NumberOption {
  const char* name;
  const char* doc;
  const char* default_value = nullptr;
  int64_t min = std::numeric_limits<int64_t>::min();  // this and the greatest number: what the member's type holds
  int64_t max = std::numeric_limits<int64_t>::max();
  bool required = false;
  static constexpr bool secret = false;
};
struct DurationOption {
  const char* name;
  const char* doc;
  const char* default_value = nullptr;
  std::chrono::nanoseconds min{0};
  std::chrono::nanoseconds max = std::chrono::nanoseconds::max();
  bool required = false;
  static constexpr bool secret = false;
};
// Switches and real numbers.
struct PlainOption {
  const char* name;
  const char* doc;
  const char* default_value = nullptr;
  bool required = false;
  static constexpr bool secret = false;
};
// Lists and maps; they have no default but empty.
struct ListOption {
  const char* name;
  const char* doc;
  bool required = false;
  static constexpr bool secret = false;
  static constexpr const char* default_value = nullptr;
};

namespace detail {

constexpr void check_name(const char* name) {
  if (name == nullptr || *name < 'a' || *name > 'z') throw "an option's name is [a-z][a-z0-9_]*";
  for (const char* c = name; *c != '\0'; ++c)
    if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_')) throw "an option's name is [a-z][a-z0-9_]*";
}

constexpr const char* text_of(const char* choice) { return choice; }
template <class E>
constexpr const char* text_of(const Choice<E>& choice) {
  return choice.text;
}

template <class Choices>
constexpr void check_choices(const Choices& choices, const char* default_value) {
  bool found = default_value == nullptr;
  for (const auto& choice : choices) {
    if (text_of(choice) == nullptr) throw "a choice is a text: the array needs no NULL at its end";
    found = found || std::string_view(text_of(choice)) == default_value;
  }
  if (!found) throw "the default is not one of the choices";
}

constexpr void check_range(int64_t min, int64_t max, std::optional<int64_t> default_value) {
  if (min > max) throw "the smallest value is greater than the greatest";
  if (default_value && (*default_value < min || *default_value > max)) throw "the default is outside the range";
}

}  // namespace detail

// kType, Declaration, kEmptyWhenAbsent (else a member that may be absent is a std::optional), check(declaration) for the compiler,
// read(options, declaration).
template <class T>
struct OptionKind {
  static_assert(sizeof(T) == 0, "an option is a std::string, bool, integer, double, duration, ByteCount, enum, list or map of strings");
};

template <>
struct OptionKind<std::string> {
  static constexpr int32_t kType = PENSTOCK_OPTION_STRING;
  static constexpr bool kEmptyWhenAbsent = false;
  using Declaration = TextOption;
  static constexpr void check(const Declaration& d) {
    if (!d.choices.empty()) detail::check_choices(d.choices, d.default_value);
  }
  static std::string read(const Options& options, const Declaration& d) { return options.text(d.name); }
};

template <class E>
  requires std::is_enum_v<E>
struct OptionKind<E> {
  static constexpr int32_t kType = PENSTOCK_OPTION_STRING;
  static constexpr bool kEmptyWhenAbsent = false;
  using Declaration = ChoiceOption<E>;
  static constexpr void check(const Declaration& d) {
    if (d.choices.empty()) throw "an option that is an enum has choices";
    detail::check_choices(d.choices, d.default_value);
  }
  static E read(const Options& options, const Declaration& d) {
    for (const Choice<E>& choice : d.choices)
      if (options.text(d.name) == choice.text) return choice.value;
    throw Error(PENSTOCK_STATUS_INTERNAL, "option \"" + std::string(d.name) + "\" has a value that is none of its choices");
  }
};

template <class T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
struct OptionKind<T> {
  static constexpr int32_t kType = PENSTOCK_OPTION_INT;
  static constexpr bool kEmptyWhenAbsent = false;
  using Declaration = NumberOption;
  static constexpr std::tuple<int64_t, int64_t> range(const Declaration& d) {
    using All = std::numeric_limits<int64_t>;
    using Own = std::numeric_limits<T>;
    return {d.min == All::min() && std::in_range<int64_t>(Own::min()) ? static_cast<int64_t>(Own::min()) : d.min,
            d.max == All::max() && std::in_range<int64_t>(Own::max()) ? static_cast<int64_t>(Own::max()) : d.max};
  }
  static constexpr void check(const Declaration& d) {
    const auto [min, max] = range(d);
    if (!std::in_range<T>(min) || !std::in_range<T>(max)) throw "the member's type does not hold the range";
    detail::check_range(min, max, detail::integer_in(d.default_value));
  }
  static T read(const Options& options, const Declaration& d) {
    const int64_t value = options.integer(d.name);
    if (!std::in_range<T>(value)) throw Error(PENSTOCK_STATUS_INTERNAL, "option \"" + std::string(d.name) + "\" has a value outside its range");
    return static_cast<T>(value);
  }
};

template <>
struct OptionKind<ByteCount> {
  static constexpr int32_t kType = PENSTOCK_OPTION_SIZE;
  static constexpr bool kEmptyWhenAbsent = false;
  using Declaration = NumberOption;
  static constexpr std::tuple<int64_t, int64_t> range(const Declaration& d) { return {d.min < 0 ? 0 : d.min, d.max}; }
  static constexpr void check(const Declaration& d) {
    detail::check_range(std::get<0>(range(d)), d.max, detail::size_in(d.default_value));
  }
  static ByteCount read(const Options& options, const Declaration& d) { return {options.size(d.name)}; }
};

template <class Period>
struct OptionKind<std::chrono::duration<int64_t, Period>> {
  static constexpr int32_t kType = PENSTOCK_OPTION_DURATION;
  static constexpr bool kEmptyWhenAbsent = false;
  using Declaration = DurationOption;
  static constexpr std::tuple<int64_t, int64_t> range(const Declaration& d) { return {d.min.count(), d.max.count()}; }
  static constexpr void check(const Declaration& d) {
    detail::check_range(d.min.count(), d.max.count(), detail::duration_in(d.default_value));
  }
  // Rounded down to the member's unit.
  static std::chrono::duration<int64_t, Period> read(const Options& options, const Declaration& d) {
    return std::chrono::floor<std::chrono::duration<int64_t, Period>>(options.duration(d.name));
  }
};

template <>
struct OptionKind<bool> {
  static constexpr int32_t kType = PENSTOCK_OPTION_BOOL;
  static constexpr bool kEmptyWhenAbsent = false;
  using Declaration = PlainOption;
  static constexpr void check(const Declaration& d) {
    if (d.default_value != nullptr && std::string_view(d.default_value) != "true" && std::string_view(d.default_value) != "false")
      throw "the default of a switch is \"true\" or \"false\"";
  }
  static bool read(const Options& options, const Declaration& d) { return options.boolean(d.name); }
};

template <>
struct OptionKind<double> {
  static constexpr int32_t kType = PENSTOCK_OPTION_DOUBLE;
  static constexpr bool kEmptyWhenAbsent = false;
  using Declaration = PlainOption;
  static constexpr void check(const Declaration& d) {
    if (d.default_value != nullptr) detail::check_real(d.default_value);
  }
  static double read(const Options& options, const Declaration& d) { return options.number(d.name); }
};

template <>
struct OptionKind<std::vector<std::string>> {
  static constexpr int32_t kType = PENSTOCK_OPTION_STRING_LIST;
  static constexpr bool kEmptyWhenAbsent = true;
  using Declaration = ListOption;
  static constexpr void check(const Declaration&) {}
  static std::vector<std::string> read(const Options& options, const Declaration& d) { return options.list(d.name); }
};

template <>
struct OptionKind<std::map<std::string, std::string>> {
  static constexpr int32_t kType = PENSTOCK_OPTION_STRING_MAP;
  static constexpr bool kEmptyWhenAbsent = true;
  using Declaration = ListOption;
  static constexpr void check(const Declaration&) {}
  static std::map<std::string, std::string> read(const Options& options, const Declaration& d) {
    std::map<std::string, std::string> out;
    for (auto& [key, value] : options.map(d.name)) out.emplace(std::move(key), std::move(value));
    return out;
  }
};

}  // namespace penstock
