// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Reads a state of virtiofsd as rows of the portable schema.

use devstate::{Error, Reason};

use super::names::{MAX_NAME, MAX_PATH};
use super::postcard::Reader;
use super::{Records, Table, Version, MAX_FILE_HANDLE, MAX_MOUNTS, ROOT_ID};
use crate::v1::{
    FileHandleRow, FsState, InodeLocationRow, InodeLostRow, InodePathRow, InodeRootRow, InodeRow,
    MountPathRow, OpenHandleRow, Session,
};

/// The root, a path, lost, a full path, a file handle.
const LOCATIONS: u64 = 5;
const MAX_INODES: u64 = 1 << 30;
const MAX_HANDLES: u64 = 1 << 30;

/// Returns whether bytes may be the first of a state. There is no magic: a state begins with a
/// known version and an empty table, or one that begins with the root, wherever it says that the
/// root is.
///
/// ```
/// assert!(devstate_fs::virtiofsd::may_be_state(&[1, 7, 1, 5, 0]));
/// assert!(!devstate_fs::virtiofsd::may_be_state(&[1, 7, 1, 5, 9]));
/// assert!(!devstate_fs::virtiofsd::may_be_state(b"text"));
/// ```
pub fn may_be_state(first_bytes: &[u8]) -> bool {
    let mut reader = Reader::new(first_bytes);
    let mut begins_with_root = || -> Result<bool, Error> {
        if reader.u64("")? > 1 {
            return Ok(false);
        }
        // Without an inode, the next id is still above the root's, so zeros alone are no state.
        if reader.u64("")? == 0 {
            return Ok(reader.u64("")? > ROOT_ID);
        }
        Ok(reader.u64("")? == ROOT_ID && {
            reader.u64("")?;
            reader.u64("")? < LOCATIONS
        })
    };
    begins_with_root().unwrap_or(false)
}

/// Hands the records of `state` to `records`.
pub(super) fn parse(state: &[u8], records: &mut dyn Records) -> Result<Table, Error> {
    let mut reader = Reader::new(state);
    let version = match reader.u64("the version")? {
        0 => Version::V1,
        1 => Version::V2,
        index => {
            let text = format!(
                "the state has version V{}, known are V1 and V2: save it with virtiofsd 1.13 or \
                 1.14, or update devstate",
                u128::from(index) + 1
            );
            return reader.fail(Reason::UnknownContent, 0, text);
        }
    };
    let inodes = reader.count("the number of inodes", MAX_INODES)?;
    for i in 0..inodes {
        reader.within(Some(("inode", i, inodes)));
        let offset = reader.offset();
        records.inode(&inode(&mut reader, version)?, Some(offset))?;
    }
    reader.within(None);
    let next_inode = reader.u64("the next inode id")?;
    let handles = reader.count("the number of open handles", MAX_HANDLES)?;
    for i in 0..handles {
        reader.within(Some(("open handle", i, handles)));
        let offset = reader.offset();
        let (id, inode) = (reader.u64("the id")?, reader.u64("the inode")?);
        reader.variant("the source", 1)?;
        let flags = reader.i32("the flags")?.into();
        records.handle(&OpenHandleRow { id, inode, flags, ..Default::default() }, Some(offset))?;
    }
    reader.within(None);
    let next_handle = reader.u64("the next handle id")?;
    let session = Session {
        writeback_cache: reader.bool("the option writeback")?,
        announce_submounts: reader.bool("the option announce_submounts")?,
        posix_acl: reader.bool("the option posix_acl")?,
        supplementary_group_extension: reader.bool("the option sup_group_extension")?,
    };
    if version != Version::V1 {
        let mounts = reader.count("the number of mount paths", MAX_MOUNTS)?;
        for i in 0..mounts {
            reader.within(Some(("mount path", i, mounts)));
            let offset = reader.offset();
            let mount_id = reader.u64("the mount")?;
            let path = reader.text("the path", MAX_PATH)?;
            records.mount_path(&MountPathRow { mount_id, path }, Some(offset))?;
        }
        reader.within(None);
    }
    reader.end()?;
    // virtiofsd has no mark of its own for a guest that has not mounted: then there is neither an
    // inode nor an option.
    let mounted = inodes != 0 || session != Session::default();
    let root = FsState { session: mounted.then_some(session), next_inode, next_handle, alt: None };
    Ok(Table { version, root })
}

fn inode<'a>(reader: &mut Reader<'a>, version: Version) -> Result<InodeRow<'a>, Error> {
    let (id, refcount) = (reader.u64("the id")?, reader.u64("the refcount")?);
    // Locations by file handle came with V2.
    let variants = if version == Version::V1 { 4 } else { 5 };
    let location = match reader.variant("the location", variants)? {
        0 => InodeLocationRow::Root(InodeRootRow {}),
        1 => InodeLocationRow::Path(InodePathRow {
            parent: reader.u64("the parent")?,
            name: reader.text("the name", MAX_NAME)?,
        }),
        2 => InodeLocationRow::Lost(InodeLostRow {}),
        3 => InodeLocationRow::FullPath(reader.text("the path", MAX_PATH)?),
        _ => InodeLocationRow::Handle(file_handle(reader)?),
    };
    let verified = reader.bool("the tag of the file handle")?;
    let verification_handle = if verified { Some(file_handle(reader)?) } else { None };
    Ok(InodeRow { id, refcount, verification_handle, attributes: None, location: Some(location) })
}

fn file_handle<'a>(reader: &mut Reader<'a>) -> Result<FileHandleRow<'a>, Error> {
    Ok(FileHandleRow {
        mount_id: reader.u64("the file handle's mount")?,
        r#type: reader.i32("the file handle's type")?,
        handle: reader.bytes("the file handle", MAX_FILE_HANDLE)?,
    })
}
