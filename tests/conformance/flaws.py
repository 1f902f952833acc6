"""The flaws of the bad plugins, and the one check of the suite that must find each.

A flaw is built into a file of its own (`file`), or is one of bad_source.so or bad_sink.so that PENSTOCK_FLAW switches on.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Flaw:
    plugin: str  # bad_source, bad_sink, or the file that has the flaw built in
    name: str  # of the flaw; empty: built in
    check: str  # that finds it
    verdict: str = "fail"  # or crash, timeout, warn
    include: str = ""  # only these checks, for a flaw that makes the others slow or that the linker refuses to load
    server: bool = False  # with the server that bad_source asks
    tries: int = 1  # for a flaw that a busy machine may hide: how often it may be tried until it is found


FLAWS = [
    # What the suite needs.
    Flaw("bad_source", "open_fails", "setup.ready"),
    Flaw("bad_source", "table_seems_empty", "setup.ready"),
    Flaw("bad_source", "only_null_times", "setup.ready"),
    # What can be seen in the file.
    Flaw("Bad-Name", "", "static.file"),
    Flaw("no_note", "", "static.note"),
    Flaw("two_exports", "", "static.exports"),
    Flaw("undefined_symbol", "", "static.undefined_symbols"),
    Flaw("newer_glibc", "", "static.glibc_floor", include="static.*"),
    Flaw("static_tls", "", "static.tls"),
    Flaw("run_path", "", "static.run_path"),
    Flaw("executable_stack", "", "static.hardening"),
    # Loading it.
    Flaw("bad_source", "slot_null", "load.module"),
    Flaw("bad_source", "entry_point_moves", "load.entry_point"),
    Flaw("bad_source", "environment_changed", "load.start"),
    Flaw("bad_source", "init_starts_thread", "load.start", verdict="warn", include="load.start"),
    Flaw("bad_source", "init_takes_long", "load.start", verdict="warn", include="load.start"),
    Flaw("bad_source", "init_asks_network", "load.offline"),
    Flaw("bad_source", "only_its_own_sizes", "load.other_hosts"),
    Flaw("bad_source", "exits_elsewhere", "load.other_hosts", verdict="crash"),
    # Options.
    Flaw("bad_source", "option_without_doc", "options.declarations"),
    Flaw("bad_source", "validate_crashes_on_thread", "options.validate", verdict="crash"),
    Flaw("bad_source", "refusal_names_no_option", "options.validate"),
    Flaw("bad_source", "validate_opens_file", "options.offline"),
    Flaw("bad_source", "secret_logged", "options.secret"),
    Flaw("bad_source", "any_password_will_do", "options.secret", verdict="warn", include="options.*"),
    # What goes wrong.
    Flaw("bad_source", "cancel_is_unavailable", "faults.cancelled_before"),
    Flaw("bad_source", "deaf_to_cancel", "faults.cancel", include="faults.*", server=True),
    Flaw("bad_source", "looks_up_now_and_then", "faults.cancel", verdict="warn", include="faults.cancel*", server=True),
    Flaw("bad_source", "deadline_of_another_clock", "faults.deadline", include="faults.*", server=True),
    Flaw("bad_source", "lost_for_good", "faults.reset", include="faults.*", server=True),
    Flaw("bad_source", "lost_is_safe", "faults.reset", include="faults.*", server=True),
    Flaw("bad_source", "secret_told_when_lost", "faults.reset", include="faults.*", server=True),
    Flaw("bad_source", "lost_is_the_end", "faults.cut", include="faults.*", server=True),
    Flaw("bad_source", "close_is_the_end", "faults.cut", include="faults.*", server=True),
    Flaw("bad_source", "whole_answers_only", "faults.slow", include="faults.slow", server=True),  # faults.cut sees it now and then
    Flaw("bad_source", "interrupted_fails", "faults.interrupts", include="faults.*", tries=3),
    Flaw("bad_source", "descriptors_crash", "faults.descriptors", verdict="crash"),
    Flaw("bad_source", "memory_crash", "faults.memory", verdict="crash"),
    Flaw("bad_source", "hostile_option_crash", "faults.hostile_options", verdict="crash"),
    Flaw("bad_source", "hostile_token_crash", "faults.hostile_tokens", verdict="crash"),
    Flaw("bad_source", "hostile_name_crash", "faults.hostile_names", verdict="crash"),
    Flaw("bad_sink", "loss_acknowledged", "faults.acknowledged", include="faults.*", server=True),
    # Objects and calls.
    Flaw("bad_source", "ping_fails", "lifecycle.ping"),
    Flaw("bad_source", "memory_grows", "lifecycle.open_close"),
    Flaw("bad_source", "close_ends_all", "lifecycle.instances"),
    Flaw("bad_source", "needs_one_thread", "lifecycle.threads"),
    Flaw("bad_source", "thread_left", "lifecycle.after_close", include="lifecycle.*"),
    Flaw("bad_source", "extension_for_all", "lifecycle.extensions"),
    Flaw("bad_source", "hook_left", "lifecycle.calls"),
    Flaw("bad_source", "late_call", "lifecycle.calls"),
    Flaw("bad_source", "error_without_message", "lifecycle.errors"),
    Flaw("bad_source", "out_set_on_failure", "lifecycle.out_params"),
    Flaw("bad_source", "stream_release_stays", "lifecycle.releases"),
    Flaw("bad_source", "directory_changed", "lifecycle.side_effects"),
]

SOURCE_FLAWS = [
    ("list_lacks_table", "source.list_tables"),
    ("list_goes_on", "source.list_stops"),
    ("unknown_table_internal", "source.describe"),
    ("unknown_column_left_out", "source.unknown_column"),
    ("streamed_as_integer", "source.streamed_schema"),
    ("projection_in_table_order", "source.projection"),
    ("text_not_utf8", "source.arrays"),
    ("arrays_go_with_stream", "source.array_lifetime"),
    ("class_unknown", "source.horizon"),
    ("horizon_without_why", "source.horizon"),
    ("lag_ignored", "source.horizon_lag"),
    ("lag_kept_twice", "source.horizon_lag"),
    ("horizon_goes_back", "source.horizon_monotone"),
    ("detail_sometimes", "source.positions"),
    ("empty_plan", "source.plan"),
    ("cursor_unit_differs", "source.cursor_unit"),
    ("null_rows_never", "source.rows"),
    ("until_in_seconds", "source.window"),
    ("tie_cut", "source.ties"),
    ("rows_before_1970_lost", "source.before_1970"),
    ("since_inclusive", "source.honoured_bounds"),
    ("until_only_claimed", "source.honoured_bounds"),
    ("null_rows_always", "source.null_cursor"),
    ("null_rows_lost", "source.null_cursor"),
    ("row_with_null_excluded", "source.null_cursor"),
    ("order_only_claimed", "source.order"),
    ("partition_gap", "source.partitions"),
    ("partition_overlap", "source.partitions"),
    ("tokens_of_connection", "source.partitions"),
    ("second_scan_shorter", "source.repeatable"),
    ("batch_rows_ignored", "source.batch_rows"),
    ("batch_bytes_ignored", "source.batch_bytes"),
    ("connections_share_state", "source.two_connections"),
    ("abandoned_scan_blocks", "source.abandoned_scan"),
]
FLAWS += [Flaw("bad_source", name, check) for name, check in SOURCE_FLAWS]
FLAWS += [Flaw("bad_source", "horizon_ahead", "source.horizon", verdict="warn")]

SINK_FLAWS = [
    ("capabilities_change", "sink.capabilities"),
    ("fence_falls", "sink.fences"),
    ("previous_fence_wrong", "sink.previous_fence"),
    ("old_writer_writes", "sink.fencing"),
    ("old_writer_commits", "sink.fencing"),
    ("begin_fences_versions", "sink.fencing_apart"),
    ("stale_not_counted", "sink.write_counts"),
    ("reject_fails_batch", "sink.rejects"),
    ("reject_loses_rows", "sink.rejects"),
    ("rejected_row_wrong", "sink.rejects"),
    ("other_width_lost", "sink.order_width"),
    ("last_write_wins", "sink.newest_wins"),
    ("order_signed", "sink.newest_wins"),
    ("compare_apart", "sink.race"),
    ("repeats_rewritten", "sink.repeated_batch"),
    ("order_not_raised", "sink.raised_order"),
    ("versions_mixed", "sink.views"),
    ("negative_zero_lost", "sink.field_values"),
    ("empty_text_lost", "sink.field_values"),
    ("lists_cut", "sink.field_values"),
    ("null_keeps_value", "sink.nulls"),
    ("offset_ignored", "sink.array_offset"),
    ("empty_batch_refused", "sink.empty_batch"),
    ("batch_kept", "sink.batch_ownership"),
    ("batch_released_twice", "sink.batch_ownership"),
    ("keys_cut_at_nul", "sink.keys"),
    ("marker_moves_at_flush", "sink.commit"),
    ("detail_cut_at_nul", "sink.commit"),
    ("abort_drops_marker", "sink.abort"),
    ("store_id_of_view", "sink.marker"),
    ("load_many_shifted", "sink.load_many"),
    ("compare_left_out", "sink.compare_and_store"),
    ("lookup_skips_missing", "sink.lookup"),
    ("lookup_reversed", "sink.lookup"),
    ("delete_counts_keys", "sink.delete"),
    ("ttl_counts_keys", "sink.ttl"),
    ("life_in_seconds", "sink.ttl"),
    ("never_expires", "sink.expiry"),
    ("ttl_in_seconds", "sink.expiry"),
    ("values_after_order", "sink.killed"),
    ("commit_held_back", "sink.killed"),
    ("writers_share_view", "sink.two_sinks"),
    ("large_batch_cut", "sink.large_batch"),
    ("chunk_edge_lost", "sink.large_batch"),
    ("layout_empty", "sink.layout"),
]
FLAWS += [Flaw("bad_sink", name, check) for name, check in SINK_FLAWS]

# What the suite was not told: the plugin, the quirks file, and what setup.ready says.
WAREHOUSE = '[warehouse.here]\nplugin = "bad_source"\n'
TABLE = '[[batch_source]]\nname = "events"\nwarehouse = "here"\ntable = "{}"\ntimestamp_field = "{}"\n'
EVENTS = TABLE.format("events", "at")
UNTOLD = [
    ("bad_sink", "", 'sink "bad_sink": option "path" is missing: no [store.…] of the quirks file (bad_sink.check.toml beside the plugin, or --quirks) has plugin = "bad_sink"'),
    ("bad_source", WAREHOUSE + 'password = { env = "PENSTOCK_NEVER_SET" }\n' + EVENTS, 'warehouse "here": password: environment variable "PENSTOCK_NEVER_SET" is not set'),
    ("bad_source", WAREHOUSE, 'no [[batch_source]] in the quirks file (bad_source.check.toml beside the plugin, or --quirks) says which table of source "bad_source" to read'),
    ("bad_source", WAREHOUSE + TABLE.format("users", "at"), 'describe answered not_found: "find the table: there is only "events""'),
    ("bad_source", WAREHOUSE + TABLE.format("events", "when"), 'the table has no column "when", the batch source\'s timestamp_field'),
    ("bad_source", WAREHOUSE + EVENTS + '[check]\nkeys = ["id", "user"]\n', 'the table has no column "user", which [check] keys names'),
]

# Without a flaw: nothing is wrong, and nothing is warned of.
GOOD = [("bad_source", False), ("bad_source", True), ("bad_sink", False), ("bad_sink", True)]
