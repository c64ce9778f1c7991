#!/usr/bin/env bash
# binary.sh VERSION TARGET FILE [COMMAND]
#
# Builds a static program as FILE: COMMAND is taizhang, if none is named, or taizhang-verify. TARGET is an architecture of
# Linux, such as amd64, or a system and its architecture, such as windows/amd64. The same commit, version and Go give the
# same bytes in any folder and on any machine: no path of the folder is in the program, and nothing of the environment
# changes the code. The commit is in it, so build from a clean checkout.
set -euo pipefail
[ $# = 3 ] || [ $# = 4 ] || { sed -n '2,8s/^# //p' "$0"; exit 2; }
file=$(realpath "$3")
case $2 in */*) target=$2 ;; *) target=linux/$2 ;; esac
cd "$(dirname "$0")/../.."
env -u GOEXPERIMENT -u GOFIPS140 CGO_ENABLED=0 GOOS="${target%/*}" GOARCH="${target#*/}" GOAMD64=v1 GOARM64=v8.0 \
	GOFLAGS=-mod=readonly go build -trimpath -ldflags "-s -w -X main.release=$1" -o "$file" "./cmd/${4:-taizhang}"
