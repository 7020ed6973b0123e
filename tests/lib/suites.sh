# shellcheck shell=bash disable=SC2154
# Runs one suite after the other, keeps its output in a log, adds up what passed and what failed, and takes the time.

passed=0
failed=0
times=()

say() { printf '== %s\n' "$*"; }
die() {
  printf 'tests/run: %s\n' "$*" >&2
  exit 1
}

# timed NAME COMMAND...: runs it and remembers how long that took. No `||` around the command: it would switch `set -e` off in it.
timed() {
  local name=$1 start=$SECONDS
  shift
  "$@"
  local status=$?
  times+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
  return "$status"
}

# suite NAME COUNTER COMMAND...: COUNTER prints "passed failed" from the log. A suite that ends badly without a
# failed test (it did not compile, it crashed) counts as one failure.
suite() {
  local name=$1 counter=$2 status=0 good bad
  shift 2
  say "$name"
  timed "$name" logged "$logs/$name.log" "$@" || status=$?
  read -r good bad < <("$counter" "$logs/$name.log")
  ((status == 0 || bad > 0)) || bad=1
  ((passed += good, failed += bad)) || true
}

# Nothing that a test writes outlives it, so nothing waits for the disk, which on a shared machine takes seconds at times.
logged() {
  local log=$1
  shift
  eatmydata "$@" 2>&1 | tee "$log"
}

count_nextest() {
  sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    /^ *Summary \[/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1)
                      if ($i ~ /^timed/) f += $(i-1); if ($i ~ /^exec/) f += $(i-1) } }
    END { print p + 0, f + 0 }'
}

count_cargo_test() {
  awk '/^test result:/ { p += $4; f += $6 } END { print p + 0, f + 0 }' "$1"
}

count_node() {
  awk '/^(#|ℹ) pass / { p += $3 } /^(#|ℹ) (fail|cancelled) / { f += $3 } END { print p + 0, f + 0 }' "$1"
}

count_unittest() {
  awk '/^Ran / { n = $2 } /^FAILED/ { gsub(/[^0-9,=a-z]/, ""); split($0, k, /[=,]/); for (i in k) if (k[i] ~ /^[0-9]+$/) f += k[i] }
    END { print n - f, f + 0 }' "$1"
}
