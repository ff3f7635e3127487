// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The device: an inode table that is saved and loaded.

use std::sync::{Mutex, PoisonError};

use devstate::{Error, Implementation, Limits, WriterOptions};
use devstate_fs::v1::{FsStateHandler, SCHEMA};
use devstate_schema::Gate;
use devstate_vhost::{DeviceState, Loaded, Refusal, Sink, Source};

use crate::table::Table;

/// An inode table without a guest. The lock is the device's own: nobody holds it while
/// CHECK_DEVICE_STATE waits.
#[derive(Debug, Default)]
pub struct FsDevice(Mutex<Table>);

impl FsDevice {
    /// Makes the device of a table.
    pub fn new(table: Table) -> Self {
        FsDevice(Mutex::new(table))
    }

    /// Returns the table as it is now.
    pub fn table(&self) -> Table {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Reads a table of any version of the schema that loads here.
///
/// # Errors
/// What refuses the state, with the verdict.
pub fn read_table(source: impl std::io::Read) -> Result<Loaded<Table>, Refusal> {
    let mut gate = Gate::new(&SCHEMA);
    let mut handler = FsStateHandler(Table::default());
    let read = devstate::read_state(source, &Limits::default(), &mut gate, &mut handler);
    let verdict = Some(gate.verdict_after(read.as_ref().err()));
    match read {
        Ok(_) => Ok(Loaded {
            staged: handler.0,
            verdict,
        }),
        Err(error) => Err(Refusal { error, verdict }),
    }
}

impl DeviceState for FsDevice {
    type Staged = Table;

    fn save(&self, sink: &mut Sink) -> Result<(), Error> {
        let implementation = Implementation {
            name: "devstate-rust-fs-backend".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        };
        self.table().write(
            sink,
            WriterOptions {
                implementation,
                ..Default::default()
            },
        )
    }

    fn load(&self, source: &mut Source) -> Result<Loaded<Table>, Refusal> {
        read_table(source)
    }

    fn commit(&self, staged: Table) -> Result<(), Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = staged;
        Ok(())
    }
}
