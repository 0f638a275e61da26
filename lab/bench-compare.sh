#!/usr/bin/env bash
# Whole processes on one capture: wiresight's report against tshark with its
# conversations. Prints the medians of RUNS runs (3) and what tshark needs as a
# multiple of what wiresight needs: more than 1 means that wiresight needs less.
#
#   bash lab/bench-compare.sh bin/wiresight .bench/bench.pcap
set -euo pipefail

die() { echo "bench-compare: $*" >&2; exit 1; }

[ $# -eq 2 ] || die "usage: bench-compare.sh WIRESIGHT CAPTURE"
binary=$1 capture=$2 runs=${RUNS:-3}
[ -x "$binary" ] || die "no program $binary: make build"
[ -r "$capture" ] || die "no capture $capture: make bench-data"
command -v tshark >/dev/null || die "the program tshark is missing (Debian: apt install tshark)"
gnu_time=$(type -P time) && "$gnu_time" --version 2>&1 | grep -q GNU ||
	die "GNU time is missing (Debian: apt install time)"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

# measure NAME COMMAND... writes a line a run to $temp/NAME: CPU seconds (user
# and system), wall seconds, peak resident KiB.
measure() {
	local name=$1 i
	shift
	for ((i = 0; i < runs; i++)); do
		"$gnu_time" -o "$temp/time" -f '%U %S %e %M' "$@" >/dev/null 2>"$temp/errors" ||
			die "$name failed: $(tail -n 3 "$temp/errors")"
		awk '{ printf "%.2f %.2f %d\n", $1 + $2, $3, $4 }' "$temp/time" >>"$temp/$name"
	done
}

# median NAME COLUMN
median() {
	cut -d ' ' -f "$2" "$temp/$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

cat "$capture" >/dev/null # into the page cache, for both alike
measure wiresight "$binary" report --json "$capture"
measure tshark tshark -n -q -z conv,tcp -r "$capture"

echo "$capture: $(stat -c %s "$capture") bytes, $(nproc) processors, medians of $runs runs"
echo "$("$binary" --version 2>/dev/null | head -n 1); $(tshark --version 2>/dev/null | head -n 1)"
printf '%-22s %12s %12s %8s\n' '' wiresight tshark ratio
row() {
	awk -v label="$1" -v ours="$(median wiresight "$2")" -v theirs="$(median tshark "$2")" -v unit="$3" 'BEGIN {
		ratio = ours > 0 ? sprintf("%.2f", theirs / ours) : "-"
		printf "%-22s %12.2f %12.2f %8s\n", label, ours / unit, theirs / unit, ratio
	}'
}
row 'CPU, user + system, s' 1 1
row 'wall, s' 2 1
row 'peak memory, MiB' 3 1024
