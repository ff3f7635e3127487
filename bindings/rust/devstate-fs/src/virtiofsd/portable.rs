// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Writes one format from the records of the other.

use std::io::Write;

use devstate::wire::put_varint;
use devstate::{rules, Error, Finding, Level, Verdict, WriterOptions};

use super::check::Check;
use super::postcard::{put_bool, put_bytes, put_i32};
use super::{dropped, Records, Table, Version};
use crate::v1::{
    FileHandleRow, FsState, FsStateVisitor, FsStateWriter, HandlesBatch, InodeLocationRow,
    InodeRow, InodesBatch, MountPathRow, MountPathsBatch, OpenHandleRow,
};

/// Writes a portable state.
pub(super) struct Importer<W>(FsStateWriter<W>);

impl<W: Write> Importer<W> {
    pub fn begin(sink: W, options: WriterOptions, root: &FsState) -> Result<Self, Error> {
        Ok(Importer(FsStateWriter::begin(sink, options, root)?))
    }

    pub fn finish(self) -> Result<W, Error> {
        Ok(self.0.finish()?.0)
    }
}

impl<W: Write> Records for Importer<W> {
    fn inode(&mut self, row: &InodeRow<'_>, _: Option<usize>) -> Result<(), Error> {
        self.0.add_inodes(row)
    }
    fn handle(&mut self, row: &OpenHandleRow, _: Option<usize>) -> Result<(), Error> {
        self.0.add_handles(row)
    }
    fn mount_path(&mut self, row: &MountPathRow<'_>, _: Option<usize>) -> Result<(), Error> {
        self.0.add_mount_paths(row)
    }
}

/// Records of one kind, written one after the other. Their number comes before them.
#[derive(Default)]
struct Written {
    count: u64,
    bytes: Vec<u8>,
}

impl Written {
    fn put_into(&self, out: &mut Vec<u8>) {
        put_varint(self.count, out);
        out.extend_from_slice(&self.bytes);
    }
}

/// Writes a state of virtiofsd from a portable one that is read.
pub(super) struct Exporter {
    table: Table,
    check: Check,
    inodes: Written,
    handles: Written,
    mount_paths: Written,
    modes: u64,
    inos: u64,
    change_times: u64,
}

impl Exporter {
    pub fn new(version: Version) -> Self {
        Exporter {
            table: Table { version, root: FsState::default() },
            check: Check::default(),
            inodes: Written::default(),
            handles: Written::default(),
            mount_paths: Written::default(),
            modes: 0,
            inos: 0,
            change_times: 0,
        }
    }

    /// Returns the state and what there is to say about it.
    pub fn finish(self) -> (Vec<u8>, Verdict) {
        let Exporter { table, inodes, handles, mount_paths, .. } = &self;
        let session = table.root.session.clone().unwrap_or_default();
        let mut state = Vec::new();
        put_varint(u64::from(table.version == Version::V2), &mut state);
        inodes.put_into(&mut state);
        put_varint(table.root.next_inode, &mut state);
        handles.put_into(&mut state);
        put_varint(table.root.next_handle, &mut state);
        put_bool(session.writeback_cache, &mut state);
        put_bool(session.announce_submounts, &mut state);
        put_bool(session.posix_acl, &mut state);
        put_bool(session.supplementary_group_extension, &mut state);
        if table.version != Version::V1 {
            mount_paths.put_into(&mut state);
        }
        let losses = self.losses();
        let mut verdict = self.check.finish(&self.table);
        losses.into_iter().for_each(|finding| verdict.add(finding));
        (state, verdict)
    }

