// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Streams of other versions, each with what the gate of the C++ implementation makes of it
//! (`compat/gate/pair_cases.cc`).

use base64::prelude::{Engine, BASE64_STANDARD};
use devstate::{Error, Level, Limits, Schema};
use devstate_schema::{
    check_state_behind, compare, decode_state_by, load_compressed, load_embedded, Gate,
};
use serde_json::Value;

use crate::header_of;

/// What came of all cases.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Both load the state, and have the same.
    pub loaded: u32,
    /// Both refuse it.
    pub refused: u32,
    /// It is refused here for a unit that is scaled there.
    pub unscaled: u32,
}

fn level(name: &str) -> Level {
    use Level as L;
    let all = [L::Identical, L::Compatible, L::Defaulted, L::Converted, L::Lossy];
    let worse = [L::Conditional, L::Refused, L::Damaged];
    *all.iter().chain(&worse).find(|level| level.name() == name).expect("a level")
}

/// Compares one case, a line of that program, and counts it.
///
/// # Errors
/// What is not the same.
pub fn compare_case(line: &str, counts: &mut Counts) -> Result<(), String> {
    let case: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let text = |name: &str| case[name].as_str().unwrap_or_default().to_owned();
    let bytes = |name: &str| BASE64_STANDARD.decode(text(name)).expect("base64");
    let fail = |what: String| Err(format!("{}: {what}", text("name")));
    let stream = bytes("stream");
    let header = header_of(&stream);
    let descriptor_set = bytes("reader");
    let root = text("root");
    let reader = load_compressed(&descriptor_set, &root).map_err(|error| error.to_string())?;
    let writer = load_embedded(&header).map_err(|error| error.to_string())?;
    // As generated code has it, for the life of this process.
    let schema: &'static Schema = Box::leak(Box::new(Schema {
        name: Box::leak(reader.name().to_owned().into_boxed_str()),
        version: reader.version(),
        min_reader: reader.root().annotations.min_reader,
        device: Box::leak(reader.root().annotations.device.clone().into_boxed_str()),
        root_message: Box::leak(root.into_boxed_str()),
        fingerprint: reader.fingerprint,
        descriptor_set: Box::leak(descriptor_set.into_boxed_slice()),
        released: &[],
        pieces: &[],
        table: reader.table(),
    }));

    let of_schemas = compare(&writer, &reader);
    let scales = of_schemas.findings.iter().any(|finding| finding.rule.id == "unit-scaled");
    let expected = level(&text("static"));
    if of_schemas.level != expected && !scales {
        return fail(format!("schemas: {}, here {of_schemas:?}", expected.name()));
    }

    let limits = Limits::default();
    let mut gate = Gate::new(schema);
    let state = check_state_behind(&stream[..], &reader, &limits, &mut gate);
    let verdict = gate.verdict_after(state.as_ref().err());
    if verdict.loads() != state.is_ok() {
        return fail(format!("{verdict:?}, but {:?}", state.err()));
    }
    let expected = level(&text("level"));
    if expected >= Level::Refused {
        if verdict.loads() {
            return fail(format!("refused [{}], here {verdict:?}", case["refusing"]));
        }
        counts.refused += 1;
        return Ok(());
    }
    match state {
        Ok(state) => {
            let converted = bytes("converted");
            let there = decode_state_by(&converted[..], &reader, &limits);
            let there = there.map_err(|error: Error| error.to_string())?;
            // As texts: what is no number is the same as itself.
            if state.to_json() != there.to_json() {
                return fail(format!("{}\nis here\n{}", there.to_json(), state.to_json()));
            }
            if verdict.level != expected {
                return fail(format!("{}, here {verdict:?}", expected.name()));
            }
            counts.loaded += 1;
        }
        Err(_) if scales => counts.unscaled += 1,
        Err(error) => return fail(format!("{}, here {error}", expected.name())),
    }
    Ok(())
}
