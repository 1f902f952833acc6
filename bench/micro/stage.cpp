// One stage, so many times over a batch, for counting its instructions: stage NAME TIMES; without arguments: their names.
#include "micro/rows.hpp"
#include "micro/stages.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  for (const penstock::bench::Stage& stage : penstock::bench::stages()) {
    if (argc < 3) std::printf("%s\t%s\t%lld\n", stage.name.c_str(), stage.what.c_str(), static_cast<long long>(penstock::bench::kBatchRows));
    if (argc < 3 || stage.name != argv[1]) continue;
    const auto run = stage.prepare();
    for (int i = std::atoi(argv[2]); i > 0; --i) run();
    return 0;
  }
  return argc < 3 ? 0 : 2;
}
