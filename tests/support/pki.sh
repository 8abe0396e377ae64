#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Makes a throw-away PKI for tests and the demo: never for anything else.
#
#   pki.sh [--rsa] DIR [NAME=OIN …]
#
# In DIR (each certificate X.pem has its key in X.key, mode 0600):
#   ca.pem          root "corvd test CA", O=corvd test
#   server.pem      corvd itself: localhost and 127.0.0.1
#   NAME.pem        one per party, client and server use, the OIN in the subject's serialNumber
#   expired.pem     was valid once                       (OIN 00000099000000001000)
#   unknown-oin.pem valid, an OIN that nobody registered (OIN 00000099000000002000)
#   no-oin.pem      valid, without serialNumber
#   revoked.pem     on the list in crl.pem               (OIN 00000099000000003000)
#   other-ca.pem    by a second root, other-root.pem     (OIN 00000099000000004000)
#   crl.pem         revocation list of ca.pem
# What is there already is kept, so a second run adds parties and costs nothing.
# Test: tests/unit/test_tls.c uses every file.
set -eu
umask 077

die() { echo "pki.sh: $*" >&2; exit 1; }

key=ec
if [ "${1:-}" = --rsa ]; then key=rsa; shift; fi
[ $# -ge 1 ] || die "usage: pki.sh [--rsa] DIR [NAME=OIN ...]"
mkdir -p "$1" && cd "$1" || die "cannot make $1"
shift
for party in "$@"; do # all of them before the first file is made
    expr "$party" : '[a-z0-9][a-z0-9-]*=[0-9]\{20\}$' >/dev/null ||
        die "'$party' is not NAME=OIN (a-z, 0-9 and -; 20 digits)"
done

if [ ! -s openssl.cnf ]; then
    cat >openssl.cnf <<'CNF'
[req]
distinguished_name = dn
prompt = no
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = issued
certificate = ca.pem
private_key = ca.key
rand_serial = yes
default_md = sha256
default_days = 825
default_crl_days = 3650
x509_extensions = leaf
policy = any
[any]
organizationName = optional
commonName = supplied
serialNumber = optional
CNF
fi

new_key() { # FILE
    if [ $key = rsa ]; then
        openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$1" 2>/dev/null ||
            openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$1" 2>/dev/null
    else
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
    fi
}

root() { # NAME CN
    [ -s "$1.pem" ] && return 0
    new_key "$1.key"
    openssl req -x509 -new -config openssl.cnf -extensions root -key "$1.key" -sha256 -days 3650 \
        -subj "/O=corvd test/CN=$2" -out "$1.new"
    publish "$1"
}

leaf() { # NAME SERIALNUMBER-OR-EMPTY ROOT
    [ -s "$1.pem" ] && return 0
    new_key "$1.key"
    openssl req -x509 -new -config openssl.cnf -extensions leaf -key "$1.key" -sha256 -days 825 \
        -CA "$3.pem" -CAkey "$3.key" -out "$1.new" \
        -subj "/O=corvd test/CN=$1${2:+/serialNumber=$2}"
    publish "$1"
}

publish() { # NAME: only a whole certificate gets its final name, so a broken run is mended by the next
    chmod 644 "$1.new"
    mv "$1.new" "$1.pem"
}

expired() { # NAME OIN
    [ -s "$1.pem" ] && return 0
    : >index.txt
    mkdir -p issued
    new_key "$1.key"
    openssl req -new -config openssl.cnf -key "$1.key" \
        -subj "/O=corvd test/CN=$1/serialNumber=$2" -out "$1.csr"
    openssl ca -batch -config openssl.cnf -notext -in "$1.csr" -out "$1.new" \
        -startdate 20200101000000Z -enddate 20210101000000Z 2>ca.log || { cat ca.log >&2; exit 1; }
    publish "$1"
    rm -f "$1.csr"
}

revoke() { # NAME
    [ -s crl.pem ] && return 0
    : >index.txt
    openssl ca -config openssl.cnf -revoke "$1.pem" 2>ca.log &&
        openssl ca -config openssl.cnf -gencrl -out crl.new 2>>ca.log || { cat ca.log >&2; exit 1; }
    chmod 644 crl.new
    mv crl.new crl.pem
}

root ca "corvd test CA"
leaf server "" ca
for party in "$@"; do
    leaf "${party%%=*}" "${party#*=}" ca
done
leaf unknown-oin 00000099000000002000 ca
leaf no-oin "" ca
leaf revoked 00000099000000003000 ca
[ -s other-ca.pem ] || root other-root "corvd test other CA"
leaf other-ca 00000099000000004000 other-root
expired expired 00000099000000001000
revoke revoked
rm -rf index.txt* ca.log issued
