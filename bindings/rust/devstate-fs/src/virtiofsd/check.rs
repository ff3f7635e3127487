// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What must hold in a table of inodes, open handles and mounts, and virtiofsd does not check.

use std::collections::{BTreeMap, BTreeSet};

use devstate::{rules, Error, Finding, Level, Rule, Verdict};

use super::names::{wrong_name, wrong_path};
use super::{Records, Table, MAX_FILE_HANDLE, MAX_MOUNTS, ROOT_ID};
use crate::v1::{FileHandleRow, InodeLocationRow, InodeRow, MountPathRow, OpenHandleRow};

/// Flags of open(2) that act on the file when a load opens it again.
const CREATE: i64 = 0o100;
const EXCLUSIVE: i64 = 0o200;
const TRUNCATE: i64 = 0o1000;
const ACCESS_MODE: i64 = 0o3;

/// As many findings as a report holds. Half of the room is for what refuses the state.
const MAX_FINDINGS: usize = 65_536;

const NO_PARENT: u64 = 0;

struct Known {
    id: u64,
    refcount: u64,
    /// By path, or [`NO_PARENT`].
    parent: u64,
    children: u64,
}

/// Looks at each record, and at the end at what they refer to.
#[derive(Default)]
pub(super) struct Check {
    findings: Vec<Finding>,
    lesser: usize,
    left_out: u64,
    level: Option<Level>,
    inodes: Vec<Known>,
    root_seen: bool,
    /// Number and inode of each open handle, and where it is.
    handles: Vec<(u64, u64, Option<usize>)>,
    mounts: BTreeSet<u64>,
    /// Mounts of file handles, and the first inode of each.
    mounts_used: BTreeMap<u64, u64>,
}

impl Check {
    pub fn add(
        &mut self,
        level: Level,
        rule: Rule,
        path: String,
        offset: Option<usize>,
        text: String,
    ) {
        self.level = self.level.max(Some(level));
        let lesser = level < Level::Refused;
        if self.findings.len() == MAX_FINDINGS || (lesser && self.lesser == MAX_FINDINGS / 2) {
            self.left_out += 1;
            return;
        }
        self.lesser += usize::from(lesser);
        let path = match offset {
            Some(offset) => format!("{path} at offset 0x{offset:x}"),
            None => path,
        };
        self.findings.push(Finding { level, path, ..Finding::refusal(rule, text) });
    }

    fn refuse(&mut self, rule: Rule, path: String, offset: Option<usize>, text: String) {
        self.add(Level::Refused, rule, path, offset, text);
    }

    /// Returns the verdict on the whole table.
    pub fn finish(mut self, table: &Table) -> Verdict {
        if !self.inodes.is_empty() && !self.root_seen {
            let text = "is missing: a table that is not empty has the root";
            self.refuse(rules::FOREIGN_ROOT, inode_name(ROOT_ID), None, text.into());
        }
        if self.inodes.is_empty() && table.root.next_inode <= ROOT_ID {
            let text = format!(
                "the next inode id is {}, which would be the root's or none",
                table.root.next_inode
            );
            self.refuse(rules::FOREIGN_ID, String::new(), None, text);
        }
        if let Some(last) = self.inodes.last().map(|inode| inode.id) {
            let next = table.root.next_inode;
            if next <= last {
                let text = format!(
                    "is not below the next inode id, {next}: a new inode would take its place"
                );
                self.refuse(rules::FOREIGN_ID, inode_name(last), None, text);
            }
        }
        if let Some(&(last, _, _)) = self.handles.last() {
            let next = table.root.next_handle;
            if next <= last {
                let text = format!(
                    "is not below the next handle id, {next}: a new handle would take its place"
                );
                self.refuse(rules::FOREIGN_ID, handle_name(last), None, text);
            }
        }
        for (mount, inode) in std::mem::take(&mut self.mounts_used) {
            if !self.mounts.contains(&mount) {
                let text =
                    format!("its file handle is of mount {mount}, which no mount path names");
                self.refuse(rules::FOREIGN_MOUNT, inode_name(inode), None, text);
            }
        }
        // Only ids that ascend can be found.
        if self.level < Some(Level::Refused) {
            self.check_references();
        }
        let mut verdict = Verdict::new(Level::Converted);
        if self.left_out > 0 {
            let level = self.level.unwrap_or(Level::Converted);
            let text = format!("{} more findings are left out", self.left_out);
            verdict.add(Finding { level, ..Finding::refusal(rules::TOO_MANY_FINDINGS, text) });
        }
        self.findings.into_iter().for_each(|finding| verdict.add(finding));
        verdict
    }

