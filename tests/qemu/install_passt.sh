#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs a passt that transfers its state (2025_04 or later), and its helper
# passt-repair, for proxy_passt_test. Debian 12 has none: they are unpacked from a
# newer suite, into folders of their own with scripts that start them.
# Asks nothing. Needs root.

set -eu

SUITE=trixie
FOLDER=/opt/devstate/passt
HELPER_FOLDER=/opt/devstate/passt-repair

. "$(dirname "$0")/../install_lib.sh"

transfers_state() {
  "$FOLDER/passt" --help 2>&1 | grep -q -e --repair-path &&
    [ -x "$HELPER_FOLDER/passt-repair" ]
}

if transfers_state; then
  say "passt is there; nothing to do"
  exit 0
fi
require_apt_and_root ": install passt of 2025_04 or later as $FOLDER/passt"
unpack_package "$SUITE" passt "$HELPER_FOLDER" passt-repair usr/bin/passt-repair
unpack_package "$SUITE" passt "$FOLDER" passt usr/bin/passt
if ! transfers_state; then
  say "the packaged passt is too old or does not start" >&2
  exit 1
fi
say "passt is installed as $FOLDER/passt"
