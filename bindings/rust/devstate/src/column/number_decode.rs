// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! NumberColumn, read: strictly, as untrusted input.

use super::message::{Context, Parts};
use super::number_encode::{
    BASE_PART, BYTE, CONSTANT, DATA_PART, DELTA_BYTE, DICTIONARY, ENCODING_PART, EXCEPTION, FIXED,
    KIND_PART, MAX_DICTIONARY, PLAIN, RUN_LENGTH, SEQUENCE, STEP_PART, VALUES_PART, WIDTH_PART,
};
use super::{Bits, Kind, Number};
use crate::error::{Reason, StreamError};
use crate::wire::{unzigzag, Cursor};

const VARINT_PARTS: u32 =
    1 << KIND_PART | 1 << ENCODING_PART | 1 << BASE_PART | 1 << STEP_PART | 1 << WIDTH_PART;

/// Bits of the parts from `base` on that columns of `encoding` may have.
fn parts_of(encoding: u64) -> u32 {
    match encoding {
        CONSTANT => 1 << BASE_PART,
        SEQUENCE => 1 << BASE_PART | 1 << STEP_PART,
        BYTE | DELTA_BYTE => 1 << BASE_PART | 1 << DATA_PART | 1 << VALUES_PART,
        FIXED => 1 << BASE_PART | 1 << WIDTH_PART | 1 << DATA_PART,
        DICTIONARY => 1 << DATA_PART | 1 << VALUES_PART,
        _ => 1 << VALUES_PART,
    }
}

fn encoding_name(encoding: u64) -> &'static str {
    match encoding {
        PLAIN => "PLAIN",
        CONSTANT => "CONSTANT",
        SEQUENCE => "SEQUENCE",
        RUN_LENGTH => "RUN_LENGTH",
        BYTE => "BYTE",
        DELTA_BYTE => "DELTA_BYTE",
        FIXED => "FIXED",
        _ => "DICTIONARY",
    }
}

pub(super) fn check_kind(
    found: u64,
    expected: Kind,
    cx: &Context<'_>,
) -> Result<(), Box<StreamError>> {
    if found == expected as u64 {
        return Ok(());
    }
    if found > Kind::Text as u64 {
        return Err(cx.error(
            Reason::UnknownContent,
            format!("column is of unknown kind {found}: update the reader"),
        ));
    }
    Err(cx.error(
        Reason::Malformed,
        format!("column is of kind {found}, the schema has {expected:?}"),
    ))
}

/// The values of a number field, decoded.
///
/// ```
/// use devstate::column::{Context, Numbers};
/// use devstate::{Chunk, Limits, Reason};
///
/// let batch = Chunk { field: 4, records: 3, ignorable: false, sequence: 1, offset: 0, payload: &[] };
/// let cx = Context::new(batch, &Limits::default(), 1);
/// // Kind signed, the zigzag numbers 2, 4 and 1.
/// let column = [0x08, 2, 0x3a, 3, 2, 4, 1];
/// let numbers = Numbers::<i32>::decode(&column, 3, &cx)?;
/// assert_eq!([0, 1, 2].map(|i| numbers.get(i)), [1, 2, -1]);
/// assert_eq!((numbers.bits(3), numbers.sum(3)), (&[2, 4, 1][..], 7));
/// // As an enum whose values are 1 and 2.
/// let error = numbers.check_named(3, &cx, |number| [1, 2].contains(&number)).unwrap_err();
/// assert_eq!(error.reason, Reason::UnknownContent);
/// # Ok::<(), Box<devstate::StreamError>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Numbers<T: Number> {
    /// One value if `constant`, which stands for all rows.
    bits: Vec<T::Bits>,
    constant: bool,
}

impl<T: Number> Default for Numbers<T> {
    fn default() -> Self {
        Numbers { bits: vec![T::Bits::default()], constant: true }
    }
}

impl<T: Number> Numbers<T> {
    /// Decodes a NumberColumn of `count` values, which are charged already.
    ///
    /// # Errors
    /// The reasons of the format.
    pub fn decode(column: &[u8], count: usize, cx: &Context<'_>) -> Result<Self, Box<StreamError>> {
        let (bits, constant) = decode_numbers::<T::Bits>(column, T::KIND, count, cx)?;
        if T::MAX_BITS != T::Bits::MAX && !bits.iter().all(|&bits| T::is_valid(bits)) {
            return Err(cx.error(Reason::Malformed, "a bool is neither 0 nor 1"));
        }
        Ok(Numbers { bits, constant })
    }

