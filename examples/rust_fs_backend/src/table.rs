// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The table as the device holds it, with strings of its own, and as rows of the schema.

use devstate::{Error, WriterOptions};
use devstate_fs::v1::{
    AttributesRow, FileHandleRow, FsState, FsStateVisitor, FsStateWriter, HandlesBatch,
    InodeLocationRow, InodeLostRow, InodePathRow, InodeRootRow, InodeRow, InodesBatch,
    MountPathRow, MountPathsBatch, OpenHandleRow,
};

/// As the schema names it.
const LOCKS_FEATURE: &str = "FUSE_POSIX_LOCKS";

/// What name_to_handle_at(2) says of a file.
#[derive(Clone, Debug, PartialEq)]
struct FileHandle {
    mount_id: u64,
    kind: i32,
    bytes: Vec<u8>,
}

/// Where a file is found.
#[derive(Clone, Debug, PartialEq)]
enum Location {
    Root,
    Path { parent: u64, name: String },
    Lost,
    FullPath(String),
    Handle(FileHandle),
}

#[derive(Clone, Debug, PartialEq)]
struct Inode {
    id: u64,
    refcount: u64,
    location: Option<Location>,
    verification_handle: Option<FileHandle>,
    attributes: Option<AttributesRow>,
}

/// What a virtio-fs back-end knows of its guest's session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    root: FsState,
    inodes: Vec<Inode>,
    handles: Vec<OpenHandleRow>,
    mount_paths: Vec<(u64, String)>,
}

impl FileHandle {
    fn of(row: &FileHandleRow<'_>) -> Self {
        FileHandle {
            mount_id: row.mount_id,
            kind: row.r#type,
            bytes: row.handle.to_vec(),
        }
    }

    fn row(&self) -> FileHandleRow<'_> {
        FileHandleRow {
            mount_id: self.mount_id,
            r#type: self.kind,
            handle: &self.bytes,
        }
    }
}

impl Location {
    fn of(row: &InodeLocationRow<'_>) -> Self {
        match row {
            InodeLocationRow::Root(_) => Location::Root,
            InodeLocationRow::Path(path) => Location::Path {
                parent: path.parent,
                name: path.name.to_owned(),
            },
            InodeLocationRow::Lost(_) => Location::Lost,
            InodeLocationRow::FullPath(path) => Location::FullPath((*path).to_owned()),
            InodeLocationRow::Handle(handle) => Location::Handle(FileHandle::of(handle)),
        }
    }

    fn row(&self) -> InodeLocationRow<'_> {
        match self {
            Location::Root => InodeLocationRow::Root(InodeRootRow {}),
            Location::Path { parent, name } => InodeLocationRow::Path(InodePathRow {
                parent: *parent,
                name,
            }),
            Location::Lost => InodeLocationRow::Lost(InodeLostRow {}),
            Location::FullPath(path) => InodeLocationRow::FullPath(path),
            Location::Handle(handle) => InodeLocationRow::Handle(handle.row()),
        }
    }
}

impl Inode {
    fn row(&self) -> InodeRow<'_> {
        InodeRow {
            id: self.id,
            refcount: self.refcount,
            verification_handle: self.verification_handle.as_ref().map(FileHandle::row),
            attributes: self.attributes.clone(),
            location: self.location.as_ref().map(Location::row),
        }
    }
}

impl Table {
    /// Returns how many inodes and open handles there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.inodes.len(), self.handles.len())
    }

    /// Writes the table as a stream.
    ///
    /// # Errors
    /// Those of the sink, and of a table that no reader would load.
    pub fn write(
        &self,
        sink: impl std::io::Write,
        mut options: WriterOptions,
    ) -> Result<(), Error> {
        // Records come after the header, so it is said here what they use.
        let locks = self.handles.iter().any(|handle| !handle.locks.is_empty());
        options.used_features = Some(
            locks
                .then(|| LOCKS_FEATURE.to_owned())
                .into_iter()
                .collect(),
        );
        let mut writer = FsStateWriter::begin(sink, options, &self.root)?;
        self.inodes
            .iter()
            .try_for_each(|inode| writer.add_inodes(&inode.row()))?;
        self.handles
            .iter()
            .try_for_each(|handle| writer.add_handles(handle))?;
        for (mount_id, path) in &self.mount_paths {
            writer.add_mount_paths(&MountPathRow {
                mount_id: *mount_id,
                path,
            })?;
        }
        writer.finish()?;
        Ok(())
    }
}

/// Fills a table with what is read.
impl FsStateVisitor for Table {
    fn root(&mut self, root: FsState) -> Result<(), Error> {
        self.root = root;
        Ok(())
    }

    fn inodes(&mut self, batch: &InodesBatch<'_>) -> Result<(), Error> {
        self.inodes.extend(batch.iter().map(|row| Inode {
            id: row.id,
            refcount: row.refcount,
            location: row.location.as_ref().map(Location::of),
            verification_handle: row.verification_handle.as_ref().map(FileHandle::of),
            attributes: row.attributes.clone(),
        }));
        Ok(())
    }

    fn handles(&mut self, batch: &HandlesBatch<'_>) -> Result<(), Error> {
        self.handles.extend(batch.iter());
        Ok(())
    }

    fn mount_paths(&mut self, batch: &MountPathsBatch<'_>) -> Result<(), Error> {
        self.mount_paths
            .extend(batch.iter().map(|row| (row.mount_id, row.path.to_owned())));
        Ok(())
    }
}
