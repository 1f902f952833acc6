#!/usr/bin/env bash
# The same seed twice is the same history, event by event; another seed is another.
set -euo pipefail
simulator=$1
for seed in 1 7 4711 1023193; do
  first=$("$simulator" --seed $seed) second=$("$simulator" --seed $seed)
  [[ $first == "$second" ]] || { echo "seed $seed differs from itself"; exit 1; }
  [[ $first != "$("$simulator" --seed $((seed + 1)))" ]] || { echo "seed $seed is like the next"; exit 1; }
done
