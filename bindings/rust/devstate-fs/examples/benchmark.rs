// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! A table of inodes as virtiofsd's serialized state and as a devstate stream, in one run.
//!
//!     cargo run --release -p devstate-fs --example benchmark -- [INODES]
//!
//! Both ways start from the same live table and end with one again. virtiofsd builds its wire
//! structs, which own their strings, and hands them to postcard; the structs here are those. Names
//! are made up and compress well: the ratios say something, the sizes less.
//!
//! No load can be faster than the memory of its table. What that takes is measured as well, as a
//! copy of the table.

use std::any::Any;
use std::hint::black_box;

use devstate::{Compression, Error, WriterOptions};
use devstate_fs::v1::*;
use serde::{Deserialize, Serialize};

// --- The live table ---

#[derive(Clone, Debug, Default, PartialEq)]
struct Inode {
    id: u64,
    refcount: u64,
    parent: u64,
    name: String,
    /// Of a file system on which files are found by handles.
    handle: Option<[u8; 12]>,
}

fn table(inodes: u64, with_handles: bool) -> Vec<Inode> {
    const STEMS: [&str; 8] =
        ["config", "kernel", "module", "session", "index", "cache", "report", "image"];
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move |bound: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    };
    let (mut parent, mut ino) = (1, 131_072u64);
    (1..=inodes)
        .map(|id| {
            if id % 24 == 2 {
                parent = 1 + random(id - 1);
                ino += random(4096);
            }
            ino += 1;
            let stem = STEMS[random(8) as usize];
            let handle = with_handles.then(|| {
                let mut handle = [0; 12];
                handle[..8].copy_from_slice(&ino.to_le_bytes());
                handle[8..].copy_from_slice(&(random(1 << 32) as u32).to_le_bytes());
                handle
            });
            Inode {
                id,
                refcount: 1 + u64::from(random(8) == 0),
                parent: if id == 1 { 0 } else { parent },
                name: if id == 1 {
                    String::new()
                } else {
                    format!("{stem}-{:05}.dat", id % 65_536)
                },
                handle,
            }
        })
        .collect()
}

// --- virtiofsd's way ---

#[derive(Serialize, Deserialize)]
struct WireHandle {
    mount_id: u64,
    handle_type: i32,
    handle: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
enum WireLocation {
    RootNode,
    Path { parent: u64, filename: String },
    Invalid,
    FullPath { filename: String },
    FileHandle { handle: WireHandle },
}

#[derive(Serialize, Deserialize)]
struct WireInode {
    id: u64,
    refcount: u64,
    location: WireLocation,
    file_handle: Option<WireHandle>,
}

#[derive(Serialize, Deserialize)]
struct WireState {
    inodes: Vec<WireInode>,
    next_inode: u64,
    next_handle: u64,
}

fn to_postcard(table: &[Inode]) -> Vec<u8> {
    let inodes = table
        .iter()
        .map(|inode| WireInode {
            id: inode.id,
            refcount: inode.refcount,
            location: if inode.parent == 0 {
                WireLocation::RootNode
            } else {
                WireLocation::Path { parent: inode.parent, filename: inode.name.clone() }
            },
            file_handle: inode.handle.map(|handle| WireHandle {
                mount_id: 27,
                handle_type: 1,
                handle: handle.to_vec(),
            }),
        })
        .collect();
    let state = WireState { inodes, next_inode: table.len() as u64 + 1, next_handle: 1 };
    postcard::to_stdvec(&state).expect("postcard")
}

fn from_postcard(bytes: &[u8]) -> Vec<Inode> {
    let state: WireState = postcard::from_bytes(bytes).expect("postcard");
    state
        .inodes
        .into_iter()
        .map(|inode| {
            let (parent, name) = match inode.location {
                WireLocation::Path { parent, filename } => (parent, filename),
                _ => (0, String::new()),
            };
            let handle = inode.file_handle.and_then(|handle| handle.handle.try_into().ok());
            Inode { id: inode.id, refcount: inode.refcount, parent, name, handle }
        })
        .collect()
}

// --- devstate ---

fn to_stream(table: &[Inode], compression: Compression) -> Vec<u8> {
    let root = FsState { next_inode: table.len() as u64 + 1, next_handle: 1, ..Default::default() };
    let options = WriterOptions { compression, ..Default::default() };
    let mut writer = FsStateWriter::begin(Vec::new(), options, &root).expect("a header");
    for inode in table {
        let row = InodeRow {
            id: inode.id,
            refcount: inode.refcount,
            location: Some(if inode.parent == 0 {
                InodeLocationRow::Root(InodeRootRow {})
            } else {
                InodeLocationRow::Path(InodePathRow { parent: inode.parent, name: &inode.name })
            }),
            verification_handle: inode.handle.as_ref().map(|handle| FileHandleRow {
                mount_id: 27,
                r#type: 1,
                handle,
            }),
            attributes: None,
        };
        writer.add_inodes(&row).expect("an inode");
    }
    writer.finish().expect("a stream").0
}

#[derive(Default)]
struct Load(Vec<Inode>);

impl FsStateVisitor for Load {
    fn root(&mut self, _: FsState) -> Result<(), Error> {
        Ok(())
    }
    fn inodes(&mut self, batch: &InodesBatch<'_>) -> Result<(), Error> {
        self.0.extend(batch.iter().map(|row| {
            let (parent, name) = match row.location {
                Some(InodeLocationRow::Path(path)) => (path.parent, path.name.to_owned()),
                _ => (0, String::new()),
            };
            let handle = row.verification_handle.and_then(|handle| handle.handle.try_into().ok());
            Inode { id: row.id, refcount: row.refcount, parent, name, handle }
        }));
        Ok(())
    }
    fn handles(&mut self, _: &HandlesBatch<'_>) -> Result<(), Error> {
        Ok(())
    }
    fn mount_paths(&mut self, _: &MountPathsBatch<'_>) -> Result<(), Error> {
        Ok(())
    }
}

fn from_stream(stream: &[u8]) -> Vec<Inode> {
    let mut load = Load::default();
    FsState::read(stream, &Default::default(), &mut load).expect("a whole stream");
    load.0
}

/// Looks at every inode and keeps nothing: what of a load is not the table that it makes.
#[derive(Default)]
struct Look(u64);

impl FsStateVisitor for Look {
    fn root(&mut self, _: FsState) -> Result<(), Error> {
        Ok(())
    }
    fn inodes(&mut self, batch: &InodesBatch<'_>) -> Result<(), Error> {
        for row in batch.iter() {
            let found = match &row.location {
                Some(InodeLocationRow::Path(path)) => path.parent + path.name.len() as u64,
                _ => 0,
            };
            let handle = row.verification_handle.as_ref().map_or(0, |handle| handle.handle.len());
            self.0 = self.0.wrapping_add(row.id + row.refcount + found + handle as u64);
        }
        Ok(())
    }
    fn handles(&mut self, _: &HandlesBatch<'_>) -> Result<(), Error> {
        Ok(())
    }
    fn mount_paths(&mut self, _: &MountPathsBatch<'_>) -> Result<(), Error> {
        Ok(())
    }
}

fn look(stream: &[u8]) -> u64 {
    let mut look = Look::default();
    FsState::read(stream, &Default::default(), &mut look).expect("a whole stream");
    look.0
}

// --- Times ---

const ROUNDS: usize = 9;

/// What is measured, and its shortest time in nanoseconds an inode: whatever else the machine does
/// only adds.
struct Measured<'a> {
    name: &'static str,
    run: Box<dyn Fn() -> Box<dyn Any> + 'a>,
    time: f64,
}

