// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! An example: a vhost-user back-end in Rust with a real state and no data plane. It holds the
//! inode table of a virtio-fs device, as it was given or loaded, and hands it over in a live
//! migration. Start with `device.rs`.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod backend;
mod device;
mod table;

pub use backend::{serve, Backend};
pub use device::{read_table, FsDevice};
pub use table::Table;
