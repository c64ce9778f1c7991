#!/usr/bin/env bash
# build.sh TAG [ARCH]: builds the image TAG (such as taizhang:1.0.0) from the sources around it, for the machine's own
# architecture or ARCH (amd64, arm64, loong64), with `docker build`, or what BUILDER names (`podman build`).
# build.sh --context DIR [ARCH] only makes the directory that an image is built from.
# BINARY names a static binary that is there already, such as that of a release, instead of the sources.
set -euo pipefail
umask 022 # whoever builds it, user 10001 must be able to run the program
[ $# -ge 1 ] || { sed -n '2,5s/^# //p' "$0"; exit 2; }
here=$(dirname "$0")

if [ "$1" = --context ]; then
	shift
	context=$1
else
	tag=$1
	made=$(mktemp -d)
	trap 'rm -rf "$made"' EXIT
	context=$made/context
fi
version=${tag:-:devel}
arch=${2:-$(go env GOARCH)}

# The directories are empty: a copy makes them in the image, with the owner of the ledger, and for everybody.
mkdir "$context" "$context/data" "$context/root" "$context/root/tmp" "$context/root/etc"
chmod 1777 "$context/root/tmp"
printf 'taizhang:x:10001:10001::/data:/\n' >"$context/root/etc/passwd" # who writes is then local:taizhang in the ledger
printf 'taizhang:x:10001:\n' >"$context/root/etc/group"
cp "$here/Dockerfile" "$context/"
if [ -n "${BINARY:-}" ]; then
	cp "$BINARY" "$context/taizhang"
else
	"$here/../release/binary.sh" "${version##*:}" "$arch" "$context/taizhang"
fi
[ -n "${tag:-}" ] || exit 0
${BUILDER:-docker build} --platform "linux/$arch" --tag "$tag" "$context"
