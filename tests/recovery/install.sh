#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs systemd's programs for systemd_test, which starts a manager of its own.
# Asks nothing. Needs root.

set -eu

. "$(dirname "$0")/../install_lib.sh"

if [ -x /lib/systemd/systemd ]; then
  say "systemd is there; nothing to do"
  exit 0
fi
require_apt_and_root ": install systemd"
install_packages systemd
say "systemd is installed"
