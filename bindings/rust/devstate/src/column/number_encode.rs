// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! NumberColumn, written: the encoding with the fewest bytes by a close estimate that depends on
//! the values alone, the simpler one at a tie.

use std::collections::HashMap;

use super::{Bits, ColumnWriter, Kind, Number};
use crate::wire::{put_bytes, put_number, put_tag, put_varint, varint_size, zigzag, LENGTH};

/// Numbers of encodings.
pub(super) const PLAIN: u64 = 0;
pub(super) const CONSTANT: u64 = 1;
pub(super) const SEQUENCE: u64 = 2;
pub(super) const RUN_LENGTH: u64 = 3;
pub(super) const BYTE: u64 = 4;
pub(super) const DELTA_BYTE: u64 = 5;
pub(super) const FIXED: u64 = 6;
pub(super) const DICTIONARY: u64 = 7;

/// Parts of a NumberColumn.
pub(super) const KIND_PART: u32 = 1;
pub(super) const ENCODING_PART: u32 = 2;
pub(super) const BASE_PART: u32 = 3;
pub(super) const STEP_PART: u32 = 4;
pub(super) const WIDTH_PART: u32 = 5;
pub(super) const DATA_PART: u32 = 6;
pub(super) const VALUES_PART: u32 = 7;

/// Stands for a number that is among the values.
pub(super) const EXCEPTION: u64 = 255;
pub(super) const MAX_DICTIONARY: usize = 256;
/// Exact sizes of PLAIN are worth computing for columns up to this length only.
const MAX_PLAIN_TRIAL: usize = 64;

fn bytes_for(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(8)
}

/// Smallest and largest value, and how often a value differs from the one before.
struct Range<B> {
    min: B,
    max: B,
    changes: usize,
}

fn measure_range<B: Bits>(values: &[B]) -> Range<B> {
    let first = values[0];
    let (min, max) = values.iter().fold((first, first), |(a, b), &v| (a.min(v), b.max(v)));
    let changes = values.windows(2).map(|pair| usize::from(pair[0] != pair[1])).sum();
    Range { min, max, changes }
}

fn delta<B: Bits>(before: B, value: B) -> u64 {
    zigzag(value.into().wrapping_sub(before.into()) as i64)
}

/// How many values and differences do not fit a byte.
struct Steps {
    wide_values: usize,
    wide_deltas: usize,
    delta_bits: u64,
}

fn measure_steps<B: Bits>(values: &[B], min: u64) -> Steps {
    let wide = |value: B| usize::from(value.into() - min >= EXCEPTION);
    let mut steps = Steps { wide_values: wide(values[0]), wide_deltas: 0, delta_bits: 0 };
    for pair in values.windows(2) {
        let delta = delta(pair[0], pair[1]);
        steps.delta_bits |= delta;
        steps.wide_deltas += usize::from(delta >= EXCEPTION);
        steps.wide_values += wide(pair[1]);
    }
    steps
}

fn is_sequence<B: Bits>(values: &[B]) -> bool {
    let step = values[1].into().wrapping_sub(values[0].into());
    values.windows(2).all(|pair| pair[1].into().wrapping_sub(pair[0].into()) == step)
}

/// The distinct values of a column in the order of their first row, and each row's index.
struct Dictionary {
    values: Vec<u64>,
    indices: Vec<u8>,
}

impl Dictionary {
    /// `None` if there are too many distinct values.
    fn build<B: Bits>(values: &[B]) -> Option<Self> {
        let mut slots: HashMap<u64, u8, Mixed> = HashMap::default();
        let mut distinct = Vec::new();
        let mut indices = Vec::with_capacity(values.len());
        for &value in values {
            let value: u64 = value.into();
            let index = match slots.get(&value) {
                Some(&index) => index,
                None => {
                    if distinct.len() == MAX_DICTIONARY {
                        return None;
                    }
                    let index = distinct.len() as u8;
                    slots.insert(value, index);
                    distinct.push(value);
                    index
                }
            };
            indices.push(index);
        }
        Some(Dictionary { values: distinct, indices })
    }
}

/// A hash of one number, far cheaper than the default one. A writer's own values fill the table.
#[derive(Clone, Copy, Default)]
struct Mixed(u64);

impl std::hash::BuildHasher for Mixed {
    type Hasher = Mixed;
    fn build_hasher(&self) -> Mixed {
        Mixed(0)
    }
}