    /// Returns the value of row `i`, which must be below the count of rows.
    #[inline]
    pub fn get(&self, i: usize) -> T {
        T::from_bits(self.bits[if self.constant { 0 } else { i }])
    }

    /// Returns the numbers of `count` rows as they travel: one if all of them are the same.
    pub fn bits(&self, count: usize) -> &[T::Bits] {
        &self.bits[..if self.constant { count.min(1) } else { count }]
    }

    /// Returns the value that all rows have, if the column says so.
    pub(super) fn constant(&self) -> Option<u64> {
        self.constant.then(|| self.bits[0].into())
    }

    /// Returns the sum of the numbers of `count` rows as they travel.
    pub fn sum(&self, count: usize) -> u64 {
        match self.constant() {
            Some(value) => value.saturating_mul(count as u64),
            None => self.bits.iter().map(|&bits| bits.into()).sum(),
        }
    }
}

impl Numbers<i32> {
    /// Refuses numbers for which `named` says no.
    ///
    /// # Errors
    /// UNKNOWN_CONTENT.
    pub fn check_named(
        &self,
        count: usize,
        cx: &Context<'_>,
        named: impl Fn(i32) -> bool,
    ) -> Result<(), Box<StreamError>> {
        if self.bits(count).iter().all(|&bits| named(i32::from_bits(bits))) {
            return Ok(());
        }
        Err(cx.error(
            Reason::UnknownContent,
            "an enum has a value that the schema does not name: update the reader",
        ))
    }
}

/// Returns the values, or one of them if the column says that all are the same.
fn decode_numbers<B: Bits>(
    column: &[u8],
    kind: Kind,
    count: usize,
    cx: &Context<'_>,
) -> Result<(Vec<B>, bool), Box<StreamError>> {
    if count == 0 {
        return Err(cx.error(Reason::Malformed, "column without a row"));
    }
    let parts = Parts::<{ VALUES_PART as usize }>::parse(column, VARINT_PARTS, cx)?;
    check_kind(parts.number(KIND_PART), kind, cx)?;
    let encoding = parts.number(ENCODING_PART);
    if encoding > DICTIONARY {
        return Err(cx.error(
            Reason::UnknownContent,
            format!("column has unknown encoding {encoding}: update the reader"),
        ));
    }
    for part in BASE_PART..=VALUES_PART {
        if parts.has(part) && parts_of(encoding) >> part & 1 == 0 {
            return Err(cx.error(
                Reason::Malformed,
                format!("column has a part {part}, which {} does not use", encoding_name(encoding)),
            ));
        }
    }
    let base = parts.number(BASE_PART);
    if encoding == CONSTANT {
        if base > B::MAX {
            return Err(too_wide::<B>(cx));
        }
        return Ok((vec![B::cut(base)], true));
    }
    let mut decoder = Decoder::<B> {
        count,
        base,
        data: parts.bytes(DATA_PART),
        values: Cursor::new(parts.bytes(VALUES_PART)),
        out: Vec::with_capacity(count),
        excess: 0,
        cx,
    };
    decoder.decode(encoding, parts.number(STEP_PART), parts.number(WIDTH_PART))?;
    Ok((decoder.out, false))
}

fn too_wide<B: Bits>(cx: &Context<'_>) -> Box<StreamError> {
    cx.error(
        Reason::Malformed,
        format!("a value does not fit {} bits", 8 * std::mem::size_of::<B>()),
    )
}

struct Decoder<'a, B> {
    count: usize,
    base: u64,
    data: &'a [u8],
    values: Cursor<'a>,
    out: Vec<B>,
    /// Bits of any value beyond the width.
    excess: u64,
    cx: &'a Context<'a>,
}

