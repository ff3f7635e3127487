// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Schemas of devstate at run time: what a schema says, its fingerprint, the descriptor set that
//! streams carry, reading a stream by it without generated code, and verdicts about states of
//! other versions.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let stream = std::fs::read("state.dstate")?;
//! let mut reader = devstate::StreamReader::new(&stream[..], Default::default());
//! let schema = devstate_schema::load_embedded(reader.read_header()?)?;
//! println!("{} has {} messages", schema.name(), schema.messages.len());
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod annotations;
mod bounds;
mod canonical;
mod check;
mod columns;
mod convert;
mod descriptor;
mod dynamic;
mod dynamic_writer;
mod gate;
mod mapping;
mod model;
mod moves;
mod pieces;
mod root_bounds;
mod together;
mod unique;
mod value_set;

use std::fmt;

use devstate::{Level, StreamHeader};

pub use annotations::{FieldAnnotations, MessageAnnotations, Pieces, Tombstone};
pub use bounds::{bounds_of, BoundColumn, ColumnBounds};
pub use check::{check, MAX_DEPTH};
use descriptor::Limits;
pub use dynamic::{
    check_state_behind, check_state_by, decode_state, decode_state_by, read_dynamic, Item, Member,
    Value,
};
pub use dynamic_writer::write_state;
pub use gate::Gate;
pub use model::{EnumModel, EnumValue, FieldModel, MessageModel, SchemaModel};
pub use pieces::{pieces_of, PiecesModel};

/// Why something is no schema.
///
/// ```
/// let error = devstate_schema::load_compressed(b"no frame", "a.Root").unwrap_err();
/// assert_eq!(error, devstate_schema::Error("not a zstd frame with its size".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// A schema with the descriptor set that streams carry of it; [`load_descriptor_set`] has an
/// example.
#[derive(Clone, Debug)]
pub struct LoadedSchema {
    /// What it says.
    pub model: SchemaModel,
    /// The serialized FileDescriptorSet, not compressed.
    pub descriptor_set: Vec<u8>,
    /// The serialized canonical form, whose hash is the fingerprint.
    pub canonical: Vec<u8>,
}

/// Reads the schema of `root`, a full name, from a serialized FileDescriptorSet.
///
/// ```no_run
/// // As `protoc --include_imports --descriptor_set_out=fs.binpb` writes it.
/// let set = std::fs::read("fs.binpb").expect("a descriptor set");
/// let schema = devstate_schema::load_descriptor_set(&set, "devices.fs.v1.FsState")?;
/// println!("{} version {}", schema.model.name(), schema.model.version());
/// # Ok::<(), devstate_schema::Error>(())
/// ```
///
/// # Errors
/// If the set lacks something or is none.
pub fn load_descriptor_set(bytes: &[u8], root: &str) -> Result<LoadedSchema, Error> {
    let no_limits = Limits {
        max_bytes: u64::MAX,
        max_files: u32::MAX,
        max_messages: u32::MAX,
        max_items: u32::MAX,
        max_depth: 100,
        max_name_bytes: u32::MAX,
    };
    let files = descriptor::parse_set(bytes, &no_limits)?;
    let pool = model::Pool::new(&files);
    let model = model::build(&pool, root)?;
    let root_file = &pool.message(root)?.file.name;
    Ok(LoadedSchema {
        model,
        descriptor_set: canonical::embeddable(&files, root_file)?,
        canonical: canonical::canonical(&pool, root)?,
    })
}