impl std::hash::Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(self.0 ^ u64::from(byte));
        }
    }
    fn write_u64(&mut self, value: u64) {
        let mixed = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// The encoding to take, and what it takes.
struct Choice {
    encoding: u64,
    size: usize,
    dictionary: Option<Dictionary>,
}

impl Choice {
    fn offer(&mut self, encoding: u64, size: usize) {
        if size < self.size {
            (self.encoding, self.size) = (encoding, size);
        }
    }
}

/// Of values that are not all the same.
fn choose<B: Bits>(values: &[B], range: &Range<B>) -> Choice {
    let count = values.len();
    let (min, max) = (range.min.into(), range.max.into());
    let width = max - min;
    let value_size = varint_size(max);
    let mut choice = Choice { encoding: PLAIN, size: usize::MAX, dictionary: None };
    if count <= MAX_PLAIN_TRIAL {
        choice.offer(PLAIN, values.iter().map(|&value| varint_size(value.into())).sum());
    }
    if is_sequence(values) {
        choice.offer(SEQUENCE, 2 * value_size);
    }
    let runs = range.changes + 1;
    choice.offer(RUN_LENGTH, runs * (value_size + varint_size((count / runs) as u64)));
    if width < EXCEPTION {
        choice.offer(BYTE, count);
        return choice;
    }
    // From here on it costs a look at every value: not for nothing.
    if choice.size <= count {
        return choice;
    }
    let steps = measure_steps(values, min);
    choice.offer(BYTE, count + steps.wide_values * varint_size(width));
    choice.offer(DELTA_BYTE, count + steps.wide_deltas * varint_size(steps.delta_bits));
    choice.offer(FIXED, count * bytes_for(width));
    if choice.size > count + count / 8 {
        if let Some(dictionary) = Dictionary::build(values) {
            choice.offer(DICTIONARY, count + dictionary.values.len() * value_size);
            choice.dictionary = Some(dictionary);
        }
    }
    choice
}

/// Appends field `field` with a NumberColumn of `values`; nothing if all of them are 0.
pub(super) fn encode_numbers<B: Bits>(
    field: u32,
    kind: Kind,
    values: &[B],
    writer: &mut ColumnWriter,
) {
    let Some(&first) = values.first() else { return };
    let constant = values.iter().all(|&value| value == first);
    if constant && first.into() == 0 {
        return;
    }
    if writer.plain || constant {
        let encoding = if writer.plain { PLAIN } else { CONSTANT };
        let nested = begin(field, kind, encoding, values.len() * usize::from(writer.plain), writer);
        if writer.plain {
            put_values(values.iter().map(|&value| value.into()), values.len(), writer);
        } else {
            put_number(BASE_PART, first.into(), &mut writer.out);
        }
        writer.end(&nested);
        return;
    }
    let range = measure_range(values);
    let choice = choose(values, &range);
    let nested = begin(field, kind, choice.encoding, choice.size, writer);
    let base: u64 = range.min.into();
    match choice.encoding {
        SEQUENCE => {
            put_number(BASE_PART, first.into(), &mut writer.out);
            let step = values[1].into().wrapping_sub(first.into());
            put_number(STEP_PART, step, &mut writer.out);
        }
        RUN_LENGTH => put_runs(values, writer),
        BYTE => {
            put_number(BASE_PART, base, &mut writer.out);
            put_bytes_with_exceptions(
                values.iter().map(|&value| value.into() - base),
                values.len(),
                writer,
            );
        }
        DELTA_BYTE => {
            put_number(BASE_PART, first.into(), &mut writer.out);
            let deltas = values.windows(2).map(|pair| delta(pair[0], pair[1]));
            put_bytes_with_exceptions(std::iter::once(0).chain(deltas), values.len(), writer);
        }
        FIXED => {
            let width = bytes_for(range.max.into() - base);
            put_number(BASE_PART, base, &mut writer.out);
            put_number(WIDTH_PART, width as u64, &mut writer.out);
            put_fixed(values, base, width, writer);
        }
        DICTIONARY => {
            if let Some(dictionary) = choice.dictionary {
                put_bytes(DATA_PART, &dictionary.indices, &mut writer.out);
                let count = dictionary.values.len();
                put_values(dictionary.values.into_iter(), count * 2, writer);
            }
        }
        _ => put_values(values.iter().map(|&value| value.into()), values.len(), writer),
    }
    writer.end(&nested);
}

fn begin(
    field: u32,
    kind: Kind,
    encoding: u64,
    size: usize,
    writer: &mut ColumnWriter,
) -> super::Nested {
    let nested = writer.begin(field, size + 16);
    put_number(KIND_PART, kind as u64, &mut writer.out);
    put_number(ENCODING_PART, encoding, &mut writer.out);
    nested
}

fn put_values(values: impl Iterator<Item = u64>, size_hint: usize, writer: &mut ColumnWriter) {
    let nested = writer.begin(VALUES_PART, size_hint);
    for value in values {
        put_varint(value, &mut writer.out);
    }
    writer.end(&nested);
}

fn put_runs<B: Bits>(values: &[B], writer: &mut ColumnWriter) {
    let nested = writer.begin(VALUES_PART, values.len());
    let mut rest = values;
    while let Some(&value) = rest.first() {
        let length = rest.iter().position(|&other| other != value).unwrap_or(rest.len());
        put_varint(value.into(), &mut writer.out);
        put_varint(length as u64, &mut writer.out);
        rest = &rest[length..];
    }
    writer.end(&nested);
}

/// Writes a byte for each number, and the numbers that do not fit one among the values.
fn put_bytes_with_exceptions(
    numbers: impl Iterator<Item = u64> + Clone,
    count: usize,
    writer: &mut ColumnWriter,
) {
    put_tag(DATA_PART, LENGTH, &mut writer.out);
    put_varint(count as u64, &mut writer.out);
    let mut exceptions = 0;
    writer.out.extend(numbers.clone().map(|number| {
        exceptions += usize::from(number >= EXCEPTION);
        number.min(EXCEPTION) as u8
    }));
    if exceptions > 0 {
        put_values(numbers.filter(|&number| number >= EXCEPTION), exceptions * 3, writer);
    }
}

fn put_fixed<B: Bits>(values: &[B], base: u64, width: usize, writer: &mut ColumnWriter) {
    put_tag(DATA_PART, LENGTH, &mut writer.out);
    put_varint((values.len() * width) as u64, &mut writer.out);
    match width {
        1 => put_fixed_of::<B, 1>(values, base, &mut writer.out),
        2 => put_fixed_of::<B, 2>(values, base, &mut writer.out),
        3 => put_fixed_of::<B, 3>(values, base, &mut writer.out),
        4 => put_fixed_of::<B, 4>(values, base, &mut writer.out),
        5 => put_fixed_of::<B, 5>(values, base, &mut writer.out),
        6 => put_fixed_of::<B, 6>(values, base, &mut writer.out),
        7 => put_fixed_of::<B, 7>(values, base, &mut writer.out),
        _ => put_fixed_of::<B, 8>(values, base, &mut writer.out),
    }
}

fn put_fixed_of<B: Bits, const WIDTH: usize>(values: &[B], base: u64, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + values.len() * WIDTH, 0);
    for (bytes, &value) in out[start..].chunks_exact_mut(WIDTH).zip(values) {
        bytes.copy_from_slice(&(value.into() - base).to_le_bytes()[..WIDTH]);
    }
}

