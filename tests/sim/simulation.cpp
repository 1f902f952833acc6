#include "simulation.hpp"

#include "oracle.hpp"
#include "sim_host.hpp"

#include <memory>
#include <vector>

namespace penstock::sim {
namespace {

constexpr int64_t kMinute = 61'000'000'000;

class Simulation {
 public:
  Simulation(const Setup& setup, const std::function<void(const std::string&)>& trace)
      : setup_(setup), trace_(trace), chance_(setup.seed ^ 0x5bd1e995), hazards_(setup, chance_), database_(setup, chance_), store_(setup),
        oracle_(setup, database_, store_) {
    const int64_t hours[] = {0, 2, -2};
    for (int64_t i = 0; i < (setup.has(kSecondHost) ? 2 : 1); ++i)
      hosts_.push_back(std::make_unique<SimHost>(around_, hours[chance_.below(3)] * 3'600'000'000'000));
    paused_.resize(hosts_.size());
  }

  Outcome run() {
    while (!outcome_.broken && static_cast<int64_t>(event_) < setup_.events) {
      ++event_;
      advance();
      disturb();
      if (static_cast<int64_t>(event_) == setup_.writing_events) database_.settle(event_);
      if (static_cast<int64_t>(event_) < setup_.writing_events && chance_.one_in(2))
        database_.act(event_);
      else
        step_hosts();
      check();
    }
    if (!outcome_.broken) come_to_rest();
    finish();
    return outcome_;
  }

 private:
  void advance() {
    constexpr int64_t kSteps[] = {500, 20'000, 400'000};
    database_.advance(1 + chance_.below(kSteps[chance_.below(3)]));
  }

  void step_hosts() {
    const auto which = static_cast<size_t>(chance_.below(static_cast<int64_t>(hosts_.size())));
    SimHost& host = *hosts_[which];
    if (paused_[which] > event_) return;
    if (hazards_.happens(kHostPause, 40)) {
      paused_[which] = event_ + static_cast<uint64_t>(chance_.between(5, 60));
      return say("host " + std::to_string(which) + " stands still");
    }
    if (host.dead() && chance_.one_in(3)) {
      host.restart();
      say("host " + std::to_string(which) + " starts again");
    }
    const int64_t steps = chance_.between(1, 6);
    for (int64_t i = 0; i < steps; ++i) host.step();
    if (trace_)
      say("host " + std::to_string(which) + (host.dead() ? " is dead" : host.running() ? " runs" : " is idle") + ", runs " + std::to_string(host.runs()) +
          (host.last_failure().empty() ? "" : ", last: " + host.last_failure()));
  }

  // What nobody does on purpose.
  void disturb() {
    constexpr int64_t kRare = 50;
    if (hazards_.happens(kStoreFailover, kRare)) lose("the store fails over", [&] { store_.fail_over(static_cast<size_t>(chance_.below(6))); });
    if (hazards_.happens(kStoreWiped, kRare)) lose("the store is emptied", [&] { store_.wipe(chance_.one_in(2)); });
    if (hazards_.happens(kStoreRestored, kRare)) store_.dump();
    if (hazards_.happens(kStoreRestored, kRare)) lose("the store is restored", [&] { store_.restore(); });
    if (!setup_.durable && hazards_.happens(kHostCrash, kRare)) lose("the store restarts", [&] { store_.wipe(true); });
    if (hazards_.happens(kRowsRefused, 12)) {
      const auto entity = static_cast<size_t>(chance_.below(setup_.entities));
      store_.refuse(entity, !store_.refuses(entity));
      say("e" + std::to_string(entity) + (store_.refuses(entity) ? " is refused" : " is taken again"));
    }
    // What was tried in vain is tried again only after a minute.
    if (hazards_.happens(kRowsRefused, kRare)) database_.advance(kMinute);
    if (store_.any_delayed() && chance_.one_in(6)) {
      say("a delayed call arrives");
      if (!hazards_.happens(kStoreUnguarded, 2))
        store_.execute_delayed();
      else if (store_.execute_delayed(false))
        lose("it was not asked by whom", [] {});
    }
    SimHost& host = *hosts_[static_cast<size_t>(chance_.below(static_cast<int64_t>(hosts_.size())))];
    if (hazards_.happens(kStateLost, kRare)) host.disk().back_up();
    if (hazards_.happens(kStateLost, kRare)) {
      if (!host.dead()) host.die();
      chance_.one_in(2) ? host.disk().lose() : host.disk().restore();
      say("a state directory is lost or restored");
    }
    if (setup_.cursor != Setup::Cursor::xid && hazards_.happens(kClockBack, kRare)) {
      database_.set_clock_back(chance_.between(1, 3'000'000));
      say("the warehouse's clock goes back");
    }
  }

  template <class Act>
  void lose(const char* what, Act act) {
    act();
    store_lost_something_ = true;
    ++outcome_.store_losses;
    say(what);
  }

