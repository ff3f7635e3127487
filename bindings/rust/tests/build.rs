// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Generates code for every schema of the repository that has streams to test with.

use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let proto = repository.join("proto");
    let fs = proto.join("devices/fs/v1/released");
    let schemas: [(&str, PathBuf, &str); 8] = [
        ("fs_v1", fs.join("1"), "fs.proto"),
        ("fs_v2", fs.join("2"), "fs.proto"),
        ("fs_v3", proto.clone(), "devices/fs/v1/fs.proto"),
        ("net", proto.clone(), "devices/net/v1/net.proto"),
        ("blk", proto.clone(), "devices/blk/v1/blk.proto"),
        ("everything", repository.join("tests/codegen"), "everything.proto"),
        ("bounds", repository.join("tests/codegen"), "bounds.proto"),
        ("t", repository.join("tests/stream_cases"), "t.proto"),
    ];
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for (name, folder, schema) in schemas {
        println!("cargo:rerun-if-changed={}", folder.join(schema).display());
        let code =
            devstate_build::Config::new().include(folder).include(&proto).generate(schema)?;
        std::fs::write(out.join(name).with_extension("rs"), code)?;
    }
    Ok(())
}
