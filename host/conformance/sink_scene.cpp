#include "conformance/sink_scene.hpp"

#include "base/failure.hpp"
#include "plugin/printable.hpp"

#include <penstock/testing/value_text.hpp>

#include <chrono>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

using testing::Cell;

constexpr size_t kMaxShown = 80;

template <class T>
T number_in(const std::string& bytes) {
  T value{};
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

std::string hex(std::string_view bytes) {
  std::string out = testing::detail::hexadecimal(bytes.substr(0, kMaxShown / 2)).replace(0, 2, "0x");
  return bytes.size() > kMaxShown / 2 ? out + "… (" + std::to_string(bytes.size()) + " bytes)" : out;
}

}  // namespace

ViewName own_view(const std::string& topic, int32_t version) {
  static const auto kStarted = std::chrono::system_clock::now().time_since_epoch().count();
  return {"check_" + std::to_string(kStarted) + "_" + std::to_string(getpid()) + "_" + topic, version};
}

std::string cell_text(const Field& field, const Cell& cell) {
  if (!cell) return "null";
  switch (field.type) {
    case Type::utf8: return "\"" + printable(std::string_view(*cell), kMaxShown) + "\"";
    case Type::boolean: return cell->size() == 1 && (*cell)[0] != 0 ? "true" : "false";
    case Type::int32: return std::to_string(number_in<int32_t>(*cell));
    case Type::int64:
    case Type::timestamp_ns: return std::to_string(number_in<int64_t>(*cell));
    case Type::float32: return testing::detail::shortest(number_in<float>(*cell));
    case Type::float64: return testing::detail::shortest(number_in<double>(*cell));
    case Type::list: {
      std::string out = "[";
      for (size_t at = 0; at + 4 <= cell->size();) {
        const auto size = number_in<uint32_t>(cell->substr(at, 4));
        out += (at == 0 ? "" : ", ") + cell_text(field.children.at(0), cell->substr(at + 4, size));
        at += 4 + size;
      }
      return out + "]";
    }
    default: return hex(*cell);
  }
}

std::string row_text(const Schema& fields, const std::string& order, const std::vector<Cell>& cells) {
  std::string out = "order key " + hex(order);
  for (size_t i = 0; i < fields.size() && i < cells.size(); ++i) out += ", " + fields[i].name + " " + cell_text(fields[i], cells[i]);
  return out;
}

std::string counts_text(const Written& counts) {
  return "{" + std::to_string(counts.written) + " written, " + std::to_string(counts.unchanged) + " unchanged, " + std::to_string(counts.stale) +
         " stale, " + std::to_string(counts.rejected) + " rejected}";
}

std::string key_text(const std::string& key) {
  return "the profile of \"" + printable(std::string_view(key), kMaxShown) + "\"" + (key.size() > kMaxShown ? " (" + std::to_string(key.size()) + " bytes)" : "");
}

SinkScene::~SinkScene() {
  if (sink.object() == nullptr) return;
  try {
    session.trial().step("remove what the check has written");
    sink.clean_up();
  } catch (const CheckOver&) {  // said already
  }
}

void SinkScene::begin(const ViewName& view, const Schema& fields, TrialRun& out, int64_t ttl_ms) {
  const Answer answer = sink.begin(view, fields, out, ttl_ms);
  if (!answer.ok()) session.trial().stop(answer.text(), "a run of a view with the fields NAME (string) and ORDERS (int32) can begin");
}

penstock_sink_capabilities SinkScene::capabilities() {
  penstock_sink_capabilities out{};
  session.require(sink.capabilities(out));
  return out;
}

void SinkScene::need_claim(uint32_t bit, const char* name) {
  if ((capabilities().flags & bit) == 0) session.trial().skip("not claimed: " + std::string(name));
}

bool SinkScene::expect_row(const ViewName& view, const Schema& fields, const ProfileRow& row, const std::string& after) {
  return expect_profile(profile(view, fields, row.key), fields, row, after);
}

bool SinkScene::expect_profile(const Profile& seen, const Schema& fields, const ProfileRow& row, const std::string& after) {
  const std::string expected = "after " + after + ", " + key_text(row.key) + " has " + row_text(fields, row.order, row.cells);
  if (seen.state != PENSTOCK_PROFILE_FOUND)
    return session.trial().expect(false, seen.state == PENSTOCK_PROFILE_EXPIRED ? "it has expired" : "it is not there", expected);
  return session.trial().expect(seen.order == row.order && seen.cells == row.cells, row_text(fields, seen.order.value_or(""), seen.cells), expected);
}

bool SinkScene::expect_missing(const ViewName& view, const Schema& fields, const std::string& key, const std::string& after) {
  const Profile seen = profile(view, fields, key);
  return session.trial().expect(seen.state != PENSTOCK_PROFILE_FOUND, "it has " + row_text(fields, seen.order.value_or(""), seen.cells),
                                "after " + after + ", " + key_text(key) + " is not there");
}

bool SinkScene::expect_answer(const Answer& answer, penstock_status status, const std::string& when) {
  const std::string name = status == PENSTOCK_STATUS_OK ? "OK" : std::string(status_name(status));
  return session.trial().expect(answer.is(status), answer.text(), answer.slot + " answers " + name + " " + when);
}

}  // namespace penstock::host::conformance
