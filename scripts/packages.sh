# SPDX-License-Identifier: EUPL-1.2
# The one list of Debian 12 packages, sourced by ./demo, ./check and ./package.
#   need GROUP…   installs what is missing of these groups; says nothing when all is there.
# shellcheck shell=bash disable=SC2034

packages_build="gcc libc6-dev cmake ninja-build pkg-config libxml2-dev libssl-dev
    libcurl4-openssl-dev libpq-dev libuv1-dev libhttp-parser-dev libcyaml-dev libyaml-dev libjansson-dev
    libzip-dev libsystemd-dev liblz4-dev"
packages_run="postgresql-15 openssl python3 curl util-linux procps"
packages_package="debhelper dpkg-dev fakeroot lintian mmdebstrap"
packages_long="debootstrap"
packages_bench="nginx-light rabbitmq-server librabbitmq-dev activemq"
packages_bench_node="nodejs npm"
packages_check="git libcmocka-dev clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev
    python3-pytest python3-lxml python3-yaml python3-zeep libxml2-utils xmlsec1 unzip strace mandoc
    man-db systemd shellcheck chromium chromium-driver"

say() { printf '%s\n' "$*"; }
die() {
    printf '%s\n' "$@" >&2
    exit 1
}

missing() { # PACKAGE… -> those that are not installed
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null)" = "ii " ] || printf '%s ' "$name"
    done
}

need() {
    local group list absent log as_root=()
    for group in "$@"; do
        list="packages_$group"
        # the lists are words on purpose
        # shellcheck disable=SC2086
        absent+=$(missing ${!list})
    done
    [ -n "${absent:-}" ] || return 0
    command -v apt-get >/dev/null ||
        die "Not a Debian system: apt-get is missing." "Install what stands for these packages: $absent"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            die "These packages are missing: $absent" "Ask an administrator, or install sudo."
        as_root=(sudo)
    fi
    say "Installing: $absent"
    log=$(mktemp)
    # A list of packages that cannot be refreshed may still do.
    "${as_root[@]}" apt-get update -q >"$log" 2>&1 || say "apt-get update failed; trying what is known."
    # shellcheck disable=SC2086
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        $absent >>"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        die "apt-get could not install them. The whole story: $log"
    }
    rm -f "$log"
}
