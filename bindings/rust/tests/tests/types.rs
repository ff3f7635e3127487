// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! States of every type, cardinality and nesting: written, read, written again.

use std::collections::BTreeMap;

use devstate::{Compression, Limits, WriterOptions};
use devstate_schema::decode_state;
use devstate_tests::everything::*;
use devstate_tests::{chunks_of, Codec, Everything as EverythingCodec};

/// Numbers without a seed from outside.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Zeros, small, large and extreme numbers.
    fn number(&mut self) -> u64 {
        match self.below(6) {
            0 | 1 => 0,
            2 | 3 => self.below(300),
            4 => self.next() >> self.below(64),
            _ => u64::MAX - self.below(3),
        }
    }

    fn color(&mut self) -> Color {
        [Color::Red, Color::Green, Color::Blue, Color::Violet][self.below(4) as usize]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    fn several<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = [0, 0, 1, 3][self.below(4) as usize];
        (0..count).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> &'static str {
        ["", "", "a", "café", "a longer text"][self.below(5) as usize]
    }

    fn bytes(&mut self) -> &'static [u8] {
        let all: [&[u8]; 4] = [&[], b"\xff\x00\xfe\x01", b"12345678", b"x"];
        all[self.below(4) as usize]
    }

    fn part(&mut self) -> PartRow<'static> {
        PartRow { id: self.number(), label: self.text() }
    }

    fn innermost(&mut self) -> NestedInnerInnermostRow {
        NestedInnerInnermostRow {
            value: self.number() as u32,
            values: self.several(|r| r.number() as u32),
        }
    }

    fn inner(&mut self) -> NestedInnerRow {
        NestedInnerRow {
            innermost: self.maybe(Self::innermost),
            list: self.several(Self::innermost),
            mood: [NestedInnerMood::Calm, NestedInnerMood::Wild][self.below(2) as usize],
        }
    }
}

fn scalars(r: &mut Random) -> ScalarsRow<'static> {
    ScalarsRow {
        i32: r.number() as i32,
        i64: r.number() as i64,
        u32: r.number() as u32,
        u64: r.number(),
        s32: r.number() as i32,
        s64: r.number() as i64,
        f32: r.number() as u32,
        f64: r.number(),
        sf32: r.number() as i32,
        sf64: r.number() as i64,
        real: f32::from_bits(r.number() as u32 & 0x7f7f_ffff),
        wide_real: f64::from_bits(r.number() & 0x7fef_ffff_ffff_ffff),
        flag: r.below(2) == 0,
        text: r.text(),
        data: r.bytes(),
        color: r.color(),
        large: r.number() as u32,
    }
}

fn optionals(r: &mut Random) -> OptionalsRow<'static> {
    OptionalsRow {
        i32: r.maybe(|r| r.number() as i32),
        i64: r.maybe(|r| r.number() as i64),
        u32: r.maybe(|r| r.number() as u32),
        u64: r.maybe(Random::number),
        s32: r.maybe(|r| r.number() as i32),
        s64: r.maybe(|r| r.number() as i64),
        f32: r.maybe(|r| r.number() as u32),
        f64: r.maybe(Random::number),
        sf32: r.maybe(|r| r.number() as i32),
        sf64: r.maybe(|r| r.number() as i64),
        real: r.maybe(|_| -0.0),
        wide_real: r.maybe(|_| f64::INFINITY),
        flag: r.maybe(|r| r.below(2) == 0),
        text: r.maybe(Random::text),
        data: r.maybe(Random::bytes),
        color: r.maybe(Random::color),
        part: r.maybe(Random::part),
    }
}

