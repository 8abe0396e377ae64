#!/bin/bash
# SPDX-License-Identifier: EUPL-1.2
# promtool.sh DIR: puts promtool in DIR. It comes out of Debian's package prometheus, which is not
# installed: that would start a server on port 9090 of whoever runs the tests.
set -euo pipefail
dir=$1
[ ! -x "$dir/promtool" ] || exit 0
mkdir -p "$dir"
if command -v promtool >/dev/null; then
    ln -sf "$(command -v promtool)" "$dir/promtool"
    exit 0
fi
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
(cd "$fetched" && apt-get download -q prometheus) >"$fetched/log" 2>&1 || {
    cat "$fetched/log" >&2
    echo "promtool: apt-get download prometheus failed" >&2
    exit 1
}
dpkg-deb --fsys-tarfile "$fetched"/prometheus_*.deb | tar -x -C "$fetched" ./usr/bin/promtool
mv "$fetched/usr/bin/promtool" "$dir/promtool"
