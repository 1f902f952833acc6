// Options as the members of a struct: one declaration an option, from which come the table that the host sees and the struct's
// value. What does not fit together does not compile.
//
//   struct Settings {
//     std::string path;
//     std::chrono::nanoseconds timeout;
//     std::optional<std::string> password;
//   };
//   static constexpr auto kOptions = penstock::options_of(
//       penstock::bound<&Settings::path>({.name = "path", .doc = "The file.", .required = true}),
//       penstock::bound<&Settings::timeout>({.name = "timeout", .doc = "Without an answer.", .default_value = "5s", .min = 1ms, .max = 1h}),
//       penstock::bound<&Settings::password>({.name = "password", .doc = "Of the user.", .secret = true}));
//
// An option with a default, or required, is a plain member; one that may be absent is a std::optional, or a list or map, which then is
// empty. The member's type decides about the option's:
//   std::string · bool · any integer · double · a std::chrono duration · ByteCount ("64MiB") · an enum, with choices ·
//   std::vector<std::string> · std::map<std::string, std::string>
#pragma once

#include <penstock/option_kind.hpp>

#include <array>
#include <tuple>

namespace penstock {

namespace detail {

template <class Pointer>
struct MemberOf;
template <class S, class M>
struct MemberOf<M S::*> {
  using Settings = S;
  using Member = M;
};

template <class T>
struct Plain {
  using Type = T;
  static constexpr bool kOptional = false;
};
template <class T>
struct Plain<std::optional<T>> {
  using Type = T;
  static constexpr bool kOptional = true;
};

}  // namespace detail

// An option and the member that it fills.
template <auto Pointer>
struct BoundOption {
  using Settings = typename detail::MemberOf<decltype(Pointer)>::Settings;
  using Member = typename detail::MemberOf<decltype(Pointer)>::Member;
  using Value = typename detail::Plain<Member>::Type;
  using Kind = OptionKind<Value>;
  static constexpr bool kOptional = detail::Plain<Member>::kOptional;

  typename Kind::Declaration declaration;

  void fill(const Options& options, Settings& out) const {
    constexpr bool may_be_absent = kOptional || Kind::kEmptyWhenAbsent;
    if (!may_be_absent || options.has(declaration.name)) out.*Pointer = Kind::read(options, declaration);
  }
};

// Declares the option of a member. Refused at compile time: a default outside the range, not among the choices or not of the type's
// form; a secret or required option with a default; a range that the member's type does not hold; an option that may be absent, but
// has a member that cannot be.
template <auto Pointer>
consteval BoundOption<Pointer> bound(typename BoundOption<Pointer>::Kind::Declaration declaration) {
  using Bound = BoundOption<Pointer>;
  detail::check_name(declaration.name);
  if (declaration.doc == nullptr || *declaration.doc == '\0') throw "an option has a doc: one sentence for people";
  const bool has_default = declaration.default_value != nullptr;
  if (declaration.required && has_default) throw "a required option has no default";
  if (declaration.secret && has_default) throw "a secret option has no default";
  if (Bound::kOptional && declaration.required) throw "a required option is always there: its member is no std::optional";
  if (Bound::kOptional && has_default) throw "an option with a default is always there: its member is no std::optional";
  if (!Bound::kOptional && !declaration.required && !has_default && !Bound::Kind::kEmptyWhenAbsent)
    throw "an option that may be absent needs a std::optional";
  Bound::Kind::check(declaration);
  return {declaration};
}

// The options of a struct, in the order of documents.
template <class... Bound>
struct OptionSet {
  using Settings = typename std::tuple_element_t<0, std::tuple<Bound...>>::Settings;
  static_assert((std::is_same_v<Settings, typename Bound::Settings> && ...), "the options are of one struct");

  std::tuple<Bound...> options;

  // The struct with the values given and the defaults. Throws INTERNAL when the host has left out what it must not.
  Settings read(const Options& values) const {
    Settings out{};
    std::apply([&](const Bound&... option) { (option.fill(values, out), ...); }, options);
    return out;
  }
};

template <class... Bound>
consteval OptionSet<Bound...> options_of(Bound... options) {
  const std::string_view names[] = {options.declaration.name...};
  for (size_t i = 0; i < sizeof...(options); ++i)
    for (size_t k = 0; k < i; ++k)
      if (names[i] == names[k]) throw "two options have the same name";
  return {{options...}};
}

namespace detail {

template <class T>
concept IsOptionSet = requires(const std::remove_cvref_t<T>& set) { set.options; };

// The C table of a set with static storage.
template <const auto& Set>
struct OptionTable {
  template <size_t I>
  static constexpr auto kChoices = [] {
    constexpr auto& declaration = std::get<I>(Set.options).declaration;
    if constexpr (requires { declaration.choices.size(); }) {
      std::array<const char*, declaration.choices.size() + 1> texts{};
      for (size_t i = 0; i < declaration.choices.size(); ++i) texts[i] = text_of(declaration.choices[i]);
      return texts;
    } else {
      return std::array<const char*, 1>{};
    }
  }();

  template <size_t I>
  static constexpr penstock_option_desc describe() {
    using Kind = typename std::tuple_element_t<I, std::remove_cvref_t<decltype(Set.options)>>::Kind;
    constexpr auto& declaration = std::get<I>(Set.options).declaration;
    penstock_option_desc out = option(Kind::kType, declaration.name, declaration.doc, declaration.default_value);
    if (declaration.required) out.flags |= kRequired;
    if (declaration.secret) out.flags |= kSecret;
    if constexpr (requires { declaration.min; }) std::tie(out.min, out.max) = Kind::range(declaration);
    if constexpr (kChoices<I>.size() > 1) out.choices = kChoices<I>.data();
    return out;
  }

  static constexpr auto kDescs = []<size_t... I>(std::index_sequence<I...>) {
    return std::array<penstock_option_desc, sizeof...(I)>{describe<I>()...};
  }(std::make_index_sequence<std::tuple_size_v<std::remove_cvref_t<decltype(Set.options)>>>{});

  static constexpr auto kPointers = [] {
    std::array<const penstock_option_desc*, kDescs.size()> out{};
    for (size_t i = 0; i < out.size(); ++i) out[i] = &kDescs[i];
    return out;
  }();
};

// What a component's constructor and validate take: its settings struct, or Options where it has declared none.
template <class T>
auto settings_of(const penstock_options* values) {
  if constexpr (requires { requires IsOptionSet<decltype(T::kOptions)>; })
    return T::kOptions.read(Options(values));
  else
    return Options(values);
}

}  // namespace detail
}  // namespace penstock
