#!/bin/bash
# refusals.sh SDK CXX FILE: the C++ compiler refuses every line of FILE that ends in "// refused: TEXT", and its message has the text.
set -eu
sdk=$1
cxx=$2
file=$3

said=$("$cxx" -std=c++20 -fsyntax-only -fmax-errors=0 "-I$sdk/include" "-I$sdk/cpp" "$file" 2>&1) && { echo "it compiles"; exit 1; }

# An error in what a line calls is told as "FILE:LINE:COLUMN:   in 'constexpr' expansion of …", and what was thrown follows.
missing=0
while IFS=: read -r line rest; do
  text=${rest##*// refused: }
  # From the first mention of the line to the first mention of another.
  if ! awk -v file="$file:$line:" -v any="$file:" '
      index($0, any) == 1 { here = index($0, file) == 1 }
      here' <<<"$said" | grep -qF -- "$text"; then
    echo "line $line is not refused with: $text"
    missing=1
  fi
done < <(grep -n '// refused: ' "$file" | grep -v '^[0-9]*:// ')
[ "$missing" = 0 ] || { echo "$said"; exit 1; }
