// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Golden streams, read and written again.

use devstate::{Compression, Error, Limits, Reason, WriterOptions};
use devstate_schema::{decode_state_by, load_compressed, write_state};
use devstate_tests::{chunks_of, codec_of, golden_streams, header_of, read, Codec, FsV1};

fn golden(name: &str) -> Vec<u8> {
    read(&format!("tests/golden/{name}.dstate"))
}

fn codec(stream: &[u8]) -> Box<dyn Codec> {
    let header = header_of(stream);
    codec_of(&header.root_message, header.schema_version).expect("a codec")
}

#[test]
fn every_golden_stream_is_read_whole() {
    for name in golden_streams() {
        let stream = golden(&name);
        let summary = codec(&stream).read(&stream, &Limits::default()).expect(&name);
        assert_eq!(summary.stream_bytes, stream.len() as u64, "{name}");
        assert!(summary.records > 0, "{name}");
    }
}

#[test]
fn pushed_in_pieces_of_any_size_a_stream_is_the_same() {
    for name in ["fs_small", "fs_v3", "net_v1"] {
        let stream = golden(name);
        let codec = codec(&stream);
        let whole = codec.read(&stream, &Limits::default()).expect(name);
        for size in [1, 7, 4096, stream.len()] {
            assert_eq!(codec.push(&stream, size).expect(name), whole, "{name} {size}");
        }
    }
}

/// The options by which the stream was written.
fn options_of(name: &str, stream: &[u8]) -> WriterOptions {
    let header = header_of(stream);
    let mut options = WriterOptions {
        implementation: header.writer.unwrap_or_default(),
        used_features: Some(header.used_features),
        instance: header.instance,
        embed_descriptor_set: !header.descriptor_set.is_empty(),
        ..Default::default()
    };
    match name {
        "fs_small" => (options.compression, options.max_batch_records) = (Compression::Raw, 4),
        "fs_zstd" => (options.compression, options.max_batch_records) = (Compression::Zstd(3), 150),
        _ => {}
    }
    options
}

#[test]
fn a_raw_golden_stream_is_written_again_byte_by_byte() {
    let stream = golden("fs_small");
    let again = FsV1.rewrite(&stream, options_of("fs_small", &stream)).expect("a stream");
    assert_eq!(again, stream);
}

#[test]
fn golden_streams_are_written_again_chunk_by_chunk() {
    for name in golden_streams().iter().filter(|name| !name.starts_with("py_")) {
        let stream = golden(name);
        let again = codec(&stream).rewrite(&stream, options_of(name, &stream)).expect(name);
        assert_eq!(chunks_of(&again), chunks_of(&stream), "{name}");
        let (mut header, mut expected) = (header_of(&again), header_of(&stream));
        // Another release of zstd makes another frame of the same descriptor set.
        assert_eq!(header.descriptor_set.is_empty(), expected.descriptor_set.is_empty());
        header.descriptor_set.clear();
        expected.descriptor_set.clear();
        assert_eq!(header, expected, "{name}");
    }
}

#[test]
fn a_state_without_generated_code_is_written_as_with_it() {
    for name in golden_streams().iter().filter(|name| !name.starts_with("py_")) {
        let stream = golden(name);
        let schema = codec(&stream).schema();
        let model = load_compressed(schema.descriptor_set, schema.root_message).expect(name);
        let state = decode_state_by(&stream[..], &model, &Limits::default()).expect(name);
        let options = WriterOptions { used_features: None, ..options_of(name, &stream) };
        let (again, _) = write_state(Vec::new(), &state, &model, options).expect(name);
        assert_eq!(chunks_of(&again), chunks_of(&stream), "{name}");
        let (header, expected) = (header_of(&again), header_of(&stream));
        // Some of the streams were written without a word about features.
        if !expected.used_features.is_empty() {
            assert_eq!(header.used_features, expected.used_features, "{name}");
        }
    }
}

#[test]
fn plain_columns_of_another_implementation_are_written_again_chunk_by_chunk() {
    for name in ["py_fs_raw", "py_fs_zstd", "py_net_raw"] {
        let stream = golden(name);
        let options = WriterOptions {
            plain_columns: true,
            compression: Compression::Raw,
            ..options_of(name, &stream)
        };
        let again = codec(&stream).rewrite(&stream, options).expect(name);
        assert_eq!(chunks_of(&again), chunks_of(&stream), "{name}");
    }
}

#[test]
fn every_flipped_bit_of_a_golden_stream_is_refused() {
    let stream = golden("fs_small");
    for bit in 0..stream.len() * 8 {
        let mut damaged = stream.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = FsV1.read(&damaged, &Limits::default()).expect_err("a refusal");
        let expected = if bit < 64 { Reason::NotAStream } else { Reason::Checksum };
        assert_eq!(error.reason(), Some(expected), "bit {bit}: {error}");
    }
}

#[test]
fn every_cut_of_a_golden_stream_lacks_its_trailer() {
    let stream = golden("fs_small");
    for end in 0..stream.len() {
        let error = FsV1.read(&stream[..end], &Limits::default()).expect_err("a refusal");
        assert_eq!(error.reason(), Some(Reason::NoTrailer), "{end}: {error}");
        let error = FsV1.push(&stream[..end], 100).expect_err("a refusal");
        assert_eq!(error.reason(), Some(Reason::NoTrailer), "{end}: {error}");
    }
}

#[test]
fn a_byte_behind_the_trailer_is_refused_where_it_is() {
    let mut stream = golden("fs_small");
    let end = stream.len() as u64;
    stream.push(0);
    for error in [
        FsV1.read(&stream, &Limits::default()).expect_err("a refusal"),
        FsV1.push(&stream, 1).expect_err("a refusal"),
    ] {
        let Error::Stream(refusal) = error else { panic!("{error}") };
        assert_eq!((refusal.reason, refusal.offset), (Reason::TrailingBytes, end));
    }
}

#[test]
fn each_limit_is_named_when_it_is_exceeded() {
    let stream = golden("fs_small");
    let check = |name: &str, limits: Limits| {
        let error = FsV1.read(&stream, &limits).expect_err(name);
        assert_eq!(error.reason(), Some(Reason::Limit), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    };
    let limits = Limits::default;
    check("max_header_bytes", Limits { max_header_bytes: 106, ..limits() });
    check("max_chunk_stored_bytes", Limits { max_chunk_stored_bytes: 170, ..limits() });
    check("max_chunk_decoded_bytes", Limits { max_chunk_decoded_bytes: 170, ..limits() });
    check("max_chunk_records", Limits { max_chunk_records: 3, ..limits() });
    check("max_batch_memory", Limits { max_batch_memory: 500, ..limits() });
    check("max_chunks", Limits { max_chunks: 4, ..limits() });
    check("max_records", Limits { max_records: 10, ..limits() });
    check("max_decoded_bytes", Limits { max_decoded_bytes: 350, ..limits() });
    let enough = Limits {
        max_header_bytes: 107,
        max_chunk_stored_bytes: 171,
        max_chunk_records: 4,
        max_chunks: 5,
        max_records: 11,
        max_decoded_bytes: 351,
        ..limits()
    };
    FsV1.read(&stream, &enough).expect("a stream within all limits");
}
