#!/bin/sh
# Makes the certificates of the tests anew: an authority, a server at 127.0.0.1 that it signed, and a stranger's authority.
# They protect nothing.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
for name in authority stranger; do
    # shellcheck disable=SC2086
    openssl req -x509 $new -keyout "$work/$name.key" -out "$name.pem" -days 36500 -subj "/CN=lbd test $name" \
        -addext basicConstraints=critical,CA:TRUE
done
# shellcheck disable=SC2086
openssl req $new -keyout server.key -out "$work/server.csr" -subj '/CN=lbd test mail server'
printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >"$work/extensions"
openssl x509 -req -in "$work/server.csr" -CA authority.pem -CAkey "$work/authority.key" -out server.pem -days 36500 \
    -extfile "$work/extensions"
