// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Fuzz targets: each takes any bytes and panics where a promise is broken. `fuzz/` runs them with
//! libFuzzer, the program `fuzz_loop` with mutations of the corpus that are the same every time.

use base64::prelude::{Engine, BASE64_STANDARD};
use devstate::{Compression, Error, Limits, Reason, StreamReader, StreamWriter, WriterOptions};
use devstate_fs::virtiofsd::{export, import, Version};
use devstate_schema::{
    check_state_by, decode_state_by, load_compressed, load_descriptor_set, write_state, Gate,
    SchemaModel,
};

use crate::{codec_of, golden_streams, header_of, read, Codec, Everything, FsV1, FsV3};

/// A target: its name, what it does with any bytes, and bytes to start from.
pub struct Target {
    /// As fuzz/ calls it.
    pub name: &'static str,
    /// Panics where a promise is broken.
    pub run: fn(&[u8]),
    /// Makes the corpus.
    pub corpus: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 4] = [
    Target { name: "chunks", run: chunks, corpus: chunk_corpus },
    Target { name: "streams", run: streams, corpus: stream_corpus },
    Target { name: "schemas", run: schemas, corpus: schema_corpus },
    Target { name: "virtiofsd", run: virtiofsd, corpus: virtiofsd_corpus },
];

thread_local! {
    static EVERYTHING: SchemaModel = model_of(&Everything);
}

fn model_of(codec: &dyn Codec) -> SchemaModel {
    let schema = codec.schema();
    load_compressed(schema.descriptor_set, schema.root_message).expect("its own schema")
}

fn raw() -> WriterOptions {
    WriterOptions {
        compression: Compression::Raw,
        embed_descriptor_set: false,
        ..Default::default()
    }
}

fn reason<T>(result: &Result<T, Error>) -> Option<Reason> {
    match result {
        Ok(_) => None,
        Err(Error::Stream(error)) => Some(error.reason),
        Err(error) => panic!("{error}"),
    }
}

/// A root chunk, or a batch: field, records in two bytes, then the payload. All of a stream around
/// it is right, so that every input reaches the decoders.
pub fn chunks(data: &[u8]) {
    let [field, low, high, payload @ ..] = data else { return };
    let (field, records) = (u32::from(*field), u32::from(u16::from_le_bytes([*low, *high])));
    let mut writer = StreamWriter::new(Vec::new(), raw());
    let header = devstate::make_header(Everything.schema(), writer.options());
    let root = if field == 0 { payload } else { &[] };
    if writer.begin(header, root).is_err() {
        return;
    }
    if field != 0 {
        writer.payload().bytes().extend_from_slice(payload);
        if writer.end_batch(field, records).is_err() {
            return;
        }
    }
    let Ok((stream, _)) = writer.finish() else { return };
    EVERYTHING.with(|schema| read_both_ways(&stream, schema));
}

/// Both readers take the same streams, and what they take comes back from both writers.
fn read_both_ways(stream: &[u8], schema: &SchemaModel) {
    let limits = Limits { max_batch_memory: 1 << 20, ..Limits::default() };
    let dynamic = decode_state_by(stream, schema, &limits);
    let generated = Everything.read(stream, &limits);
    // A payload that gives several reasons is refused for any of them.
    assert_eq!(
        reason(&dynamic).is_some(),
        reason(&generated).is_some(),
        "{dynamic:?} but {generated:?}"
    );
    let Ok(state) = dynamic else { return };
    let (again, _) = write_state(Vec::new(), &state, schema, raw()).expect("a state");
    let copy = Everything.rewrite(stream, raw()).expect("a state");
    for stream in [again, copy] {
        let read = decode_state_by(&stream[..], schema, &limits).expect("a state");
        assert_eq!(comparable(&read), comparable(&state));
    }
}

/// As JSON, where NaN is equal to itself and the entries of a map have no order.
fn comparable(state: &devstate_schema::Value) -> serde_json::Value {
    serde_json::from_str(&state.to_json()).expect("JSON")
}

