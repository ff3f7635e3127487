// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! These crates as an implementation that the stream cases are run with: one request, one answer
//! (docs/implementing.md, "The runner").

use std::collections::HashMap;
use std::io::{self, Read, Write};

use base64::prelude::{Engine, BASE64_STANDARD};
use devstate::{rules, Error, Limits, StreamError, StreamReader};
use devstate_schema::{
    check_state_by, decode_state_by, load_descriptor_set, load_embedded, write_state, LoadedSchema,
};
use serde_json::{json, Value};

/// Answers requests. Schemas are kept: a runner asks for a few of them, many times each.
#[derive(Debug, Default)]
pub struct Implementation {
    schemas: HashMap<(String, String), LoadedSchema>,
}

/// Why there is no answer.
enum Failure {
    Stream(Error),
    Other(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Stream(error)
    }
}

impl From<devstate_schema::Error> for Failure {
    fn from(error: devstate_schema::Error) -> Self {
        Failure::Other(error.0)
    }
}

impl Implementation {
    /// Returns the answer to a request.
    pub fn answer(&mut self, request: &Value) -> Value {
        match self.outcome(request) {
            Ok(answer) => answer,
            Err(Failure::Stream(Error::Stream(refusal))) => {
                let mut answer = json!({
                    "refused": refusal.reason.name(),
                    "offset": refusal.offset,
                    "text": refusal.to_string(),
                });
                if let Some(chunk) = refusal.chunk {
                    answer["chunk"] = chunk.into();
                }
                answer
            }
            Err(Failure::Stream(error)) => json!({ "error": error.to_string() }),
            Err(Failure::Other(error)) => json!({ "error": error }),
        }
    }

    fn outcome(&mut self, request: &Value) -> Result<Value, Failure> {
        let action = request["do"].as_str().unwrap_or_default();
        let stream = bytes_of(request, "stream")?;
        match action {
            "verify" => {
                let mut reader = StreamReader::new(&stream[..], Limits::default());
                while reader.next_chunk()?.is_some() {}
                Ok(json!({ "whole": true }))
            }
            "fingerprint" => {
                let schema = self.schema(request)?;
                let hex: String =
                    schema.model.fingerprint.iter().map(|byte| format!("{byte:02x}")).collect();
                let canonical = BASE64_STANDARD.encode(&schema.canonical);
                Ok(json!({ "fingerprint": hex, "canonical": canonical }))
            }
            "decode" | "check" | "encode" => {
                let embedded;
                let schema = if request.get("schema").is_some() {
                    &self.schema(request)?.model
                } else {
                    let mut reader = StreamReader::new(&stream[..], Limits::default());
                    embedded = load_embedded(reader.read_header()?)?;
                    &embedded
                };
                let limits = Limits::default();
                if action == "check" {
                    match check_state_by(&stream[..], schema, &limits) {
                        // What the format leaves to devices.
                        Err(Error::Stream(error)) if is_of_whole_state(&error) => {}
                        checked => drop(checked?),
                    }
                }
                let state = decode_state_by(&stream[..], schema, &limits)?;
                if action == "encode" {
                    let (again, _) = write_state(Vec::new(), &state, schema, Default::default())?;
                    return Ok(json!({ "stream": BASE64_STANDARD.encode(again) }));
                }
                match serde_json::from_str::<Value>(&state.to_json()) {
                    Ok(value) => Ok(json!({ "value": value })),
                    Err(error) => Err(Failure::Other(error.to_string())),
                }
            }
            other => Ok(json!({ "skipped": format!("cannot do {other:?}") })),
        }
    }

    fn schema(&mut self, request: &Value) -> Result<&LoadedSchema, Failure> {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let key = (text("schema"), text("root"));
        if !self.schemas.contains_key(&key) {
            let schema = load_descriptor_set(&bytes_of(request, "schema")?, &key.1)?;
            self.schemas.insert(key.clone(), schema);
        }
        Ok(&self.schemas[&key])
    }
}

fn is_of_whole_state(error: &StreamError) -> bool {
    [rules::NOT_UNIQUE, rules::PIECES_NOT_WHOLE].map(Some).contains(&error.rule)
}

fn bytes_of(request: &Value, name: &str) -> Result<Vec<u8>, Failure> {
    let text = request[name].as_str().unwrap_or_default();
    BASE64_STANDARD.decode(text).map_err(|error| Failure::Other(format!("{name}: {error}")))
}

/// Answers requests until there is none.
///
/// # Errors
/// Those of the pipes; `InvalidData` for a request that is no JSON.
pub fn serve(mut requests: impl Read, mut answers: impl Write) -> io::Result<()> {
    let mut implementation = Implementation::default();
    let mut size = [0; 4];
    loop {
        match requests.read_exact(&mut size) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let mut request = Vec::new();
        requests.by_ref().take(u32::from_le_bytes(size).into()).read_to_end(&mut request)?;
        let answer = implementation.answer(&serde_json::from_slice(&request)?).to_string();
        answers.write_all(&(answer.len() as u32).to_le_bytes())?;
        answers.write_all(answer.as_bytes())?;
        answers.flush()?;
    }
}
