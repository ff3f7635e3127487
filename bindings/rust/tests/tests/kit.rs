// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Every case of `conformance/streams`, asked as a runner asks.

use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};

use base64::prelude::{Engine, BASE64_STANDARD};
use devstate::{Limits, StreamReader};
use devstate_tests::conformance::Implementation;
use devstate_tests::{codec_of, read};
use serde_json::{json, Value};

fn lines(name: &str) -> Vec<Value> {
    let text = String::from_utf8(read(&format!("conformance/streams/{name}"))).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

fn schemas() -> HashMap<String, Value> {
    lines("schemas.jsonl").into_iter().map(|s| (text(&s, "name").to_owned(), s)).collect()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn request_of(case: &Value, action: &str, schemas: &HashMap<String, Value>) -> Value {
    let mut request = json!({ "do": action });
    if let Some(stream) = case.get("stream") {
        request["stream"] = stream.clone();
    }
    let schema = schemas.get(text(case, "schema")).unwrap_or(case);
    if let Some(set) = schema.get("descriptor_set") {
        request["schema"] = set.clone();
        request["root"] = schema["root"].clone();
    }
    request
}

/// Whether two values are the same, 1 and 1.0 included.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => a == b,
    }
}

/// Whether a case is refused for being in rounds: a reader without them need not know more.
fn knows_no_rounds(case: &Value, reason: Option<&str>) -> bool {
    text(case, "level") == "rounds" && reason == Some("UNKNOWN_CONTENT")
}

fn is_right(
    case: &Value,
    action: &str,
    mut found: Value,
    schemas: &HashMap<String, Value>,
    implementation: &mut Implementation,
) -> bool {
    if knows_no_rounds(case, found["refused"].as_str()) {
        return true;
    }
    if let Some(reasons) = case["refuse"].as_array() {
        return reasons.contains(&found["refused"]);
    }
    match action {
        "verify" => return found == json!({ "whole": true }),
        "fingerprint" => {
            return ["fingerprint", "canonical"].iter().all(|part| found[*part] == case[*part]);
        }
        "encode" => {
            // What was written is read as what it was written of.
            let mut again = request_of(case, "decode", schemas);
            if again.get("schema").is_none() {
                return found["stream"].is_string();
            }
            again["stream"] = found["stream"].clone();
            found = implementation.answer(&again);
        }
        _ => {}
    }
    match case.get("value") {
        Some(value) => same(value, &found["value"]),
        None => found["value"].is_object(),
    }
}

#[test]
fn every_case_is_answered_rightly() {
    let schemas = schemas();
    let mut implementation = Implementation::default();
    let mut wrong = Vec::new();
    let mut asked = 0;
    let cases = lines("cases.jsonl");
    assert!(cases.len() >= 2000, "{}", cases.len());
    for case in &cases {
        for action in case["do"].as_array().expect("actions") {
            let action = action.as_str().expect("an action");
            let answer = implementation.answer(&request_of(case, action, &schemas));
            asked += 1;
            if !is_right(case, action, answer.clone(), &schemas, &mut implementation) {
                let mut found = answer.to_string();
                found.truncate(300);
                wrong.push(format!("{} {action}: {found}", text(case, "name")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn generated_readers_answer_rightly_where_there_is_one() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    for case in lines("cases.jsonl") {
        let does =
            |action: &str| case["do"].as_array().is_some_and(|all| all.contains(&action.into()));
        let refused = case["refuse"].as_array();
        // Generated readers check annotations, so a stream that is only decoded says nothing.
        if !(does("check") || does("decode") && refused.is_some()) {
            continue;
        }
        let stream = BASE64_STANDARD.decode(text(&case, "stream")).expect("base64");
        let mut reader = StreamReader::new(&stream[..], Limits::default());
        let Ok(header) = reader.read_header() else { continue };
        let Some(codec) = codec_of(&header.root_message, header.schema_version) else { continue };
        asked += 1;
        let outcome = codec.read(&stream, &Limits::default());
        let right = match (&outcome, refused) {
            (Ok(_), None) => true,
            (Err(error), Some(reasons)) => {
                let reason = error.reason().map(|reason| reason.name());
                reason.is_some_and(|reason| reasons.contains(&reason.into()))
                    || knows_no_rounds(&case, reason)
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("{}: {outcome:?}", text(&case, "name")));
        }
    }
    assert!(asked > 500, "{asked}");
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_program_answers_requests_until_they_end() {
    let schemas = schemas();
    let cases = lines("cases.jsonl");
    let case = cases.iter().find(|case| text(case, "name") == "golden/fs_v3").expect("a case");
    let mut program = Command::new(env!("CARGO_BIN_EXE_stream_program"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut requests = Vec::new();
    for action in ["verify", "other"] {
        let request = request_of(case, action, &schemas).to_string();
        requests.extend_from_slice(&(request.len() as u32).to_le_bytes());
        requests.extend_from_slice(request.as_bytes());
    }
    let mut input = program.stdin.take().expect("a pipe");
    input.write_all(&requests).expect("written");
    drop(input);
    let output = program.wait_with_output().expect("an end");
    assert!(output.status.success());
    let mut rest = &output.stdout[..];
    let mut answers = Vec::new();
    while !rest.is_empty() {
        let (size, body) = rest.split_at(4);
        let size = u32::from_le_bytes(size.try_into().expect("4 bytes")) as usize;
        let (answer, after) = body.split_at(size);
        answers.push(serde_json::from_slice::<Value>(answer).expect("an object"));
        rest = after;
    }
    assert_eq!(answers[0], json!({ "whole": true }));
    assert!(answers[1]["skipped"].is_string(), "{}", answers[1]);
    assert_eq!(answers.len(), 2);
}
