// A schema as a description from which the Arrow structs are made, and ways to spoil it.
#pragma once

#include "fuzz/batch_mutation.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace penstock::fuzz {

struct SchemaDraft {
  std::optional<std::string> format;
  std::optional<std::string> name;
  int64_t n_children = 0;
  std::vector<SchemaDraft> children = {};
  bool null_child_list = false;
  bool null_children = false;
  bool released = false;
  bool dictionary = false;
  int cycles = 0;  // 1: its children are the node itself
};

SchemaDraft draft_of(const Schema& schema);

// None to three.
std::vector<Mutation<SchemaDraft>> random_mutations(Chance& chance, const SchemaDraft& schema);

// The structs of a draft; each text an allocation of its own size.
class BuiltSchema {
 public:
  explicit BuiltSchema(const SchemaDraft& schema) { build(schema, &top_); }
  BuiltSchema(const BuiltSchema&) = delete;
  BuiltSchema& operator=(const BuiltSchema&) = delete;
  // Releasing it releases nothing: it lives as long as this.
  ArrowSchema* schema() { return &top_; }

 private:
  void build(const SchemaDraft& draft, ArrowSchema* out);
  const char* text(const std::optional<std::string>& text);

  ArrowSchema top_{};
  std::deque<ArrowSchema> nodes_;
  std::deque<std::vector<ArrowSchema*>> lists_;
  std::vector<std::unique_ptr<char[]>> texts_;
};

}  // namespace penstock::fuzz
