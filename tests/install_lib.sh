# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# What the install scripts of tests/ share; they source it.

say() { echo "${0##*/}: $*"; }

# Ends the script unless it can install packages. The argument is what is to be
# done where there is no apt.
require_apt_and_root() {
  if ! command -v apt-get >/dev/null; then
    say "this machine has no apt$1" >&2
    exit 1
  fi
  if [ "$(id -u)" != 0 ]; then
    say "needs root; run: sudo $0" >&2
    exit 1
  fi
}
