#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs dump, diff and stats as a user does.

. tests/cli/command_test_lib.sh
golden=$PWD/tests/golden
fs=(--schema "$PWD/proto/devices/fs/v1/released/1/fs.proto")
format=$PWD/docs/stream_format.md
vm=$PWD/foreign/containers/qemu/testdata/fs-5136-bytes-q35.mig
cd "$folder" || exit 1

lacks() {
  ! grep -qF -- "$2" "$folder/out" || fail "$1: says \"$2\""
}

# encode FILE < TEXT: a stream of t.proto.
encode() {
  "$devstate" encode --schema t.proto --format text - -o "$@" ||
    fail "encode $1"
}

cat > t.proto <<'END'
syntax = "proto3";
package t;
import "devstate/options.proto";
message S {
  option (devstate.message) = { schema: "t" version: 1 device: "d" };
  uint32 n = 1;
  bytes password = 2 [(devstate.field).sensitive = true];
  repeated Keyed keyed = 3;
  repeated Plain plain = 4;
  uint64 saved_at = 5 [(devstate.field).volatile = true];
  map<string, uint32> counts = 6;
}
message Keyed {
  option (devstate.message).key = "id";
  uint32 id = 1;
  string text = 2;
  repeated string secrets = 3 [(devstate.field).sensitive = true];
  uint64 age = 4 [(devstate.field).volatile = true];
  optional uint32 pin = 5 [(devstate.field).sensitive = true];
}
message Plain { uint32 a = 1; }
END
cat > a.text <<'END'
n: 1 password: "opensesame" saved_at: 5 counts { key: "x" value: 1 }
keyed { id: 1 text: "one" } keyed { id: 2 text: "two" secrets: "opensesame" }
keyed { id: 3 text: "three" } plain { a: 1 } plain { a: 2 }
END
encode a.dstate < a.text

# --- dump ---

run dump 0 "$devstate" dump a.dstate
says dump 'n: 1'
says dump 'password: "<redacted 10 bytes>"'
says dump '# schema: "t" version 1'
lacks dump opensesame
cp out first
"$devstate" dump - < a.dstate > piped
cmp -s piped first || fail "dump: other from standard input"
run dump 0 "$devstate" dump a.dstate
cmp -s out first || fail "dump: not deterministic"
run show 0 "$devstate" dump --show-sensitive a.dstate
says show 'password: "opensesame"'
# Its text is the message, comments included.
"$devstate" dump --show-sensitive a.dstate | encode b.dstate
cmp a.dstate b.dstate > out 2>&1 || fail "dump: does not encode again"
run json 0 "$devstate" dump --format json a.dstate
lacks json opensesame
python3 -c 'import json, sys
state = json.load(open("out"))
assert [r.get("id") for r in state["keyed"]] == [1, 2, 3]
assert state["password"] == "<redacted 10 bytes>"
' || fail "json: not what it should be"

# The bytes of the golden stream are as the specification has them.
run annotate 0 "$devstate" dump --annotate "${fs[@]}" "$golden/fs_small.dstate"
sed -n '/^## A small stream/,$p' "$format" | sed -n '/^```$/,/^```$/p' |
  sed '1d;$d' > expected
diff out expected > diff.out || { cp diff.out out; fail "annotate: not as in \
the document"; }
for compression in raw zstd; do
  encode c.dstate --compression $compression < a.text
  run "annotate-$compression" 0 "$devstate" dump --annotate c.dstate
  says "annotate-$compression" "KeyedColumns"
  says "annotate-$compression" '<redacted 12 bytes>      password'
  lacks "annotate-$compression" "6f 70 65 6e"
  lacks "annotate-$compression" "opensesame"
  run "annotate-all" 0 "$devstate" dump --annotate --show-sensitive c.dstate
  says "annotate-all" "6f 70 65 6e"
done
encode bare.dstate --no-descriptors < a.text
run no-schema 2 "$devstate" dump bare.dstate
one_line no-schema
run annotate-no-schema 0 "$devstate" dump --annotate bare.dstate
lacks annotate-no-schema "6f 70 65 6e"
head -c -20 a.dstate > cut.dstate
run cut 3 "$devstate" dump cut.dstate
run cut 3 "$devstate" dump --annotate cut.dstate
says cut "StreamHeader"
run root-of-nothing 2 "$devstate" dump --root t.S a.dstate
run no-file 2 "$devstate" dump none.dstate
one_line no-file

# --- diff ---

run same 0 "$devstate" diff a.dstate a.dstate
[ ! -s out ] || fail "same: says something"
sed 's/saved_at: 5/saved_at: 6/; s/text: "one"/text: "one" age: 9/' a.text |
  encode volatile.dstate
