// A batch as a description from which the Arrow structs are made: what they say, and what is in their buffers.
#pragma once

#include <penstock/schema.hpp>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace penstock::fuzz {

// No draft has more rows than this in a column, nor more bytes in a value buffer: what says so is claims beyond what memory there is.
inline constexpr int64_t kMostRows = 4096;

// One node: a column, the items of a list, or the batch itself, whose columns are its children.
struct NodeDraft {
  Field field;
  bool is_batch = false;
  int64_t base_rows = 0;  // of the node before anything was bent
  int64_t length = 0;
  int64_t offset = 0;
  int64_t null_count = 0;
  int64_t n_buffers = 0;
  int64_t n_children = 0;
  bool has_bitmap = false;
  std::vector<bool> nulls = {};       // by place in the buffer, as all below; what is not there is not null
  std::vector<int32_t> offsets = {};  // text, binary, list
  std::string data = {};              // values, text, bits
  std::vector<NodeDraft> children = {};

  // Pointers that are not there, or not where they should be.
  uint32_t null_buffers = 0;  // by bit
  bool null_buffer_list = false;
  bool null_child_list = false;
  bool null_children = false;
  bool misaligned = false;
  bool released = false;
  bool dictionary = false;
};

// The structs of a draft. Every buffer is an allocation of its own and has exactly as many bytes as the node's length and offset (and, for
// text, its last offset) ask for, so that the address sanitizer sees one byte too many. That is the fuzzer's one assumption, and the host's:
// an array is as large as it says. Where what it says cannot be, the buffers are those of before, and nobody may look.
class BuiltBatch {
 public:
  explicit BuiltBatch(const NodeDraft& batch) { build(batch, &top_); }
  BuiltBatch(const BuiltBatch&) = delete;
  BuiltBatch& operator=(const BuiltBatch&) = delete;

  // Releasing it releases nothing: it lives as long as this.
  ArrowArray* array() { return &top_; }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  void build(const NodeDraft& draft, ArrowArray* out);
  void* allocate(size_t size);
  const void* bitmap(const NodeDraft& draft, int64_t rows);

  ArrowArray top_{};
  std::deque<ArrowArray> nodes_;
  std::vector<std::unique_ptr<void, Free>> memory_;
};

// Bytes of one value of a fixed-width type; 0 for the others.
int64_t value_width(const Field& field);
bool has_offsets(const Field& field);

}  // namespace penstock::fuzz
