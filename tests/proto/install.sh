#!/bin/sh
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Installs buf, which lints .proto files, for tests/proto: from the npm registry
# that this machine's npm uses. Asks nothing. Needs root.

set -eu

VERSION=1.75.0
FOLDER=/opt/devstate/buf

. "$(dirname "$0")/../install_lib.sh"

if [ -x "$FOLDER/node_modules/@bufbuild/buf-linux-x64/bin/buf" ] ||
  command -v buf >/dev/null; then
  say "buf is there; nothing to do"
  exit 0
fi
if ! command -v npm >/dev/null; then
  require_apt_and_root ": install buf by hand"
  install_packages npm
fi
mkdir -p "$FOLDER"
npm install --silent --no-audit --no-fund --prefix "$FOLDER" "@bufbuild/buf@$VERSION"
say "buf $VERSION is installed in $FOLDER"
