#!/bin/sh
# Makes the certificates for the tests of HTTPS checks anew. The authorities' keys are thrown away.
set -eu
cd "$(dirname "$0")"
new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

for name in authority stranger; do
    openssl req -x509 $new -keyout "$work/$name.key" -out "$name.pem" -days 36500 -subj "/CN=lbd test $name" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
done

# `openssl ca`, because it takes a first day: a clock that is a little behind must not fail the tests.
touch "$work/index"
cat > "$work/ca.cnf" <<END
[ca]
database = $work/index
new_certs_dir = $work
serial = $work/serial
default_md = sha256
policy = policy
x509_extensions = server
[policy]
commonName = supplied
[server]
subjectAltName = DNS:db1.example, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
END
openssl req $new -keyout server.key -out "$work/server.csr" -subj /CN=db1.example
openssl ca -batch -notext -rand_serial -config "$work/ca.cnf" -name ca -cert authority.pem -keyfile "$work/authority.key" \
    -startdate 20200101000000Z -enddate 21191231000000Z -in "$work/server.csr" -out server.pem
