#include "conformance/io_trap.hpp"

#include "plugin/printable.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <ucontext.h>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxSeen = 100;
constexpr size_t kMaxPath = 256;

struct Trapped {
  long number;
  char path[kMaxPath];
};

// Written by a signal handler, so without allocation.
Trapped trapped[kMaxSeen];
std::atomic<size_t> n_trapped{0};

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = 0xc000003e;
long argument(const ucontext_t& context, int which) { return context.uc_mcontext.gregs[which == 0 ? REG_RDI : REG_RSI]; }
void answer(ucontext_t& context, long value) { context.uc_mcontext.gregs[REG_RAX] = value; }
#else
constexpr uint32_t kArchitecture = 0xc00000b7;
long argument(const ucontext_t& context, int which) { return static_cast<long>(context.uc_mcontext.regs[which]); }
void answer(ucontext_t& context, long value) { context.uc_mcontext.regs[0] = static_cast<uint64_t>(value); }
#endif

bool has_path(long number) { return number != SYS_socket; }

void note_call(int, siginfo_t* info, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  const size_t at = n_trapped.fetch_add(1);
  if (at < kMaxSeen) {
    Trapped& note = trapped[at];
    note.number = info->si_syscall;
    note.path[0] = '\0';
    // The call has not been made, so the path may be anything; a bad one kills the process, which is told as a crash.
#if defined(SYS_open)
    const int where = info->si_syscall == SYS_open ? 0 : 1;
#else
    const int where = 1;
#endif
    if (has_path(note.number)) std::strncpy(note.path, reinterpret_cast<const char*>(argument(context, where)), kMaxPath - 1);
  }
  answer(context, -EPERM);
}

// Jumps over nothing, or to the trap: the filter is a list of "if it is this call, trap".
void trap_call(std::vector<sock_filter>& filter, long number) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(number), 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
}

void trap_socket(std::vector<sock_filter>& filter) {
  // socket(AF_INET or AF_INET6, …): five instructions, and the number again for what follows.
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5));
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
}

}  // namespace

IoTrap::IoTrap(What what) {
  struct sigaction action {};
  action.sa_sigaction = note_call;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  std::vector<sock_filter> filter = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
                                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
                                     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                                     BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  trap_socket(filter);
  if (what == What::network_and_files) {
    trap_call(filter, SYS_openat);
    trap_call(filter, SYS_openat2);
#if defined(SYS_open)
    trap_call(filter, SYS_open);
#endif
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  set_ = sigaction(SIGSYS, &action, nullptr) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

std::vector<std::string> IoTrap::seen() const {
  std::vector<std::string> out;
  for (size_t i = 0; i < std::min(n_trapped.load(), kMaxSeen); ++i) {
    if (has_path(trapped[i].number)) out.push_back("it opened \"" + printable(std::string_view(trapped[i].path), kMaxPath) + "\"");
    else out.push_back("it made a socket for the network");
  }
  return out;
}

void IoTrap::forget() { n_trapped = 0; }

}  // namespace penstock::host::conformance
