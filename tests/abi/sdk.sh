#!/bin/bash
# sdk.sh SDK WORK LOAD_PLUGIN CXX: installs the SDK on its own, builds the examples and a plain C plugin against what was
# installed, as an outsider would, and has the host's loader (LOAD_PLUGIN) read a table through each.
set -eu
# As the project itself; an outsider may take any, and make need not be there.
export CMAKE_GENERATOR=Ninja
sdk=$1
work=$2
load_plugin=$3
cxx=$4

# The loader refuses folders that others may write, and a checkout may be one.
plugins=$(mktemp -d /tmp/penstock-sdk.XXXXXX)
trap 'rm -rf "$plugins"' EXIT
umask 022
rm -rf "$work"
mkdir -p "$work"

# expect WANTED COMMAND…
expect() {
  local wanted=$1
  shift
  local got
  got=$("$@" 2>&1) || true
  if [ "$got" != "$wanted" ]; then
    printf 'wanted:\n%s\ngot:\n%s\n' "$wanted" "$got"
    exit 1
  fi
}

cmake -S "$sdk" -B "$work/sdk" "-DCMAKE_INSTALL_PREFIX=$work/prefix" "-DCMAKE_CXX_COMPILER=$cxx" >"$work/log"
cmake --install "$work/sdk" >>"$work/log"

cmake -S "$sdk/examples/minimal_source" -B "$work/example" "-DCMAKE_PREFIX_PATH=$work/prefix" "-DCMAKE_CXX_COMPILER=$cxx" \
  "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror" >>"$work/log"
cmake --build "$work/example" >>"$work/log"
cp "$work/example/minimal_source.so" "$plugins/"
expect $'source minimal\n3 columns, 3 rows' "$load_plugin" "$plugins/minimal_source.so" greetings

cmake -S "$sdk/examples/hello_c" -B "$work/hello_c" "-DCMAKE_PREFIX_PATH=$work/prefix" "-DCMAKE_CXX_COMPILER=$cxx" \
  "-DCMAKE_C_FLAGS=-std=c11 -Wall -Wextra -Wpedantic -Werror" >>"$work/log"
cmake --build "$work/hello_c" >>"$work/log"
cp "$work/hello_c/hello_c.so" "$plugins/"
expect $'source hello_c\n2 columns, 3 rows' "$load_plugin" "$plugins/hello_c.so" greetings

flags=$(PKG_CONFIG_PATH="$work/prefix/share/pkgconfig" pkg-config --cflags penstock-sdk)
gcc -std=c11 -shared -fPIC -fvisibility=hidden $flags "$(dirname "$0")/plugins/counting.c" -o "$plugins/counting.so"
expect $'source counting\n1 columns, 6 rows' "$load_plugin" "$plugins/counting.so" numbers
