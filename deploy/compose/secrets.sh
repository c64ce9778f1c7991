#!/usr/bin/env bash
# secrets.sh NAME…: makes the files in secrets/ that compose.yaml gives to the containers, run as root. NAME are the
# names under which the ledger is asked. What is there already stays: put your own certificates there before.
# secrets.sh --renew NAME…: makes new certificates and keys in the place of those that ca.key signed.
#
#   ca.crt, ca.key            an authority of this machine; keep ca.key elsewhere. Browsers must trust ca.crt
#   tls/tls.crt, tls.key      the ledger's certificate, for a year; the key is root:10001, mode 0640
#   nats/nats.crt, nats.key   that of the NATS servers of the cluster, for a year; the key is root:root
#   grafana-password          the first password of Grafana's admin
# Of a cluster also accounts.conf, which the program makes (compose.cluster.yaml).
#
# Once a year put ca.key back and run it with --renew, or copy new files of your own authority to tls/ and nats/. The
# ledger takes them within a second or so, and logs until when they are good. The NATS servers take them after
#   docker compose -f compose.yaml -f compose.cluster.yaml kill --signal HUP nats-1 nats-2 nats-3
set -euo pipefail
renew=
[ "${1:-}" != --renew ] || { renew=yes && shift; }
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
dir=${SECRETS:-$(dirname "$0")/secrets}
ledger=10001 # the group of the user in the image; root owns the files

umask 077
mkdir -p "$dir/tls" "$dir/nats"
chmod 0755 "$dir" "$dir/tls" "$dir/nats" # their names are no secret, and the containers' users must pass
cd "$dir"

# certificate FILE GROUP USAGE NAME…: a certificate of the authority for a server with these names, and its key. Both
# are moved to their places when they are whole, because programs watch those.
certificate() {
	local file=$1 group=$2 usage=$3 names
	shift 3
	if [ -e "$file.crt" ]; then
		[ -n "$renew" ] || return 0
		openssl verify -no_check_time -CAfile ca.crt "$file.crt" >/dev/null 2>&1 || return 0 # of another authority
	fi
	[ -e ca.key ] || { echo "secrets.sh: put ca.key back into $PWD: it must sign $file.crt" >&2; exit 1; }
	names=$(printf ',DNS:%s' "$@")
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$file.key.new" -subj "/CN=$1" \
		2>/dev/null |
		openssl x509 -req -CA ca.crt -CAkey ca.key -days 365 -out "$file.crt.new" -extfile <(
			printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
			printf 'extendedKeyUsage=%s\nsubjectAltName=%s,IP:127.0.0.1\n' "$usage" "${names#,}"
		) 2>/dev/null
	chmod 0644 "$file.crt.new"
	chgrp "$group" "$file.key.new"
	chmod 0640 "$file.key.new"
	mv "$file.key.new" "$file.key"
	mv "$file.crt.new" "$file.crt"
}

[ -e ca.crt ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt \
	-days 3650 -subj "/CN=Taizhang on $(hostname)" -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
chmod 0644 ca.crt
certificate tls/tls $ledger serverAuth "$@" localhost ledger
# The NATS servers also show theirs to each other. Whoever has such a key is one of them: the ledger's is not for that.
certificate nats/nats 0 serverAuth,clientAuth nats-1 nats-2 nats-3 localhost "$@"
[ -e grafana-password ] || openssl rand -base64 18 >grafana-password
chown 472:0 grafana-password # Grafana's user and group in its image
chmod 0400 grafana-password
