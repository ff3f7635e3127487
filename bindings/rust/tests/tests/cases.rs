// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Every line of `tests/stream_cases/cases.txt`.

use devstate::{Error, Limits};
use devstate_schema::{decode_state, decode_state_by, load_compressed};
use devstate_tests::{codec_of, header_of, read};

/// File, reader, and the outcomes of which one is right.
fn cases() -> Vec<(String, String, Vec<String>)> {
    let text = String::from_utf8(read("tests/stream_cases/cases.txt")).expect("text");
    let mut cases = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let expected = words.last().expect("a word").split(',').map(str::to_owned).collect();
        cases.push((words[0].to_owned(), words[1].to_owned(), expected));
    }
    assert!(cases.len() >= 70);
    cases
}

fn outcome<T>(result: Result<T, Error>) -> String {
    match result {
        Ok(_) => "accepted".to_owned(),
        Err(error) => match error.reason() {
            Some(reason) => reason.name().to_owned(),
            None => error.to_string(),
        },
    }
}

#[test]
fn generated_readers_answer_as_the_document_asks_for() {
    let mut strict = 0;
    for (file, reader, expected) in cases() {
        if reader != "strict" {
            continue;
        }
        let stream = read(&format!("tests/stream_cases/{file}.dstate"));
        let header = header_of(&stream);
        let codec = codec_of(&header.root_message, header.schema_version).expect(&file);
        let outcome = outcome(codec.read(&stream, &Limits::default()));
        assert!(expected.contains(&outcome), "{file}: {outcome}, expected {expected:?}");
        strict += 1;
    }
    assert!(strict >= 34, "{strict}");
}

#[test]
fn readers_by_the_streams_own_schema_answer_as_the_document_asks_for() {
    let mut format = 0;
    for (file, reader, expected) in cases() {
        if reader != "format" {
            continue;
        }
        let stream = read(&format!("tests/stream_cases/{file}.dstate"));
        let header = header_of(&stream);
        let result = if header.descriptor_set.is_empty() {
            let codec = codec_of(&header.root_message, header.schema_version).expect(&file);
            let schema = codec.schema();
            let schema = load_compressed(schema.descriptor_set, schema.root_message).expect(&file);
            decode_state_by(&stream[..], &schema, &Limits::default())
        } else {
            decode_state(&stream[..], &Limits::default())
        };
        let outcome = outcome(result);
        assert!(expected.contains(&outcome), "{file}: {outcome}, expected {expected:?}");
        format += 1;
    }
    assert!(format >= 34, "{format}");
}
