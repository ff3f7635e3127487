// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Damaged payloads under checksums that hold, bit by bit, through all readers. None of them
//! panics, and they agree about what is a state.

use devstate::{Compression, Limits, Reason, StreamWriter, WriterOptions};
use devstate_schema::{decode_state_by, load_compressed, Gate};
use devstate_tests::{chunks_of, codec_of, header_of, read, Codec, FsV1, FsV2};

/// Field, records and payload of a chunk.
type Chunk = (u32, u32, Vec<u8>);

/// Puts chunks together with new checksums.
fn seal(header: &devstate::StreamHeader, chunks: &[Chunk]) -> Vec<u8> {
    let options = WriterOptions { compression: Compression::Raw, ..Default::default() };
    let mut writer = StreamWriter::new(Vec::new(), options);
    writer.begin(header.clone(), &chunks[0].2).expect("a header");
    for (field, records, payload) in &chunks[1..] {
        writer.payload().bytes().extend_from_slice(payload);
        writer.end_batch(*field, *records).expect("a batch");
    }
    writer.finish().expect("a stream").0
}

/// Flips every bit whose number is a multiple of `stride`, and shows one of eight to the gates.
fn check(name: &str, stride: usize) {
    let stream = read(&format!("tests/golden/{name}.dstate"));
    let header = header_of(&stream);
    let codec = codec_of(&header.root_message, header.schema_version).expect(name);
    let schema = codec.schema();
    let schema = load_compressed(schema.descriptor_set, schema.root_message).expect(name);
    let limits = Limits::default();
    let mut chunks = chunks_of(&stream);
    let (mut taken, mut refused) = (0, 0);
    for at in 0..chunks.len() {
        for bit in (0..chunks[at].2.len() * 8).step_by(stride) {
            chunks[at].2[bit / 8] ^= 1 << (bit % 8);
            let damaged = seal(&header, &chunks);
            let strict = codec.read(&damaged, &limits);
            let dynamic = decode_state_by(&damaged[..], &schema, &limits);
            let place = format!("{name}, chunk {at}, bit {bit}");
            match (&strict, &dynamic) {
                (Ok(_), Ok(state)) => {
                    taken += 1;
                    // What is a state can be written, and is the same state then.
                    let again = codec.rewrite(&damaged, WriterOptions::default()).expect(&place);
                    let again = decode_state_by(&again[..], &schema, &limits).expect(&place);
                    assert_eq!(again.to_json(), state.to_json(), "{place}");
                }
                (Err(error), Ok(_)) => {
                    refused += 1;
                    // Annotations are the business of generated readers alone.
                    assert_eq!(error.reason(), Some(Reason::Constraint), "{place}: {error}");
                }
                (Err(error), Err(_)) => {
                    refused += 1;
                    assert!(error.reason().is_some(), "{place}: {error}");
                }
                (Ok(_), Err(error)) => panic!("{place}: {error}"),
            }
            if (taken + refused) % 8 == 0 {
                let mut gate = Gate::new(codec.schema());
                let behind = codec.read_behind(&damaged, &mut gate);
                assert!(behind.is_err() || strict.is_ok(), "{place}");
                if name.starts_with("fs_") {
                    let _ = FsV1.read_behind(&damaged, &mut Gate::new(FsV1.schema()));
                    let _ = FsV2.read_behind(&damaged, &mut Gate::new(FsV2.schema()));
                }
            }
            chunks[at].2[bit / 8] ^= 1 << (bit % 8);
        }
    }
    println!("{name}: {taken} are states still, {refused} are refused");
    assert!(taken > 50 && refused > 20, "{name}: {taken} {refused}");
}

#[test]
fn damaged_states_of_a_file_system() {
    check("fs_v3_locks", 1);
}

#[test]
fn damaged_states_of_a_network_device() {
    check("net_v1", 151);
}
