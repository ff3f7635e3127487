#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Each schema reads its own imports, whatever other schema a verb reads as well,
# and a schema may come from a pipe.

. tests/cli/command_test_lib.sh
cd "$folder" || exit 1

# schema PACKAGE VERSION IMPORT [FIELD]…: imports vendor.common.Peer.
schema() {
  echo "syntax = \"proto3\"; package $1; import \"devstate/options.proto\";"
  echo "import \"$3\"; message S { option (devstate.message) = {"
  echo "  schema: \"t\" version: $2 device: \"d\" };"
  echo "  vendor.common.Peer peer = 2; ${*:4} }"
}

# peer FIRST SECOND
peer() {
  echo "syntax = \"proto3\"; package vendor.common;"
  echo "message Peer { $1 = 1; $2 = 2; }"
}
released=("uint32 port" "string name")
swapped=("string name" "uint32 port")

# --- A frozen copy beside a released schema ---

mkdir -p one/{proto/common,proto/vendor/dev/v1,released/1/common}
peer "${swapped[@]}" > one/proto/common/peer.proto
peer "${released[@]}" > one/released/1/common/peer.proto
schema vendor.dev.v1 2 common/peer.proto > one/proto/vendor/dev/v1/dev.proto
schema vendor.dev.v1 1 common/peer.proto > one/released/1/dev.proto
new=one/proto/vendor/dev/v1/dev.proto
old=one/released/1/dev.proto
run frozen-check 1 "$devstate" check --old $old --new $new -I one/proto
says frozen-check "[numbers-swapped]"
run frozen-lint 1 "$devstate" lint $new --against one/released -I one/proto
run found-by-package 1 "$devstate" check --old $old --new $new
says found-by-package "[numbers-swapped]"
run lineage 1 "$devstate" check --old $old --new $new -I one/proto \
  --lineage one/released

mkdir -p one/released/2/common
cp one/proto/common/peer.proto one/released/2/common/
cp $new one/released/2/dev.proto
run two-copies 0 "$devstate" matrix one/released -I one/proto
says two-copies "refused"
ln -s ../one/released one/link
run through-a-link 0 "$devstate" matrix one/link -I one/proto
says through-a-link "refused"
run through-a-parent 0 "$devstate" matrix one/proto/../released -I one/proto
says through-a-parent "refused"

# A state is written and read with the frozen copy, and read with no other.
echo '{"peer": {"port": 7, "name": "x"}}' > state.json
run encode 0 "$devstate" encode --schema $old -I one/proto state.json -o s.dstate
run dump 0 "$devstate" dump s.dstate --schema $old -I one/proto
says dump "port: 7"
run reader 0 "$devstate" check s.dstate --reader $old -I one/proto
says reader "identical"
run other-reader 1 "$devstate" check s.dstate --reader $new -I one/proto
run archive 1 "$devstate" check s.dstate --reader $new -I one/proto \
  --lineage one/released

# --- Two checkouts of one tree ---

for side in old new new/nested/old; do
  mkdir -p two/$side/proto/vendor/{common,dev/v1}
  copy=("${released[@]}") version=1
  [ $side = new ] && copy=("${swapped[@]}") version=2
  peer "${copy[@]}" > two/$side/proto/vendor/common/peer.proto
  schema t $version vendor/common/peer.proto \
    > two/$side/proto/vendor/dev/v1/dev.proto
done
schema=proto/vendor/dev/v1/dev.proto
for imports in "" "-I two/old/proto -I two/new/proto" \
  "-I two/new/proto -I two/old/proto"; do
  # shellcheck disable=SC2086
  run "checkouts $imports" 1 "$devstate" check --old two/old/$schema \
    --new two/new/$schema $imports
  says "checkouts $imports" "[numbers-swapped]"
done
run nested-checkout 1 "$devstate" check --old two/new/nested/old/$schema \
  --new two/new/$schema
says nested-checkout "[numbers-swapped]"

