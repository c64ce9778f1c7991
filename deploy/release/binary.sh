#!/usr/bin/env bash
# binary.sh VERSION ARCH FILE
#
# Builds the static program for Linux as FILE. The same commit, version and Go give the same bytes in any folder and on
# any machine: no path of the folder is in the program, and nothing of the environment changes the code. The commit is in
# it, so build from a clean checkout.
set -euo pipefail
[ $# = 3 ] || { sed -n '2,6s/^# //p' "$0"; exit 2; }
file=$(realpath "$3")
cd "$(dirname "$0")/../.."
env -u GOEXPERIMENT -u GOFIPS140 CGO_ENABLED=0 GOOS=linux GOARCH="$2" GOAMD64=v1 GOARM64=v8.0 GOFLAGS=-mod=readonly \
	go build -trimpath -ldflags "-s -w -X main.release=$1" -o "$file" ./cmd/taizhang
