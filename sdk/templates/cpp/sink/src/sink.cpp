#include "sink.hpp"

#include "value.hpp"

namespace connector {
namespace {

using penstock::Call;
using penstock::Error;

constexpr int64_t kBatchRows = 4096;
// Between two looks at whether the host wants the call to end.
constexpr int64_t kRowsPerCheck = 256;

// Versions of a view are views of their own.
std::string name_of(const std::string& view, int32_t version) { return view + "_v" + std::to_string(version); }
std::string name_of(const penstock::ViewRef& view) { return name_of(view.view, view.view_version); }

// Null where the profile has none, or one of another type.
const Value* value_of(const Profile& profile, const penstock::Field& field) {
  const auto found = profile.values.find(field.name);
  return found != profile.values.end() && found->second.format == format_of(field) ? &found->second : nullptr;
}

// One run of one view.
class ProfileWriter final : public penstock::Writer {
 public:
  ProfileWriter(std::shared_ptr<Store> store, const std::string& view, uint64_t max_profiles)
      : store_(std::move(store)), view_(view), max_profiles_(max_profiles), fence_(store_->begin(view_)) {}

  int64_t fence() const override { return fence_; }
  int64_t previous_fence() const override { return fence_ - 1; }

  penstock::WriteResult write(const Call& call, uint64_t, const penstock::BatchView& batch) override {
    penstock::WriteResult result;
    for (int64_t row = 0; row < batch.rows(); ++row) {
      if (row % kRowsPerCheck == 0) call.check();
      switch (store_->apply(view_, fence_, batch[penstock::kKeyColumn].bytes(row), profile(batch, row), max_profiles_)) {
        case Applied::written: ++result.written; break;
        case Applied::unchanged: ++result.unchanged; break;
        case Applied::stale: ++result.stale; break;
        case Applied::full:
          ++result.rejected;
          call.reject(row, PENSTOCK_REJECT_NO_COLUMN, "the store is full: max_profiles", true);
      }
    }
    return result;
  }

  // Memory is as durable as it gets when it is written. A store that buffers is waited for here: after this the position moves on.
  void flush(const Call&) override {}

  void commit(const Call&, const penstock::Position& position) override { store_->set_position(view_, fence_, position, fence_); }

 private:
  static Profile profile(const penstock::BatchView& batch, int64_t row) {
    Profile out{std::string(batch[penstock::kOrderColumn].bytes(row)), {}};
    for (size_t i = penstock::kFirstFieldColumn; i < batch.columns(); ++i)
      if (!batch[i].is_null(row)) out.values[batch[i].field().name] = {format_of(batch[i].field()), packed(batch[i], row)};
    return out;
  }

  std::shared_ptr<Store> store_;
  const std::string view_;
  const uint64_t max_profiles_;
  const int64_t fence_;
};

}  // namespace

void ProfileSink::validate(const SinkSettings& settings) {
  if (settings.name.empty()) throw Error(PENSTOCK_STATUS_INVALID_ARGUMENT, "name is empty");
}

ProfileSink::ProfileSink(const Call& call, const SinkSettings& settings) : store_(store_named(settings.name)), max_profiles_(settings.max_profiles) {
  ping(call);
}

// Is the store there? Memory always is; a wait for a server ends when the host wants the call to end, and so does every other one.
void ProfileSink::ping(const Call& call) { call.check(); }

// Not PENSTOCK_SINK_DURABLE, for memory is not, and not PENSTOCK_SINK_TTL: nothing here expires.
penstock::SinkCapabilities ProfileSink::capabilities(const Call&) {
  return {PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_UNCHANGED, kBatchRows, 0};
}

std::unique_ptr<penstock::Writer> ProfileSink::begin(const Call& call, const penstock::RunSpec& spec) {
  call.check();
  if (spec.ttl_ms != 0) throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "profiles do not expire here: leave out the view's ttl");
  for (size_t i = penstock::kFirstFieldColumn; i < spec.schema.size(); ++i)
    if (!is_storable(spec.schema[i]))
      throw Error(PENSTOCK_STATUS_NOT_SUPPORTED, "the field \"" + spec.schema[i].name + "\" has a type that cannot be stored");
  return std::make_unique<ProfileWriter>(store_, name_of(spec.view, spec.view_version), max_profiles_);
}

penstock::Marker ProfileSink::load_marker(const Call&, const penstock::ViewRef& view) { return store_->marker(name_of(view)); }

void ProfileSink::compare_and_store_marker(const Call&, const penstock::ViewRef& view, int64_t expected_fence,
                                           const std::optional<penstock::Position>& position) {
  store_->set_position(name_of(view), expected_fence, position, 0);
}

void ProfileSink::read_profiles(const Call&, const penstock::ViewRef& view, const penstock::Schema& fields,
                                const std::vector<std::string_view>& keys, penstock::BatchBuilder& out) {
  enum : size_t { kState, kOrder, kTtl, kFirstField };
  for (const std::optional<Profile>& profile : store_->read(name_of(view), keys)) {
    out[kState].append<int8_t>(profile ? PENSTOCK_PROFILE_FOUND : PENSTOCK_PROFILE_MISSING);
    profile ? out[kOrder].append_bytes(profile->order) : out[kOrder].append_null();
    out[kTtl].append_null();  // never expires
    for (size_t i = 0; i < fields.size(); ++i) {
      const Value* const value = profile ? value_of(*profile, fields[i]) : nullptr;
      value != nullptr ? append_packed(out[kFirstField + i], value->bytes) : out[kFirstField + i].append_null();
    }
  }
}

uint64_t ProfileSink::remove_profiles(const Call&, const penstock::ViewRef& view, const std::vector<std::string_view>& keys) {
  return store_->remove(name_of(view), keys);
}

}  // namespace connector