/// A stream whose checksums are made right before it is read.
pub fn streams(data: &[u8]) {
    let stream = sealed(data);
    let limits = Limits::default();
    let mut reader = StreamReader::new(&stream[..], limits.clone());
    let whole = loop {
        match reader.next_chunk() {
            Ok(Some(_)) => {}
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let whole = reason(&whole);
    for codec in [&FsV3 as &dyn Codec, &FsV1, &Everything] {
        let pulled = codec.read(&stream, &limits);
        let pushed = codec.push(&stream, 7);
        match (&pulled, &pushed) {
            (Ok(a), Ok(b)) => assert_eq!(a, b),
            (Err(a), Err(b)) => assert_eq!(a.to_string(), b.to_string()),
            _ => panic!("{pulled:?} but {pushed:?}"),
        }
        assert!(pulled.is_err() || whole.is_none(), "{whole:?}");
        let mut gate = Gate::new(codec.schema());
        let behind = codec.read_behind(&stream, &mut gate);
        let verdict = gate.verdict_after(behind.as_ref().err());
        assert_eq!(verdict.loads(), behind.is_ok(), "{verdict}");
        // What the reader takes alone is of its own schema, or looks so.
        assert_eq!(verdict.check_reply(behind.as_ref().err()) == 0, behind.is_ok(), "{verdict}");
    }
    let mut reader = StreamReader::new(&stream[..], limits.clone());
    let Ok(header) = reader.read_header() else { return };
    if let Ok(schema) = devstate_schema::load_embedded(header) {
        let decoded = decode_state_by(&stream[..], &schema, &limits);
        let checked = check_state_by(&stream[..], &schema, &limits);
        assert!(decoded.is_ok() || checked.is_err());
    }
}

/// Makes the checksums of a stream right, as far as it looks like one.
fn sealed(data: &[u8]) -> Vec<u8> {
    let xxh3 = xxhash_rust::xxh3::xxh3_64_with_seed;
    let mut stream = data.to_vec();
    if stream.len() < 32 {
        return stream;
    }
    let size = |stream: &[u8], at: usize| {
        u32::from_le_bytes([stream[at], stream[at + 1], stream[at + 2], stream[at + 3]]) as usize
    };
    let put = |stream: &mut [u8], at: usize, value: u64| {
        stream[at..at + 8].copy_from_slice(&value.to_le_bytes());
    };
    let header_end = (32 + size(&stream, 12)).min(stream.len());
    let header = xxh3(&stream[32..header_end], 0);
    put(&mut stream, 16, header);
    let mut chain = xxh3(&stream[..24], 0);
    put(&mut stream, 24, chain);
    let (mut at, mut sequence) = (header_end, 0u32);
    while at + 40 <= stream.len() {
        let payload = at + 40;
        let end = payload.saturating_add(size(&stream, at + 16)).min(stream.len());
        stream[at + 4..at + 8].copy_from_slice(&sequence.to_le_bytes());
        // The digest of a trailer as writers make it.
        if stream[at] == 3 && end - payload >= 9 && stream[end - 9] == 0x29 {
            put(&mut stream, end - 8, chain);
        }
        let checksum = xxh3(&stream[payload..end], 0);
        put(&mut stream, at + 24, checksum);
        chain = xxh3(&stream[at..at + 32], chain);
        put(&mut stream, at + 32, chain);
        sequence += 1;
        at = end;
    }
    stream
}

/// A descriptor set, as it is and as it is embedded.
pub fn schemas(data: &[u8]) {
    let root = "devstate.test.everything.Everything";
    let loaded = load_descriptor_set(data, root);
    if let Ok(schema) = loaded {
        // What is embedded of a schema is the same schema.
        let again = load_descriptor_set(&schema.descriptor_set, root);
        if let Ok(again) = again {
            assert_eq!(again.canonical, schema.canonical);
        }
    }
    let _ = load_compressed(data, root);
}

/// A state of virtiofsd: refused, or the same bytes after a way there and back.
pub fn virtiofsd(data: &[u8]) {
    match import(data, Vec::new(), raw()) {
        Ok((stream, verdict)) => {
            assert!(verdict.loads(), "{verdict}");
            let version = if data[0] == 0 { Version::V1 } else { Version::V2 };
            let (again, _) = export(&stream[..], version).expect("a state");
            assert_eq!(again, data);
        }
        Err(Error::Stream(_) | Error::Refused(_)) => {}
        Err(error) => panic!("{error}"),
    }
}

/// The streams of the kit, the golden ones and the cases of the document.
fn stream_corpus() -> Vec<Vec<u8>> {
    let mut corpus: Vec<Vec<u8>> =
        golden_streams().iter().map(|name| read(&format!("tests/golden/{name}.dstate"))).collect();
    let text = String::from_utf8(read("conformance/streams/cases.jsonl")).expect("text");
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("an object");
        let Some(stream) = case["stream"].as_str().filter(|text| text.len() < 8192) else {
            continue;
        };
        corpus.push(BASE64_STANDARD.decode(stream).expect("base64"));
    }
    corpus
}

fn chunk_corpus() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for stream in stream_corpus() {
        let mut reader = StreamReader::new(&stream[..], Limits::default());
        let of_everything = reader
            .read_header()
            .is_ok_and(|header| header.root_message == Everything.schema().root_message);
        while let Ok(Some(chunk)) = reader.next_chunk() {
            let (Ok(field), Ok(records)) =
                (u8::try_from(chunk.field), u16::try_from(chunk.records))
            else {
                continue;
            };
            if of_everything {
                let [low, high] = records.to_le_bytes();
                corpus.push([&[field, low, high], chunk.payload].concat());
            }
        }
    }
    corpus
}

fn schema_corpus() -> Vec<Vec<u8>> {
    let text = String::from_utf8(read("conformance/streams/schemas.jsonl")).expect("text");
    let mut corpus: Vec<Vec<u8>> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("an object"))
        .map(|schema| schema["descriptor_set"].as_str().expect("a set").to_owned())
        .map(|set| BASE64_STANDARD.decode(set).expect("base64"))
        .collect();
    for name in golden_streams() {
        let header = header_of(&read(&format!("tests/golden/{name}.dstate")));
        if codec_of(&header.root_message, header.schema_version).is_some() {
            corpus.push(header.descriptor_set);
        }
    }
    corpus.push(Everything.schema().descriptor_set.to_vec());
    corpus
}

fn virtiofsd_corpus() -> Vec<Vec<u8>> {
    ["empty-mounted-fp", "neverinit-fp", "open-fp-verifyhandles", "open-fp"]
        .map(|name| read(&format!("foreign/states/virtiofsd/testdata/{name}.state")))
        .to_vec()
}
