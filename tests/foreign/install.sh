#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs the releases of virtiofsd that tests/foreign and tests/qemu use: one of
# 1.13 or later, which most tests take, the first that writes this format of state
# (1.11), and a current one (1.14 or later). Debian 12 has none of them. Two come
# from newer suites, each unpacked into a folder of its own with a script that
# starts it. The first is compiled from its crate, for want of a package.
# Asks nothing. Needs root.

set -eu

MINIMUM=1.13
SUITE=trixie
FOLDER=/opt/devstate/virtiofsd

NEWEST=1.14
NEWEST_SUITE=sid
NEWEST_FOLDER=/opt/devstate/virtiofsd-newest

FIRST=1.11.1
FIRST_FOLDER=/opt/devstate/virtiofsd-first

. "$(dirname "$0")/../install_lib.sh"

# Sets version to that of the program $1, to nothing if it does not start.
version_of() {
  version=$("$1" --version 2>/dev/null | sed -n '1s/^virtiofsd \([0-9.]*\).*/\1/p')
}

# Unpacks virtiofsd of the suite $1 into the folder $2; it must be $3 or later.
unpack() {
  require_apt_and_root ": install virtiofsd $3 or later"
  unpack_package "$1" virtiofsd "$2" virtiofsd usr/libexec/virtiofsd
  version_of "$2/virtiofsd"
  if ! at_least "$version" "$3"; then
    say "the packaged virtiofsd (${version:-none}) is older than $3 or does not start" >&2
    exit 1
  fi
  say "virtiofsd $version is installed as $2/virtiofsd"
}

install_one() {
  for candidate in "$FOLDER/virtiofsd" virtiofsd /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd; do
    version_of "$candidate"
    if at_least "$version" "$MINIMUM"; then
      say "virtiofsd $version is there; nothing to do"
      return
    fi
  done
  unpack "$SUITE" "$FOLDER" "$MINIMUM"
}

install_newest() {
  version_of "$NEWEST_FOLDER/virtiofsd"
  if at_least "$version" "$NEWEST"; then
    say "virtiofsd $version is there; nothing to do"
    return
  fi
  unpack "$NEWEST_SUITE" "$NEWEST_FOLDER" "$NEWEST"
}

install_first() {
  version_of "$FIRST_FOLDER/virtiofsd"
  if [ "$version" = "$FIRST" ]; then
    say "virtiofsd $version is there; nothing to do"
    return
  fi
  require_apt_and_root ": install virtiofsd $FIRST as $FIRST_FOLDER/virtiofsd"
  if ! command -v cargo >/dev/null; then
    say "no cargo, which compiles virtiofsd $FIRST: install Rust, or name its" \
      "folder: sudo env PATH=\"\$PATH\" $0" >&2
    exit 1
  fi
  install_packages gcc libcap-ng-dev libseccomp-dev
  say "compiling virtiofsd $FIRST"
  target=$(mktemp -d)
  trap 'rm -rf "$target"' EXIT
  CARGO_TARGET_DIR=$target cargo install --quiet --locked --version "$FIRST" \
    --root "$target/root" virtiofsd
  mkdir -p "$FIRST_FOLDER"
  mv "$target/root/bin/virtiofsd" "$FIRST_FOLDER/virtiofsd"
  say "virtiofsd $FIRST is installed as $FIRST_FOLDER/virtiofsd"
}

install_one
install_newest
install_first
