// load_plugin FILE [TABLE]: loads a plugin as the host does and prints its components; with a table also the rows of a scan of
// it by the plugin's first source.
#include "config/options.hpp"
#include "plugin/registry.hpp"

#include <cstdio>

namespace {

using namespace penstock::host;

int fail(const Failure& failure) {
  std::fprintf(stderr, "%s\n", failure.message.c_str());
  return 1;
}

int count_rows(const Registry& registry, const Component& component, const std::string& table) {
  const auto options = resolve_options("source", {}, component.declared->options, component.declared->n_options);
  if (!options) return fail(options.failure());
  auto source = registry.open_source(component, *options, {});
  if (!source) return fail(source.failure());
  ScanRequest request;
  request.table.table = table;
  request.until.ordinal = INT64_MAX;
  request.batch_rows = 2;
  const auto described = (*source)->describe({}, request.table);
  if (!described) return fail(described.failure());
  for (const auto& field : *described) request.columns.push_back(field.name);
  auto stream = (*source)->scan({}, request, "");
  if (!stream) return fail(stream.failure());
  int64_t rows = 0;
  while (true) {
    const auto batch = (*stream)->next();
    if (!batch) return fail(batch.failure());
    if (!*batch) break;
    rows += (*batch)->rows();
  }
  std::printf("%zu columns, %lld rows\n", described->size(), static_cast<long long>(rows));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  Registry registry({});
  if (const auto loaded = registry.load_file(argv[1]); !loaded) return fail(loaded.failure());
  for (const std::string& id : registry.ids(PENSTOCK_KIND_SOURCE)) std::printf("source %s\n", id.c_str());
  for (const std::string& id : registry.ids(PENSTOCK_KIND_SINK)) std::printf("sink %s\n", id.c_str());
  if (argc == 2) return 0;
  const auto sources = registry.ids(PENSTOCK_KIND_SOURCE);
  if (sources.empty()) return 1;
  return count_rows(registry, *registry.find(PENSTOCK_KIND_SOURCE, sources.front()), argv[2]);
}