    fn losses(&self) -> Vec<Finding> {
        let file = "inodes is dropped: virtiofsd looks at the file instead";
        let private = u64::from(self.table.root.alt.is_some());
        let lost_mounts =
            if self.table.version == Version::V1 { self.mount_paths.count } else { 0 };
        let mut losses: Vec<Finding> = [
            (self.modes, "the mode", file),
            (self.inos, "the inode number", file),
            (self.change_times, "the change time", file),
            (
                private,
                "the private section",
                "other implementation is dropped: nobody else needs it",
            ),
            (lost_mounts, "the path", "mounts is dropped: V1 has none, and no inode needs one"),
        ]
        .into_iter()
        .filter(|(count, _, _)| *count != 0)
        .map(|(count, what, why)| dropped(format!("{what} of {count} {why}")))
        .collect();
        if self.inodes.count != 0 && self.table.root.session.is_none() {
            let text = "the state does not say what back-end and guest agreed on; every option is \
                        written as off";
            let finding = Finding::refusal(rules::FOREIGN_SESSION, text);
            losses.push(Finding { level: Level::Defaulted, ..finding });
        }
        losses
    }
}

fn put_file_handle(handle: &FileHandleRow<'_>, out: &mut Vec<u8>) {
    put_varint(handle.mount_id, out);
    put_i32(handle.r#type, out);
    put_bytes(handle.handle, out);
}

impl Records for Exporter {
    fn inode(&mut self, row: &InodeRow<'_>, offset: Option<usize>) -> Result<(), Error> {
        self.check.inode(row, offset)?;
        if let Some(attributes) = &row.attributes {
            self.modes += u64::from(attributes.mode != 0);
            self.inos += u64::from(attributes.ino != 0);
            self.change_times += u64::from(attributes.ctime_ns != 0);
        }
        self.inodes.count += 1;
        let out = &mut self.inodes.bytes;
        put_varint(row.id, out);
        put_varint(row.refcount, out);
        match &row.location {
            Some(InodeLocationRow::Root(_)) => put_varint(0, out),
            Some(InodeLocationRow::Path(path)) => {
                put_varint(1, out);
                put_varint(path.parent, out);
                put_bytes(path.name.as_bytes(), out);
            }
            Some(InodeLocationRow::Lost(_)) => put_varint(2, out),
            Some(InodeLocationRow::FullPath(path)) => {
                put_varint(3, out);
                put_bytes(path.as_bytes(), out);
            }
            Some(InodeLocationRow::Handle(handle)) => {
                put_varint(4, out);
                put_file_handle(handle, out);
                if self.table.version == Version::V1 {
                    let text = "its location is a file handle, which V1 does not have; save with \
                                --migration-mode=find-paths, or convert to V2";
                    let name = format!("inode {}", row.id);
                    let rule = rules::FOREIGN_VERSION;
                    self.check.add(Level::Refused, rule, name, offset, text.into());
                }
            }
            // Refused by the check.
            None => {}
        }
        put_bool(row.verification_handle.is_some(), out);
        if let Some(handle) = &row.verification_handle {
            put_file_handle(handle, out);
        }
        Ok(())
    }

    fn handle(&mut self, row: &OpenHandleRow, offset: Option<usize>) -> Result<(), Error> {
        self.check.handle(row, offset)?;
        self.handles.count += 1;
        let out = &mut self.handles.bytes;
        put_varint(row.id, out);
        put_varint(row.inode, out);
        put_varint(0, out);
        // The check refuses what does not fit.
        put_i32(row.flags as i32, out);
        Ok(())
    }

    fn mount_path(&mut self, row: &MountPathRow<'_>, offset: Option<usize>) -> Result<(), Error> {
        self.check.mount_path(row, offset)?;
        self.mount_paths.count += 1;
        let out = &mut self.mount_paths.bytes;
        put_varint(row.mount_id, out);
        put_bytes(row.path.as_bytes(), out);
        Ok(())
    }
}

impl FsStateVisitor for Exporter {
    fn root(&mut self, root: FsState) -> Result<(), Error> {
        self.table.root = root;
        Ok(())
    }
    fn inodes(&mut self, batch: &InodesBatch<'_>) -> Result<(), Error> {
        batch.iter().try_for_each(|row| self.inode(&row, None))
    }
    fn handles(&mut self, batch: &HandlesBatch<'_>) -> Result<(), Error> {
        batch.iter().try_for_each(|row| self.handle(&row, None))
    }
    fn mount_paths(&mut self, batch: &MountPathsBatch<'_>) -> Result<(), Error> {
        batch.iter().try_for_each(|row| self.mount_path(&row, None))
    }
}
