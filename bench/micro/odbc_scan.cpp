// A source plugin by itself: the host's own proxy reads a table as a run reads it, and drops the batches.
//
//   odbc_scan odbc.so KEY=VALUE;KEY=VALUE TABLE CURSOR KEY COLUMN…    or, for comparison, through the plugin `postgres`:
//   odbc_scan postgres.so VARIABLE TABLE CURSOR KEY COLUMN…           the dsn is in the environment
// print the rows, the seconds, the CPU seconds and the highest resident KiB.
#include "micro/program.hpp"

#include "config/options.hpp"
#include "plugin/registry.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace {

using namespace penstock;
using bench::must;

host::OptionInputs options_from(const std::string& text) {
  if (text.find('=') == std::string::npos) return {{"dsn", {host::SecretReference{host::SecretReference::Kind::env, text}, {}}}};
  host::OptionInput::Map keys;
  std::istringstream pairs(text);
  for (std::string pair; std::getline(pairs, pair, ';');) keys.emplace_back(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
  return {{"connection", {keys, {}}}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) return 2;
  const host::OptionInputs inputs = options_from(argv[2]);
  host::Registry registry({});
  must(registry.load_file(argv[1]));
  const host::Component& component = *registry.find(PENSTOCK_KIND_SOURCE, inputs.begin()->first == "dsn" ? "postgres" : "odbc");
  const host::ResolvedOptions options = must(host::resolve_options("odbc_scan", inputs, component.declared->options, component.declared->n_options));
  const auto source = must(registry.open_source(component, options, {}));
  host::ScanRequest request;
  request.table.table = argv[3];
  request.cursor.column = argv[4];
  request.until.ordinal = INT64_C(4102444800) * 1'000'000'000;
  request.key_columns = {argv[5]};
  for (int i = 5; i < argc; ++i) request.columns.emplace_back(argv[i]);
  request.columns.emplace_back(argv[4]);
  request.batch_rows = 16 * 1024;
  request.batch_bytes = 4 * 1024 * 1024;

  const rusage before = bench::used();
  const auto start = std::chrono::steady_clock::now();
  const auto stream = must(source->scan({}, request, ""));
  int64_t rows = 0;
  while (const auto batch = must(stream->next())) rows += batch->rows();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const rusage after = bench::used();
  std::printf("%lld %f %f %ld\n", static_cast<long long>(rows), seconds, bench::cpu_seconds(after) - bench::cpu_seconds(before), after.ru_maxrss);
  return 0;
}
