#!/usr/bin/env bash
# build.sh VERSION OUTDIR [ARCH…]
#
# Builds a release into OUTDIR: for each architecture (amd64, arm64 and loong64 if none is named) the static programs
# taizhang-linux-ARCH and taizhang-verify-linux-ARCH and the packages, with amd64 also taizhang-verify-windows-amd64.exe, the
# other verifier verify.py, the licences of all modules in the programs (NOTICES.txt), a bill of materials of each program
# (CycloneDX) and SHA256SUMS. It needs no network once the modules are downloaded. The same commit, version and Go give the
# same bytes on any machine.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,9s/^# //p' "$0"; exit 2; }
export LC_ALL=C
version=$1 out=$(mkdir -p "$2" && cd "$2" && pwd)
shift 2
[ $# -gt 0 ] || set -- amd64 arm64 loong64
here=$(cd "$(dirname "$0")" && pwd)

# program COMMAND TARGET NAME builds a program and its bill of materials.
program() {
	"$here/binary.sh" "$version" "$2" "$out/$3" "$1"
	go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 bin -json -std -noserial -notimestamp \
		-version "v$version" -output "$out/${3%.exe}.cdx.json" "$out/$3"
}

go run -C "$here/.." ./release/notices >"$out/NOTICES.txt"
for arch; do
	program taizhang "linux/$arch" "taizhang-linux-$arch"
	program taizhang-verify "linux/$arch" "taizhang-verify-linux-$arch"
	[ "$arch" != amd64 ] || program taizhang-verify windows/amd64 taizhang-verify-windows-amd64.exe
done
cp "$here/../../services/bundle/verify.py" "$out/"
BINARIES=$out "$here/../debian/build.sh" "$version" "$out" "$@"
cd "$out"
sha256sum -- *[!S] >SHA256SUMS
