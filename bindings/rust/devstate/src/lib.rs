// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Reads and writes devstate streams: the state of a virtual device, framed, checksummed,
//! compressed and in columns, as `docs/stream_format.md` of the repository specifies it.
//!
//! A back-end uses the code that `devstate-build` generates from its schema: row structs, a writer
//! and a reader, which stand on this crate. By itself the crate reads the framing of any stream.
//!
//! ```
//! fn describe(stream: &[u8]) -> Result<String, devstate::Error> {
//!     let mut reader = devstate::StreamReader::new(stream, Default::default());
//!     let header = reader.read_header()?;
//!     let text = format!("{} version {}", header.schema, header.schema_version);
//!     while let Some(chunk) = reader.next_chunk()? {
//!         println!("{} records of field {}", chunk.records, chunk.field);
//!     }
//!     Ok(text) // Only here is the stream known to be whole.
//! }
//! # assert!(describe(b"").is_err());
//! ```
//!
//! Everything that comes from a stream is taken for hostile: the crate has no `unsafe` code, no
//! input makes it panic, and [`Limits`] bounds what a stream can cost.
//!
//! # Features
//! - `zstd`, on by default: compresses and decompresses with the C library.
//! - `ruzstd`: decompresses in Rust. It refuses frames whose window is above 100 MiB, which no
//!   writer makes for a chunk of 1 MiB.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "zstd")]
mod codec;
#[cfg(not(feature = "zstd"))]
#[path = "raw_codec.rs"]
mod codec;
pub mod column;
mod compression;
mod decoder;
mod error;
mod format;
mod header;
mod limits;
mod pieces;
mod reader;
pub mod record;
mod root_walk;
pub mod schema;
mod verdict;
pub mod wire;
mod writer;

pub use compression::{declared_size, Compression, Decompressor};
pub use decoder::{Chunk, Progress, StreamDecoder, Summary};
pub use error::{Error, Reason, StreamError};
pub use header::{ConversionRecord, Implementation, StreamHeader};
pub use limits::Limits;
pub use reader::StreamReader;
pub use record::{read_state, Batch, ChunkFilter, NoFilter, PushReader, StateHandler};
pub use root_walk::{add_used_features, walk_root, Fault, NotWellFormed, WireFinding};
pub use schema::Schema;
pub use verdict::{json_text, rules, Finding, Level, Rule, Verdict};
pub use writer::{make_header, StreamWriter, WriterOptions};
