#include "conformance/sink_scene.hpp"

#include "base/failure.hpp"
#include "plugin/printable.hpp"

#include <penstock/testing/value_text.hpp>

#include <chrono>
#include <limits>
#include <unistd.h>

namespace penstock::host::conformance {
namespace {

using testing::Cell;
using testing::cell;
using testing::list_cell;

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

const Schema kTwoFields = {{"NAME", Type::utf8}, {"ORDERS", Type::int32}};

ProfileRow two_fields(std::string key, int64_t time, const char* name, int32_t orders, uint64_t fence) {
  return {std::move(key), testing::order_key(time, fence, static_cast<uint64_t>(orders)), {cell(name), cell(orders)}};
}

Schema all_types() {
  Schema fields = {{"F_BYTES", Type::binary},   {"F_STRING", Type::utf8},   {"F_INT32", Type::int32},  {"F_INT64", Type::int64},
                   {"F_DOUBLE", Type::float64}, {"F_FLOAT", Type::float32}, {"F_BOOL", Type::boolean}, instant("F_TIME", Type::timestamp_ns)};
  for (size_t i = 0; i < 8; ++i) {
    Field item = fields[i];
    Field list{item.name + "_LIST", Type::list};
    item.name = "item";
    list.children.push_back(item);
    fields.push_back(list);
  }
  return fields;
}

std::vector<ProfileRow> edge_rows() {
  using I32 = std::numeric_limits<int32_t>;
  using I64 = std::numeric_limits<int64_t>;
  using D = std::numeric_limits<double>;
  using F = std::numeric_limits<float>;
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  const std::string nul("a\0b", 3);
  const std::string quoted = "say \"hi\" \\ \t\n\x01\x7f \xF0\x9F\x8C\x8A \xC3\xA9 ]},";
  std::vector<std::vector<Cell>> rows = {
      {cell(every_byte), cell(quoted), cell(I32::max()), cell(I64::max()), cell(D::max()), cell(F::max()), cell(true), cell(I64::max())},
      {cell(""), cell(""), cell(I32::min()), cell(I64::min()), cell(D::denorm_min()), cell(F::denorm_min()), cell(false), cell(I64::min())},
      {cell(nul), cell(nul), cell(int32_t{0}), cell(int64_t{-1}), cell(-0.0), cell(-0.0f), cell(true), cell(int64_t{-1})},
      {cell("\r\n"), cell("nan"), cell(int32_t{-7}), cell(int64_t{9007199254740993}), cell(D::quiet_NaN()), cell(F::quiet_NaN()), cell(false),
       cell(int64_t{1'700'000'000'500'000'000})},
      {cell("$-1\r\n"), cell("null"), cell(int32_t{1}), cell(int64_t{1}), cell(-D::infinity()), cell(F::infinity()), cell(true), cell(int64_t{0})},
  };
  const std::vector<Cell> full = {
      list_cell<std::string>({every_byte, "", "a", "ab", "abc"}), list_cell<std::string>({quoted, "", nul}),
      list_cell<int32_t>({I32::min(), 0, I32::max()}), list_cell<int64_t>({I64::min(), 0, I64::max()}),
      list_cell<double>({D::quiet_NaN(), D::infinity(), -D::infinity(), -0.0, 0.1, D::max(), D::denorm_min(), 1e22}),
      list_cell<float>({F::quiet_NaN(), -F::infinity(), -0.0f, 0.1f, F::max()}), list_cell<bool>({true, false}),
      list_cell<int64_t>({I64::min(), -1, 0, 1, 999'999'999, 1'700'000'000'123'456'789, I64::max()})};
  const std::vector<Cell> empty(8, list_cell<int32_t>({}));
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::vector<Cell>& lists = i % 2 == 0 ? full : empty;
    rows[i].insert(rows[i].end(), lists.begin(), lists.end());
  }
  rows.push_back(std::vector<Cell>(16));
  std::vector<ProfileRow> out;
  for (size_t i = 0; i < rows.size(); ++i) out.push_back({"edge-" + std::to_string(i), testing::order_key(1), rows[i]});
  return out;
}

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
