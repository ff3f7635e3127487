// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Generates Rust code for devstate schemas, from a `build.rs` or to be checked in. It needs no
//! `protoc`.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     devstate_build::Config::new()
//!         .include("proto")
//!         .released("proto/devices/fs/v1/released")
//!         .compile("devices/fs/v1/fs.proto")?;
//!     Ok(())
//! }
//! ```
//!
//! and in the crate: `include!(concat!(env!("OUT_DIR"), "/fs.rs"));`

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod code;
mod messages;
mod names;
mod rows;
mod state;
mod types;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use devstate_schema::{LoadedSchema, SchemaModel};
use protox::file::{
    ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver,
};

use code::Code;

/// The annotations that every schema imports.
const OPTIONS_PROTO: &str = include_str!("../proto/devstate/options.proto");
const OPTIONS_NAME: &str = "devstate/options.proto";

/// Why no code is generated: file, place and remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<devstate_schema::Error> for Error {
    fn from(error: devstate_schema::Error) -> Self {
        Error(error.0)
    }
}

/// What code is generated from.
pub(crate) struct Input {
    pub schema: SchemaModel,
    /// Compressed, as streams carry it.
    pub descriptor_set: Vec<u8>,
    /// Those of the released versions, oldest first.
    pub released: Vec<Vec<u8>>,
    /// The file, for a comment.
    pub file: String,
}

/// How code is generated.
///
/// ```
/// let folder = std::env::temp_dir().join(format!("devstate-build-{}", std::process::id()));
/// std::fs::create_dir_all(&folder)?;
/// std::fs::write(
///     folder.join("counter.proto"),
///     r#"syntax = "proto3";
///        package vendor.counter.v1;
///        import "devstate/options.proto";
///        message Counter {
///          option (devstate.message) = { schema: "vendor.counter.v1" version: 1 device: "counter" };
///          uint64 count = 1;
///        }"#,
/// )?;
/// let config = devstate_build::Config::new()
///     .include(&folder)
///     .root("vendor.counter.v1.Counter") // It is the only one, so this may be left out.
///     .out_dir(&folder);
/// assert_eq!(config.load("counter.proto")?.model.version(), 1);
/// assert!(config.generate("counter.proto")?.contains("pub struct Counter {"));
/// assert_eq!(config.compile("counter.proto")?, folder.join("counter.rs"));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    includes: Vec<PathBuf>,
    root: Option<String>,
    released: Option<PathBuf>,
    out_dir: Option<PathBuf>,
}

impl Config {
    /// Starts with the current folder as the one that imports are relative to.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a folder that schemas and their imports are relative to.
    pub fn include(mut self, folder: impl Into<PathBuf>) -> Self {
        self.includes.push(folder.into());
        self
    }

    /// Names the root message, in full. Default: the one that has a schema annotation.
    pub fn root(mut self, name: impl Into<String>) -> Self {
        self.root = Some(name.into());
        self
    }

    /// Names the folder of the released versions, each in a folder of its own. The code then
    /// carries their descriptor sets, for verdicts about their streams.
    pub fn released(mut self, folder: impl Into<PathBuf>) -> Self {
        self.released = Some(folder.into());
        self
    }

    /// Names the folder for the code. Default: the environment's `OUT_DIR`.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Generates `NAME.rs` for `NAME.proto` and returns its path. In a build script it also tells
    /// cargo which files the code depends on.
    ///
    /// # Errors
    /// If the schema is not one that code is generated for, or a file cannot be read or written.
    pub fn compile(&self, schema: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let schema = schema.as_ref();
        let text = self.generate(schema)?;
        let folder = match &self.out_dir {
            Some(folder) => folder.clone(),
            None => std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| {
                Error("OUT_DIR is not set: call out_dir() outside of a build script".into())
            })?,
        };
        let stem = schema.file_stem().unwrap_or_default();
        let path = folder.join(stem).with_extension("rs");
        std::fs::write(&path, text)
            .map_err(|e| Error(format!("{}: cannot be written: {e}", path.display())))?;
        Ok(path)
    }

    /// Returns the code for `schema`, a path relative to an include folder.
    ///
    /// # Errors
    /// As [`Config::compile`].
    pub fn generate(&self, schema: impl AsRef<Path>) -> Result<String, Error> {
        let schema = schema.as_ref();
        let loaded = self.load(schema)?;
        let input = Input {
            descriptor_set: compress(&loaded.descriptor_set)?,
            released: self.load_released(schema, loaded.model.version())?,
            schema: loaded.model,
            file: schema.display().to_string(),
        };
        generate(&input).map_err(|error| Error(format!("{}: {error}", input.file)))
    }

    /// Reads `schema` without generating code.
    ///
    /// # Errors
    /// As [`Config::compile`].
    pub fn load(&self, schema: impl AsRef<Path>) -> Result<LoadedSchema, Error> {
        let schema = schema.as_ref();
        let here = [PathBuf::from(".")];
        let includes = if self.includes.is_empty() { &here[..] } else { &self.includes };
        load(schema, includes, self.root.as_deref())
    }

    fn load_released(&self, schema: &Path, version: u32) -> Result<Vec<Vec<u8>>, Error> {
        let Some(folder) = &self.released else { return Ok(Vec::new()) };
        let fail = |e| Error(format!("{}: cannot be read: {e}", folder.display()));
        let mut sets = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            let file = path.join(schema.file_name().unwrap_or_default());
            if !file.is_file() {
                continue;
            }
            // A released schema is read with the copies that stand next to it.
            let includes = [&[path.clone()][..], &self.includes].concat();
            let name = file.strip_prefix(&path).unwrap_or(&file).to_owned();
            let loaded = load(&name, &includes, self.root.as_deref())?;
            // The newest released one may be the schema itself.
            if loaded.model.version() != version {
                sets.insert(loaded.model.version(), compress(&loaded.descriptor_set)?);
            }
        }
        Ok(sets.into_values().collect())
    }
}

