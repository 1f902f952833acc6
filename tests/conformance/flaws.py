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


FLAWS = [
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
    # Options.
    Flaw("bad_source", "option_without_doc", "options.declarations"),
    Flaw("bad_source", "validate_crashes_on_thread", "options.validate", verdict="crash"),
    Flaw("bad_source", "refusal_names_no_option", "options.validate"),
    Flaw("bad_source", "validate_opens_file", "options.offline"),
    Flaw("bad_source", "secret_logged", "options.secret"),
]

# Without a flaw: nothing is wrong, and nothing is warned of.
GOOD = [("bad_source", False)]
