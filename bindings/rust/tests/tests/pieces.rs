// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What only several records together show: values in pieces, and `unique_by`. The texts are those
//! of `tests/codegen/pieces_test.cc`.

use devstate::{rules, Error, Level, Limits, NoFilter, PushReader, Reason, StreamError, Verdict};
use devstate_schema::{
    check_state_behind, check_state_by, decode_state_by, load_compressed, write_state, Gate, Value,
};
use devstate_tests::balloon::{
    BalloonConfig, BalloonState, BalloonStateWriter, SplitRingRow, Statistic, Statistics,
    VringRingRow, VringRow,
};
use devstate_tests::pieces::{
    OwnerRow, OwnersBatch, PieceRow, PixelsBatch, TextsBatch, Values, ValuesHandler, ValuesVisitor,
    ValuesWriter, SCHEMA,
};
use devstate_tests::{Balloon, Codec};

type Pieces = Vec<(u32, u64, &'static [u8])>;

struct State {
    owners: Vec<OwnerRow>,
    pixels: Pieces,
    texts: Pieces,
}

fn owner(id: u32, pixel_bytes: u64, text_bytes: u32) -> OwnerRow {
    OwnerRow { id, pixel_bytes, text_bytes }
}

fn whole() -> State {
    State {
        owners: vec![owner(7, 6, 0), owner(8, 0, 1), owner(9, 2, 0)],
        pixels: vec![(9, 0, b"ab"), (7, 0, b"abcd"), (7, 4, b"ef")],
        texts: vec![(8, 0, b"x")],
    }
}

fn row(&(owner, offset, data): &(u32, u64, &'static [u8])) -> PieceRow<'static> {
    PieceRow { owner, offset, data }
}

fn written(state: &State) -> Vec<u8> {
    let write = || {
        let mut writer = ValuesWriter::begin(Vec::new(), Default::default(), &Values::default())?;
        state.owners.iter().try_for_each(|owner| writer.add_owners(owner))?;
        state.pixels.iter().try_for_each(|piece| writer.add_pixels(&row(piece)))?;
        state.texts.iter().try_for_each(|piece| writer.add_texts(&row(piece)))?;
        Ok::<_, Error>(writer.finish()?.0)
    };
    write().expect("a stream")
}

/// Counts the pieces that a reader lets through.
#[derive(Default)]
struct Counter(usize);

impl ValuesVisitor for Counter {
    fn root(&mut self, _: Values) -> Result<(), Error> {
        Ok(())
    }
    fn owners(&mut self, _: &OwnersBatch<'_>) -> Result<(), Error> {
        Ok(())
    }
    fn pixels(&mut self, batch: &PixelsBatch<'_>) -> Result<(), Error> {
        self.0 += batch.len();
        Ok(())
    }
    fn texts(&mut self, batch: &TextsBatch<'_>) -> Result<(), Error> {
        self.0 += batch.len();
        Ok(())
    }
}

fn pushed(stream: &[u8]) -> Result<(), Error> {
    let mut reader =
        PushReader::new(Limits::default(), NoFilter, ValuesHandler(Counter::default()));
    for piece in stream.chunks(7) {
        reader.feed(piece)?;
    }
    reader.finish().map(drop)
}

fn checked(stream: &[u8]) -> Result<(), Error> {
    let schema = load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message).expect("a schema");
    check_state_by(stream, &schema, &Limits::default()).map(drop)
}

fn stream_error(result: Result<(), Error>, case: &str) -> StreamError {
    match result {
        Err(Error::Stream(error)) => *error,
        other => panic!("{case}: {other:?}"),
    }
}

#[test]
fn values_that_are_whole_are_read() {
    let stream = written(&whole());
    let mut counter = Counter::default();
    Values::read(&stream[..], &Limits::default(), &mut counter).expect("a state");
    assert_eq!(counter.0, 4);
    pushed(&stream).expect("a state");
    checked(&stream).expect("a state");
}

#[test]
fn others_are_refused_everywhere_in_the_same_words() {
    type Case = (&'static str, fn(&mut State), &'static str);
    let cases: [Case; 14] = [
        ("a gap", |s| s.pixels[2].1 = 5, "pixels[2]: it begins at 5, and the one before ends at 4"),
        (
            "an overlap",
            |s| s.pixels[2].1 = 3,
            "pixels[2]: it begins at 3, and the one before ends at 4",
        ),
        (
            "the end of all numbers",
            |s| s.pixels[2].1 = u64::MAX,
            "pixels[2]: it begins at 18446744073709551615, and the one before ends at 4",
        ),
        ("an empty piece", |s| s.pixels[2].2 = b"", "pixels[2]: it is empty"),
        (
            "too long",
            |s| s.pixels[2].2 = b"efg",
            "pixels[2]: the value of 7 goes on to 7, its size is 6",
        ),
        ("too short", |s| s.pixels[2].2 = b"e", "pixels: the value of 7 ends at 5, its size is 6"),
        (
            "too short in between",
            |s| s.owners[2].pixel_bytes = 3,
            "pixels[1]: the value of 9 ends at 2, its size is 3",
        ),
        (
            "not together",
            |s| s.pixels.swap(0, 1),
            "pixels[1]: the value of 7 ends at 4, its size is 6",
        ),
        (
            "twice",
            |s| s.pixels.push(s.pixels[0]),
            "pixels[3]: the value of 9 goes on after another one",
        ),
        ("of nobody", |s| s.pixels[0].0 = 10, "pixels[0]: no owner 10 has a value"),
        ("of an empty value", |s| s.texts[0].0 = 9, "texts[0]: no owner 9 has a value"),
        ("missing", |s| s.texts.clear(), "texts: the value of 8 has no piece, its size is 1"),
        ("an owner twice", |s| s.owners[2].id = 7, "owners[2]: the owner 7 occurs twice"),
        (
            "too many owners",
            |s| s.owners.extend([owner(10, 0, 0), owner(11, 0, 0)]),
            "owners[4]: there are more than 4 owners",
        ),
    ];
    for (name, change, text) in cases {
        let mut state = whole();
        change(&mut state);
        let stream = written(&state);
        let mut counter = Counter::default();
        let read = Values::read(&stream[..], &Limits::default(), &mut counter).map(drop);
        for result in [read, pushed(&stream), checked(&stream)] {
            let error = stream_error(result, name);
            assert_eq!(error.reason, Reason::Constraint, "{name}");
            let text = format!(
                "{text}: correct the writer, which must save each value in pieces from its begin \
                 to its end"
            );
            assert_eq!(error.message, text, "{name}");
            let verdict = Verdict::new(Level::Identical).after(&Error::Stream(Box::new(error)));
            assert_eq!(verdict.level, Level::Refused, "{name}");
            assert_eq!(verdict.findings[0].rule, rules::PIECES_NOT_WHOLE, "{name}");
        }
    }
}

#[test]
fn nobody_sees_a_piece_that_does_not_fit() {
    let mut state = whole();
    state.pixels[2].1 = 5;
    let mut counter = Counter::default();
    let stream = written(&state);
    Values::read(&stream[..], &Limits::default(), &mut counter).expect_err("a gap");
    // The batch is not handed on.
    assert_eq!(counter.0, 0);
}

// --- unique_by ---

fn balloon(tags: &[u32], vrings: &[u32]) -> Vec<u8> {
    let values = tags.iter().map(|&tag| Statistic { tag, value: 1 }).collect();
    let root = BalloonState {
        config: Some(BalloonConfig::default()),
        statistics: Some(Statistics { values }),
        ..Default::default()
    };
    let split = SplitRingRow { size: 8, ..Default::default() };
    let rows = vrings.iter().map(|&index| VringRow {
        index,
        ring: Some(VringRingRow::Split(split.clone())),
        ..Default::default()
    });
    let write = || {
        let mut writer = BalloonStateWriter::begin(Vec::new(), Default::default(), &root)?;
        rows.clone().try_for_each(|row| writer.add_vrings(&row))?;
        Ok::<_, Error>(writer.finish()?.0)
    };
    write().expect("a stream")
}

fn check_balloon(stream: &[u8]) -> Result<(), Error> {
    let schema = Balloon.schema();
    let schema = load_compressed(schema.descriptor_set, schema.root_message).expect("a schema");
    check_state_by(stream, &schema, &Limits::default()).map(drop)
}

#[test]
fn elements_of_which_each_is_another_are_read() {
    check_balloon(&balloon(&[1, 2], &[0, 1])).expect("a state");
}

#[test]
fn two_elements_with_the_same_values_are_refused_in_the_root_and_among_records() {
    let cases = [
        (balloon(&[1, 2, 1], &[0]), "statistics.values", "tag"),
        // Zero is a value as any other.
        (balloon(&[0, 2, 0], &[0]), "statistics.values", "tag"),
        (balloon(&[1], &[0, 1, 0]), "vrings", "index"),
    ];
    for (stream, path, names) in cases {
        let error = stream_error(check_balloon(&stream), path);
        assert_eq!((error.reason, error.rule), (Reason::Constraint, Some(rules::NOT_UNIQUE)));
        assert_eq!(error.path, path);
        let text = format!(
            "two elements with the same {names}: the reader takes each once: see why the writer \
             has it twice"
        );
        assert_eq!(error.message, text);
    }
}

#[test]
fn a_record_that_is_wrong_by_itself_comes_before_two_that_are_together() {
    let schema = Balloon.schema();
    let model = load_compressed(schema.descriptor_set, schema.root_message).expect("a schema");
    let limits = Limits::default();
    let mut state =
        decode_state_by(&balloon(&[1, 1], &[0, 0, 5])[..], &model, &limits).expect("a state");
    let Value::Message(members) = &mut state else { panic!("{state:?}") };
    let Some(Value::List(vrings)) = members.last_mut().map(|member| &mut member.value) else {
        panic!("no vrings")
    };
    let Value::Message(vring) = &mut vrings[2] else { panic!("no vring") };
    assert_eq!((vring[0].name.as_str(), &vring[0].value), ("index", &Value::Uint(5)));
    vring[0].value = Value::Uint(65536);
    let (stream, _) =
        write_state(Vec::new(), &state, &model, Default::default()).expect("a stream");
    let error = stream_error(check_balloon(&stream), "bounds");
    assert_eq!((error.path.as_str(), error.rule), ("vrings.index", None));
}

#[test]
fn a_gate_looks_into_the_root_and_leaves_records_to_their_device() {
    let verdict_of = |stream: &[u8]| {
        let mut gate = Gate::new(Balloon.schema());
        let error = Balloon.read_behind(stream, &mut gate).err();
        gate.verdict_after(error.as_ref())
    };
    let verdict = verdict_of(&balloon(&[1, 1], &[0]));
    assert_eq!(verdict.level, Level::Refused);
    let finding = &verdict.findings[0];
    assert_eq!((finding.rule, finding.path.as_str()), (rules::NOT_UNIQUE, "statistics.values"));
    assert_eq!(finding.written, "two elements with the same tag");
    assert_eq!(finding.read, "unique_by: tag");

    let records = balloon(&[1], &[0, 0]);
    assert_eq!(verdict_of(&records).level, Level::Identical);
    let schema = Balloon.schema();
    let model = load_compressed(schema.descriptor_set, schema.root_message).expect("a schema");
    let mut gate = Gate::new(schema);
    let error = check_state_behind(&records[..], &model, &Limits::default(), &mut gate).err();
    assert_eq!(gate.verdict_after(error.as_ref()).findings[0].rule, rules::NOT_UNIQUE);
}
