#!/usr/bin/env bash
# build.sh VERSION OUTDIR [ARCH…]
#
# Builds the packages of taizhang: OUTDIR/taizhang_VERSION_ARCH.deb, and for amd64 and arm64 the .rpm too. Without ARCH it
# builds amd64, arm64 and loong64. Needs Go alone; nfpm is a Go program too. The same source, version and
# SOURCE_DATE_EPOCH (by default the time of the commit) give the same bytes, in any folder and on any machine.
# BINARIES names a directory with programs that are built already, taizhang-linux-ARCH and taizhang-verify-linux-ARCH, and
# their NOTICES.txt.
set -euo pipefail
export LC_ALL=C
umask 022
version=$1 out=$(mkdir -p "$2" && cd "$2" && pwd)
shift 2
[ $# -gt 0 ] || set -- amd64 arm64 loong64
cd "$(dirname "$0")/../.."
# Later versions need a module for .rpm that cannot be had from every proxy of Go modules.
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

# binary COMMAND ARCH FILE builds a static program, or takes the one that is built.
binary() {
	if [ -e "${BINARIES:-}/$1-linux-$2" ]; then
		cp "$BINARIES/$1-linux-$2" "$3"
	else
		deploy/release/binary.sh "$version" "$2" "$3" "$1"
	fi
}

notices=${BINARIES:-}/NOTICES.txt
[ -e "$notices" ] || { notices=$stage/NOTICES.txt && go run -C deploy ./release/notices >"$notices"; }

host=$(go env GOHOSTARCH)
for arch; do
	mkdir -p "$stage/$arch"
	cp "$notices" "$stage/$arch/NOTICES.txt"
	binary taizhang "$arch" "$stage/$arch/taizhang"
	binary taizhang-verify "$arch" "$stage/$arch/taizhang-verify"
done
[ -e "$stage/$host/taizhang" ] || { mkdir "$stage/$host" && binary taizhang "$host" "$stage/$host/taizhang"; }
for arch; do
	for shell in bash zsh fish; do # the same on every machine
		"$stage/$host/taizhang" completion "$shell" >"$stage/$arch/$shell"
	done
	kinds=(deb rpm)
	[ "$arch" != loong64 ] || kinds=(deb)
	for kind in "${kinds[@]}"; do
		STAGE=$stage/$arch ARCH=$arch VERSION=$version go run "$nfpm" package -f deploy/debian/nfpm.yaml -p "$kind" -t "$out/"
	done
done
