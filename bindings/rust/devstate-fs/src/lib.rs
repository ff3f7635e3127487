// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The portable state of a virtio-fs device, `devices.fs.v1`: what a back-end must know of the
//! guest's FUSE session so that another back-end on the same shared directory can go on with it.
//!
//! ```
//! use devstate_fs::v1::{FsState, FsStateVisitor, FsStateWriter, HandlesBatch, InodesBatch};
//! use devstate_fs::v1::{InodeLocationRow, InodePathRow, InodeRow, MountPathsBatch};
//!
//! // Saves an inode...
//! let root = FsState { next_inode: 3, ..Default::default() };
//! let mut writer = FsStateWriter::begin(Vec::new(), Default::default(), &root)?;
//! writer.add_inodes(&InodeRow {
//!     id: 2,
//!     refcount: 1,
//!     location: Some(InodeLocationRow::Path(InodePathRow { parent: 1, name: "etc" })),
//!     ..Default::default()
//! })?;
//! let (stream, summary) = writer.finish()?;
//! assert_eq!(summary.records, 1);
//!
//! // ...and loads it.
//! #[derive(Default)]
//! struct Table(Vec<(u64, String)>);
//! impl FsStateVisitor for Table {
//!     fn root(&mut self, root: FsState) -> Result<(), devstate::Error> {
//!         assert_eq!(root.next_inode, 3);
//!         Ok(())
//!     }
//!     fn inodes(&mut self, batch: &InodesBatch<'_>) -> Result<(), devstate::Error> {
//!         for inode in batch.iter() {
//!             if let Some(InodeLocationRow::Path(path)) = inode.location {
//!                 self.0.push((inode.id, path.name.to_owned()));
//!             }
//!         }
//!         Ok(())
//!     }
//!     fn handles(&mut self, _: &HandlesBatch<'_>) -> Result<(), devstate::Error> {
//!         Ok(())
//!     }
//!     fn mount_paths(&mut self, _: &MountPathsBatch<'_>) -> Result<(), devstate::Error> {
//!         Ok(())
//!     }
//! }
//! let mut table = Table::default();
//! FsState::read(&stream[..], &Default::default(), &mut table)?;
//! assert_eq!(table.0, [(2, "etc".to_owned())]);
//! # Ok::<(), devstate::Error>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod virtiofsd;

/// Version 3 of the schema, and readers and writers of its states.
///
/// Made by `devstate-generate` and checked in, so that the crate needs no build script; a test
/// makes it again and compares.
pub mod v1 {
    #[rustfmt::skip]
    #[allow(clippy::all)]
    mod generated {
        include!("fs.rs");
    }
    pub use generated::*;
}