fn repeateds(r: &mut Random) -> RepeatedsRow<'static> {
    RepeatedsRow {
        i32: r.several(|r| r.number() as i32),
        i64: r.several(|r| r.number() as i64),
        u32: r.several(|r| r.number() as u32),
        u64: r.several(Random::number),
        s32: r.several(|r| r.number() as i32),
        s64: r.several(|r| r.number() as i64),
        f32: r.several(|r| r.number() as u32),
        f64: r.several(Random::number),
        sf32: r.several(|r| r.number() as i32),
        sf64: r.several(|r| r.number() as i64),
        real: r.several(|_| 1.5),
        wide_real: r.several(|_| 0.0),
        flag: r.several(|r| r.below(2) == 0),
        text: r.several(Random::text),
        data: r.several(Random::bytes),
        color: r.several(Random::color),
        parts: r.several(Random::part),
        by_name: r.several(|r| (r.text(), r.part())).into_iter().collect(),
        by_number: r.several(|r| (r.number() as i32, r.text())).into_iter().collect(),
        nothings: r.several(|_| NothingRow {}),
    }
}

fn nested(r: &mut Random) -> NestedRow<'static> {
    NestedRow {
        inner: r.maybe(Random::inner),
        choice: match r.below(6) {
            0 => None,
            1 => Some(NestedChoiceRow::Number(r.number() as u32)),
            2 => Some(NestedChoiceRow::Name(r.text())),
            3 => Some(NestedChoiceRow::Deep(r.inner())),
            4 => Some(NestedChoiceRow::Nothing(NothingRow {})),
            _ => Some(NestedChoiceRow::Flag(false)),
        },
        other: r.maybe(|r| match r.below(2) {
            0 => NestedOtherRow::Real(0.25),
            _ => NestedOtherRow::Part(r.part()),
        }),
    }
}

fn root(r: &mut Random) -> Everything {
    Everything {
        singular: r.number() as u32,
        color: r.color(),
        numbers: r.several(|r| r.number() as u32),
        parts: r
            .several(|r| (r.text().to_owned(), Part { id: r.number(), label: r.text().into() }))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
        part: r.maybe(|r| Part { id: r.number(), label: r.text().into() }),
    }
}

fn write(seed: u64, options: WriterOptions) -> Vec<u8> {
    let mut r = Random(seed * 0x9e37_79b9 + 1);
    let root = root(&mut r);
    let mut writer = EverythingWriter::begin(Vec::new(), options, &root).expect("a header");
    let records = [0, 1, 2, 70][seed as usize % 4];
    for _ in 0..records {
        writer.add_scalars(&scalars(&mut r)).expect("a record");
    }
    for _ in 0..records {
        writer.add_optionals(&optionals(&mut r)).expect("a record");
    }
    for _ in 0..records {
        writer.add_repeateds(&repeateds(&mut r)).expect("a record");
    }
    for _ in 0..records {
        writer.add_nested(&nested(&mut r)).expect("a record");
    }
    for _ in 0..r.below(3) {
        writer.add_visitor(&NothingRow {}).expect("a record");
    }
    writer.finish().expect("a stream").0
}

#[test]
fn states_of_all_types_come_back_from_every_form() {
    for seed in 0..80 {
        let raw = WriterOptions { compression: Compression::Raw, ..Default::default() };
        let forms = [
            WriterOptions { max_batch_records: 7, ..raw.clone() },
            WriterOptions { plain_columns: true, ..raw.clone() },
            WriterOptions { compression: Compression::Zstd(1), ..raw.clone() },
        ];
        let expected = decode_state(&write(seed, raw)[..], &Limits::default()).expect("a state");
        for options in forms {
            let stream = write(seed, options.clone());
            let again = EverythingCodec.rewrite(&stream, options).expect("a state");
            assert_eq!(again, stream, "{seed}");
            let state = decode_state(&stream[..], &Limits::default()).expect("a state");
            assert_eq!(state.to_json(), expected.to_json(), "{seed}");
        }
    }
}

