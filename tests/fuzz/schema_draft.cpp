#include "fuzz/schema_draft.hpp"

#include <cstring>
#include <limits>

namespace penstock::fuzz {
namespace {

constexpr const char* kFormats[] = {
    "n",    "b",    "l",            "u",         "z",            "U",      "Z",    "e",      "vu",         "+l",         "+L", "+s",    "+m",
    "+w:3", "+r",   "w:0",          "w:1",       "w:-1",         "w:",     "w:4294967297",   "w:1048577",  "w:2147483648", "w:5 ",
    "d:0,0", "d:39,0", "d:10",      "d:10,2",    "d:10,2,128",   "d:10,2,256", "d:,",        "d:1,-39",    "tdD",        "tdm", "tts",
    "tss:", "tsn:UTC", "tsx:UTC",   "ts",        "tsu:\x01",     "tsu:\xff",  "",           "\xff",       "i\n"};
constexpr const char* kNames[] = {"", "k", "at", "c0", "\xff", "\x1b[31m", "Grüße", "a name with spaces"};

Field item_of(const Field& field) { return field.children.empty() ? Field{} : field.children[0]; }

SchemaDraft draft_of(const Field& field) {
  SchemaDraft draft{arrow_format(field), field.name};
  if (field.type == Type::list) draft.children.push_back(draft_of(item_of(field)));
  draft.n_children = static_cast<int64_t>(draft.children.size());
  return draft;
}

std::vector<size_t> random_steps(Chance& chance, const SchemaDraft& schema) {
  std::vector<size_t> steps;
  for (const SchemaDraft* node = &schema; !node->children.empty() && !chance.one_in(6);) {
    steps.push_back(static_cast<size_t>(chance.below(static_cast<int64_t>(node->children.size()))));
    node = &node->children[steps.back()];
  }
  return steps;
}

std::string random_format(Chance& chance) {
  std::string format = kFormats[chance.below(std::size(kFormats))];
  if (chance.one_in(20)) format.assign(static_cast<size_t>(chance.between(250, 260)), 'x');
  return format;
}

}  // namespace

SchemaDraft draft_of(const Schema& schema) {
  SchemaDraft draft{"+s", ""};
  for (const Field& field : schema) draft.children.push_back(draft_of(field));
  draft.n_children = static_cast<int64_t>(schema.size());
  return draft;
}

std::vector<Mutation<SchemaDraft>> random_mutations(Chance& chance, const SchemaDraft& schema) {
  std::vector<Mutation<SchemaDraft>> mutations;
  for (int64_t left = chance.one_in(2) ? 0 : chance.between(1, 3); left > 0; --left) {
    const std::vector<size_t> steps = random_steps(chance, schema);
    std::string where = "schema";
    for (const size_t step : steps) where += "/" + std::to_string(step);
    const auto on_node = [&](const std::string& what, std::function<void(SchemaDraft&)> change) {
      mutations.push_back({where + ": " + what, [steps, change = std::move(change)](SchemaDraft& top) {
                             SchemaDraft* node = &top;
                             for (const size_t step : steps) node = &node->children[step];
                             change(*node);
                           }});
    };
    const int64_t numbers[] = {0, 1, 2, -1, 4096, 4097, std::numeric_limits<int64_t>::max()};
    switch (chance.below(12)) {
      case 0: on_node("no format", [](SchemaDraft& n) { n.format.reset(); }); break;
      case 1: on_node("no name", [](SchemaDraft& n) { n.name.reset(); }); break;
      case 2: on_node("children = NULL", [](SchemaDraft& n) { n.null_child_list = true; }); break;
      case 3: on_node("each child = NULL", [](SchemaDraft& n) { n.null_children = true; }); break;
      case 4: on_node("released", [](SchemaDraft& n) { n.released = true; }); break;
      case 5: on_node("a dictionary", [](SchemaDraft& n) { n.dictionary = true; }); break;
      case 6: on_node("its own child", [](SchemaDraft& n) { n.cycles = 1; }); break;
      case 7: {
        // More children than there are would be a claim that nobody can check.
        const int64_t number = numbers[chance.below(std::size(numbers))];
        on_node("n_children = " + std::to_string(number), [number](SchemaDraft& n) {
          if (number < 0 || number > 4096 || number <= static_cast<int64_t>(n.children.size())) n.n_children = number;
        });
        break;
      }
      case 8: {
        std::string name = kNames[chance.below(std::size(kNames))];
        if (chance.one_in(10)) name.assign(static_cast<size_t>(chance.between(1020, 1030)), 'n');
        on_node("name = " + name, [name](SchemaDraft& n) { n.name = name; });
        break;
      }
      default: {
        const std::string format = random_format(chance);
        on_node("format = " + format, [format](SchemaDraft& n) { n.format = format; });
      }
    }
  }
  return mutations;
}

const char* BuiltSchema::text(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  texts_.push_back(std::make_unique<char[]>(text->size() + 1));
  std::memcpy(texts_.back().get(), text->c_str(), text->size() + 1);
  return texts_.back().get();
}

void BuiltSchema::build(const SchemaDraft& draft, ArrowSchema* out) {
  auto& list = lists_.emplace_back();
  for (const SchemaDraft& child : draft.children) {
    ArrowSchema& node = nodes_.emplace_back();
    build(child, &node);
    list.push_back(draft.null_children ? nullptr : draft.cycles > 0 ? out : &node);
  }
  *out = {};
  out->format = text(draft.format);
  out->name = text(draft.name);
  out->flags = ARROW_FLAG_NULLABLE;
  out->n_children = draft.n_children;
  out->children = draft.null_child_list ? nullptr : list.data();
  out->dictionary = draft.dictionary ? &top_ : nullptr;
  if (!draft.released) out->release = [](ArrowSchema* schema) { schema->release = nullptr; };
}

}  // namespace penstock::fuzz