/// Returns how long this thread has been on a processor, in nanoseconds: what else runs on the
/// machine does not count.
fn cpu_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("a Linux kernel");
    text.split(' ').next().and_then(|text| text.parse().ok()).expect("a number")
}

fn measure(inodes: u64, with_handles: bool) {
    let table = table(inodes, with_handles);
    let postcard = to_postcard(&table);
    let packed = zstd::bulk::compress(&postcard, 1).expect("zstd");
    let raw = to_stream(&table, Compression::Raw);
    let zstd = to_stream(&table, Compression::Zstd(1));
    // Nothing is left out, in either way.
    assert!(from_postcard(&postcard) == table);
    assert!(from_stream(&raw) == table && from_stream(&zstd) == table);
    let size = |bytes: &[u8]| bytes.len() as f64 / inodes as f64;
    println!("{inodes} inodes, file handles: {}", if with_handles { "12 bytes" } else { "none" });
    println!(
        "bytes an inode: postcard {:.1}, with zstd 1 {:.1}; devstate raw {:.1}, zstd 1 {:.1}",
        size(&postcard),
        size(&packed),
        size(&raw),
        size(&zstd)
    );
    let unpack = || from_postcard(&zstd::bulk::decompress(&packed, postcard.len()).expect("zstd"));
    let pack = || zstd::bulk::compress(&to_postcard(&table), 1).expect("zstd");
    fn case<'a, T: Any>(name: &'static str, run: impl Fn() -> T + 'a) -> Measured<'a> {
        let run = Box::new(move || Box::new(black_box(run())) as Box<dyn Any>);
        Measured { name, run, time: f64::INFINITY }
    }
    let mut cases = [
        case("postcard encode", || to_postcard(&table)),
        case("postcard decode", || from_postcard(&postcard)),
        case("postcard + zstd 1 encode", pack),
        case("postcard + zstd 1 decode", unpack),
        case("devstate raw encode", || to_stream(&table, Compression::Raw)),
        case("devstate raw decode", || from_stream(&raw)),
        case("devstate zstd 1 encode", || to_stream(&table, Compression::Zstd(1))),
        case("devstate zstd 1 decode", || from_stream(&zstd)),
        case("devstate raw, no table", || look(&raw)),
        case("table, no stream", || table.clone()),
    ];
    for _ in 0..ROUNDS {
        for case in &mut cases {
            let start = cpu_time();
            let made = (case.run)();
            case.time = case.time.min((cpu_time() - start) as f64 / inodes as f64);
            // A table that was loaded lives on: what it takes to forget it is no part of a load.
            drop(made);
        }
    }
    for case in &cases {
        println!("{:26} {:7.1} ns of CPU an inode", case.name, case.time);
    }
    let ratio = |a: usize, b: usize| cases[a].time / cases[b].time;
    println!(
        "times faster: raw encode {:.1}, decode {:.1}; against postcard + zstd 1: encode {:.1}, \
         decode {:.1}\n",
        ratio(0, 4),
        ratio(1, 5),
        ratio(2, 6),
        ratio(3, 7)
    );
}

fn main() {
    let inodes = std::env::args().nth(1).map_or(1_000_000, |n| n.parse().expect("a number"));
    measure(inodes, false);
    measure(inodes, true);
}
