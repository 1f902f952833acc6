#include "fuzz/batch_mutation.hpp"

#include <limits>

namespace penstock::fuzz {
namespace {

constexpr const char* kTexts[] = {"", "a", "seven", "Grüße", "\xf0\x9f\x9a\xb0", "1.50", "2026-01-01T00:00:00Z",
                                  "[1,2]", "[\"x\",null]", "true"};

Field random_field(Chance& chance, std::string name, int depth) {
  Field field{std::move(name)};
  field.type = static_cast<Type>(chance.below(static_cast<int64_t>(Type::list) + (depth < 2 ? 1 : 0)));
  if (field.type == Type::decimal128) {
    field.precision = static_cast<int32_t>(chance.between(1, 38));
    field.scale = static_cast<int32_t>(chance.between(-2, 10));
  }
  if (field.type == Type::fixed_binary) field.width = static_cast<int32_t>(chance.between(1, 9));
  if (field.type >= Type::timestamp_s && field.type <= Type::timestamp_ns && chance.one_in(2)) field.timezone = "UTC";
  if (field.type == Type::list) field.children.push_back(random_field(chance, "item", depth + 1));
  return field;
}

NodeDraft random_column(Chance& chance, const Field& field, int64_t length) {
  NodeDraft draft{field};
  draft.length = length;
  draft.offset = chance.one_in(2) ? 0 : chance.between(1, 70);
  draft.base_rows = draft.offset + length;
  if (field.type == Type::null) {
    draft.null_count = length;
    return draft;
  }
  draft.has_bitmap = chance.one_in(2);
  for (int64_t i = 0; i < draft.base_rows; ++i) {
    draft.nulls.push_back(draft.has_bitmap && chance.one_in(4));
    if (draft.nulls.back() && i >= draft.offset) ++draft.null_count;
  }
  if (chance.one_in(4)) draft.null_count = -1;
  draft.n_buffers = field.type == Type::list ? 2 : has_offsets(field) ? 3 : 2;
  if (has_offsets(field)) {
    // What lies before the first offset is outside.
    draft.offsets.push_back(static_cast<int32_t>(chance.one_in(2) ? 0 : chance.between(1, 5)));
    draft.data.assign(static_cast<size_t>(draft.offsets[0]), '\xff');
    for (int64_t i = 0; i < draft.base_rows; ++i) {
      const std::string text = kTexts[chance.below(std::size(kTexts))];
      draft.data += text;
      const auto size = field.type == Type::list ? chance.below(4) : static_cast<int64_t>(text.size());
      draft.offsets.push_back(draft.offsets.back() + static_cast<int32_t>(size));
    }
  } else {
    for (int64_t i = 0; i < draft.base_rows * value_width(field) + 8; ++i) draft.data += static_cast<char>(chance.next());
  }
  if (field.type == Type::list) {
    draft.children.push_back(random_column(chance, field.children[0], draft.offsets.back() + chance.below(3)));
    draft.n_children = 1;
  }
  return draft;
}

// Nothing between kMostRows and what a length may be at most: that would be a claim that the fuzzer cannot back with memory.
int64_t odd_number(Chance& chance, int64_t now) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const int64_t numbers[] = {0, 1, -1, -2, now + 1, now - 1, now * 2, now + 8, kMost, kMost - 1, -kMost - 1, (int64_t{1} << 31) + 1,
                             chance.between(-20, 100)};
  return numbers[chance.below(std::size(numbers))];
}

int32_t odd_offset(Chance& chance, int32_t now) {
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  const int32_t numbers[] = {0, -1, kMost, -kMost - 1, now + 1, now - 1, static_cast<int32_t>(chance.between(-20, 200))};
  return numbers[chance.below(std::size(numbers))];
}

// The node that a path of child numbers leads to; a mutation before may have taken it away.
struct Path {
  std::vector<size_t> steps;
  NodeDraft* in(NodeDraft& batch) const {
    NodeDraft* node = &batch;
    for (const size_t step : steps) {
      if (step >= node->children.size()) return nullptr;
      node = &node->children[step];
    }
    return node;
  }
  std::string text() const {
    std::string out = "batch";
    for (const size_t step : steps) out += "/" + std::to_string(step);
    return out;
  }
};

Path random_path(Chance& chance, const NodeDraft& batch) {
  Path path;
  for (const NodeDraft* node = &batch; !node->children.empty() && !chance.one_in(5);) {
    path.steps.push_back(static_cast<size_t>(chance.below(static_cast<int64_t>(node->children.size()))));
    node = &node->children[path.steps.back()];
  }
  return path;
}

Mutation<NodeDraft> on_node(const Path& path, const std::string& what, std::function<void(NodeDraft&)> change) {
  return {path.text() + ": " + what, [path, change = std::move(change)](NodeDraft& batch) {
            if (NodeDraft* node = path.in(batch)) change(*node);
          }};
}

Mutation<NodeDraft> number_mutation(Chance& chance, const Path& path, const NodeDraft& node) {
  const std::pair<const char*, int64_t NodeDraft::*> fields[] = {{"length", &NodeDraft::length},
                                                                 {"offset", &NodeDraft::offset},
                                                                 {"null_count", &NodeDraft::null_count},
                                                                 {"n_buffers", &NodeDraft::n_buffers},
                                                                 {"n_children", &NodeDraft::n_children}};
  const auto [name, member] = fields[chance.below(std::size(fields))];
  const int64_t number = odd_number(chance, node.*member);
  return on_node(path, std::string(name) + " = " + std::to_string(number), [member = member, number](NodeDraft& n) { n.*member = number; });
}

Mutation<NodeDraft> pointer_mutation(Chance& chance, const Path& path) {
  const std::pair<const char*, bool NodeDraft::*> flags[] = {{"buffers = NULL", &NodeDraft::null_buffer_list},
                                                             {"children = NULL", &NodeDraft::null_child_list},
                                                             {"each child = NULL", &NodeDraft::null_children},
                                                             {"offsets misaligned", &NodeDraft::misaligned},
                                                             {"released", &NodeDraft::released},
                                                             {"a dictionary", &NodeDraft::dictionary}};
  if (chance.one_in(3)) {
    const auto buffer = static_cast<uint32_t>(chance.below(3));
    return on_node(path, "buffers[" + std::to_string(buffer) + "] = NULL", [buffer](NodeDraft& n) { n.null_buffers |= 1u << buffer; });
  }
  const auto [name, member] = flags[chance.below(std::size(flags))];
  return on_node(path, name, [member = member](NodeDraft& n) { n.*member = true; });
}

Mutation<NodeDraft> content_mutation(Chance& chance, const Path& path, const NodeDraft& node) {
  if (!node.offsets.empty() && chance.one_in(2)) {
    const auto at = static_cast<size_t>(chance.below(static_cast<int64_t>(node.offsets.size())));
    const int32_t offset = odd_offset(chance, node.offsets[at]);
    return on_node(path, "offsets[" + std::to_string(at) + "] = " + std::to_string(offset), [at, offset](NodeDraft& n) {
      if (at < n.offsets.size()) n.offsets[at] = offset;
    });
  }
  if (!node.nulls.empty() && chance.one_in(3)) {
    const auto at = static_cast<size_t>(chance.below(static_cast<int64_t>(node.nulls.size())));
    return on_node(path, "null flag " + std::to_string(at) + " turned", [at](NodeDraft& n) {
      n.has_bitmap = true;
      if (at < n.nulls.size()) n.nulls[at] = !n.nulls[at];
    });
  }
  if (chance.one_in(4)) return on_node(path, "no bitmap", [](NodeDraft& n) { n.has_bitmap = false; });
  const auto at = static_cast<size_t>(chance.below(static_cast<int64_t>(node.data.size()) + 1));
  const auto byte = static_cast<char>(chance.next());
  const std::string what = "data[" + std::to_string(at) + "] = " + std::to_string(static_cast<int>(static_cast<uint8_t>(byte)));
  return on_node(path, what, [at, byte](NodeDraft& n) {
    if (at < n.data.size()) n.data[at] = byte;
  });
}

// Whatever is in the node, readers go by the schema.
void read_as(NodeDraft& node, const Field& field) {
  node.field = field;
  if (!field.children.empty() && !node.children.empty()) read_as(node.children[0], field.children[0]);
}

Mutation<NodeDraft> shape_mutation(Chance& chance, const NodeDraft& batch) {
  const auto columns = static_cast<int64_t>(batch.children.size());
  if (chance.one_in(2)) {
    const int64_t rows = odd_number(chance, batch.length);
    return {"every length = " + std::to_string(rows), [rows](NodeDraft& b) {
              b.length = rows;
              for (NodeDraft& column : b.children) column.length = rows;
            }};
  }
  const auto one = static_cast<size_t>(chance.below(columns)), other = static_cast<size_t>(chance.below(columns));
  return {"columns " + std::to_string(one) + " and " + std::to_string(other) + " swapped", [one, other](NodeDraft& b) {
            const Field first = b.children[one].field, second = b.children[other].field;
            std::swap(b.children[one], b.children[other]);
            read_as(b.children[one], first);
            read_as(b.children[other], second);
          }};
}

}  // namespace

