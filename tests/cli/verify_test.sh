#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# verify of several states, and what it says in JSON.

. tests/cli/command_test_lib.sh
golden=$PWD/tests/golden
# Whole, but with a value that an annotation does not allow.
broken=$PWD/tests/stream_cases/I_id0.dstate
foreign=$PWD/foreign/states/virtiofsd/testdata/open-fp.state
migration=$PWD/foreign/containers/qemu/testdata/fs-5136-bytes-q35.mig
cd "$folder" || exit 1
cp "$golden/fs_v1.dstate" whole.dstate
size=$(stat -c %s whole.dstate)
head -c $((size - 10)) whole.dstate > cut.dstate
cp whole.dstate flipped.dstate
printf '\377' | dd of=flipped.dstate bs=1 seek=$((size - size / 4)) conv=notrunc 2> dd.log
cp "$foreign" foreign.state

# --- Several states ---

run several 3 "$devstate" verify whole.dstate cut.dstate nowhere foreign.state
says several "whole.dstate: whole: "
says several "devstate: cut.dstate:0x"
says several "devstate: nowhere: cannot open it"
says several "foreign.state: whole: a state of virtiofsd"
run "unreadable is worse than whole" 2 "$devstate" verify nowhere whole.dstate
run "all whole" 0 "$devstate" verify whole.dstate foreign.state
run "standard input among them" 0 \
  bash -c "'$devstate' verify whole.dstate - < foreign.state"
run "standard input twice" 2 "$devstate" verify - -
one_line "standard input twice"

# --- JSON ---

"$devstate" verify --format json whole.dstate cut.dstate flipped.dstate nowhere \
  foreign.state "$migration" > report.json 2> errors
[ $? = 3 ] || fail "json: not the exit code of the worst"
cp errors out
[ ! -s errors ] || fail "json: something is on standard error"
python3 - report.json "$size" << 'END' || fail "json: not as expected"
import json, sys
states = json.load(open(sys.argv[1]))["states"]
size = int(sys.argv[2])
whole, cut, flipped, nowhere, foreign, migration = states
assert [state["result"] for state in states] == [
    "whole", "damaged", "damaged", "unreadable", "whole", "damaged"], states
assert whole["name"] == "whole.dstate" and whole["format"] == "devstate", whole
assert int(whole["bytes"]) == size and int(whole["records"]) > 0, whole
assert whole["reason"] == "" and "offset" not in whole, whole
assert cut["reason"] == "no-trailer" and cut["text"], cut
assert flipped["reason"] == "checksum", flipped
assert 0 < int(flipped["offset"]) <= size - size // 4, flipped
assert "chunk %d: " % flipped["chunk"] in flipped["text"], flipped
assert nowhere["reason"] == "" and "cannot open it" in nowhere["text"], nowhere
assert foreign["format"] == "virtiofsd" and foreign["format_version"], foreign
assert migration["reason"] == "not-a-stream", migration
assert "state of 0000:00:01.0/vhost-user-fs at 0x" in migration["name"], migration
END

# --- The values, by the schema ---

run "values without --deep" 0 "$devstate" verify "$broken"
"$devstate" verify --deep --format json "$broken" whole.dstate > report.json
[ $? = 1 ] || fail "deep: not refused"
python3 - report.json << 'END' || fail "deep: not as expected"
import json, sys
broken, whole = json.load(open(sys.argv[1]))["states"]
assert broken["result"] == "refused" and whole["result"] == "whole"
assert broken["reason"] == broken["findings"][0]["rule"] == "required-missing", broken
assert broken["findings"][0]["path"] == "inodes.id", broken
END

[ "$failures" = 0 ] && echo "all passed"
exit $((failures > 0))
