#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs a virtiofsd that migrates (1.13 or later) for tests/foreign. Debian 12
# has it too old, and that of Debian 13 wants a newer C library: so its package
# and the libraries that it needs are unpacked into a folder of their own, and a
# script beside them starts it through that folder's loader. Packages come from
# where this machine takes its main suite from, checked by apt as always; apt's
# own configuration, and what is installed, stay as they are. Asks nothing.
# Needs root.

set -eu

MINIMUM=1.13
SUITE=trixie
FOLDER=/opt/devstate/virtiofsd
PACKAGES='virtiofsd libc6 libcap-ng0 libseccomp2 libgcc-s1'

. "$(dirname "$0")/../install_lib.sh"

new_enough() {
  version=$("$1" --version 2>/dev/null | sed -n '1s/^virtiofsd \([0-9.]*\).*/\1/p')
  [ -n "$version" ] || return 1
  [ "$(printf '%s\n%s\n' "$MINIMUM" "$version" | sort -V | head -n 1)" = "$MINIMUM" ]
}

for candidate in "$FOLDER/virtiofsd" virtiofsd /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd; do
  if new_enough "$candidate"; then
    say "virtiofsd $version is there; nothing to do"
    exit 0
  fi
done
require_apt_and_root ": install virtiofsd $MINIMUM or later"

source=$(main_source "install virtiofsd $MINIMUM by hand" "$SUITE")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial" "$scratch/none" "$scratch/tree"
: >"$scratch/status"
echo "deb $source" >"$scratch/sources.list"

suite_apt() {
  apt-get -qq \
    -o Dir::Etc::SourceList="$scratch/sources.list" \
    -o Dir::Etc::SourceParts="$scratch/none" \
    -o Dir::Etc::Preferences="$scratch/none/preferences" \
    -o Dir::Etc::PreferencesParts="$scratch/none" \
    -o Dir::State::Lists="$scratch/lists" \
    -o Dir::State::Status="$scratch/status" \
    -o Dir::Cache="$scratch/cache" \
    -o APT::Sandbox::User=root \
    "$@"
}

say "unpacking virtiofsd of $SUITE into $FOLDER"
suite_apt update
# Unquoted: a list.
(cd "$scratch" && suite_apt download $PACKAGES)
for package in "$scratch"/*.deb; do
  dpkg-deb --extract "$package" "$scratch/tree"
done
loader=$(find "$scratch/tree" -name 'ld-linux*.so.*' -printf '%P\n' | head -n 1)
if [ -z "$loader" ]; then
  say "the packages of $SUITE hold no loader" >&2
  exit 1
fi
libraries=$(find "$scratch/tree" -name 'libc.so.6' -printf '%h\n' | head -n 1)
libraries=$FOLDER/tree/${libraries#"$scratch/tree/"}
cat >"$scratch/virtiofsd" <<END
#!/bin/sh
exec $FOLDER/tree/$loader --library-path $libraries $FOLDER/tree/usr/libexec/virtiofsd "\$@"
END
chmod 755 "$scratch/virtiofsd"
rm -rf "$FOLDER"
mkdir -p "$FOLDER"
cp -a "$scratch/tree" "$scratch/virtiofsd" "$FOLDER/"
if ! new_enough "$FOLDER/virtiofsd"; then
  say "the packaged virtiofsd (${version:-none}) is older than $MINIMUM or does not start" >&2
  exit 1
fi
say "virtiofsd $version is installed as $FOLDER/virtiofsd"
