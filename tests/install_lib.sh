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

# Installs packages. The arguments are those of `apt-get install`.
install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qq -y --no-install-recommends install "$@" </dev/null >/dev/null
}

# Prints a line of sources.list, without its type: where and with which key this
# machine's own configuration takes its main suite from, for the suite $2, by
# default the same. Fails if apt knows none; $1 is what is to be done then.
main_source() (
  . /etc/os-release
  # REPO_URI may end in a slash.
  line=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI) $(SIGNED_BY)' \
    'Created-By: Packages' | grep "^${VERSION_CODENAME:-none} main " | head -n 1)
  uri=$(echo "$line" | cut -d ' ' -f 3)
  key=$(echo "$line" | cut -d ' ' -f 4)
  if [ -z "$uri" ]; then
    say "apt knows no source for ${VERSION_CODENAME:-this system} main; $1" >&2
    exit 1
  fi
  options=
  case $key in /*) options="[signed-by=$key] " ;; esac
  if [ -z "$options" ] && [ -f /usr/share/keyrings/debian-archive-keyring.gpg ]; then
    options="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
  fi
  echo "$options$uri ${2:-$VERSION_CODENAME} main"
)