/// Finds the annotations wherever the schema is compiled.
struct OptionsResolver;

impl FileResolver for OptionsResolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == OPTIONS_NAME {
            return File::from_source(name, OPTIONS_PROTO);
        }
        Err(protox::Error::file_not_found(name))
    }
}

fn load(schema: &Path, includes: &[PathBuf], root: Option<&str>) -> Result<LoadedSchema, Error> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(OptionsResolver);
    for folder in includes {
        resolver.add(IncludeFileResolver::new(folder.clone()));
    }
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    let fail = |error: protox::Error| Error(format!("{}: {error:?}", schema.display()));
    let name = schema.to_string_lossy().replace('\\', "/");
    compiler.open_file(&name).map_err(fail)?;
    // Not the set that protox parses: that one has lost the annotations.
    let set = compiler.encode_file_descriptor_set();
    let root = match root {
        Some(root) => root.to_owned(),
        None => {
            let roots = devstate_schema::roots_of(&set, &name)?;
            match &roots[..] {
                [root] => root.clone(),
                [] => {
                    return Err(Error(format!(
                        "{name}: no message has a schema annotation: write option \
                         (devstate.message) = {{ schema: \"…\" version: 1 }}; into the root message"
                    )))
                }
                several => {
                    return Err(Error(format!(
                        "{name}: several root messages: choose one with Config::root: {}",
                        several.join(", ")
                    )))
                }
            }
        }
    };
    let of_file = |error| Error(format!("{name}: {error}"));
    let loaded = devstate_schema::load_descriptor_set(&set, &root).map_err(of_file)?;
    devstate_schema::check(&loaded.model, devstate_schema::MAX_DEPTH).map_err(of_file)?;
    Ok(loaded)
}

fn compress(set: &[u8]) -> Result<Vec<u8>, Error> {
    let level = *zstd::compression_level_range().end();
    zstd::bulk::compress(set, level).map_err(|e| Error(format!("zstd: {e}")))
}

/// Indices of the messages that are made of `from`, parts before what contains them.
fn reach(schema: &SchemaModel, from: usize, found: &mut Vec<usize>) {
    if found.contains(&from) {
        return;
    }
    for part in schema.messages[from].fields.iter().filter_map(|field| field.message) {
        reach(schema, part, found);
    }
    found.push(from);
}

fn generate(input: &Input) -> Result<String, Error> {
    let schema = &input.schema;
    let mut records = Vec::new();
    let mut parts = Vec::new();
    for field in &schema.root().fields {
        let Some(message) = field.message else { continue };
        reach(schema, message, if field.holds_records() { &mut records } else { &mut parts });
    }
    check_names(schema)?;
    let mut code = Code::default();
    code.add(format!("// Generated by devstate-build from {}. Changes get lost.\n\n", input.file));
    code.add("#[allow(unused_imports)]\nuse std::borrow::Cow;");
    code.add("#[allow(unused_imports)]\nuse std::collections::BTreeMap;\n\n");
    code.add("#[allow(unused_imports)]\nuse devstate::column::{self, RecordBuilder as _};");
    code.add("#[allow(unused_imports)]\nuse devstate::record::{self, Batch, RecordWriter, StateHandler, ValuesInPieces};");
    code.add("#[allow(unused_imports)]\nuse devstate::schema::{self, FieldType, Presence, Table};");
    code.add("#[allow(unused_imports)]\nuse devstate::wire;");
    code.add("use devstate::{Chunk, Error, Limits, Schema, Summary, WriterOptions};\n\n");
    state::print_schema(input, &mut code);
    for enumeration in &schema.enums {
        messages::print_enum(enumeration, &mut code);
    }
    messages::print(schema, schema.root(), &mut code);
    for &part in &parts {
        // Entries of maps are keys and values of the map itself.
        if !schema.messages[part].map_entry {
            messages::print(schema, &schema.messages[part], &mut code);
        }
    }
    for &record in &records {
        rows::print(schema, &schema.messages[record], &mut code);
    }
    state::print_reader(schema, &mut code);
    state::print_writer(schema, &mut code);
    Ok(code.finish())
}

/// Refuses a schema whose generated types would have one name.
fn check_names(schema: &SchemaModel) -> Result<(), Error> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let messages = schema.messages.iter().map(|m| (names::message(m), m.full_name.as_str()));
    let enums = schema.enums.iter().map(|e| (names::enumeration(e), e.full_name.as_str()));
    let oneofs = schema.messages.iter().flat_map(|message| {
        message.oneofs().into_iter().map(|oneof| (names::oneof(message, oneof), oneof))
    });
    for (name, of) in messages.chain(enums).chain(oneofs) {
        if let Some(other) = seen.insert(name.clone(), of) {
            return Err(Error(format!(
                "{of} and {other} would both be called {name} in Rust: rename one of them"
            )));
        }
    }
    Ok(())
}