#[test]
fn a_batch_ends_where_the_specification_says() {
    let write = |max_batch_bytes| {
        let options = WriterOptions { max_batch_bytes, ..Default::default() };
        let root = Everything::default();
        let mut writer = EverythingWriter::begin(Vec::new(), options, &root).expect("a header");
        // 8, and 8 for the id and 16 for the label of the part; 5 bytes in each label.
        for label in ["12345", "12345", "12345"] {
            let part = Some(PartRow { id: 1, label });
            writer.add_optionals(&OptionalsRow { part, ..Default::default() }).expect("a record");
        }
        let stream = writer.finish().expect("a stream").0;
        chunks_of(&stream).iter().skip(1).map(|chunk| chunk.1).collect::<Vec<u32>>()
    };
    // 14 numbers of 16, text and data of 24, a part of 32, and 8.
    let record = 14 * 16 + 2 * 24 + 32 + 8 + 5;
    assert_eq!(write(3 * record), [3]);
    assert_eq!(write(3 * record - 1), [2, 1]);
    assert_eq!(write(2 * record - 1), [1, 1, 1]);
    assert_eq!(write(1), [1, 1, 1]);
}

#[test]
fn records_of_an_earlier_field_are_a_misuse_for_ever() {
    let root = Everything::default();
    let mut writer = EverythingWriter::begin(Vec::new(), Default::default(), &root).expect("begin");
    writer.add_nested(&NestedRow::default()).expect("a record");
    let error = writer.add_scalars(&ScalarsRow::default()).expect_err("a misuse");
    assert!(matches!(error, devstate::Error::Misuse(_)), "{error}");
    assert!(writer.add_nested(&NestedRow::default()).is_err());
    assert!(writer.finish().is_err());
}

#[test]
fn a_value_that_no_reader_would_load_is_refused_at_save_with_field_and_record() {
    use devstate_tests::bounds::*;
    let mut writer =
        BoundsWriter::begin(Vec::new(), Default::default(), &Bounds::default()).expect("begin");
    writer.add_numbers(&NumbersRow::default()).expect("a record");
    writer.add_numbers(&NumbersRow { i32: 5, ..Default::default() }).expect("a record");
    let error = writer.finish().expect_err("a refusal").to_string();
    assert!(error.starts_with("numbers 0 to 1: i32: record 1 of the batch has 5"), "{error}");
    assert!(error.contains("allowed is -3 to 4"), "{error}");
}

#[test]
fn a_value_beyond_a_bound_is_refused_on_load_with_its_path() {
    use devstate_tests::{bounds, Bounds};
    // Written without checks, as a foreign writer may: the columns of one Place.
    let columns = |places: &[u8]| {
        let mut writer = devstate::StreamWriter::new(
            Vec::new(),
            WriterOptions { compression: Compression::Raw, ..Default::default() },
        );
        let header = devstate::make_header(&bounds::SCHEMA, writer.options());
        writer.begin(header, &[]).expect("a header");
        writer.payload().bytes().extend_from_slice(places);
        writer.end_batch(5, 1).expect("a batch");
        writer.finish().expect("a stream").0
    };
    // maybe = 8: occurs once, with the value 10 where 1 to 9 is allowed.
    let stream = columns(&[
        0x42, 16, 0x0a, 6, 0x08, 1, 0x10, 1, 0x18, 1, 0x12, 6, 0x08, 1, 0x10, 1, 0x18, 10,
    ]);
    let error = Bounds.read(&stream, &Limits::default()).expect_err("a refusal");
    let devstate::Error::Stream(refusal) = error else { panic!("{error}") };
    assert_eq!(refusal.reason, devstate::Reason::Constraint);
    assert_eq!(refusal.path, "places.maybe");
    assert_eq!(refusal.chunk, Some(1));
    assert!(refusal.message.contains("allowed is 1 to 9"), "{refusal}");
    // The part is absent, so its bounds hold; a part that is there and empty breaks them.
    let stream = columns(&[0x0a, 8, 0x0a, 6, 0x08, 1, 0x10, 1, 0x18, 1]);
    let error = Bounds.read(&stream, &Limits::default()).expect_err("a refusal").to_string();
    assert!(error.contains("places.part.id") && error.contains("has 0"), "{error}");
}