impl<B: Bits> Decoder<'_, B> {
    /// Puts a value for each of `items`, which `value` makes with the next of the values at hand.
    #[inline]
    fn put_all<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut value: impl FnMut(T, &mut Exceptions<'_>) -> u64,
    ) -> Result<(), Box<StreamError>> {
        let mut exceptions = Exceptions { values: self.values, missing: false };
        let mut excess = 0;
        // One reservation for all of them, and no check of the room for each.
        self.out.extend(items.map(|item| {
            let value = value(item, &mut exceptions);
            let bits = B::cut(value);
            excess |= value ^ bits.into();
            bits
        }));
        self.excess |= excess;
        self.values = exceptions.values;
        if exceptions.missing {
            return Err(self.too_few());
        }
        Ok(())
    }

    fn too_few(&self) -> Box<StreamError> {
        self.cx.error(
            Reason::Malformed,
            format!("column has too few values for its {} rows", self.count),
        )
    }

    fn next_value(&mut self) -> Result<u64, Box<StreamError>> {
        self.values.varint().ok_or_else(|| self.too_few())
    }

    fn decode(&mut self, encoding: u64, step: u64, width: u64) -> Result<(), Box<StreamError>> {
        match encoding {
            PLAIN => self.put_all(0..self.count, |_, values| values.next())?,
            SEQUENCE => {
                let base = self.base;
                self.put_all(0..self.count, |i, _| base.wrapping_add(step.wrapping_mul(i as u64)))?;
            }
            RUN_LENGTH => self.runs()?,
            BYTE => {
                self.expect_data(1)?;
                self.bytes()?;
            }
            DELTA_BYTE => {
                self.expect_data(1)?;
                self.deltas()?;
            }
            FIXED => {
                if !(1..=8).contains(&width) {
                    return Err(self.cx.error(
                        Reason::Malformed,
                        format!("width is {width}, expected 1 to 8 bytes"),
                    ));
                }
                self.expect_data(width as usize)?;
                self.fixed(width);
            }
            _ => {
                self.expect_data(1)?;
                self.dictionary()?;
            }
        }
        if !self.values.at_end() {
            return Err(self.cx.error(
                Reason::Malformed,
                format!("column has too many values for its {} rows", self.count),
            ));
        }
        if self.excess != 0 {
            return Err(too_wide::<B>(self.cx));
        }
        Ok(())
    }

    fn expect_data(&self, width: usize) -> Result<(), Box<StreamError>> {
        let expected = self.count.saturating_mul(width);
        if self.data.len() == expected {
            return Ok(());
        }
        Err(self.cx.error(
            Reason::Malformed,
            format!("column has {} bytes of data, expected {expected}", self.data.len()),
        ))
    }

    fn runs(&mut self) -> Result<(), Box<StreamError>> {
        while self.out.len() < self.count {
            let value = self.next_value()?;
            let length = self.next_value()?;
            let left = self.count - self.out.len();
            if length == 0 || length > left as u64 {
                return Err(self.cx.error(
                    Reason::Malformed,
                    format!("run of length {length} at row {} of {}", self.out.len(), self.count),
                ));
            }
            let bits = B::cut(value);
            self.excess |= value ^ bits.into();
            self.out.resize(self.out.len() + length as usize, bits);
        }
        Ok(())
    }

    fn bytes(&mut self) -> Result<(), Box<StreamError>> {
        let base = self.base;
        if base <= B::MAX - EXCEPTION.min(B::MAX) {
            // No sum wraps, so the loop is one of vectors; exceptions are corrected below.
            self.out.extend(self.data.iter().map(|&byte| B::cut(base + u64::from(byte))));
            let mut at = 0;
            while let Some(found) = self.data[at..].iter().position(|&byte| byte == 255) {
                at += found;
                let value = base.wrapping_add(self.next_value()?);
                self.out[at] = B::cut(value);
                self.excess |= value ^ self.out[at].into();
                at += 1;
            }
            return Ok(());
        }
        self.put_all(self.data.iter(), |&byte, values| base.wrapping_add(values.or(byte)))
    }

    fn deltas(&mut self) -> Result<(), Box<StreamError>> {
        let mut value = self.base;
        self.put_all(self.data.iter(), |&byte, values| {
            value = value.wrapping_add(unzigzag(values.or(byte)) as u64);
            value
        })
    }

    fn fixed(&mut self, width: u64) {
        match width {
            1 => self.fixed_of::<1>(),
            2 => self.fixed_of::<2>(),
            3 => self.fixed_of::<3>(),
            4 => self.fixed_of::<4>(),
            5 => self.fixed_of::<5>(),
            6 => self.fixed_of::<6>(),
            7 => self.fixed_of::<7>(),
            _ => self.fixed_of::<8>(),
        }
    }

    fn fixed_of<const WIDTH: usize>(&mut self) {
        let base = self.base;
        let mut excess = 0;
        self.out.extend(self.data.chunks_exact(WIDTH).map(|bytes| {
            let mut number = [0; 8];
            number[..WIDTH].copy_from_slice(bytes);
            let value = base.wrapping_add(u64::from_le_bytes(number));
            let bits = B::cut(value);
            excess |= value ^ bits.into();
            bits
        }));
        self.excess |= excess;
    }

    fn dictionary(&mut self) -> Result<(), Box<StreamError>> {
        let mut table = Vec::with_capacity(MAX_DICTIONARY);
        while !self.values.at_end() && table.len() < MAX_DICTIONARY {
            table.push(self.next_value()?);
        }
        if let Some(row) = self.data.iter().position(|&index| usize::from(index) >= table.len()) {
            return Err(self.cx.error(
                Reason::Malformed,
                format!(
                    "row {row} has index {} into a dictionary of {}",
                    self.data[row],
                    table.len()
                ),
            ));
        }
        self.put_all(self.data.iter(), |&index, _| table[usize::from(index)])
    }
}

