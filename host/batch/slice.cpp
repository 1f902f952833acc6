#include "batch/slice.hpp"

#include <vector>

namespace penstock::host {
namespace {

struct Share {
  std::shared_ptr<Batch> whole;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

// Whoever is handed an array may move any of its children out, so each keeps the batch alive by itself.
void share(const std::shared_ptr<Batch>& whole, const ArrowArray& from, ArrowArray* to) {
  auto owner = std::make_unique<Share>(Share{whole, std::vector<ArrowArray>(static_cast<size_t>(from.n_children)), {}});
  for (size_t i = 0; i < owner->children.size(); ++i) {
    share(whole, *from.children[i], &owner->children[i]);
    owner->pointers.push_back(&owner->children[i]);
  }
  *to = from;
  to->children = owner->pointers.data();
  to->private_data = owner.release();
  to->release = [](ArrowArray* array) {
    const std::unique_ptr<Share> owned(static_cast<Share*>(array->private_data));
    for (ArrowArray& child : owned->children)
      if (child.release != nullptr) child.release(&child);
    array->release = nullptr;
  };
}

}  // namespace

Batch slice(const std::shared_ptr<Batch>& whole, int64_t first, int64_t rows) {
  ArrowArray out{};
  share(whole, *whole->array(), &out);
  out.length = rows;
  for (int64_t i = 0; i < out.n_children; ++i) {
    ArrowArray& column = *out.children[i];
    column.offset += first;
    column.length = rows;
    if (column.null_count != 0) column.null_count = -1;  // not counted
  }
  return Batch(whole->shared_schema(), &out);
}

}  // namespace penstock::host
