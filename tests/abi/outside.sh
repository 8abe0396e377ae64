#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# What a supplier does, word for word from docs/adapter-guide.md: with nothing but what is installed,
# build the template somewhere else, test it, install it, and let corvd load it - inside and outside.
# Usage: outside.sh BUILD
set -eu
build=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 0755 "$dir"
export LC_ALL=C
cmake --install "$build" --prefix "$dir/usr" >"$dir/install.log" 2>&1 || { cat "$dir/install.log"; exit 1; }

# As after a cd to the supplier's own folder: nothing of our tree is in reach.
export PKG_CONFIG_PATH="$dir/usr/share/pkgconfig" PATH="$dir/usr/bin:$PATH"
mkdir "$dir/work"
cp "$dir/usr/share/doc/corvd-dev/examples/template.c" "$dir/usr/share/doc/corvd-dev/examples/Makefile" "$dir/work"
cd "$dir/work"
CFLAGS="-O2 -Werror ${2:-}" make -s
[ -z "$(nm -D --defined-only template.so | grep -v ' corv_adapter_entry$' | grep ' T ' || true)" ] ||
    { echo "template.so exports more than its entry"; exit 1; }
make -s test >"$dir/report"
grep -q '^16 rules kept, 0 broken' "$dir/report" || { cat "$dir/report"; exit 1; }
make -s install
plugin=$dir/usr/lib/corvd/plugins/template.so

# A configuration with it, once inside and once in a child.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=TEST -days 2 \
    -keyout "$dir/x.key" -out "$dir/x.pem" 2>/dev/null
cat >"$dir/corvd.yaml" <<YAML
oin: "00000099000000009000"
state_dir: $dir/state
database: embedded
listen: {address: 127.0.0.1, port: 1, certificate: $dir/x.pem, key: $dir/x.key, client_ca: $dir/x.pem}
delivery: {certificate: $dir/x.pem, key: $dir/x.key, ca: $dir/x.pem}
adapters:
  - name: template
    library: $plugin
    settings: [{key: file, value: $dir/berichten}]
  - name: template-kind
    library: builtin:process
    settings:
      - {key: process.library, value: $plugin}
      - {key: process.runner, value: $dir/usr/lib/corvd/corv-adapter-run}
      - {key: file, value: $dir/berichten}
YAML
corvctl --config "$dir/corvd.yaml" config check >"$dir/checked" 2>&1 || { cat "$dir/checked"; exit 1; }
sed -i "s|value: $dir/berichten}]|value: berichten}]|" "$dir/corvd.yaml"
corvctl --config "$dir/corvd.yaml" config check >"$dir/checked" 2>&1 || true
grep -q 'file moet een volledig pad zijn' "$dir/checked" || { cat "$dir/checked"; exit 1; }
corv-adapter-test --name template-kind --set process.library="$plugin" --set file="$dir/berichten" \
    --set process.runner="$dir/usr/lib/corvd/corv-adapter-run" --rounds 2 builtin:process >"$dir/report" ||
    { cat "$dir/report"; exit 1; }
grep -q '<bericht/>' "$dir/berichten"
echo "built, tested, installed and loaded outside the tree"