/// Returns the full names of the messages that are roots of a schema, in a set's file `file`.
///
/// ```
/// # fn show(set: &[u8]) -> Result<(), devstate_schema::Error> {
/// for root in devstate_schema::roots_of(set, "devices/fs/v1/fs.proto")? {
///     println!("{root}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If `bytes` is no FileDescriptorSet.
pub fn roots_of(bytes: &[u8], file: &str) -> Result<Vec<String>, Error> {
    let files = descriptor::parse_set(
        bytes,
        &Limits {
            max_items: u32::MAX,
            max_messages: u32::MAX,
            max_files: u32::MAX,
            ..Default::default()
        },
    )?;
    let pool = model::Pool::new(&files);
    let is_root = |entry: &model::Entry<'_, descriptor::MessageDescriptor>| {
        entry.file.name == file
            && entry.descriptor.annotations.as_ref().is_some_and(|a| !a.schema.is_empty())
    };
    Ok(pool.messages.iter().filter(|(_, entry)| is_root(entry)).map(|(n, _)| n.clone()).collect())
}

/// Returns what two schemas alone say about a reader of `reader` and the states of `writer`, as
/// strictly as [`Gate`] judges them: conditional where the state decides.
///
/// ```no_run
/// # fn show(older: &devstate_schema::SchemaModel, newer: &devstate_schema::SchemaModel) {
/// println!("upgrade: {}", devstate_schema::compare(older, newer));
/// println!("downgrade: {}", devstate_schema::compare(newer, older));
/// # }
/// ```
pub fn compare(writer: &SchemaModel, reader: &SchemaModel) -> devstate::Verdict {
    let same = writer.fingerprint == reader.fingerprint;
    let mut verdict =
        devstate::Verdict::new(if same { Level::Identical } else { Level::Compatible });
    if !same {
        let findings = mapping::map(writer, reader, &[]).findings;
        findings.into_iter().for_each(|finding| verdict.add(finding));
    }
    verdict
}

/// Reads the schema that a stream carries. It is taken for hostile.
///
/// ```
/// # fn show(header: &devstate::StreamHeader) -> Result<(), devstate_schema::Error> {
/// let schema = devstate_schema::load_embedded(header)?;
/// assert_eq!(header.fingerprint, schema.fingerprint);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the stream carries none, or one that is not what its header says.
pub fn load_embedded(header: &StreamHeader) -> Result<SchemaModel, Error> {
    let fail = |what: String| Err(Error(format!("the schema embedded in the stream {what}")));
    if header.descriptor_set.is_empty() {
        return Err(Error("the stream carries no schema".into()));
    }
    let model = match load_compressed(&header.descriptor_set, &header.root_message) {
        Ok(model) => model,
        Err(error) => return fail(format!("is not valid: {error}")),
    };
    if model.name() != header.schema || model.version() != header.schema_version {
        return fail(format!(
            "is {} version {}, but its header says {} version {}",
            model.name(),
            model.version(),
            header.schema,
            header.schema_version
        ));
    }
    if header.fingerprint != model.fingerprint {
        return fail("has another fingerprint than its header says".into());
    }
    Ok(model)
}

/// Reads the schema of `root` from a FileDescriptorSet in one zstd frame, taken for hostile.
///
/// ```
/// # fn show(schema: &devstate::Schema) -> Result<(), devstate_schema::Error> {
/// let model = devstate_schema::load_compressed(schema.descriptor_set, schema.root_message)?;
/// assert_eq!(model.fingerprint, schema.fingerprint);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If it is no valid schema, or larger than the limits.
pub fn load_compressed(frame: &[u8], root: &str) -> Result<SchemaModel, Error> {
    let limits = Limits::default();
    let size = devstate::declared_size(frame)
        .ok_or_else(|| Error("not a zstd frame with its size".into()))?;
    if size > limits.max_bytes {
        return Err(Error(format!("more bytes than the limit of {}", limits.max_bytes)));
    }
    let mut bytes = Vec::new();
    devstate::Decompressor::default()
        .decompress(frame, size as usize, &mut bytes)
        .map_err(Error)?;
    let files = descriptor::parse_set(&bytes, &limits)?;
    let model = model::build(&model::Pool::new(&files), root)?;
    check::check(&model, check::MAX_READABLE_DEPTH)?;
    Ok(model)
}
