#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs `devstate check --from --to` as an operator does, on manifests that the
# build wrote and on those that back-ends print.

. tests/cli/command_test_lib.sh
release=$PWD/tests/release
old=$release/old_queue_manifest.manifest
new=$release/queue_manifest.manifest
broken=$release/broken_queue_manifest.manifest
net_backend=$PWD/examples/net_backend/net_backend

check() { "$devstate" check "$@"; }

run "same" 0 check --from "$new" --to "$new"
says "same" "upgrade: identical, saves as version 3, loads as version 3"
says "same" "downgrade: identical, saves as version 3, loads as version 3"

run "migration" 0 check --from "$old" --to "$new" --direction migration
says "migration" "upgrade: defaulted, saves as version 1, loads as version 3"
run "way back" 4 check --from "$old" --to "$new"
says "way back" "downgrade: conditional, saves as version 3, loads as version 1"
says "way back" "requests.weight: field 3 (weight) is absent in every Request"
head -n 1 "$folder/out" | grep -q "^upgrade" || fail "migration is not first"
run "way back first" 4 check --from "$new" --to "$old"
head -n 1 "$folder/out" | grep -q "^downgrade" || fail "downgrade is not first"
run "way back alone" 0 check --from "$new" --to "$old" --direction rollback
run "by name" 0 check --from "$new" --to "$old" --direction upgrade
run "accepted" 0 check --from "$new" --to "$old" --accept conditional,lossy

run "refused" 1 check --from "$new" --to "$broken"
says "refused" "[wire-type-changed]"
run "refused is not accepted" 1 check --from "$new" --to "$broken" \
  --accept conditional,lossy

run "json" 4 check --from "$old" --to "$new" --format json
python3 - "$folder/out" <<'END' || fail "json"
import json, sys
there, back = json.load(open(sys.argv[1]))["directions"]
assert there["direction"] == "upgrade" and there["saved_as"] == 1, there
assert there["loaded_as"] == 3 and not there["conditions"], there
assert back["direction"] == "downgrade" and back["saved_as"] == 3, back
assert back["conditions"], back
END
run "junit" 4 check --from "$old" --to "$new" --format junit
python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' \
  "$folder/out" || fail "junit: not XML"

# What the operator copies from one host to the other.
for name in fs net; do
  program=$backend
  [ "$name" = net ] && program=$net_backend
  run "$name --print-manifest" 0 "$program" --print-manifest
  cp "$folder/out" "$folder/$name.manifest"
  run "$name, itself" 0 check --from "$folder/$name.manifest" \
    --to "$folder/$name.manifest"
  says "$name, itself" "upgrade: identical"
  run "$name --print-capabilities" 0 "$program" --print-capabilities
  python3 - "$name" "$folder/out" "$folder/$name.manifest" <<'END' ||
import json, sys
capabilities = json.load(open(sys.argv[2]))
manifest = json.load(open(sys.argv[3]))
assert capabilities["type"] == sys.argv[1], capabilities
assert "migrate-precopy" in capabilities["features"], capabilities
for version in manifest["versions"]:
    assert version.pop("descriptor_set")
assert capabilities["devstate"] == manifest, (capabilities, manifest)
END
    fail "$name: capabilities are not those of the manifest"
done
run "other device" 1 check --from "$folder/fs.manifest" \
  --to "$folder/net.manifest"
says "other device" "[wrong-device]"

run "pipes" 0 check --from <("$backend" --print-manifest) \
  --to <("$backend" --print-manifest)
says "pipes" "identical"

for flags in "" "--from $old" "--to $old" "--from $old --new x" \
  "--from $old --to $new --old x" "--old x"; do
  # In words.
  run "flags $flags" 2 check $flags
  one_line "flags $flags"
  says "flags $flags" "--old and --new"
  says "flags $flags" "--from and --to"
done
run "lineage" 2 check --from "$old" --to "$new" --lineage "$release"
one_line "lineage"
run "direction of schemas" 2 check --old "$old" --new "$new" \
  --direction migration
one_line "direction of schemas"

run "no file" 2 check --from "$folder/none" --to "$new"
one_line "no file"
says "no file" "$folder/none: no such file"
run "no manifest" 2 check --from "$devstate" --to "$new"
one_line "no manifest"
run "endless file" 2 check --from /dev/zero --to "$new"
one_line "endless file"
mkdir "$folder/empty"
run "folder" 2 check --from "$folder/empty" --to "$new"
one_line "folder"
echo "{" > "$folder/cut"
run "cut" 2 check --from "$folder/cut" --to "$new"
one_line "cut"
says "cut" "devstate_manifest"
sed 's/"version": 2/"version": 1/' "$new" > "$folder/twice"
run "version twice" 2 check --from "$new" --to "$folder/twice"
one_line "version twice"
says "version twice" "$folder/twice: version 1 comes after 1"

[ "$failures" = 0 ] || exit 1
echo "all held"
