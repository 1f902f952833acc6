#include "config/options.hpp"

#include "config/names.hpp"
#include "config/option_value.hpp"
#include "config/wipe.hpp"

#include <algorithm>
#include <deque>
#include <tuple>

namespace penstock::host {
namespace {

std::vector<const penstock_option_desc*> usable(const penstock_option_desc* const* declared, uint64_t n_declared) {
  std::vector<const penstock_option_desc*> result;
  for (uint64_t i = 0; declared != nullptr && i < n_declared; ++i) {
    if (declared[i] != nullptr && declared[i]->name != nullptr) result.push_back(declared[i]);
  }
  return result;
}

bool is_required(const penstock_option_desc& declared) { return (declared.flags & PENSTOCK_OPTION_REQUIRED) != 0; }

penstock_str as_str(std::string_view text) { return {text.data(), text.size()}; }

// What there is to hand over for a declared option: what was given, else its default, else nothing.
std::optional<std::variant<OptionValue, std::string>> value_of(const penstock_option_desc& declared,
                                                               const OptionInputs& given) {
  const auto found = given.find(declared.name);
  if (found == given.end()) return default_option_value(declared);
  return to_option_value(declared, found->second);
}

}  // namespace

struct ResolvedOptions::Storage {
  // Deques: what the ABI structs point to must not move.
  std::deque<std::string> texts;
  std::deque<WipedText> secrets;
  std::deque<std::vector<penstock_str>> lists;
  std::deque<penstock_option_value> values;
  std::vector<const penstock_option_value*> pointers;
  penstock_options options{sizeof(penstock_options), 0, nullptr, 0};

  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }

  void add(const penstock_option_desc& declared, OptionValue value, std::string_view text) {
    penstock_option_value& out = values.emplace_back();
    out.struct_size = sizeof out;
    out.type = declared.type;
    out.name = as_str(keep(declared.name));
    out.integer = value.integer;
    out.number = value.number;
    out.text = as_str(text);
    auto& list = lists.emplace_back();
    for (std::string& item : value.list) list.push_back(as_str(keep(std::move(item))));
    out.list = list.data();
    out.n_list = list.size();
    pointers.push_back(&out);
    options.values = pointers.data();
    options.n_values = pointers.size();
  }
};

ResolvedOptions::ResolvedOptions() : storage_(std::make_unique<Storage>()) {}
ResolvedOptions::~ResolvedOptions() = default;
ResolvedOptions::ResolvedOptions(ResolvedOptions&&) noexcept = default;
ResolvedOptions& ResolvedOptions::operator=(ResolvedOptions&&) noexcept = default;

const penstock_options* ResolvedOptions::get() const { return storage_ == nullptr ? nullptr : &storage_->options; }

std::vector<Problem> check_options(const std::string& object, const Location& where, const OptionInputs& given,
                                   const penstock_option_desc* const* declared, uint64_t n_declared,
                                   const std::vector<std::string_view>& also_known) {
  const auto options = usable(declared, n_declared);
  std::vector<std::string_view> names;
  for (const auto* option : options) names.emplace_back(option->name);
  std::vector<std::string_view> near = names;
  near.insert(near.end(), also_known.begin(), also_known.end());
  std::vector<Problem> problems;
  for (const auto& [name, input] : given) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      problems.push_back({input.where, object, "unknown option " + in_quotes(name) + suggestion(name, near)});
  }
  for (const auto* option : options) {
    const auto found = given.find(option->name);
    const auto value = value_of(*option, given);
    if (!value && is_required(*option)) {
      problems.push_back({where, object, "option " + in_quotes(option->name) + " is missing"});
    } else if (value && std::holds_alternative<std::string>(*value)) {
      problems.push_back({found == given.end() ? where : found->second.where, object,
                          std::string(option->name) + ": " + std::get<std::string>(*value)});
    }
  }
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.where.file, a.where.line, a.where.column) < std::tie(b.where.file, b.where.line, b.where.column);
  });
  return problems;
}

Result<ResolvedOptions> resolve_options(const std::string& object, const OptionInputs& given,
                                        const penstock_option_desc* const* declared, uint64_t n_declared) {
  ResolvedOptions resolved;
  const std::string prefix = object.empty() ? object : object + ": ";
  for (const auto* option : usable(declared, n_declared)) {
    auto outcome = value_of(*option, given);
    const std::string context = prefix + option->name;
    if (!outcome) {
      if (is_required(*option)) return invalid(prefix + "option " + in_quotes(option->name) + " is missing");
      continue;
    }
    if (const auto* message = std::get_if<std::string>(&*outcome)) return invalid(context + ": " + *message);
    OptionValue& value = std::get<OptionValue>(*outcome);
    if (!value.reference) {
      const auto text = resolved.storage_->keep(std::move(value.text));
      resolved.storage_->add(*option, std::move(value), text);
      continue;
    }
    auto secret = read_secret(*value.reference);
    if (!secret) return std::move(secret.failure()).in(context);
    const auto text = resolved.storage_->secrets.emplace_back(*secret).view();
    const bool refused = refused_choice(*option, *secret).has_value();
    wipe(*secret);
    // The value is not repeated: it came by reference.
    if (refused) return invalid(context + ": the value of the reference is not one of the choices");
    resolved.storage_->add(*option, std::move(value), text);
  }
  return resolved;
}

}  // namespace penstock::host