run volatile 0 "$devstate" diff a.dstate volatile.dstate
cat > b.text <<'END'
n: 2 password: "opensesamf" saved_at: 5 counts { key: "x" value: 2 }
keyed { id: 4 text: "four" } keyed { id: 3 text: "three" }
keyed { id: 2 text: "TWO" secrets: "opensesame" secrets: "y" pin: 0 }
plain { a: 1 } plain { a: 3 }
END
encode b.dstate < b.text
run diff 1 "$devstate" diff a.dstate b.dstate
cat > expected <<'END'
~ counts["x"].value: 1 -> 2
~ n: 1 -> 2
~ password: <redacted> -> <redacted>
- keyed[id=1]
~ keyed[id=2].pin: absent -> <redacted>
~ keyed[id=2].secrets[1]: absent -> <redacted>
~ keyed[id=2].text: "two" -> "TWO"
~ plain[1].a: 2 -> 3
+ keyed[id=4]
1 records added, 1 removed, 2 changed
END
diff expected out > diff.out || { cp diff.out out; fail "diff: not that"; }
run diff-limit 1 "$devstate" diff --limit 0 a.dstate b.dstate
says diff-limit "--limit"
lacks diff-limit "keyed[id=4]"
run other-root 2 "$devstate" diff a.dstate "$golden/fs_zstd.dstate"
one_line other-root
run diff-cut 3 "$devstate" diff a.dstate cut.dstate
says diff-cut "cut.dstate"
run diff-none 2 "$devstate" diff a.dstate none.dstate
says diff-none "none.dstate"
run diff-stdin 0 sh -c "cat a.dstate | '$devstate' diff - a.dstate"
run diff-stdin 1 sh -c "cat a.dstate | '$devstate' diff b.dstate -"
# Out of a QEMU migration file.
run inject 0 "$devstate" qemu inject "$vm" a.dstate -o a.mig
run qemu-diff 1 "$devstate" diff a.mig b.dstate
says qemu-diff "- keyed[id=1]"
for verb in dump stats decode; do
  run "qemu-$verb" 0 "$devstate" $verb a.mig
  cp out first
  run "qemu-$verb" 0 "$devstate" $verb a.dstate
  cmp -s out first || fail "qemu-$verb: other out of a QEMU migration file"
  run "opaque-$verb" 3 "$devstate" $verb "$vm"
  says "opaque-$verb" "$vm (state of 0000:00:01.0/vhost-user-fs at 0x6b67f):0x0"
  one_line "opaque-$verb"
done
run qemu-check 0 "$devstate" check a.mig --reader t.proto
# Two versions of a schema.
sed 's/version: 1/version: 2/; s/string text = 2;/string text = 2; uint32 \
new = 6;/' t.proto > v2.proto
"$devstate" encode --schema v2.proto --format text a.text -o v2.dstate
run versions-same 0 "$devstate" diff a.dstate v2.dstate
sed 's/text: "one"/text: "one" new: 5/' a.text > v2.text
"$devstate" encode --schema v2.proto --format text v2.text -o v2.dstate
run versions 1 "$devstate" diff a.dstate v2.dstate
says versions "~ keyed[id=1].new: absent -> 5"
says versions "0 records added, 0 removed, 1 changed"
# Values in pieces are told apart by size and digest, whatever their length.
cat > pieces.proto <<'END'
syntax = "proto3";
package p;
import "devstate/options.proto";
message S {
  option (devstate.message) = { schema: "p" version: 1 device: "d" };
  repeated Owner owners = 1 [(devstate.field).max_items = 9];
  repeated Piece pieces = 2 [(devstate.field) = {
    pieces { owner: "owner" offset: "offset" data: "data"
             of: "owners" id: "id" size: "size" } }];
}
message Owner {
  option (devstate.message).key = "id";
  uint32 id = 1;
  uint64 size = 2;
}
message Piece {
  option (devstate.message) = { key: [ "owner", "offset" ] };
  uint32 owner = 1;
  uint64 offset = 2;
  bytes data = 3 [(devstate.field).max_len = 262144];
}
END
owners='owners { id: 1 size: 5 } owners { id: 2 size: 3 }'
two='pieces { owner: 2 data: "xyz" }'
for name in one:abcde other:abcdf; do
  echo "$owners pieces { owner: 1 data: \"${name#*:}\" } $two" |
    "$devstate" encode --schema pieces.proto --format text - \
      -o "${name%:*}.dstate"
done
run pieces 1 "$devstate" diff one.dstate other.dstate
says pieces "~ pieces[owner=1,offset=0].data: <5 bytes, xxh3 "
says pieces "1 changed"
lacks pieces abcde
lacks pieces owner=2
# Keys that occur twice are records, too.
echo 'keyed { id: 1 } keyed { id: 1 }' | encode twice.dstate
echo 'keyed { id: 1 }' | encode once.dstate
run twice 0 "$devstate" diff twice.dstate twice.dstate
run twice 1 "$devstate" diff twice.dstate once.dstate
says twice "- keyed[id=1] again"

# --- stats ---

run stats 0 "$devstate" stats a.dstate
says stats "keyed"
says stats "secrets"
run stats-fs 0 "$devstate" stats "${fs[@]}" "$golden/fs_zstd.dstate"
says stats-fs "path#"
says stats-fs "path.name"
run stats-json 0 "$devstate" stats --format json a.dstate
python3 -c 'import json, os
s = json.load(open("out"))
assert int(s["stream_bytes"]) == os.path.getsize("a.dstate")
assert int(s["records"]) == 5
names = [x.get("name", "") for x in s["sections"]]
assert names == ["", "keyed", "plain"], names
assert sum(int(x["decoded_bytes"]) for x in s["sections"]) == int(
    s["decoded_bytes"])
paths = [c["path"] for c in s["sections"][1]["columns"]]
assert paths == ["id", "secrets", "text"], paths
' || fail "stats-json: not what it should be"
run stats-largest 0 "$devstate" stats --largest-record a.dstate
says stats-largest "largest record"
run stats-bare 0 "$devstate" stats bare.dstate
says stats-bare "#3"
run stats-cut 3 "$devstate" stats cut.dstate

[ "$failures" = 0 ] || exit 1
echo "All passed."
