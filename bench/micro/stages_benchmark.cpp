// Time of each stage, in rows/s: build/release/bench/stages_benchmark
#include "micro/rows.hpp"
#include "micro/stages.hpp"

#include <benchmark/benchmark.h>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const penstock::bench::Stage& stage : penstock::bench::stages())
    benchmark::RegisterBenchmark(stage.name.c_str(), [&stage](benchmark::State& state) {
      const auto run = stage.prepare();
      for (auto _ : state) run();
      state.SetItemsProcessed(state.iterations() * penstock::bench::kBatchRows);
    })->Unit(benchmark::kMillisecond);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