    fn index_of(&self, id: u64) -> Option<usize> {
        self.inodes.binary_search_by_key(&id, |inode| inode.id).ok()
    }

    fn check_references(&mut self) {
        for (id, inode, offset) in std::mem::take(&mut self.handles) {
            if self.index_of(inode).is_none() {
                let text = format!("its inode {inode} is missing");
                self.refuse(rules::FOREIGN_OPEN_INODE, handle_name(id), offset, text);
            }
        }
        // Children of parents that are missing, with the first of each.
        let mut orphans: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for i in 0..self.inodes.len() {
            let Known { id, parent, .. } = self.inodes[i];
            if parent == NO_PARENT {
                continue;
            }
            match self.index_of(parent) {
                Some(at) => self.inodes[at].children += 1,
                None => orphans.entry(parent).or_insert((id, 0)).1 += 1,
            }
        }
        for (parent, (first, children)) in orphans {
            let text =
                format!("its parent, inode {parent}, is missing (it has {children} children)");
            self.refuse(rules::FOREIGN_PARENT, inode_name(first), None, text);
        }
        for i in 0..self.inodes.len() {
            let Known { id, refcount, children, .. } = self.inodes[i];
            if refcount < children {
                let text = format!(
                    "the refcount is {refcount}, expected at least {children}, one for each child"
                );
                self.refuse(rules::FOREIGN_REFCOUNT, inode_name(id), None, text);
            }
        }
        self.check_acyclic();
    }

    fn check_acyclic(&mut self) {
        // The walk that reached an inode, 0 for none: each inode is walked over once.
        let mut walks = vec![0; self.inodes.len()];
        for start in 0..walks.len() {
            let mut at = Some(start);
            while let Some(index) = at.filter(|&index| walks[index] == 0) {
                walks[index] = start + 1;
                at = self.index_of(self.inodes[index].parent);
            }
            if let Some(index) = at.filter(|&index| walks[index] == start + 1) {
                let text = "is its own ancestor: the parents form a cycle";
                let name = inode_name(self.inodes[index].id);
                self.refuse(rules::FOREIGN_PARENT, name, None, text.into());
            }
        }
    }

    fn check_file_handle(&mut self, id: u64, handle: &FileHandleRow<'_>, offset: Option<usize>) {
        let size = handle.handle.len();
        if size > MAX_FILE_HANDLE {
            let text = format!("a file handle of {size} bytes; Linux has 128 at most");
            self.refuse(rules::FOREIGN_LOCATION, inode_name(id), offset, text);
        }
    }

    fn check_location(&mut self, row: &InodeRow<'_>, offset: Option<usize>) {
        let name = || inode_name(row.id);
        let is_root = matches!(row.location, Some(InodeLocationRow::Root(_)));
        if is_root != (row.id == ROOT_ID) {
            let text = if is_root {
                "has the root's location; the root is inode 1 and no other"
            } else if matches!(row.location, Some(InodeLocationRow::Lost(_))) {
                "is the root and is lost: the source was not told of the migration, save from a \
                 machine that runs, or use virtiofsd 1.12 or later"
            } else {
                "is the root and has another location than the root's"
            };
            self.refuse(rules::FOREIGN_ROOT, name(), offset, text.into());
        }
        match &row.location {
            Some(InodeLocationRow::Root(_)) => {}
            Some(InodeLocationRow::Path(path)) => {
                if let Some(wrong) = wrong_name(path.name) {
                    let text = format!("the name {:?} {wrong}", path.name);
                    self.refuse(rules::FOREIGN_NAME, name(), offset, text);
                }
            }
            Some(InodeLocationRow::FullPath(path)) => {
                if let Some(wrong) = wrong_path(path) {
                    let text = format!("the path {path:?} {wrong}");
                    self.refuse(rules::FOREIGN_NAME, name(), offset, text);
                }
            }
            Some(InodeLocationRow::Handle(handle)) => {
                self.check_file_handle(row.id, handle, offset);
                let known = self.mounts_used.contains_key(&handle.mount_id);
                if known || (self.mounts_used.len() as u64) < MAX_MOUNTS {
                    self.mounts_used.entry(handle.mount_id).or_insert(row.id);
                } else {
                    let text = format!(
                        "its mount {} is one too many; the limit is {MAX_MOUNTS}",
                        handle.mount_id
                    );
                    self.refuse(rules::FOREIGN_MOUNT, name(), offset, text);
                }
            }
            Some(InodeLocationRow::Lost(_)) => {
                let text = "the source lost the file; a destination loads it only with \
                            --migration-on-error=guest-error, and the guest gets EIO";
                let level = Level::Compatible;
                self.add(level, rules::FOREIGN_LOST, name(), offset, text.into());
            }
            None => {
                let text = "has no location: virtiofsd finds no file without one";
                self.refuse(rules::FOREIGN_LOCATION, name(), offset, text.into());
            }
        }
    }
}

