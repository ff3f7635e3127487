// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! rust_fs_backend --socket-path SOCKET [--state FILE]
//!
//! Listens on SOCKET. Its state is that of FILE, a stream of devices.fs.v1, or empty until a load.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use rust_fs_backend::{read_table, serve, FsDevice, Table};

struct Flags {
    socket_path: PathBuf,
    state: Option<PathBuf>,
}

fn flags() -> Option<Flags> {
    let (mut socket_path, mut state) = (None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None => (argument.as_str(), arguments.next()?),
        };
        match name {
            "--socket-path" => socket_path = Some(value.into()),
            "--state" => state = Some(value.into()),
            _ => return None,
        }
    }
    Some(Flags {
        socket_path: socket_path?,
        state,
    })
}

fn run(flags: &Flags) -> Result<(), Box<dyn std::error::Error>> {
    let mut table = Table::default();
    if let Some(path) = &flags.state {
        let file = std::fs::File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        table = read_table(file)
            .map_err(|e| format!("{}: {}", path.display(), e.error))?
            .staged;
    }
    let (inodes, handles) = table.counts();
    println!("state: {inodes} inodes, {handles} open handles");
    let served = serve(&flags.socket_path, Arc::new(FsDevice::new(table)));
    Ok(served.map_err(|error| error.to_string())?)
}

fn main() -> ExitCode {
    let Some(flags) = flags() else {
        eprintln!("usage: rust_fs_backend --socket-path SOCKET [--state FILE]");
        return ExitCode::from(2);
    };
    match run(&flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rust_fs_backend: {error}");
            ExitCode::FAILURE
        }
    }
}
