#!/bin/bash
# templates.sh SDK WORK PENSTOCK CC CXX: installs the SDK on its own, has the program write a project of each kind in each language, and
# does with each what its README says: configures, builds, tests, checks and uses it. Warnings are errors.
set -eu
sdk=$1 work=$2 penstock=$3 cc=$4 cxx=$5
# As the project itself; an outsider may take any, and make need not be there.
export CMAKE_GENERATOR=Ninja CC=$cc CXX=$cxx CFLAGS="-Wpedantic -Wshadow -Werror" CXXFLAGS="-Wpedantic -Wshadow -Werror"

fail() {
  echo "$1"
  exit 1
}
# expect WANTED COMMAND…
expect() {
  local wanted=$1 got
  shift
  got=$("$@" 2>&1) || true
  [ "$got" = "$wanted" ] || fail "$(printf 'wanted:\n%s\ngot:\n%s' "$wanted" "$got")"
}

# The host refuses folders that others may write, and a checkout may be one.
plugins=$(mktemp -d /tmp/penstock-templates.XXXXXX)
trap 'rm -rf "$plugins"' EXIT
umask 022
rm -rf "$work"
mkdir -p "$work"
cd "$work"
cmake -S "$sdk" -B sdk -DCMAKE_INSTALL_PREFIX="$work/prefix" >log
cmake --install sdk >>log

# try KIND LANGUAGE NAME [CMAKE-OPTION…]: the project in $work/NAME, built and tested, its plugin in $plugins.
try() {
  local kind=$1 language=$2 name=$3 files
  shift 3
  files=$("$penstock" plugins new "$kind" "$name" --lang "$language" --json |
    python3 -c 'import json, sys; print(*json.load(sys.stdin)["files"], sep="\n")')
  expect "$files" bash -c "cd $name && find . -type f -printf '%P\n' | LC_ALL=C sort"
  cmake -S "$name" -B "$name/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DPENSTOCK="$penstock" "$@" >>log
  cmake --build "$name/build" >>log || fail "$(tail -n 100 log)"
  ctest --test-dir "$name/build" --verbose >"$name.log" 2>&1 || fail "$(cat "$name.log")"
  # The tests of a project that finds no penstock would pass without a single check.
  grep -q "PASS *load.module" "$name.log" || fail "$name: not checked: $(cat "$name.log")"
  cp "$name/build/$name.so" "$plugins/"
}

# C wants no compiler for C++.
export CXX=/nonexistent
try source c my-source_2
try sink c 2-sink
try both c c-both
export CXX=$cxx
# What these two have is compiled file by file for the third as well.
try source cpp source-2 -DCMAKE_UNITY_BUILD=ON
try sink cpp my_sink -DCMAKE_UNITY_BUILD=ON
try both cpp cpp-both

# The tests in C++ are of connectors, so they hold for those in C too.
source-2/build/source_test "$plugins/my-source_2.so" >c-source.log 2>&1 || fail "$(cat c-source.log)"
my_sink/build/sink_test "$plugins/2-sink.so" >c-sink.log 2>&1 || fail "$(cat c-sink.log)"

# What the templates do not offer is not checked, nor what a server may do to them, for they have none; all else is.
skipped() { sed -n '/where the server is/d; s/^[0-9]*: SKIP *\([a-z_.]*\).*/\1/p' "$1.log" | LC_ALL=C sort -u | xargs; }
source_skips="options.secret source.order"
sink_skips="options.secret sink.expiry sink.layout sink.ttl"
expect "$source_skips" skipped my-source_2
expect "$source_skips" skipped source-2
expect "$sink_skips" skipped 2-sink
expect "$sink_skips" skipped my_sink

# Nothing that exists is written over, and no name is taken twice.
refused() { "$penstock" plugins new "$@" >/dev/null 2>&1 || echo $?; }
expect 2 refused source my-source_2
expect 2 refused sink redis
expect 2 refused sink Hello

# listed: kind and name of each component that the host loads.
listed() { "$penstock" plugins list --plugin-dir "$plugins" | awk 'NR > 1 { print $1, $2 }' | LC_ALL=C sort; }
expect "sink 2-sink
sink c-both
sink cpp-both
sink my_sink
source c-both
source cpp-both
source my-source_2
source source-2" listed

# configuration SOURCE SINK: as the READMEs of the two have it, with what they leave to others.
configuration() {
  printf '[host]\nplugin_dir = "%s"\nstate_dir = "%s"\n' "$plugins" "$PWD/state"
  for name in $(printf '%s\n' "$@" | sort -u); do
    sed -n '/^```toml/,/^```$/p' "$work/$name/README.md" | grep -v '^```' | sed "s#/var/lib/visits#$work/$name/check#"
  done
  [ "$1" = "$2" ] || cat <<'END'
[[view]]
name = "visits"
version = 1
entity = "user_id"
owner = "user@company.com"
online = true
offline = true
batch_source = "visits"
store = "profiles"
null_timestamp = "skip"
fields = [ { name = "city", type = "string" }, { name = "pages", type = "int64" } ]
END
}
# run SOURCE SINK: from the one into the other, once.
run() {
  mkdir "$work/$1-$2"
  cd "$work/$1-$2"
  configuration "$1" "$2" >penstock.toml
  "$penstock" materialize -c penstock.toml
}
done='view "visits" v1: read 10 rows: 8 written, 0 unchanged, 2 stale, 0 rejected; 1 without a value in the timestamp field; '
done+='up to 2023-11-14T22:14:20.500000000Z'
expect "$done" run my-source_2 my_sink
expect "$done" run source-2 2-sink
expect "$done" run c-both c-both
expect "$done" run cpp-both cpp-both
