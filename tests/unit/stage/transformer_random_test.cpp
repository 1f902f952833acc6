// The transformer against an oracle that knows nothing of columns, bytes or hash tables.
#include "stage/transformer.hpp"

#include "support/batches.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

namespace penstock::host {
namespace {

using test::Cell;
using test::null;
using test::Row;

struct Event {
  std::optional<std::string> key;
  std::optional<int64_t> at, made;
  std::optional<int64_t> value;  // becomes int32
};

struct Outcome {
  int64_t read = 0, written = 0, superseded = 0, rejected = 0, null_cursors = 0;
  std::map<std::string, std::optional<int64_t>> profiles;
};

// Every row in turn; the greatest (at, made) of a key wins. Rows never tie here, see `make_events`.
Outcome fold(const std::vector<Event>& events, const WindowFilter& window) {
  Outcome out;
  std::map<std::string, std::pair<std::pair<int64_t, int64_t>, std::optional<int64_t>>> best;
  for (const Event& event : events) {
    if (!event.at) {
      ++out.null_cursors;
      if (window.null_timestamp == NullTimestamp::skip) continue;
    } else if ((window.after && *event.at <= *window.after) || (window.until && *event.at > *window.until)) {
      continue;
    }
    ++out.read;
    if (!event.key || event.key->empty() || (event.value && *event.value != static_cast<int32_t>(*event.value))) {
      ++out.rejected;
      continue;
    }
    const std::pair order{event.at.value_or(INT64_MIN), event.made.value_or(INT64_MIN)};
    const auto [it, first] = best.try_emplace(*event.key, order, event.value);
    if (first) continue;
    ++out.superseded;
    if (order > it->second.first) it->second = {order, event.value};
  }
  out.written = static_cast<int64_t>(best.size());
  for (const auto& [key, row] : best) out.profiles[key] = row.second;
  return out;
}

std::vector<Event> make_events(std::mt19937_64& random) {
  std::vector<Event> events(random() % 60);
  int64_t unique = 0;
  for (Event& event : events) {
    if (random() % 20 != 0) event.key = random() % 20 == 0 ? "" : "k" + std::to_string(random() % 12);
    if (random() % 12 != 0) event.at = static_cast<int64_t>(random() % 40) - 10;
    event.made = static_cast<int64_t>(random() % 8) * 1000 + ++unique;  // ties in `at` are common, in both impossible
    if (random() % 8 != 0) event.value = random() % 10 == 0 ? int64_t{1} << 35 : static_cast<int64_t>(random() % 100);
  }
  return events;
}

template <class T>
Cell cell(const std::optional<T>& value) {
  return value ? Cell(*value) : null;
}

TEST(TransformerAgainstOracle, AgreesOnEverySeed) {
  const Schema schema{{.name = "id", .type = Type::utf8}, instant("at", Type::timestamp_ns), instant("made", Type::timestamp_ns),
                      {.name = "v", .type = Type::int64}};
  View view;
  view.fields = {{"v", "", {Scalar::int32, false}, ""}};
  BatchSource source;
  source.timestamp_field = "at";
  source.created_timestamp_column = "made";
  Entity entity;
  entity.keys = {"id"};
  const auto plan = std::make_shared<const RowPlan>(*RowPlan::make(view, source, entity, schema));
  const auto shared = std::make_shared<const Schema>(schema);

  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    WindowFilter window;
    if (random() % 2 == 0) window.after = static_cast<int64_t>(random() % 30) - 10;
    if (random() % 2 == 0) window.until = static_cast<int64_t>(random() % 30);
    window.null_timestamp = static_cast<NullTimestamp>(random() % 3);
    Transformer transformer(plan, window, 1, false);
    // Two batches through one transformer: nothing may leak from one into the other.
    for (int batch = 0; batch < 2; ++batch) {
      const std::vector<Event> events = make_events(random);
      std::vector<Row> rows;
      for (const Event& event : events) rows.push_back({cell(event.key), cell(event.at), cell(event.made), cell(event.value)});
      const auto out = transformer.apply(test::make_batch(shared, rows));
      ASSERT_TRUE(out);
      const Outcome expected = fold(events, window);
      ASSERT_EQ(out->read, expected.read);
      ASSERT_EQ(out->batch.rows(), expected.written);
      ASSERT_EQ(out->superseded, expected.superseded);
      ASSERT_EQ(static_cast<int64_t>(out->rejects.size()), expected.rejected);
      ASSERT_EQ(out->null_cursors, expected.null_cursors);
      std::map<std::string, std::optional<int64_t>> profiles;
      for (const Row& row : test::rows_of(out->batch))
        profiles[std::get<std::string>(row[0].value)] = row[2] == null ? std::nullopt : std::optional(std::get<int64_t>(row[2].value));
      ASSERT_EQ(profiles, expected.profiles);
    }
  }
}

}  // namespace
}  // namespace penstock::host
