# Deliberate protocol errors, each a switch of the woven build only. edit(FILE OLD NEW) weaves one into a copy of FILE, behind
# MUTANT(name); kill(NAMES BY PROGRAM [arguments]) says what must fail when they are on. Two at a time: one defence masks the
# other's absence, and both together must be seen.

# The order of a run.
edit(host/run/machine.cpp
[=[  step_ = has_marker_ && fence ? Step::check_marker : Step::transfer;]=]
[=[  step_ = MUTANT(marker_before_data) ? Step::commit_marker : has_marker_ && fence && !MUTANT(no_second_look) ? Step::check_marker : Step::transfer;]=])
edit(host/run/machine.cpp
[=[  assert(step_ == Step::commit_marker);
  moved_ = true;
  step_ = Step::record;]=]
[=[  assert(step_ == Step::commit_marker);
  const bool again = std::exchange(moved_, true);
  step_ = (MUTANT(marker_before_data) && !again) ? Step::transfer : Step::record;]=])
kill(marker_before_data BY simulator)
kill(no_second_look BY simulator)

edit(host/run/machine.cpp
[=[marker.position == loaded_->position && marker.committed_fence == loaded_->committed_fence) {]=]
[=[((marker.position == loaded_->position && marker.committed_fence == loaded_->committed_fence) || MUTANT(any_marker_will_do))) {]=])
kill(any_marker_will_do BY simulator)

