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

# Unpacks the package $2 of the suite $1, with all that it depends on, into the
# folder $3, which it replaces. $3/$4 is then a script that starts /$5 of the
# package through that folder's own loader, so the C library of this system does
# not matter. Further arguments stand before those of the script; @ is the folder
# of the unpacked tree. Packages come from where this machine takes its main suite
# from, checked by apt as always. apt's own configuration, and what is installed,
# stay as they are.
unpack_package() (
  suite=$1 package=$2 folder=$3 name=$4 program=$5
  shift 5
  source=$(main_source "install $package of $suite by hand" "$suite") || exit 1
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial" \
    "$scratch/none" "$scratch/tree"
  # With nothing installed, apt fetches the C library and its loader as well.
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
  say "unpacking $package of $suite into $folder"
  suite_apt update
  suite_apt -y --no-install-recommends --download-only install "$package" >/dev/null
  for archive in "$scratch"/cache/archives/*.deb; do
    dpkg-deb --extract "$archive" "$scratch/tree"
  done
  loader=$(find "$scratch/tree" -name 'ld-linux*.so.*' -printf '%P\n' | head -n 1)
  libraries=$(find "$scratch/tree" -name 'libc.so.6' -printf '%h\n' | head -n 1)
  if [ -z "$loader" ] || [ -z "$libraries" ]; then
    say "the packages of $suite hold no loader" >&2
    exit 1
  fi
  libraries=$folder/tree/${libraries#"$scratch/tree/"}
  command="$folder/tree/$loader --library-path $libraries $folder/tree/$program"
  for argument; do
    command="$command $(echo "$argument" | sed "s|@|$folder/tree|")"
  done
  printf '#!/bin/sh\nexec %s "$@"\n' "$command" >"$scratch/script"
  chmod 755 "$scratch/script"
  rm -rf "$folder"
  mkdir -p "$folder"
  mv "$scratch/tree" "$folder/tree"
  chmod 755 "$folder/tree"
  # Last: it says that all is there.
  mv "$scratch/script" "$folder/$name"
)

# Whether version $1 is $2 or newer.
at_least() {
  [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}