/// The numbers that do not fit a byte.
struct Exceptions<'a> {
    values: Cursor<'a>,
    missing: bool,
}

impl Exceptions<'_> {
    #[inline]
    fn next(&mut self) -> u64 {
        self.values.varint().unwrap_or_else(|| {
            self.missing = true;
            0
        })
    }

    /// Returns the number that `byte` is or stands for.
    #[inline]
    fn or(&mut self, byte: u8) -> u64 {
        if u64::from(byte) == EXCEPTION {
            self.next()
        } else {
            u64::from(byte)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ColumnWriter, NumbersBuilder};
    use super::*;

    fn decode<T: Number>(column: &[u8], count: usize) -> Result<Vec<T>, Reason> {
        let cx = Context::for_test();
        let numbers = Numbers::<T>::decode(column, count, &cx).map_err(|e| e.reason)?;
        Ok((0..count).map(|i| numbers.get(i)).collect())
    }

    fn encode<T: Number>(values: &[T]) -> Vec<u8> {
        let mut builder = NumbersBuilder::default();
        values.iter().for_each(|&value| builder.push(value));
        let mut writer = ColumnWriter::new(false, false);
        builder.encode(1, &mut writer);
        std::mem::take(writer.bytes())
    }

    /// The columns that the specification takes apart.
    const EXAMPLES: [(&[u8], &[u64]); 8] = [
        (&[0x08, 1, 0x3a, 3, 5, 0, 7], &[5, 0, 7]),
        (&[0x08, 1, 0x10, 1, 0x18, 9], &[9, 9, 9]),
        (&[0x08, 1, 0x10, 2, 0x18, 10, 0x20, 2], &[10, 12, 14]),
        (&[0x08, 1, 0x10, 3, 0x3a, 4, 8, 3, 9, 1], &[8, 8, 8, 9]),
        (&[0x08, 1, 0x10, 4, 0x18, 0x64, 0x32, 3, 0, 0xff, 1, 0x3a, 2, 0xe8, 7], &[100, 1100, 101]),
        (&[0x08, 1, 0x10, 5, 0x18, 0x64, 0x32, 3, 0, 2, 0xff, 0x3a, 2, 0xe6, 7], &[100, 101, 600]),
        (&[0x08, 1, 0x10, 6, 0x18, 1, 0x28, 3, 0x32, 6, 1, 0, 0, 0, 1, 0], &[2, 257]),
        (&[0x08, 1, 0x10, 7, 0x32, 3, 0, 1, 0, 0x3a, 4, 7, 0xf0, 0xa2, 4], &[7, 70000, 7]),
    ];

    #[test]
    fn the_examples_of_the_specification_decode() {
        for (column, values) in EXAMPLES {
            assert_eq!(decode::<u64>(column, values.len()).as_deref(), Ok(values), "{column:02x?}");
        }
    }

    #[test]
    fn another_count_of_rows_is_refused() {
        for (column, values) in EXAMPLES {
            if column[3] == 1 || column[3] == 2 {
                continue;
            }
            assert_eq!(decode::<u64>(column, values.len() + 1), Err(Reason::Malformed));
            assert_eq!(decode::<u64>(column, values.len() - 1), Err(Reason::Malformed));
        }
        assert_eq!(decode::<u64>(EXAMPLES[1].0, 0), Err(Reason::Malformed));
    }

    #[test]
    fn a_cut_column_is_refused_and_a_flipped_bit_is_refused_or_harmless() {
        for (column, values) in EXAMPLES {
            for end in 0..column.len() {
                if let Ok(read) = decode::<u64>(&column[..end], values.len()) {
                    // A base that is left out is 0.
                    assert_eq!(read.len(), values.len());
                }
            }
            for bit in 0..column.len() * 8 {
                let mut damaged = column.to_vec();
                damaged[bit / 8] ^= 1 << (bit % 8);
                let _ = decode::<u64>(&damaged, values.len());
                let _ = decode::<u32>(&damaged, values.len());
                let _ = decode::<bool>(&damaged, values.len());
            }
        }
    }

    #[test]
    fn parts_that_the_encoding_does_not_use_are_refused() {
        assert_eq!(decode::<u64>(&[0x08, 1, 0x18, 0, 0x3a, 1, 5], 1), Err(Reason::Malformed));
        assert_eq!(decode::<u64>(&[0x08, 1, 0x08, 1, 0x3a, 1, 5], 1), Err(Reason::Malformed));
        assert_eq!(decode::<u64>(&[0x08, 1, 0x38, 5], 1), Err(Reason::Malformed));
        assert_eq!(decode::<u64>(&[0x08, 1, 0x40, 5], 1), Err(Reason::UnknownContent));
        assert_eq!(decode::<u64>(&[0x08, 2, 0x3a, 1, 5], 1), Err(Reason::Malformed));
        assert_eq!(decode::<u64>(&[0x08, 7, 0x3a, 1, 5], 1), Err(Reason::UnknownContent));
        assert_eq!(decode::<u64>(&[0x08, 1, 0x10, 8, 0x3a, 1, 5], 1), Err(Reason::UnknownContent));
    }

    #[test]
    fn values_that_do_not_fit_the_type_are_refused() {
        let too_wide = [0x08, 1, 0x3a, 5, 0x80, 0x80, 0x80, 0x80, 0x10];
        assert_eq!(decode::<u64>(&too_wide, 1), Ok(vec![1 << 32]));
        assert_eq!(decode::<u32>(&too_wide, 1), Err(Reason::Malformed));
        assert_eq!(decode::<bool>(&[0x08, 1, 0x3a, 1, 2], 1), Err(Reason::Malformed));
        assert_eq!(decode::<bool>(&[0x08, 1, 0x10, 1, 0x18, 2], 1), Err(Reason::Malformed));
    }

    /// Numbers without a seed from outside.
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn columns_of_all_shapes_come_back_in_the_encoding_meant_for_them() {
        let mut state = 1;
        let mut noise = |mask: u64| random(&mut state) & mask;
        let shapes: Vec<(u64, Vec<u64>)> = vec![
            (PLAIN, vec![1, 300, 2, 70000]),
            (CONSTANT, vec![7; 100]),
            (SEQUENCE, (0..100).map(|i| 5 + 3 * i).collect()),
            (RUN_LENGTH, (0..1000).map(|i| 1000 * (i / 100)).collect()),
            (BYTE, (0..1000).map(|_| 40000 + noise(127)).collect()),
            (DELTA_BYTE, (0..1000).map(|i| i * 1000 / 13 + i * i % 7).collect()),
            (FIXED, (0..1000).map(|_| noise(u64::MAX >> 20)).collect()),
            (DICTIONARY, (0..1000).map(|_| 1_000_000 * noise(15)).collect()),
        ];
        for (encoding, values) in shapes {
            let bytes = encode(&values);
            let mut outer = Cursor::new(&bytes);
            let column = outer.field().unwrap().2.bytes();
            let found = if encoding == PLAIN { 0 } else { u64::from(column[3]) };
            assert_eq!(found, encoding, "{}", encoding_name(encoding));
            assert_eq!(decode::<u64>(column, values.len()), Ok(values));
        }
    }

    #[test]
    fn extremes_of_each_type_come_back() {
        fn check<T: Number>(values: &[T]) {
            let bytes = encode(values);
            let column = Cursor::new(&bytes).field().unwrap().2.bytes();
            assert_eq!(decode::<T>(column, values.len()).as_deref(), Ok(values));
        }
        check(&[i32::MIN, -1, 0, 1, i32::MAX]);
        check(&[i64::MIN, -1, 0, 1, i64::MAX]);
        check(&[0, u32::MAX, u32::MAX - 254, u32::MAX - 255]);
        check(&[u64::MAX, u64::MAX - 254, u64::MAX - 255, u64::MAX - 1]);
        check(&[0, u64::MAX]);
        check(&[-0.0f32, 1.5, f32::INFINITY]);
        check(&[-0.0f64, 1.5, f64::MIN_POSITIVE]);
        check(&[true, false, true]);
    }

    #[test]
    fn zeros_are_left_out() {
        assert!(encode(&[0u64, 0]).is_empty());
        assert!(encode::<u64>(&[]).is_empty());
        assert!(!encode(&[-0.0f64]).is_empty());
    }
}