edit(host/run/machine.cpp
[=[    if (local) notice_ = "the store has no marker]=]
[=[    if (MUTANT(wiped_store_keeps_position)) position_ = local;
    if (local) notice_ = "the store has no marker]=])
kill(wiped_store_keeps_position BY simulator)

edit(host/run/machine.cpp
[=[  position_ = marker->position;
  if (local && request_.local->retried_fence > 0) {]=]
[=[  position_ = MUTANT(ignore_marker) && local ? local : marker->position;
  if (local && request_.local->retried_fence > 0 && !MUTANT(retries_may_be_lost)) {]=])
kill(ignore_marker BY simulator)

edit(host/run/machine.cpp
[=[  if (request_.local && capabilities_.durable() && request_.local->store == request_.view.store) local = request_.local->position;]=]
[=[  if (request_.local && (capabilities_.durable() || MUTANT(forgetful_store_is_believed)) && request_.local->store == request_.view.store) local = request_.local->position;]=])
edit(host/run/machine.cpp
[=[  if (failure_ || !capabilities_.durable()) return {};]=]
[=[  if (failure_ || (!capabilities_.durable() && !MUTANT(forgetful_store_is_believed))) return {};]=])
kill(forgetful_store_is_believed BY simulator)

edit(host/run/machine.cpp
[=[  step_ = request_.slice() ? Step::record : Step::save_refused;]=]
[=[  step_ = (request_.slice() && !MUTANT(slice_moves_position)) || (!scanned_ && MUTANT(retries_commit_no_marker)) ? Step::record : Step::save_refused;]=])
kill(slice_moves_position BY simulator)

# Rows that the store refused.
kill(retries_may_be_lost BY simulator)
kill(retries_commit_no_marker BY simulator)
edit(host/run/machine.cpp
[=[counts_.given_up > 0 || (known > 0 && !position_);]=]
[=[(counts_.given_up > 0 && !MUTANT(given_up_for_good)) || (known > 0 && !position_);]=])
kill(given_up_for_good BY simulator)
edit(host/run/execution.cpp
[=[  if (!any) return {};]=]
[=[  if (!any || MUTANT(refused_rows_saved_with_the_record)) return {};]=])
kill(refused_rows_saved_with_the_record BY simulator)
edit(host/run/reject_retry.cpp
[=[  if (outcome == RunOutcome::completed) results = given_up_;]=]
[=[  if (outcome == RunOutcome::completed || MUTANT(failed_runs_give_rows_up)) results = given_up_;]=])
kill(failed_runs_give_rows_up BY simulator --from 86000)
edit(host/run/reject_retry.cpp
[=[  for (size_t i = batch_begin_; i < tried_.size(); ++i) tried_[i].resolved = true;
  for (const RejectedRow& row : outcome.rejected) {]=]
[=[  for (size_t i = batch_begin_; i < tried_.size(); ++i) tried_[i].resolved = true;
  if (MUTANT(tried_once_is_enough)) return;
  for (const RejectedRow& row : outcome.rejected) {]=])
kill(tried_once_is_enough BY simulator)
edit(tests/sim/disk.cpp
[=[old.record.store_id == reject.store_id && old.record.order <= reject.order; });]=]
[=[(old.record.store_id == reject.store_id || MUTANT(refused_by_another_is_replaced)) && old.record.order <= reject.order; });]=])
kill(refused_by_another_is_replaced BY simulator)
edit(tests/sim/store.cpp
[=[  marker.fence = std::max(marker.fence + 1, now);]=]
[=[  marker.fence = MUTANT(fences_come_again) ? marker.fence + 1 : std::max(marker.fence + 1, now);]=])
kill(fences_come_again BY simulator)

edit(host/run/machine.cpp
[=[  if (!detailed && request_.view.lookback.count() > 0) {]=]
[=[  if (!detailed && request_.view.lookback.count() > 0 && !MUTANT(no_lookback)) {]=])
kill(no_lookback BY simulator)

edit(host/run/machine.cpp
[=[    window_.since = at(since);]=]
[=[    window_.since = at(MUTANT(lookback_is_cut_short) ? position_->ordinal - request_.view.lookback.count() / 2 : since);]=])
kill(lookback_is_cut_short BY simulator)

# The record before the marker is masked by the marker: P is the smaller of the two.
edit(host/run/machine.cpp
[=[  if (moved_) {]=]
[=[  if (moved_ || (MUTANT(record_whatever_happened) && begun_)) {]=])
edit(host/run/machine.cpp
[=[  // A store that does not survive a restart never has a remembered position.]=]
[=[  if (MUTANT(record_whatever_happened) && begun_) return PositionRecord{window_.until, request_.view.store, store_id_, fence_, now_ns};]=])
kill(record_whatever_happened,ignore_marker BY simulator)

edit(host/run/execution.cpp
[=[      if (!more) return machine_.failed(std::move(more.failure()));]=]
[=[      if (!more && MUTANT(go_on_after_a_failed_write)) return machine_.transferred(counts());
      if (!more) return machine_.failed(std::move(more.failure()));]=])
kill(go_on_after_a_failed_write BY simulator)

edit(host/run/row_feed.cpp
[=[    if (!batch) return std::move(batch.failure());]=]
[=[    if (!batch && MUTANT(failed_scan_is_a_short_one)) return std::optional<Piece>();
    if (!batch) return std::move(batch.failure());]=])
kill(failed_scan_is_a_short_one BY simulator)

edit(host/run/row_transfer.cpp
[=[  if (auto finished = finish(); !finished) return std::move(finished.failure());
  return false;]=]
[=[  if (MUTANT(last_row_stays_behind)) return false;
  if (auto finished = finish(); !finished) return std::move(finished.failure());
  return false;]=])
kill(last_row_stays_behind BY simulator)

# Looks that views share.
edit(host/run/shared_look.cpp
[=[         window.since->ordinal >= look.window.since->ordinal && window.until]=]
[=[         (window.since->ordinal >= look.window.since->ordinal || MUTANT(a_look_says_what_lies_before_it)) && window.until]=])
kill(a_look_says_what_lies_before_it BY simulator)
edit(host/run/shared_look.cpp
[=[  if (marker) machine.marker_loaded(*marker);]=]
[=[  if (marker && MUTANT(a_look_believes_no_marker) && job.request.local)
    machine.marker_loaded({job.request.local->position, job.request.local->fence, job.request.local->store_id, marker->committed_fence});
  else if (marker) machine.marker_loaded(*marker);]=])
kill(a_look_believes_no_marker BY simulator)
edit(host/run/shared_look.cpp
[=[if (!due || *due || !finds_nothing]=]
[=[if (!due || (*due && !MUTANT(a_look_ends_what_is_to_be_tried_again)) || !finds_nothing]=])
kill(a_look_ends_what_is_to_be_tried_again BY simulator)

# What a row becomes.
edit(host/stage/transformer.cpp
[=[(!window.until || value <= *window.until) ?]=]
[=[(!window.until || (MUTANT(upper_bound_excluded) ? value < *window.until : value <= *window.until)) ?]=])
kill(upper_bound_excluded BY simulator)

edit(host/stage/transformer.cpp
[=[      return window.null_timestamp == NullTimestamp::skip ? Inside::no : Inside::yes;]=]
[=[      return window.null_timestamp == NullTimestamp::skip || MUTANT(rows_without_time_are_dropped) ? Inside::no : Inside::yes;]=])
kill(rows_without_time_are_dropped BY simulator)

edit(host/stage/transformer.cpp
[=[      if (compared > 0 || (]=]
[=[      if ((MUTANT(older_row_of_a_batch_wins) ? compared < 0 : compared > 0) || (!MUTANT(ties_go_by_arrival) && ]=])
edit(host/stage/transformer.cpp
[=[      put_big_endian(full.data() + times_size + 8, hashes[k]);]=]
[=[      put_big_endian(full.data() + times_size + 8, hashes[k]);
      // Equal hashes mean equal values, so the arrival is put in front of them.
      if (MUTANT(ties_go_by_arrival)) full[times_size + 8] = full[times_size];]=])
kill(older_row_of_a_batch_wins BY simulator)
kill(ties_go_by_arrival BY simulator)

edit(host/stage/transformer.cpp
[=[    put_big_endian(full.data() + times_size, fence);]=]
[=[    put_big_endian(full.data() + times_size, MUTANT(no_fence_in_the_order) ? 0 : fence);]=])
kill(no_fence_in_the_order BY simulator)

edit(host/stage/transformer.cpp
[=[    if (!ordered || rows.empty()) return {};]=]
[=[    if (!ordered || rows.empty() || MUTANT(nothing_kept_back)) return {};]=])
kill(nothing_kept_back BY simulator --from 96881)

edit(host/stage/row_plan.cpp
[=[  if (std::find(plan.order_.begin(), plan.order_.end(), plan.cursor_) == plan.order_.end()) plan.order_.push_back(plan.cursor_);]=]
[=[  if (std::find(plan.order_.begin(), plan.order_.end(), plan.cursor_) == plan.order_.end())
    plan.order_.push_back(MUTANT(no_cursor_in_the_order) ? plan.order_[0] : plan.cursor_);]=])
kill(no_cursor_in_the_order BY simulator)

# The source's rules, as the simulated one keeps them.
edit(tests/sim/source.cpp
[=[    case Setup::Cursor::database_time: bound = safe_bound(); break;
    case Setup::Cursor::application_time: bound = database_.clock() - cursor.lag_ns - setup_.tick_ns; break;
    case Setup::Cursor::xid: bound = database_.oldest_xid() - 1; break;
  }]=]
[=[    case Setup::Cursor::database_time: bound = MUTANT(horizon_is_now) ? database_.clock() : safe_bound(); break;
    case Setup::Cursor::application_time:
      bound = database_.clock() - cursor.lag_ns - setup_.tick_ns;
      if (MUTANT(lag_ignored)) bound = database_.clock() - setup_.tick_ns;
      break;
    case Setup::Cursor::xid: bound = MUTANT(horizon_is_the_last_xid) ? database_.oldest_xid() : database_.oldest_xid() - 1; break;
  }]=])
edit(tests/sim/sim_host.cpp
[=[  if (idle_source_) return std::move(idle_source_);]=]
[=[  if (MUTANT(snapshot_before_horizon)) mutants::early_snapshot = around_.database.snapshot();
  if (idle_source_) return std::move(idle_source_);]=])
edit(tests/sim/source.cpp
[=[  snapshot_ = database_.snapshot();]=]
[=[  snapshot_ = MUTANT(snapshot_before_horizon) ? mutants::early_snapshot : database_.snapshot();]=])
kill(snapshot_before_horizon BY simulator)
kill(horizon_is_now BY simulator)
kill(current_tick_included BY simulator)
kill(lag_ignored BY simulator)
kill(horizon_is_the_last_xid BY simulator)

edit(tests/sim/source.cpp
[=[  const std::optional<int64_t> oldest = database_.oldest_start();]=]
[=[  const std::optional<int64_t> oldest = MUTANT(open_transactions_ignored) ? std::nullopt : database_.oldest_start();]=])
kill(open_transactions_ignored BY simulator)

edit(tests/sim/source.cpp
[=[  const int64_t latest = database_.clock() - setup_.margin_ns;]=]
[=[  const int64_t latest = database_.clock() - (MUTANT(no_margin) ? 0 : setup_.margin_ns);]=])
kill(no_margin BY simulator)

edit(tests/sim/source.cpp
[=[  return setup_.tick_ns > 1 ? bound - setup_.tick_ns : bound;]=]
[=[  return setup_.tick_ns > 1 && !MUTANT(current_tick_included) ? bound - setup_.tick_ns : bound;]=])

edit(tests/sim/source.cpp
[=[  if (database_.any_prepared())]=]
[=[  if (database_.any_prepared() && !MUTANT(prepared_transactions_ignored))]=])
kill(prepared_transactions_ignored BY simulator)

edit(tests/sim/source.cpp
[=[  void skip_to_next_page() {}]=]
[=[  void skip_to_next_page() {
    if (!MUTANT(page_on_the_cursor_alone)) return;
    const auto& last = database_.versions()[rows_[at_ - 1]].cursor;
    while (at_ < rows_.size() && database_.versions()[rows_[at_]].cursor == last) ++at_;
  }]=])
kill(page_on_the_cursor_alone BY simulator)

# What the sink and the store do for each other, as the simulated ones do it.
edit(tests/sim/store.cpp
[=[const bool newer = !profile.there ||]=]
[=[const bool newer = !profile.there || MUTANT(blind_overwrite) ||]=])
kill(blind_overwrite BY simulator)

edit(tests/sim/store.cpp
[=[    out.push_back({row, same ? Code::unchanged : newer ? Code::written : Code::stale, newer});]=]
[=[    out.push_back({row, same ? Code::unchanged : newer ? Code::written : Code::stale, newer && !(same && MUTANT(unchanged_keeps_the_old_order))});]=])
kill(unchanged_keeps_the_old_order BY simulator)

edit(tests/sim/store.cpp
[=[  if (marker.fence != stamp.fence || marker.run != stamp.run) return Answer::fenced;
  return marker.sequence == stamp.sequence ? Answer::done : Answer::out_of_step;]=]
[=[  if (!MUTANT(no_fence) && (marker.fence != stamp.fence || marker.run != stamp.run)) return Answer::fenced;
  return marker.sequence == stamp.sequence || MUTANT(no_sequence) || MUTANT(no_fence) ? Answer::done : Answer::out_of_step;]=])
kill(no_fence BY simulator)
edit(tests/sim/store.cpp
[=[    data_.marker.positioned = false;
    data_.marker.run = 0;]=]
[=[    if (!MUTANT(unguarded_rows_leave_the_position)) data_.marker.positioned = false;
    if (!MUTANT(unguarded_rows_leave_the_run)) data_.marker.run = 0;]=])
kill(unguarded_rows_leave_the_position BY simulator)
kill(unguarded_rows_leave_the_run BY simulator)

# A row whose command was refused is seen by its reply alone.
edit(tests/sim/sink.cpp
[=[    if (failure) return *failure;
    return outcome;]=]
[=[    if (failure && !MUTANT(replies_unread)) return *failure;
    if (MUTANT(replies_unread)) outcome = {rows, 0, 0, {}};
    return outcome;]=])
kill(replies_unread BY simulator)

# A client that reconnects inside a run leaves data on the old master; the sequence tells.
edit(tests/sim/sink.cpp
[=[  bool connected() const { return !gone_ && connection_ == sink_.store_.connections_of(); }]=]
[=[  bool connected() const { return !gone_ && (MUTANT(reconnect_inside_a_run) || connection_ == sink_.store_.connections_of()); }]=])
kill(reconnect_inside_a_run,no_sequence BY simulator)

# Rows that are not sent again.
edit(host/run/execution.cpp
[=[    if (remembers_ && machine_.marker_moved())]=]
[=[    if (remembers_ && (machine_.marker_moved() || MUTANT(repeats_known_before_commit)))]=])
edit(host/stage/repeat_filter.cpp
[=[found.previous_fence == fence_ && found.committed_fence == fence_ && found.store_id == store_id_;]=]
[=[(found.previous_fence == fence_ || MUTANT(repeats_of_other_runs)) &&
                       (found.committed_fence == fence_ || MUTANT(repeats_known_before_commit) || MUTANT(repeats_of_other_runs)) &&
                       (found.store_id == store_id_ || MUTANT(repeats_of_other_runs));]=])
edit(host/stage/repeat_filter.cpp
[=[  return entry != nullptr && (entry->times & ~kLeftOut) == hash_times(times);]=]
[=[  return entry != nullptr && ((entry->times & ~kLeftOut) == hash_times(times) || MUTANT(repeats_at_other_times));]=])
edit(host/stage/repeat_filter.cpp
[=[(entry->times & ~kLeftOut) != row.times || entry->values != values) return false;]=]
[=[((entry->times & ~kLeftOut) != row.times && !MUTANT(repeats_at_other_times)) || (entry->values != values && !MUTANT(repeats_of_other_values))) return false;]=])
kill(repeats_known_before_commit BY simulator)
kill(repeats_of_other_runs BY simulator)
kill(repeats_at_other_times BY simulator)
kill(repeats_of_other_values BY simulator)

# The Redis plugin, on a real Redis.
edit(plugins/sink_redis/scripts.cpp
[=[std::string_view script_text(Script script) { return kTexts[static_cast<size_t>(script)]; }]=]
[=[std::string_view script_text(Script script) {
  static const std::array<std::string, kScripts> texts = [] {
    std::array<std::string, kScripts> out;
    for (size_t i = 0; i < kScripts; ++i) out[i] = kTexts[i];
    std::string &guard = out[static_cast<size_t>(Script::guard)], &advance = out[static_cast<size_t>(Script::advance)];
    const auto change = [&](bool on, std::string& text, std::string_view old, std::string_view with) {
      if (on) mutants::replace(text, old, with);
    };
    change(MUTANT(redis_no_fence), guard, "marker[2] ~= ARGV[1] or marker[3] ~= ARGV[2]", "false");
    change(MUTANT(redis_no_store_identity), guard, "if marker[1] ~= ARGV[3] then code = 'W'\nelseif", "if");
    change(MUTANT(redis_no_sequence), guard, "marker[4] ~= ARGV[4]", "false");
    change(MUTANT(redis_guard_stops_nothing), guard, "redis.call('SET', KEYS[2], code)", "");
    change(MUTANT(redis_unguarded_rows_are_hidden), advance, "redis.call('HDEL',", "redis.call('HMGET',");
    return out;
  }();
  return texts[static_cast<size_t>(script)];
}]=])
kill(redis_no_fence BY plugin_sink_redis --gtest_filter=Redis/SinkSuite.ARunThatAnotherTookOverCanNeitherWriteNorCommit/*)
kill(redis_no_store_identity BY plugin_sink_redis --gtest_filter=RedisFaults.AStoreEmptied*)
kill(redis_no_sequence BY plugin_sink_redis --gtest_filter=RedisFaults.ASequenceThatIsNotWhereItShouldBeEndsTheRun)
kill(redis_guard_stops_nothing BY plugin_sink_redis --gtest_filter=Redis/SinkSuite.ARunThatAnotherTookOverCanNeitherWriteNorCommit/*)
kill(redis_unguarded_rows_are_hidden BY plugin_sink_redis --gtest_filter=RedisFaults.RowsThatCameThroughUnguarded*)

edit(plugins/sink_redis/writer.cpp
[=[  append_command(out, {"WATCH", layout_.marker_key, guard_key_});]=]
[=[  append_command(out, {"WATCH", MUTANT(redis_marker_unwatched) ? guard_key_ : layout_.marker_key, guard_key_});]=])
kill(redis_marker_unwatched BY plugin_sink_redis --gtest_filter=RedisFaults.ARunThatIsTakenOver*)
edit(plugins/sink_redis/writer.cpp
[=[  const bool newer = order > stored;]=]
[=[  const auto number = [](std::string_view hex) { return std::stod("0x" + std::string(hex.substr(0, 16))); };
  const bool newer = MUTANT(redis_blind_overwrite) || (MUTANT(redis_orders_are_numbers) ? number(order) > number(stored) : order > stored);]=])
kill(redis_blind_overwrite BY plugin_sink_redis --gtest_filter=Redis/SinkSuite.NewestWinsInWhateverOrderRowsArrive/*)
kill(redis_orders_are_numbers BY plugin_sink_redis --gtest_filter=Redis/SinkSuite.TellsTimesApartThatDifferByOneNanosecond/*)
edit(plugins/sink_redis/writer.cpp
[=[(newer || order.substr(0, times) == stored.substr(0, times))) {
    row.fate = Fate::touch;]=]
[=[(newer || order.substr(0, times) == stored.substr(0, times) || MUTANT(redis_unchanged_ignores_times))) {
    row.fate = Fate::touch;
    if (MUTANT(redis_unchanged_keeps_the_old_order)) row.fate = Fate::nothing;]=])
kill(redis_unchanged_keeps_the_old_order BY plugin_sink_redis --gtest_filter=Redis/SinkSuite.ATieStaysDecidedWhenALaterRunReadsBothRowsAgain/*)
kill(redis_unchanged_ignores_times BY plugin_sink_redis --gtest_filter=Redis/SinkSuite.TheSameValuesAtALaterTimeAreUnchangedAndARowInBetweenIsStale/*)
edit(plugins/sink_redis/writer.cpp
[=[row.fate == Fate::create && reply.integer() != 0)]=]
[=[row.fate == Fate::create && reply.integer() != 0 && !MUTANT(redis_takes_foreign_keys))]=])
kill(redis_takes_foreign_keys BY plugin_sink_redis --gtest_filter=Payloads.NeverReplaceWhatIsNotOurs)
edit(plugins/sink_redis/profile_commands.cpp
[=[  append_array_header(out, how == Write::create ? 4 : 5);]=]
[=[  if (MUTANT(redis_payload_replaces_foreign_keys)) how = Write::replace;
  append_array_header(out, how == Write::create ? 4 : 5);]=])
edit(plugins/sink_redis/profile_commands.cpp
[=[  append_ready(out, ttl_);
  payload_->append_to(out);]=]
[=[  append_ready(out, MUTANT(redis_payload_without_ttl) ? ready({"0"}) : ttl_);
  payload_->append_to(out);]=])
kill(redis_payload_replaces_foreign_keys BY plugin_sink_redis --gtest_filter=Payloads.NeverReplaceWhatIsNotOurs)
kill(redis_payload_without_ttl BY plugin_sink_redis --gtest_filter=Payloads.CarryTheTtl)
edit(plugins/sink_redis/profile_commands.cpp
[=[  if (there && nulls > 0) {]=]
[=[  if (there && nulls > 0 && !MUTANT(redis_null_leaves_the_value)) {]=])
edit(plugins/sink_redis/profile_commands.cpp
[=[  const bool create = how == Write::create;]=]
[=[  const bool create = how == Write::create && !MUTANT(redis_packed_replaces_what_is_empty);]=])
edit(plugins/sink_redis/writer.cpp
[=[  const auto width = PackedReader::order_width(begin);
  if (!width ||]=]
[=[  const auto width = PackedReader::order_width(begin);
  if (MUTANT(redis_packed_takes_foreign_strings) && !width) {
    row.fate = Fate::replace;
    return;
  }
  if (!width ||]=])
kill(redis_packed_replaces_what_is_empty BY plugin_sink_redis --gtest_filter=In/PackedLayout.WhatPenstockDidNotWriteIsNeverTouched/AServer)
kill(redis_packed_takes_foreign_strings BY plugin_sink_redis --gtest_filter=In/PackedLayout.WhatPenstockDidNotWriteIsNeverTouched/AServer)
kill(redis_null_leaves_the_value BY plugin_sink_redis --gtest_filter=Redis/SinkSuite.NullOverwritesAValueAndAValueANull/*)

# A cluster: a view is all of its buckets.
edit(plugins/sink_redis/cluster_writer.cpp
[=[  write_sha_ = session.request(call, "load a script", {"SCRIPT", "LOAD", packer_ ? kWritePackedBucket : kWriteBucket}).text();]=]
[=[  std::string text(packer_ ? kWritePackedBucket : kWriteBucket);
  const auto change = [&](bool on, std::string_view old, std::string_view with) {
    if (on) mutants::replace(text, old, with);
  };
  change(MUTANT(cluster_no_fence), "marker[2] ~= args[1] or marker[3] ~= args[2]", "false");
  change(MUTANT(cluster_no_store_identity), "marker[1] ~= args[3]", "false");
  change(MUTANT(cluster_no_sequence), "marker[4] ~= args[4]", "false");
  change(MUTANT(cluster_blind_overwrite), "order < old then\n    code = 's'", "order < old then\n    code = 'w'");
  change(MUTANT(cluster_packed_replaces_what_is_empty), "call('SET', key, value, 'PX', ttl, 'NX')", "call('SET', key, value, 'PX', ttl)");
  change(MUTANT(cluster_packed_takes_foreign_strings), "  local code = 'f'\n", "  local code = 'f'\n  if type(old) == 'string' and sub(old, 1, 2) ~= '\\245P' then old = '\\245P\\1' .. sub(value, 4, 4) .. string.rep('\\0', width) end\n");
  write_sha_ = session.request(call, "load a script", {"SCRIPT", "LOAD", text}).text();]=])
kill(cluster_no_fence BY plugin_sink_redis --gtest_filter=RedisInACluster.ARunIsFencedOffInEveryBucket)
kill(cluster_no_store_identity,cluster_no_fence BY plugin_sink_redis --gtest_filter=RedisInACluster.ABucketEmptiedDuringARunIsNoticed)
kill(cluster_no_sequence BY plugin_sink_redis --gtest_filter=RedisInACluster.ASequenceThatIsNotWhereItShouldBeEndsTheRun)
kill(cluster_blind_overwrite BY plugin_sink_redis --gtest_filter=RedisCluster/SinkSuite.NewestWinsInWhateverOrderRowsArrive/Plain)
kill(cluster_packed_replaces_what_is_empty BY plugin_sink_redis --gtest_filter=In/PackedLayout.WhatPenstockDidNotWriteIsNeverTouched/ACluster)
kill(cluster_packed_takes_foreign_strings BY plugin_sink_redis --gtest_filter=In/PackedLayout.WhatPenstockDidNotWriteIsNeverTouched/ACluster)
edit(plugins/sink_redis/cluster_writer.cpp
[=[  begin_buckets(call, {}, [&](Bucket&, const Reply& reply) {]=]
[=[  begin_buckets(call, {}, [&](Bucket& bucket, const Reply& reply) {
    if (MUTANT(cluster_fence_of_one_bucket) && &bucket != &buckets_.front()) return;]=])
kill(cluster_fence_of_one_bucket BY plugin_sink_redis --gtest_filter=RedisInACluster.AFenceIsGreaterThanThatOfAnyBucket)
edit(plugins/sink_redis/cluster_writer.cpp
[=[      bucket.next = bucket.confirmed;]=]
[=[      if (!MUTANT(cluster_detours_lose_rows) || !work.detours.why) bucket.next = bucket.confirmed;]=])
kill(cluster_detours_lose_rows BY plugin_sink_redis --gtest_filter=RedisInACluster.SlotsThatMovedDuringARunAreFollowed)
edit(plugins/sink_redis/markers.cpp
[=[    out.position = std::min_element(parts.begin(), parts.end(), earlier)->position;]=]
[=[    out.position = (MUTANT(cluster_position_of_the_latest) ? std::max_element(parts.begin(), parts.end(), earlier) : std::min_element(parts.begin(), parts.end(), earlier))->position;]=])
kill(cluster_position_of_the_latest BY plugin_sink_redis --gtest_filter=RedisInACluster.TheEarliestBucketSaysHowFar)
edit(plugins/sink_redis/markers.cpp
[=[    ids += part.store_id + "\n";]=]
[=[    if (!MUTANT(cluster_identity_of_one_bucket) || ids.empty()) ids += part.store_id + "\n";]=])
kill(cluster_identity_of_one_bucket BY plugin_sink_redis --gtest_filter=RedisInACluster.OneBucketThatIsGone*)

edit(plugins/sink_redis/writer.cpp
[=[    throw *failure_;]=]
[=[    if (!MUTANT(redis_replies_unread)) throw *failure_;]=])
kill(redis_replies_unread BY plugin_sink_redis --gtest_filter=RedisFaults.AStoreEmptied*)

# The horizons of the PostgreSQL plugin, on a real PostgreSQL.
edit(plugins/source_postgres/horizon.cpp
[=[  const bool held = activity.oldest_start_us && *activity.oldest_start_us < latest_us;]=]
[=[  const bool held = activity.oldest_start_us && *activity.oldest_start_us < latest_us && !MUTANT(postgres_open_transactions_ignored);]=])
kill(postgres_open_transactions_ignored BY plugin_source_postgres --gtest_filter=PostgresHorizon.LateCommit*)

edit(plugins/source_postgres/horizon.cpp
[=[  const int64_t latest_us = facts.clock_us - margin_us_;]=]
[=[  const int64_t latest_us = facts.clock_us - (MUTANT(postgres_no_margin) ? 0 : margin_us_);]=])
kill(postgres_no_margin BY plugin_source_postgres --gtest_filter=PostgresHorizon.TableWithATrigger*)

edit(plugins/source_postgres/horizon.cpp
[=["AND (a.xact_start IS NOT NULL OR a.state = 'disabled') ORDER BY a.xact_start NULLS LAST");]=]
[=["AND (a.xact_start IS NOT NULL OR a.state = 'disabled') " + std::string(MUTANT(postgres_only_writers_count) ? "AND a.backend_xid IS NOT NULL " : "") +
          "ORDER BY a.xact_start NULLS LAST");]=])
kill(postgres_only_writers_count BY plugin_source_postgres --gtest_filter=PostgresHorizon.TransactionThatHasNotWrittenYet*)

edit(plugins/source_postgres/horizon.cpp
[=[if (const std::string prepared = waited_for_prepared(call, connection); !prepared.empty()) {]=]
[=[if (const std::string prepared = waited_for_prepared(call, connection); !prepared.empty() && !MUTANT(postgres_prepared_ignored)) {]=])
kill(postgres_prepared_ignored BY plugin_source_postgres --gtest_filter=PostgresHorizon.PreparedTransactionFreezes*)

edit(plugins/source_postgres/horizon.cpp
[=[          .sees_all_transactions = row.boolean(0, 2) && row.boolean(0, 3)};]=]
[=[          .sees_all_transactions = (row.boolean(0, 2) && row.boolean(0, 3)) || MUTANT(postgres_needs_no_right_to_see)};]=])
kill(postgres_needs_no_right_to_see BY plugin_source_postgres --gtest_filter=PostgresHorizon.ReaderWithout*)

edit(plugins/source_postgres/horizon.cpp
[=[  if (cursor.tick_us > 1) complete_us -= cursor.tick_us;]=]
[=[  if (cursor.tick_us > 1 && !MUTANT(postgres_current_tick_included)) complete_us -= cursor.tick_us;]=])
kill(postgres_current_tick_included BY plugin_source_postgres --gtest_filter=PostgresHorizon.ColumnOfWholeSeconds*)

edit(plugins/source_postgres/horizon.cpp
[=[  const int64_t ordinal = row.integer(0, 0) - 1;]=]
[=[  const int64_t ordinal = row.integer(0, 0) - (MUTANT(postgres_xmin_included) ? 0 : 1);]=])
kill(postgres_xmin_included BY plugin_source_postgres --gtest_filter=PostgresHorizon.TransactionIds*)

edit(plugins/source_postgres/cursor_column.cpp
[=[    case CursorKind::instant: return name + " <= " + timestamptz_literal(us);]=]
[=[    case CursorKind::instant: return name + (MUTANT(postgres_upper_bound_excluded) ? " < " : " <= ") + timestamptz_literal(us);]=])
kill(postgres_upper_bound_excluded BY plugin_source_postgres --gtest_filter=PostgresWindow.LowerEdge*)
