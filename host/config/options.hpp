// A plugin's options: what the TOML gives, checked against what the plugin declares, in the form the ABI wants.
#pragma once

#include "base/failure.hpp"
#include "config/definitions.hpp"

#include <penstock/options.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::host {

// Checked options with their defaults and resolved secrets: owns what penstock_options points to. Secrets are wiped from
// memory by the destructor and cannot be printed.
class ResolvedOptions {
 public:
  ResolvedOptions();
  ~ResolvedOptions();
  ResolvedOptions(ResolvedOptions&&) noexcept;
  ResolvedOptions& operator=(ResolvedOptions&&) noexcept;

  // Valid as long as this object.
  const penstock_options* get() const;

  struct Storage;

 private:
  friend Result<ResolvedOptions> resolve_options(const std::string&, const OptionInputs&, const penstock_option_desc* const*,
                                                 uint64_t);
  std::unique_ptr<Storage> storage_;
};

// Checks form: unknown names (did you mean), types, ranges, choices, required ones, literal secrets. Does not look at the
// environment or at secret files. `object` is for messages: `store "profiles"`. `also_known`: keys of the section itself,
// which an unknown name may have been meant to be.
std::vector<Problem> check_options(const std::string& object, const Location& where, const OptionInputs& given,
                                   const penstock_option_desc* const* declared, uint64_t n_declared,
                                   const std::vector<std::string_view>& also_known = {});

// The values, with secrets read now. Fails (naming the reference, never the value) when a secret is not there. The options
// must have passed check_options. `object` may be empty where the caller names it.
Result<ResolvedOptions> resolve_options(const std::string& object, const OptionInputs& given,
                                        const penstock_option_desc* const* declared, uint64_t n_declared);

// One secret, now. One line end at the end of a file is not part of it. Fails when it is not there, is empty, larger than
// 64 KiB or holds a NUL byte. The caller wipes it (wipe.hpp).
Result<std::string> read_secret(const SecretReference& reference);

}  // namespace penstock::host
