// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Fingerprints and descriptor sets are those of the other implementation, byte by byte.

use devstate_build::Config;
use devstate_tests::{golden_streams, header_of, read, repository};

fn decompressed(frame: &[u8]) -> Vec<u8> {
    let size = devstate::declared_size(frame).expect("a frame with its size");
    let mut out = Vec::new();
    devstate::Decompressor::default().decompress(frame, size as usize, &mut out).expect("a frame");
    out
}

fn load(schema: &str, version: u32) -> devstate_schema::LoadedSchema {
    let proto = repository("proto");
    // "devices.TYPE.v1"
    let device = schema.split('.').nth(1).expect("a type of device");
    let folder = proto.join(format!("devices/{device}/v1/released/{version}"));
    let file = format!("{device}.proto");
    Config::new().include(folder).include(proto).load(&file).expect("a schema")
}

#[test]
fn golden_streams_have_the_fingerprints_made_here() {
    for name in golden_streams() {
        let header = header_of(&read(&format!("tests/golden/{name}.dstate")));
        let schema = load(&header.schema, header.schema_version);
        assert_eq!(header.fingerprint, schema.model.fingerprint, "{name}");
    }
}

#[test]
fn golden_streams_carry_the_descriptor_sets_made_here() {
    let mut compared = 0;
    for name in golden_streams() {
        let header = header_of(&read(&format!("tests/golden/{name}.dstate")));
        // The foreign writer has made its own set.
        if header.descriptor_set.is_empty() || name.starts_with("py_") {
            continue;
        }
        let mut embedded = decompressed(&header.descriptor_set);
        let schema = load(&header.schema, header.schema_version);
        let mut made = schema.descriptor_set;
        // A file has the name by which its compiler was given it, and that varies.
        for set in [&mut embedded, &mut made] {
            *set = without_file_names(set);
        }
        assert_eq!(made, embedded, "{name}");
        compared += 1;
    }
    assert!(compared >= 10, "{compared}");
}

/// Returns the files of a descriptor set without their names.
fn without_file_names(set: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut files = devstate::wire::Cursor::new(set);
    while let Some((_, _, file)) = files.field() {
        let mut fields = devstate::wire::Cursor::new(file.bytes());
        while let Some((number, _, value)) = fields.field() {
            if number != 1 {
                devstate::wire::put_bytes(number, value.bytes(), &mut out);
            }
        }
    }
    out
}

#[test]
fn embedded_schemas_load_and_are_what_their_headers_say() {
    for name in golden_streams() {
        let header = header_of(&read(&format!("tests/golden/{name}.dstate")));
        if header.descriptor_set.is_empty() {
            continue;
        }
        let schema = devstate_schema::load_embedded(&header).expect(&name);
        assert_eq!(schema.name(), header.schema);
        let mut other = header.clone();
        other.schema_version += 1;
        assert!(devstate_schema::load_embedded(&other).is_err());
        let mut other = header.clone();
        other.fingerprint[0] ^= 1;
        assert!(devstate_schema::load_embedded(&other).is_err());
    }
}

#[test]
fn the_canonical_form_is_that_of_the_specification() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let text = r#"
        syntax = "proto3";
        package a;
        import "devstate/options.proto";
        message Root {
          option (devstate.message) = { schema: "a" version: 1 };
          uint32 count = 1 [(devstate.field).max = 9];
        }"#;
    std::fs::write(folder.join("canonical.proto"), text).expect("a file");
    let schema = Config::new().include(folder).load("canonical.proto").expect("a schema");
    let expected: String = schema.model.fingerprint.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(expected, "7c32d66756a19227f3cc0acb78efa30a169af228aed207c8769566a66bd1b123");
    assert!(String::from_utf8_lossy(&read("docs/stream_format.md")).contains(&expected));
}

#[test]
fn the_code_that_is_checked_in_is_what_the_generator_makes() {
    let made = Config::new()
        .include(repository("proto"))
        .released(repository("proto/devices/fs/v1/released"))
        .generate("devices/fs/v1/fs.proto")
        .expect("code");
    let checked_in = read("bindings/rust/devstate-fs/src/fs.rs");
    assert!(
        made.as_bytes() == checked_in,
        "cargo run -p devstate-build -- --include ../../proto --released \
         ../../proto/devices/fs/v1/released --out devstate-fs/src devices/fs/v1/fs.proto"
    );
}

#[test]
fn the_generator_carries_the_annotations_of_the_repository() {
    // A copy, so that a package and a checkout without symbolic links have it.
    let carried = read("bindings/rust/devstate-build/proto/devstate/options.proto");
    assert!(carried == read("proto/devstate/options.proto"), "copy the file again");
}

#[test]
fn schemas_that_no_code_is_made_for_are_refused_with_their_name() {
    let folder = repository("codegen/testdata/bad");
    let mut taken = Vec::new();
    let mut refused = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        // Names that clash with what protoc generates for C++ or in C, and parameters of its plugin.
        if name.starts_with("names_of")
            || name.ends_with("_in_c.proto")
            || ["parameter.proto", "root_elsewhere.proto"].contains(&name.as_str())
        {
            continue;
        }
        match Config::new().include(&folder).include(repository("proto")).generate(&name) {
            Ok(_) => taken.push(name),
            Err(error) => assert!(error.to_string().contains(&name), "{name}: {error}"),
        }
        refused += 1;
    }
    assert!(taken.is_empty(), "code was made for {taken:?}");
    assert!(refused >= 37, "{refused}");
}
