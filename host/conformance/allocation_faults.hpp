// Lets an allocation of a loaded plugin fail: only its own, so that neither the host nor the libraries it uses are disturbed.
#pragma once

#include <cstddef>

namespace penstock::host::conformance {

// Redirects what the plugin imports of malloc and operator new, for the life of the process. One at a time. What a library allocates on
// the plugin's behalf, code that is linked into the plugin from elsewhere included, goes on as before.
class AllocationFaults {
 public:
  // `inside`: an address within the plugin's image, such as its module.
  explicit AllocationFaults(const void* inside);
  AllocationFaults(const AllocationFaults&) = delete;
  AllocationFaults& operator=(const AllocationFaults&) = delete;

  // Functions that were redirected; 0: it allocates nothing by itself.
  size_t redirected() const { return redirected_; }

  // From now on allocations are counted, on all threads, and the n-th fails once; 0: none fails.
  void fail_at(size_t n);
  // No allocation fails any more; how many there were since fail_at.
  size_t stop();

 private:
  size_t redirected_ = 0;
};

}  // namespace penstock::host::conformance