fn inode_name(id: u64) -> String {
    format!("inode {id}")
}

fn handle_name(id: u64) -> String {
    format!("open handle {id}")
}

impl Records for Check {
    fn inode(&mut self, row: &InodeRow<'_>, offset: Option<usize>) -> Result<(), Error> {
        let name = || inode_name(row.id);
        if row.id == 0 {
            let text = "the id is 0; ids start at 1";
            self.refuse(rules::FOREIGN_ID, name(), offset, text.into());
        }
        if let Some(last) = self.inodes.last().map(|inode| inode.id) {
            if row.id <= last {
                let text = format!("comes after inode {last}: ids ascend, and each occurs once");
                self.refuse(rules::FOREIGN_ID, name(), offset, text);
            }
        }
        self.root_seen |= row.id == ROOT_ID;
        if row.refcount == 0 {
            let text = "the refcount is 0; the source forgets such inodes: save again";
            self.refuse(rules::FOREIGN_REFCOUNT, name(), offset, text.into());
        }
        self.check_location(row, offset);
        if let Some(handle) = &row.verification_handle {
            self.check_file_handle(row.id, handle, offset);
        }
        let parent = match &row.location {
            Some(InodeLocationRow::Path(path)) => path.parent,
            _ => NO_PARENT,
        };
        if parent == NO_PARENT && matches!(row.location, Some(InodeLocationRow::Path(_))) {
            let text = "its parent, inode 0, is missing (ids start at 1)";
            self.refuse(rules::FOREIGN_PARENT, name(), offset, text.into());
        }
        let refcount = row.refcount;
        self.inodes.push(Known { id: row.id, refcount, parent, children: 0 });
        Ok(())
    }

    fn handle(&mut self, row: &OpenHandleRow, offset: Option<usize>) -> Result<(), Error> {
        let name = || handle_name(row.id);
        if let Some(&(last, _, _)) = self.handles.last() {
            if row.id <= last {
                let text =
                    format!("comes after open handle {last}: ids ascend, and each occurs once");
                self.refuse(rules::FOREIGN_ID, name(), offset, text);
            }
        }
        if !row.locks.is_empty() {
            let text = "the guest has locked a part of the file, and virtiofsd has no place for \
                        locks: convert when nothing is locked";
            self.refuse(rules::UNKNOWN_CRITICAL, name(), offset, text.into());
        }
        if row.flags > i32::MAX.into() {
            let text = "virtiofsd has no place for flags beyond 32 bits: close the file";
            self.refuse(rules::FOREIGN_OPEN_FLAGS, name(), offset, text.into());
        } else if row.flags < 0
            || row.flags & ACCESS_MODE == ACCESS_MODE
            || row.flags & (CREATE | EXCLUSIVE | TRUNCATE) != 0
        {
            let text = format!(
                "the flags are 0{:o}; a load opens the file again, so O_CREAT, O_EXCL, O_TRUNC \
                 and access mode 3 must not be among them",
                row.flags
            );
            self.refuse(rules::FOREIGN_OPEN_FLAGS, name(), offset, text);
        }
        self.handles.push((row.id, row.inode, offset));
        Ok(())
    }

    fn mount_path(&mut self, row: &MountPathRow<'_>, offset: Option<usize>) -> Result<(), Error> {
        let name = || format!("mount path {}", row.mount_id);
        if self.mounts.len() as u64 >= MAX_MOUNTS {
            let text = format!("more mount paths than the limit, {MAX_MOUNTS}");
            self.refuse(rules::LIMIT, name(), offset, text);
            return Ok(());
        }
        if !self.mounts.insert(row.mount_id) {
            self.refuse(rules::FOREIGN_MOUNT, name(), offset, "occurs twice".into());
        }
        if let Some(wrong) = wrong_path(row.path) {
            let text = format!("the path {:?} {wrong}", row.path);
            self.refuse(rules::FOREIGN_MOUNT, name(), offset, text);
        }
        Ok(())
    }
}
