// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Prints a state as JSON, by the schema that it carries.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: decode STREAM");
        return ExitCode::from(2);
    };
    let file = match std::fs::File::open(&path) {
        Ok(file) => file,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    match devstate_schema::decode_state(file, &Default::default()) {
        Ok(state) => {
            println!("{}", state.to_json());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(3)
        }
    }
}