/// Builds a column of numbers.
///
/// ```
/// use devstate::column::{ColumnWriter, NumbersBuilder};
/// let mut numbers = NumbersBuilder::<u32>::default();
/// (10..13).for_each(|number| numbers.push(number));
/// assert_eq!((numbers.len(), numbers.bits()), (3, &[10, 11, 12][..]));
/// let mut writer = ColumnWriter::new(false, false);
/// numbers.encode(1, &mut writer);
/// // Kind unsigned, encoding SEQUENCE, base 10, step 1.
/// assert_eq!(writer.bytes()[..], [0x0a, 8, 0x08, 1, 0x10, 2, 0x18, 10, 0x20, 1]);
/// numbers.clear();
/// assert!(numbers.is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct NumbersBuilder<T: Number> {
    bits: Vec<T::Bits>,
}

impl<T: Number> Default for NumbersBuilder<T> {
    fn default() -> Self {
        NumbersBuilder { bits: Vec::new() }
    }
}

impl<T: Number> NumbersBuilder<T> {
    /// Adds the value of the next row.
    #[inline]
    pub fn push(&mut self, value: T) {
        self.bits.push(value.to_bits());
    }

    /// Adds zeros up to `count` rows.
    pub(super) fn pad(&mut self, count: usize) {
        self.bits.resize(count, T::Bits::default());
    }

    /// Returns how many rows there are.
    pub fn len(&self) -> usize {
        self.bits.len()
    }

    /// Returns whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Returns the numbers as they travel.
    pub fn bits(&self) -> &[T::Bits] {
        &self.bits
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.bits.clear();
    }

    /// Appends the column as field `field`, unless all values are zero.
    pub fn encode(&self, field: u32, writer: &mut ColumnWriter) {
        encode_numbers(field, T::KIND, &self.bits, writer);
    }
}
