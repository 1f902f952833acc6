#include "app/stop_signals.hpp"

#include <csignal>
#include <pthread.h>
#include <unistd.h>

namespace penstock::host {
namespace {

// Ends the waiter; nothing else uses it.
constexpr int kWakeUp = SIGUSR2;

sigset_t waited_for() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, kWakeUp);
  return set;
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = waited_for();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::thread([token = token_] {
    const sigset_t signals = waited_for();
    for (int signal = 0; sigwait(&signals, &signal) == 0;) {
      if (signal == kWakeUp) return;
      if (token->cancelled()) _exit(128 + signal);
      token->cancel();
    }
  });
}

StopSignals::~StopSignals() {
  pthread_kill(waiter_.native_handle(), kWakeUp);
  waiter_.join();
  const sigset_t set = waited_for();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace penstock::host