# Folders that no path names.
mkdir three
schema t 1 peer.proto > three/old.proto
schema t 2 peer.proto > three/new.proto
run own-folders 1 "$devstate" check --old three/old.proto --new three/new.proto \
  --old-import two/old/proto/vendor/common \
  --new-import two/new/proto/vendor/common
says own-folders "[numbers-swapped]"
run no-folder 2 "$devstate" check --old three/old.proto --new three/new.proto
one_line no-folder
says no-folder "three/old.proto:2:1: import \"peer.proto\": it is not in three: "
says no-folder "--old-import, or give a descriptor set"
run no-new-folder 2 "$devstate" check --old three/old.proto \
  --new three/new.proto --old-import two/old/proto/vendor/common
says no-new-folder "--new-import"
run no-schema 2 "$devstate" check s.dstate --reader $old --old-import three

# --- Imports that no folder has ---

cat > timestamp.proto << 'END'
syntax = "proto3"; package t; import "devstate/options.proto";
import "google/protobuf/timestamp.proto";
message S { option (devstate.message) = { schema: "t" version: 1 device: "d" };
  google.protobuf.Timestamp at = 1; }
END
run well-known 0 "$devstate" check --old timestamp.proto --new timestamp.proto
echo '{"at": "2026-01-02T03:04:05Z"}' > at.json
run well-known-encode 0 "$devstate" encode --schema timestamp.proto at.json \
  -o at.dstate
run well-known-decode 0 "$devstate" decode at.dstate -o at.back
says_at=$(cat at.back)
[[ $says_at == *2026-01-02T03:04:05Z* ]] || fail "well-known-decode: $says_at"
cat > opts.proto << 'END'
syntax = "proto2"; import "google/protobuf/descriptor.proto";
extend google.protobuf.FieldOptions { optional string note = 50001; }
END
cat > root.proto << 'END'
syntax = "proto3"; package t; import "devstate/options.proto";
import "opts.proto";
message S { option (devstate.message) = { schema: "t" version: 1 device: "d" };
  uint32 a = 1 [(note) = "x"]; }
END
run proto2-options 0 "$devstate" lint root.proto

# --- Schemas from pipes ---

run pipe 1 bash -c "'$devstate' check --old <(cat three/old.proto) --new $new \
  --old-import two/old/proto/vendor/common"
says pipe "[numbers-swapped]"
run stdin 0 bash -c "'$devstate' check --old - --new root.proto < root.proto -I ."
run pipes 0 bash -c "'$devstate' check --old <(cat timestamp.proto) \
  --new <(cat timestamp.proto)"
run pipe-reader 0 bash -c "cat timestamp.proto |
  '$devstate' check at.dstate --reader -"
run pipe-encode 0 bash -c "'$devstate' encode --schema <(cat timestamp.proto) \
  at.json -o piped.dstate"
run pipe-diff 0 bash -c "'$devstate' diff at.dstate piped.dstate \
  --schema <(cat timestamp.proto)"
run pipe-of-rubbish 2 bash -c "head -c 100 /dev/zero |
  '$devstate' lint -"
one_line pipe-of-rubbish
says pipe-of-rubbish "(stdin): "
run pipe-without-folder 2 bash -c "cat three/old.proto |
  '$devstate' check --old - --new three/new.proto"
says pipe-without-folder "(stdin):2:1: "
for twice in "check --old - --new -" "check - --reader -" \
  "encode --schema - - -o x" "decode - --schema -" "diff - at.dstate --schema -"
do
  # shellcheck disable=SC2086
  run "$twice" 2 timeout 10 "$devstate" $twice
  one_line "$twice"
  says "$twice" "can be read once"
done

# --- An error names the file that it is about ---

run schema-error 2 "$devstate" encode --schema none.proto state.json -o x
says schema-error "devstate: none.proto: no such file"
run reader-error 2 "$devstate" check s.dstate --reader none
says reader-error "devstate: none: "

[ "$failures" = 0 ] && echo "all passed"
exit $((failures > 0))
