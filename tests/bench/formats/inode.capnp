# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The table of tests/bench/inode_table.h in Cap'n Proto.

@0xd5a7c1f0b2e49637;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("devstate::bench::capnproto");

struct Inode {
  id @0 :UInt64;
  parent @1 :UInt64;
  refcount @2 :UInt64;
  ino @3 :UInt64;
  mountId @4 :UInt64;
  mode @5 :UInt32;
  handleType @6 :Int32;
  name @7 :Data;
  handle @8 :Data;
}

struct Table {
  inodes @0 :List(Inode);
}
