// array_fuzzer [--seconds N | --seeds N] [--seed S] [--shrink S]: see run.
//
// A seed makes a schema and bends it; if the host imports it, a batch of it is made and bent; if the host accepts that, everything that the
// host does with a batch is done with it. Nothing may be read that the structs do not say is there (the address sanitizer watches), and every
// way of reading has to give the same rows.
#include "batch/batch.hpp"
#include "fuzz/batch_use.hpp"
#include "fuzz/schema_draft.hpp"
#include "plugin/schema_import.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

extern "C" void __sanitizer_set_death_callback(void (*)()) __attribute__((weak));

namespace penstock::fuzz {
namespace {

constexpr uint64_t kAll = ~uint64_t{0};

struct Counts {
  uint64_t seeds = 0, schemas_refused = 0, batches_refused = 0, used = 0;
};

uint64_t seed_now = 0;  // for what is said when the process dies

void say_seed() {
  const auto seed = static_cast<unsigned long long>(seed_now);
  std::fprintf(stderr, "array_fuzzer: seed %llu failed; --shrink %llu\n", seed, seed);
}

// Those of the mutations whose bit is set; `at` counts over schema and batch.
template <class Draft>
void apply(const std::vector<Mutation<Draft>>& mutations, Draft& draft, uint64_t chosen, uint64_t& at, bool say) {
  for (const auto& mutation : mutations) {
    const bool on = (chosen >> at++ & 1) != 0;
    if (on) mutation.apply(draft);
    if (on && say) std::printf("  %s\n", mutation.what.c_str());
  }
}

// Empty, or what went wrong.
std::string run_seed(uint64_t seed, uint64_t chosen, bool say, Counts& counts) {
  seed_now = seed;
  ++counts.seeds;
  Chance chance(seed);
  uint64_t at = 0;
  SchemaDraft schema_draft = draft_of(random_schema(chance));
  apply(random_mutations(chance, schema_draft), schema_draft, chosen, at, say);
  BuiltSchema built_schema(schema_draft);
  const auto schema = host::import_schema(built_schema.schema());
  if (!schema) {
    ++counts.schemas_refused;
    if (say) std::printf("%s\n", schema.failure().message.c_str());
    return at == 0 ? "a valid schema was refused: " + schema.failure().message : "";
  }
  for (size_t i = 0; i < schema->size(); ++i)
    if (arrow_format((*schema)[i]) != schema_draft.children[i].format) return "a column was imported as another type";
  // A batch of what was imported.
  Chance batch_chance(seed ^ 0x5bd1e995);
  NodeDraft batch = random_batch(batch_chance, *schema);
  const auto mutations = random_mutations(batch_chance, batch);
  apply(mutations, batch, chosen, at, say);
  BuiltBatch built(batch);
  if (const auto valid = host::validate_array(*schema, *built.array()); !valid) {
    ++counts.batches_refused;
    if (say) std::printf("%s\n", valid.failure().message.c_str());
    return mutations.empty() ? "a valid batch was refused: " + valid.failure().message : "";
  }
  ++counts.used;
  return use_batch(batch_chance, *schema, *built.array());
}

bool fails(uint64_t seed, uint64_t chosen, bool say) {
  const pid_t child = fork();
  if (child == 0) {
    if (!say) std::freopen("/dev/null", "w", stderr);
    Counts counts;
    const std::string problem = run_seed(seed, chosen, say, counts);
    if (say) std::printf("%s\n", problem.c_str());
    _exit(problem.empty() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status != 0;
}

// The fewest mutations with which the seed still fails.
int shrink(uint64_t seed) {
  std::setvbuf(stdout, nullptr, _IONBF, 0);  // a child that dies has said what it did
  constexpr int kMutations = 8;  // three of the schema and four of the batch at most
  for (int size = 0; size <= kMutations; ++size)
    for (uint64_t chosen = 0; chosen < uint64_t{1} << kMutations; ++chosen)
      if (__builtin_popcountll(chosen) == size && fails(seed, chosen, false)) return fails(seed, chosen, true) ? 1 : 0;
  std::printf("seed %llu does not fail\n", static_cast<unsigned long long>(seed));
  return 0;
}

int run(uint64_t first, uint64_t seeds, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  Counts counts;
  for (uint64_t seed = first; seconds > 0 ? elapsed() < seconds : seed < first + seeds; ++seed)
    if (const std::string problem = run_seed(seed, kAll, false, counts); !problem.empty()) {
      std::fprintf(stderr, "%s\n", problem.c_str());
      say_seed();
      return 1;
    }
  std::printf("%s seeds from %s in %.1f s: %s schemas and %s batches refused, %s batches read\n", std::to_string(counts.seeds).c_str(),
              std::to_string(first).c_str(), elapsed(), std::to_string(counts.schemas_refused).c_str(),
              std::to_string(counts.batches_refused).c_str(), std::to_string(counts.used).c_str());
  return 0;
}

// Without a sanitizer, which says it by itself.
void die(int signal) {
  say_seed();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace
}  // namespace penstock::fuzz

int main(int argc, char** argv) {
  using namespace penstock::fuzz;
  uint64_t seed = 1, seeds = 10'000;
  double seconds = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const uint64_t number = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--seconds") == 0) {
      seconds = static_cast<double>(number);
    } else if (std::strcmp(argv[i], "--seeds") == 0) {
      seeds = number;
    } else if (std::strcmp(argv[i], "--seed") == 0) {
      seed = number;
    } else if (std::strcmp(argv[i], "--shrink") == 0) {
      return shrink(number);
    } else {
      argc = 0;
    }
  }
  if (argc % 2 == 0) return std::fprintf(stderr, "usage: array_fuzzer [--seconds N | --seeds N] [--seed FIRST] | --shrink SEED\n"), 2;
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(say_seed);
  } else {
    for (const int signal : {SIGSEGV, SIGBUS}) std::signal(signal, die);
  }
  std::signal(SIGABRT, die);
  return run(seed, seeds, seconds);
}
