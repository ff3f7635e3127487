// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! virtiofsd's serialized state, versions V1 and V2, to and from `devices.fs.v1`.
//!
//! The bytes, field by field, and what is checked are in `docs/foreign_states.md` of the
//! repository; `devstate convert` does the same. A state that is imported and exported in its own
//! version is the same bytes.
//!
//! ```
//! use devstate_fs::virtiofsd::{export, import, Version};
//!
//! // Of a guest that has not mounted: V2, no inodes, the next one is 2.
//! let state = [1, 0, 2, 0, 0, 0, 0, 0, 0, 0];
//! let (stream, verdict) = import(&state, Vec::new(), Default::default())?;
//! assert_eq!(verdict.level, devstate::Level::Converted);
//! let (again, _) = export(&stream[..], Version::V2)?;
//! assert_eq!(again, state);
//! # Ok::<(), devstate::Error>(())
//! ```

mod check;
mod names;
mod parse;
mod portable;
mod postcard;

use std::io::{Read, Write};

use devstate::{rules, Error, Finding, Level, Verdict, WriterOptions};

use crate::v1::{FsState, InodeRow, MountPathRow, OpenHandleRow};
use check::Check;
pub use parse::may_be_state;
use parse::parse;
use portable::{Exporter, Importer};

/// FUSE's number of the root.
const ROOT_ID: u64 = 1;
/// What Linux has at most, in bytes.
const MAX_FILE_HANDLE: usize = 128;
const MAX_MOUNTS: u64 = 64 << 10;

/// A version of virtiofsd's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Of virtiofsd 1.11.
    V1,
    /// Of virtiofsd 1.12 and later.
    V2,
}

/// What a table has besides its records.
struct Table {
    version: Version,
    root: FsState,
}

/// Gets the records of a table in the order of both formats: inodes, open handles, mount paths.
/// `offset` is where a record begins in a state of virtiofsd; in a stream it lies in columns.
trait Records {
    fn inode(&mut self, row: &InodeRow<'_>, offset: Option<usize>) -> Result<(), Error>;
    fn handle(&mut self, row: &OpenHandleRow, offset: Option<usize>) -> Result<(), Error>;
    fn mount_path(&mut self, row: &MountPathRow<'_>, offset: Option<usize>) -> Result<(), Error>;
}

/// Checks a state of virtiofsd as a load of it should be, and is not by virtiofsd itself.
///
/// ```
/// let verdict = devstate_fs::virtiofsd::check(&[1, 0, 2, 0, 0, 0, 0, 0, 0, 0])?;
/// assert!(verdict.loads());
/// # Ok::<(), devstate::Error>(())
/// ```
///
/// # Errors
/// If the bytes are not what virtiofsd writes.
pub fn check(state: &[u8]) -> Result<Verdict, Error> {
    Ok(checked(state)?.1)
}

fn checked(state: &[u8]) -> Result<(Table, Verdict), Error> {
    let mut check = Check::default();
    let table = parse(state, &mut check)?;
    let verdict = check.finish(&table);
    Ok((table, verdict))
}

/// Converts a state of virtiofsd into a stream of `devices.fs.v1`.
///
/// # Errors
/// [`Error::Stream`] if the bytes are not what virtiofsd writes; [`Error::Refused`] if the table
/// makes no sense; those of the sink. Nothing is written before both are known.
pub fn import<W: Write>(
    state: &[u8],
    sink: W,
    options: WriterOptions,
) -> Result<(W, Verdict), Error> {
    let (table, verdict) = checked(state)?;
    if !verdict.loads() {
        return Err(Error::Refused(Box::new(verdict)));
    }
    let mut importer = Importer::begin(sink, options, &table.root)?;
    parse(state, &mut importer)?;
    Ok((importer.finish()?, verdict))
}

/// Converts a stream of `devices.fs.v1`, of this version of the schema, into a state of virtiofsd.
/// What virtiofsd has no place for is named in the verdict if it may be lost.
///
/// # Errors
/// Those of the stream; [`Error::Refused`] if the table makes no sense or virtiofsd cannot hold
/// it.
pub fn export(stream: impl Read, version: Version) -> Result<(Vec<u8>, Verdict), Error> {
    let mut exporter = Exporter::new(version);
    FsState::read(stream, &Default::default(), &mut exporter)?;
    let (state, verdict) = exporter.finish();
    if verdict.loads() {
        Ok((state, verdict))
    } else {
        Err(Error::Refused(Box::new(verdict)))
    }
}

fn dropped(text: String) -> Finding {
    Finding { level: Level::Lossy, ..Finding::refusal(rules::FOREIGN_DROPPED, text) }
}
