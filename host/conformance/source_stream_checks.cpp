// How rows come: in which batches, on two connections at once, and after a stream that was given up.
#include "conformance/source_groups.hpp"
#include "conformance/source_scene.hpp"

#include "batch/batch.hpp"

#include <algorithm>

namespace penstock::host::conformance {
namespace {

constexpr size_t kMaxBatches = 500;

// Calls look(schema, array) for each array of the scan, of each partition the first ones.
template <class Look>
void for_each_array(SourceScene& scene, const ScanSpec& spec, const Look& look) {
  for (const std::string& token : scene.source.plan(spec).tokens) {
    TrialScan scan(scene.session);
    scene.session.require(scene.source.start(spec, token, scan));
    const auto schema = std::make_shared<const Schema>(scan.schema());
    for (size_t i = 0; i < kMaxBatches; ++i) {
      ArrowArray array{};
      scene.session.require(scan.next_array(array));
      if (array.release == nullptr) break;
      look(Batch(schema, &array));
    }
  }
}

void check_batch_rows(Trial& trial) {
  SourceScene scene(trial);
  for (const int64_t limit : {1, 2, 5}) {
    ScanSpec spec = scene.whole();
    spec.batch_rows = limit;
    trial.step("read with batch_rows " + std::to_string(limit));
    int64_t longest = 0;
    for_each_array(scene, spec, [&](const Batch& batch) { longest = std::max(longest, batch.rows()); });
    if (!trial.expect(longest <= limit, std::to_string(longest) + " rows", "an array has at most batch_rows rows, here " + std::to_string(limit))) return;
  }
}

// "About": a source that counts a row's bytes in another way than Arrow's buffers is within this.
constexpr int64_t kTolerance = 4;

void check_batch_bytes(Trial& trial) {
  constexpr int64_t kFewRows = 8, kBatches = 32, kMost = 64 << 10;
  SourceScene scene(trial);
  int64_t rows = 0, bytes = 0, largest_row = 0;
  for_each_array(scene, scene.whole(), [&](const Batch& batch) {
    rows += batch.rows();
    bytes += batch.byte_size();
  });
  if (rows < kFewRows) trial.skip("the table has fewer than " + std::to_string(kFewRows) + " rows");
  ScanSpec by_row = scene.whole();
  by_row.batch_rows = 1;
  for_each_array(scene, by_row, [&](const Batch& batch) { largest_row = std::max(largest_row, batch.byte_size()); });
  ScanSpec spec = scene.whole();
  spec.batch_bytes = std::clamp(bytes / kBatches, int64_t{1}, kMost);
  trial.step("read with batch_bytes " + std::to_string(spec.batch_bytes));
  for_each_array(scene, spec, [&](const Batch& batch) {
    if (batch.rows() > 1 && batch.byte_size() > kTolerance * spec.batch_bytes + largest_row)
      trial.stop("one of " + std::to_string(batch.byte_size()) + " bytes in " + std::to_string(batch.rows()) + " rows",
                 "arrays of about batch_bytes, here " + std::to_string(spec.batch_bytes) + ", where the largest row has " + std::to_string(largest_row));
  });
}

std::vector<SeenRow> rows_of(SourceScene& scene, TrialSource& source, const ScanSpec& spec, const std::string& token) {
  TrialScan scan(scene.session);
  scene.session.require(source.start(spec, token, scan));
  std::vector<SeenRow> rows;
  scene.read_on(scan, rows);
  return rows;
}

// Two connections read a batch each in turn; both must give what one gives alone.
void check_two_connections(Trial& trial) {
  constexpr size_t kMaxTokens = 3;
  SourceScene scene(trial);
  TrialSource other(scene.session);
  const ScanSpec alone = scene.whole();
  ScanSpec by_one = alone, by_two = alone;
  by_one.batch_rows = 1;
  by_two.batch_rows = 2;
  std::vector<std::string> tokens = scene.source.plan(alone).tokens;
  other.plan(alone);
  tokens.resize(std::min(tokens.size(), kMaxTokens));
  for (const std::string& token : tokens) {
    trial.step("read a partition alone");
    std::vector<SeenRow> expected = rows_of(scene, scene.source, alone, token);
    trial.step("read a partition on two connections in turn");
    TrialScan left(scene.session), right(scene.session);
    std::vector<SeenRow> left_rows, right_rows;
    scene.session.require(scene.source.start(by_one, token, left));
    bool more_left = scene.read_on(left, left_rows, 1);
    scene.session.require(other.start(by_two, token, right));
    bool more_right = true;
    while (more_left || more_right) {
      if (more_right) more_right = scene.read_on(right, right_rows, 1);
      if (more_left) more_left = scene.read_on(left, left_rows, 1);
    }
    for (std::vector<SeenRow>* rows : {&expected, &left_rows, &right_rows}) std::sort(rows->begin(), rows->end());
    const std::string text = "the " + std::to_string(expected.size()) + " rows that a stream gives alone, while another connection reads the same partition";
    if (!trial.expect(left_rows == expected, "the first stream gives " + std::to_string(left_rows.size()) + " rows, or others", text)) return;
    if (!trial.expect(right_rows == expected, "the second stream gives " + std::to_string(right_rows.size()) + " rows, or others", text)) return;
    left.release();
    right.release();
    trial.step("read a partition on two connections at the same time");
    run_at_once({[&] { left_rows = rows_of(scene, scene.source, by_two, token); }, [&] { right_rows = rows_of(scene, other, by_one, token); }});
    for (std::vector<SeenRow>* rows : {&left_rows, &right_rows}) std::sort(rows->begin(), rows->end());
    if (!trial.expect(left_rows == expected && right_rows == expected, "other rows", text + " at the same time")) return;
  }
}

void check_abandoned_scan(Trial& trial) {
  SourceScene scene(trial);
  const std::vector<SeenRow> whole = scene.everything().rows;
  ScanSpec spec = scene.whole();
  spec.batch_rows = 1;
  trial.step("release a stream that has more rows");
  bool had_more = false;
  for (const std::string& token : scene.source.plan(spec).tokens) {
    TrialScan scan(scene.session);
    scene.session.require(scene.source.start(spec, token, scan));
    std::vector<SeenRow> rows;
    had_more = scene.read_on(scan, rows, 1) || had_more;
  }
  if (!had_more) trial.skip("no partition of the table has more than one row");
  trial.step("use the source after a stream was released before its end");
  const Answer pinged = scene.source.ping();
  trial.expect(pinged.ok(), pinged.text(), "a source whose stream was released before its end can be used");
  spec.batch_rows = 2;
  const size_t rows = scene.read(spec).rows.size();
  trial.expect(rows >= whole.size(), std::to_string(rows) + " rows", "the " + std::to_string(whole.size()) + " rows of the table, also after a stream was released before its end");
}

constexpr Check kChecks[] = {
    {"source.batch_rows", Subject::source, "an array has at most batch_rows rows", "batch-size", check_batch_rows},
    {"source.batch_bytes", Subject::source, "an array has about batch_bytes bytes", "batch-size", check_batch_bytes},
    {"source.two_connections", Subject::source, "two connections read at the same time without touching each other", "instances", check_two_connections},
    {"source.abandoned_scan", Subject::source, "a stream may be released before its end", "scan", check_abandoned_scan},
};

}  // namespace

std::span<const Check> source_stream_checks() { return kChecks; }

}  // namespace penstock::host::conformance
