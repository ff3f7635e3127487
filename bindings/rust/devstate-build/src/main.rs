// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Generates Rust code for a schema, to be checked in.

use std::process::ExitCode;

const USAGE: &str = "usage: devstate-generate [--include FOLDER]... [--released FOLDER] \
[--root FULL.NAME] --out FOLDER SCHEMA.proto

Writes FOLDER/SCHEMA.rs. SCHEMA.proto is relative to an include folder, by default the
current one.";

fn run() -> Result<(), String> {
    let mut config = devstate_build::Config::new();
    let mut schema = None;
    let mut out = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value =
            || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{USAGE}"));
        match argument.as_str() {
            "--include" => config = config.include(value()?),
            "--released" => config = config.released(value()?),
            "--root" => config = config.root(value()?),
            "--out" => out = Some(value()?),
            "--help" => {
                println!("{USAGE}");
                return Ok(());
            }
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}\n\n{USAGE}")),
            _ => schema = Some(argument),
        }
    }
    let (Some(schema), Some(out)) = (schema, out) else { return Err(USAGE.to_owned()) };
    let path = config.out_dir(out).compile(schema).map_err(|error| error.to_string())?;
    println!("{}", path.display());
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("devstate-generate: {text}");
            ExitCode::from(2)
        }
    }
}
