// The Redis plugin by itself: batches that are ready in memory, written by the host's own proxy as a run writes them.
//
//   sink_alone PLUGIN URL ROWS VERSION LAYOUT [FIELDS]    prints the seconds of the writes and of the CPU they took
//
// LAYOUT is hash, packed, or hset: a hash without RESTORE. FIELDS is 10, or more.
#include "micro/program.hpp"
#include "micro/rows.hpp"

#include "config/options.hpp"
#include "plugin/registry.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace penstock;
using bench::must;

int main(int argc, char** argv) {
  if (argc != 6 && argc != 7) return 2;
  const int64_t rows = std::atoll(argv[3]), version = std::atoll(argv[4]);
  const size_t fields = argc == 7 ? std::strtoul(argv[6], nullptr, 10) : bench::kFields;
  const bool by_hset = std::string_view(argv[5]) == "hset";
  const host::OptionInputs inputs = {
      {"url", {std::string(argv[2]), {}}}, {"layout", {std::string(by_hset ? "hash" : argv[5]), {}}}, {"restore", {!by_hset, {}}}};
  host::Registry registry({});
  must(registry.load_file(argv[1]));
  const host::Component& component = *registry.find(PENSTOCK_KIND_SINK, "redis");
  const host::ResolvedOptions options = must(host::resolve_options("sink_alone", inputs, component.declared->options, component.declared->n_options));
  const auto sink = must(registry.open_sink(component, options, {}));
  const auto plan = bench::row_plan(fields);
  const auto writer = must(sink->begin({}, {bench::view_id(), "user_id", "run-" + std::to_string(version), 0, plan->order_size(), plan->sink_schema()}));

  std::vector<host::Batch> batches;
  const auto transformer = bench::make_transformer(writer->fence(), false, fields);
  for (int64_t first = 1; first <= rows; first += bench::kBatchRows)
    batches.push_back(must(transformer->apply(bench::source_batch(first, std::min(bench::kBatchRows, rows + 1 - first), version, fields))).batch);

  const double cpu = bench::cpu_seconds(bench::used());
  const auto start = std::chrono::steady_clock::now();
  int64_t written = 0;
  uint64_t sequence = 0;
  for (host::Batch& batch : batches) written += must(writer->write({}, ++sequence, batch)).written;
  must(writer->flush({}));
  must(writer->commit({}, {version, "", ""}));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("%f %f\n", seconds, bench::cpu_seconds(bench::used()) - cpu);
  if (written == rows) return 0;
  std::fprintf(stderr, "%lld of %lld rows were written\n", static_cast<long long>(written), static_cast<long long>(rows));
  return 1;
}
