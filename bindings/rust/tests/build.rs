// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Generates code for every schema of the repository that has streams to test with.

use std::path::{Path, PathBuf};

/// The types of devices besides fs, each by its newest version.
const DEVICES: [&str; 17] = [
    "balloon", "blk", "can", "console", "gpio", "gpu", "input", "iommu", "mem", "net", "nvme",
    "opaque", "rng", "rtc", "scsi", "snd", "vsock",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let proto = repository.join("proto");
    let fs = proto.join("devices/fs/v1/released");
    let mut schemas = vec![
        ("fs_v1", fs.join("1"), "fs.proto".to_owned()),
        ("fs_v2", fs.join("2"), "fs.proto".to_owned()),
        ("fs_v3", proto.clone(), "devices/fs/v1/fs.proto".to_owned()),
        ("net_v1", proto.join("devices/net/v1/released/1"), "net.proto".to_owned()),
        ("everything", repository.join("tests/codegen"), "everything.proto".to_owned()),
        ("bounds", repository.join("tests/codegen"), "bounds.proto".to_owned()),
        ("pieces", repository.join("tests/codegen"), "pieces.proto".to_owned()),
        ("named", repository.join("tests/c"), "named.proto".to_owned()),
        ("t", repository.join("tests/stream_cases"), "t.proto".to_owned()),
    ];
    schemas.extend(
        DEVICES.map(|name| (name, proto.clone(), format!("devices/{name}/v1/{name}.proto"))),
    );
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for (name, folder, schema) in schemas {
        println!("cargo:rerun-if-changed={}", folder.join(&schema).display());
        let code =
            devstate_build::Config::new().include(folder).include(&proto).generate(&schema)?;
        std::fs::write(out.join(name).with_extension("rs"), code)?;
    }
    Ok(())
}
