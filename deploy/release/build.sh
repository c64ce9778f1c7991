#!/usr/bin/env bash
# build.sh VERSION OUTDIR [ARCH…]
#
# Builds a release into OUTDIR: for each architecture (amd64, arm64 and loong64 if none is named) the static program
# taizhang-linux-ARCH and its packages, the licences of all modules in it (NOTICES.txt), a bill of materials of each
# program (CycloneDX) and SHA256SUMS. It needs no network once the modules are downloaded. The same commit, version and Go
# give the same bytes on any machine.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,8s/^# //p' "$0"; exit 2; }
export LC_ALL=C
version=$1 out=$(mkdir -p "$2" && cd "$2" && pwd)
shift 2
[ $# -gt 0 ] || set -- amd64 arm64 loong64
here=$(cd "$(dirname "$0")" && pwd)

go run -C "$here/.." ./release/notices >"$out/NOTICES.txt"
for arch; do
	"$here/binary.sh" "$version" "$arch" "$out/taizhang-linux-$arch"
	go run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 bin -json -std -noserial -notimestamp \
		-version "v$version" -output "$out/taizhang-linux-$arch.cdx.json" "$out/taizhang-linux-$arch"
done
BINARIES=$out "$here/../debian/build.sh" "$version" "$out" "$@"
cd "$out"
sha256sum -- *[!S] >SHA256SUMS