Schema random_schema(Chance& chance) {
  Schema schema{{.name = "k", .type = Type::utf8}, instant("at", Type::timestamp_ns)};
  const int64_t more = chance.below(5);
  for (int64_t i = 0; i < more; ++i) schema.push_back(random_field(chance, "c" + std::to_string(i), 0));
  return schema;
}

NodeDraft random_batch(Chance& chance, const Schema& schema) {
  NodeDraft batch{Field{}};
  batch.is_batch = true;
  batch.length = batch.base_rows = chance.one_in(8) ? 0 : chance.one_in(8) ? chance.between(60, 140) : chance.below(20);
  batch.n_buffers = 1;
  batch.has_bitmap = chance.one_in(8);
  if (chance.one_in(4)) batch.null_count = -1;
  batch.n_children = static_cast<int64_t>(schema.size());
  for (const Field& field : schema) batch.children.push_back(random_column(chance, field, batch.length));
  return batch;
}

std::vector<Mutation<NodeDraft>> random_mutations(Chance& chance, const NodeDraft& batch) {
  std::vector<Mutation<NodeDraft>> mutations;
  for (int64_t left = chance.below(5); left > 0; --left) {
    const Path path = random_path(chance, batch);
    const NodeDraft& node = *path.in(const_cast<NodeDraft&>(batch));
    switch (chance.below(8)) {
      case 0:
      case 1: mutations.push_back(number_mutation(chance, path, node)); break;
      case 2: mutations.push_back(pointer_mutation(chance, path)); break;
      case 3: mutations.push_back(shape_mutation(chance, batch)); break;
      default: mutations.push_back(content_mutation(chance, path, node));
    }
  }
  return mutations;
}

}  // namespace penstock::fuzz