  // Faults stop; what was promised must become true within some runs.
  void come_to_rest() {
    hazards_.stop();
    store_.refuse_nothing();
    ++event_;
    database_.settle(event_);
    while (store_.any_delayed()) store_.execute_delayed();
    // Past every time that a row may have, whatever the clock did.
    database_.advance(1'000'000'000);
    for (auto& host : hosts_)
      if (host->dead()) host->restart();
    check();
    // Those under way began by what was true before; two more by what is true now.
    // What a host was refused only that host tries again.
    const int64_t enough = setup_.has(kRowsRefused) ? 1 + 2 * static_cast<int64_t>(hosts_.size()) : 3;
    constexpr int64_t kRounds = 40;
    int64_t quiet = 0;
    for (int64_t round = 0; round < kRounds && quiet < enough && !outcome_.broken; ++round) {
      ++event_;
      if (setup_.has(kRowsRefused)) database_.advance(60 * kMinute);
      SimHost& host = *hosts_[static_cast<size_t>(round) % hosts_.size()];
      const int64_t completed = host.completed(), runs = host.runs();
      for (int i = 0; i < 400 && (host.running() || host.runs() == runs); ++i) {
        database_.advance(20'000);
        host.step();
      }
      quiet = host.completed() > completed ? quiet + 1 : 0;
      if (trace_) say("at rest: " + (host.last_failure().empty() ? "completed" : host.last_failure()));
      check();
    }
    if (!outcome_.broken && quiet < enough) outcome_.broken = "does not come to rest: " + hosts_[0]->last_failure();
    if (!outcome_.broken) outcome_.broken = oracle_.check_rest(store_.data());
    if (!outcome_.broken && oracle_.exact_in_ties()) compare_with_a_fresh_sync();
  }

  // Where rows tie, the oracle takes any of them; the same table must always end in the same one.
  void compare_with_a_fresh_sync() {
    Store fresh(setup_);
    SimHost host({setup_, chance_, hazards_, database_, fresh, event_, next_run_}, 0);
    for (int i = 0; i < 400 && host.completed() == 0; ++i) host.step();
    for (size_t entity = 0; entity < kMostEntities; ++entity) {
      const Store::Profile &one = store_.data().profiles[entity], &other = fresh.data().profiles[entity];
      if (one.there == other.there && (!one.there || one.value == other.value)) continue;
      outcome_.broken = "e" + std::to_string(entity) + " has the value " + std::to_string(one.value) + ", and " + std::to_string(other.value) +
                        " after a first sync of the same table";
      return;
    }
  }

  void check() {
    if (!outcome_.broken) outcome_.broken = oracle_.check(store_.data(), std::exchange(store_lost_something_, false));
    for (const auto& host : hosts_)
      if (!outcome_.broken) outcome_.broken = host->broken_promise();
    const Store::Marker& marker = store_.data().marker;
    mix(static_cast<uint64_t>(database_.now()));
    mix(static_cast<uint64_t>(marker.fence * 31 + marker.sequence));
    mix(static_cast<uint64_t>(marker.position));
    mix(database_.versions().size());
    for (const Store::Profile& profile : store_.data().profiles) mix(static_cast<uint64_t>(profile.there ? profile.value : -1));
  }

  void mix(uint64_t word) { outcome_.hash = (outcome_.hash ^ word) * 0x100000001b3u; }

  void finish() {
    outcome_.events = static_cast<int64_t>(event_);
    outcome_.versions = static_cast<int64_t>(database_.versions().size());
    for (const auto& host : hosts_) {
      outcome_.runs += host->runs();
      outcome_.completed += host->completed();
      outcome_.host_deaths += host->deaths();
      outcome_.shared_looks += host->shared_looks();
    }
  }

  // Fence and value of each profile.
  std::string profiles_text() const {
    std::string out = ";";
    for (size_t entity = 0; entity < static_cast<size_t>(setup_.entities); ++entity) {
      const Store::Profile& profile = store_.data().profiles[entity];
      out += " e" + std::to_string(entity) + "=";
      if (profile.there) out += std::to_string(profile.value) + "/" + std::to_string(static_cast<unsigned char>(profile.order[23]));
    }
    return out;
  }

  void say(const std::string& text) const {
    if (!trace_) return;
    const Store::Marker& marker = store_.data().marker;
    trace_(std::to_string(event_) + " @" + std::to_string(database_.now() % 1'000'000'000'000) + " " + text + "; marker " +
           (marker.there && marker.positioned ? std::to_string(marker.position % 1'000'000'000'000) : "none") + " fence " + std::to_string(marker.fence % 1000) + profiles_text());
  }

  const Setup& setup_;
  const std::function<void(const std::string&)>& trace_;
  Chance chance_;
  Hazards hazards_;
  Database database_;
  Store store_;
  Oracle oracle_;
  uint64_t event_ = 0;
  int64_t next_run_ = 1;
  const Surroundings around_{setup_, chance_, hazards_, database_, store_, event_, next_run_};
  std::vector<std::unique_ptr<SimHost>> hosts_;
  std::vector<uint64_t> paused_;
  bool store_lost_something_ = false;
  Outcome outcome_;
};

}  // namespace

Outcome simulate(const Setup& setup, const std::function<void(const std::string&)>& trace) { return Simulation(setup, trace).run(); }

}  // namespace penstock::sim
