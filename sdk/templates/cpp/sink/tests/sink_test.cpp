// sink_test @NAME@.so: the sink, driven as the host drives it. The driver throws when the connector breaks the contract of the ABI.
#include "expect.hpp"

#include <penstock/testing/load_module.hpp>
#include <penstock/testing/sink_driver.hpp>

using namespace penstock::testing;

namespace {

const penstock::Schema kFields = {{"city", penstock::Type::utf8}, penstock::list_of("pages", penstock::Type::int32)};

ProfileRow row(const std::string& key, int64_t time, const char* city) {
  return {key, order_key(time), {cell(city), list_cell<int32_t>({1, 2})}};
}

void test_writing(const penstock_component& component) {
  SinkDriver sink(component, {{"name", "writing"}});
  const auto run = sink.begin(kFields);
  expect("writes new profiles", run->write({row("ann", 2, "Oslo"), row("bob", 2, "Porto")}) == Written{.written = 2});
  expect("leaves out what is older", run->write({row("ann", 1, "Bern")}) == Written{.stale = 1});
  expect("writes what is newer", run->write({row("bob", 3, "Graz")}) == Written{.written = 1});
  expect("changes nothing when a batch comes again", run->write({row("ann", 2, "Oslo")}) == Written{.unchanged = 1});
  const ProfileRow empty{"cleo", order_key(1), {Cell{}, list_cell<int32_t>({})}};
  run->write({empty});
  expect("reads back what was written, in the order asked, null and empty lists too",
         sink.lookup(kFields, {"bob", "nobody", "cleo", "ann"}) ==
             std::vector<Profile>{found(row("bob", 3, "Graz")), missing(2), found(empty), found(row("ann", 2, "Oslo"))});
  expect("removes profiles", sink.remove({"ann", "nobody"}) == 1 && sink.lookup(kFields, {"ann"}) == std::vector<Profile>{missing(2)});
}

void test_runs(const penstock_component& component) {
  SinkDriver sink(component, {{"name", "runs"}});
  const auto run = sink.begin(kFields);
  run->write({row("ann", 1, "Oslo")});
  run->flush();
  expect("has no position before the first commit", !sink.load_marker().found);
  run->commit({7, "", "seven"});
  const LoadedMarker marker = sink.load_marker();
  expect("keeps the position that was committed, and by which run",
         marker.ordinal == 7 && marker.text == "seven" && marker.committed_fence == run->fence());

  const auto later = sink.begin(kFields);
  expect("gives later runs greater fences", later->fence() > run->fence() && later->previous_fence() == run->fence());
  expect("lets no earlier run write", status_of([&] { run->write({row("ann", 9, "Bern")}); }) == PENSTOCK_STATUS_FENCED);
  expect("lets no earlier run commit", status_of([&] { run->commit({9, "", "nine"}); }) == PENSTOCK_STATUS_FENCED);
  expect("lets another version of the view alone", sink.lookup(kFields, {"ann"}, "users", 2) == std::vector<Profile>{missing(2)});
}

void test_cancelling(const penstock_component& component) {
  SinkDriver sink(component, {{"name", "cancelling"}});
  FakeCall call;
  call.cancel();
  expect("begins no run when the host wants the call to end", status_of([&] { sink.begin(kFields, {}, &call); }) == PENSTOCK_STATUS_CANCELLED);
}

void test_limit(const penstock_component& component) {
  SinkDriver sink(component, {{"name", "limit"}, {"max_profiles", "1"}});
  const auto run = sink.begin(kFields);
  expect("rejects one profile too many and writes the others",
         run->write({row("ann", 1, "Oslo"), row("bob", 1, "Porto")}) == Written{.written = 1, .rejected = 1} && run->rejects()[0].row == 1 &&
             run->rejects()[0].retryable);
}

}  // namespace

int main(int, char** arguments) {
  const penstock_module& module = load_module(arguments[1]);
  const penstock_component& component = *module.components[module.n_components - 1];
  test_writing(component);
  test_runs(component);
  test_cancelling(component);
  test_limit(component);
  return failed;
}
