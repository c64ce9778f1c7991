#!/usr/bin/env bash
# secrets.sh NAME…: makes the files in secrets/ that compose.yaml gives to the containers, run once as root. NAME are
# the names under which the ledger is asked. What is there already stays: put your own certificates there before, or
# instead, and begin the containers again.
#
#   ca.crt, ca.key            an authority of this machine; keep ca.key elsewhere. Browsers must trust ca.crt
#   tls.crt, tls.key          the ledger's certificate, for a year; may be replaced while it runs
#   nats.crt, nats.key        that of the NATS servers of the cluster
#   grafana-password          the first password of Grafana's admin
# Of a cluster also accounts.conf, which the program makes (compose.cluster.yaml).
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
dir=${SECRETS:-$(dirname "$0")/secrets}
ledger=10001 # the group of the user in the image; root owns the files

mkdir -p "$dir"
chmod 0755 "$dir" # its names are no secret, and the containers' users must pass
cd "$dir"
umask 077

# certificate FILE GROUP NAME…: a certificate of the authority for a server with these names, and its key
certificate() {
	local file=$1 group=$2 names
	shift 2
	[ ! -e "$file.crt" ] || return 0
	names=$(printf ',DNS:%s' "$@")
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$file.key" -subj "/CN=$1" 2>/dev/null |
		openssl x509 -req -CA ca.crt -CAkey ca.key -days 365 -out "$file.crt" -extfile <(
			printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n'
			printf 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=%s,IP:127.0.0.1\n' "${names#,}"
		) 2>/dev/null
	chmod 0644 "$file.crt"
	chgrp "$group" "$file.key"
	chmod 0640 "$file.key"
}

[ -e ca.crt ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt \
	-days 3650 -subj "/CN=Taizhang on $(hostname)" -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
chmod 0644 ca.crt
certificate tls $ledger "$@" localhost ledger
certificate nats 0 nats-1 nats-2 nats-3 localhost
[ -e grafana-password ] || openssl rand -base64 18 >grafana-password
chgrp 472 grafana-password # Grafana's user in its image
chmod 0640 grafana-password
