#!/bin/bash
# headers.sh SDK: compiles each header of the SDK alone, all of them under every standard that a connector may be written in
# with gcc and, where it is installed, clang, and the pinned layout.
set -u
sdk=$1
here=$(dirname "$0")
warnings="-Wall -Wextra -Wpedantic -Werror -fsyntax-only"
failed=0

# check COMPILER LANGUAGE STANDARD HEADER
check() {
  if ! echo "#include <$4>" | $1 -x "$2" "-std=$3" $warnings "-I$sdk/include" "-I$sdk/cpp" -; then
    echo "<$4> does not compile as $3 with $1"
    failed=1
  fi
}

# first_of NAME…: the first of these programs that is installed
first_of() {
  for name in "$@"; do command -v "$name" && return; done
}

for header in "$sdk"/include/penstock/*.h; do
  name=penstock/$(basename "$header")
  check gcc c c11 "$name"
  check g++ c++ c++17 "$name"
done
for header in "$sdk"/cpp/penstock/*.hpp "$sdk"/cpp/penstock/testing/*.hpp; do check g++ c++ c++20 "${header#"$sdk"/cpp/}"; done
# Whether a header is complete does not depend on the compiler; what it warns about does.
for cc in gcc "$(first_of clang-14 clang)"; do
  [ -n "$cc" ] || continue
  cxx=${cc/gcc/g++}
  cxx=${cxx/clang/clang++}
  for standard in c11 c17; do
    check "$cc" c $standard penstock/penstock.h
    "$cc" -std=$standard $warnings "-I$sdk/include" "$here/layout.c" || failed=1
  done
  for standard in c++17 c++20; do check "$cxx" c++ $standard penstock/penstock.h; done
  check "$cxx" c++ c++20 penstock/penstock.hpp
done
exit $failed
