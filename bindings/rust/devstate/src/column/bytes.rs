// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! BytesColumn: strings and bytes.

use std::borrow::Cow;

use super::message::{Context, Parts};
use super::number_decode::{check_kind, Numbers};
use super::number_encode::encode_numbers;
use super::occurrences::{Column, ColumnBuilder};
use super::starts::Starts;
use super::{ColumnWriter, Kind};
use crate::error::{Reason, StreamError};
use crate::wire::{put_bytes, put_number};

const KIND_PART: u32 = 1;
const LAYOUT_PART: u32 = 2;
const LENGTHS_PART: u32 = 3;
const DATA_PART: u32 = 4;
const FIRST_WORD_PART: u32 = 5;
const WORD_SIZE: usize = 4;
const MAX_WORDS: usize = 8;
const LAST_PART: usize = FIRST_WORD_PART as usize + MAX_WORDS - 1;

const CONCATENATED: u64 = 0;
const WORDS: u64 = 1;

/// Lengths and data of a column, not judged as text.
///
/// ```
/// use devstate::column::{Bytes, Context, Kind};
/// use devstate::{Chunk, Limits};
///
/// let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload: &[] };
/// let mut cx = Context::new(batch, &Limits::default(), 1);
/// // Of kind text, with the lengths 2 and 1.
/// let column = [0x08, 6, 0x1a, 6, 0x08, 1, 0x3a, 2, 2, 1, 0x22, 3, b'h', b'i', 0xff];
/// let bytes = Bytes::decode(&column, Kind::Text, 2, &mut cx)?;
/// assert_eq!((bytes.get(0), bytes.lengths().get(1)), (&b"hi"[..], 1));
/// assert_eq!(bytes.first_invalid_text(2), Some(1));
/// # Ok::<(), Box<devstate::StreamError>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Bytes<'p> {
    lengths: Numbers<u32>,
    starts: Starts,
    data: Cow<'p, [u8]>,
}

impl<'p> Bytes<'p> {
    /// Decodes a BytesColumn of `count` values of `kind`. Text is not checked.
    ///
    /// # Errors
    /// The reasons of the format.
    pub fn decode(
        column: &'p [u8],
        kind: Kind,
        count: usize,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        let parts = Parts::<LAST_PART>::parse(column, 1 << KIND_PART | 1 << LAYOUT_PART, cx)?;
        check_kind(parts.number(KIND_PART), kind, cx)?;
        let layout = parts.number(LAYOUT_PART);
        if layout > WORDS {
            return Err(cx.error(
                Reason::UnknownContent,
                format!("column has unknown layout {layout}: update the reader"),
            ));
        }
        let lengths = if parts.has(LENGTHS_PART) {
            Numbers::decode(parts.bytes(LENGTHS_PART), count, cx)?
        } else {
            Numbers::default()
        };
        let data = if layout == WORDS {
            if parts.has(DATA_PART) {
                return Err(cx.error(Reason::Malformed, "column has words and data"));
            }
            Cow::Owned(words(&parts, &lengths, count, cx)?)
        } else {
            if parts.has_any_from(FIRST_WORD_PART) {
                return Err(cx.error(Reason::Malformed, "concatenated column has words"));
            }
            Cow::Borrowed(parts.bytes(DATA_PART))
        };
        let sum = lengths.sum(count);
        if sum != data.len() as u64 {
            return Err(cx.error(
                Reason::Malformed,
                format!("column has {} bytes of data, its lengths add up to {sum}", data.len()),
            ));
        }
        // Words are charged before they are put together.
        if layout != WORDS {
            cx.charge(sum, 1)?;
        }
        Ok(Bytes { starts: Starts::of(&lengths, count), lengths, data })
    }

    /// Returns the length of each value.
    pub fn lengths(&self) -> &Numbers<u32> {
        &self.lengths
    }

    /// Returns value `i`.
    #[inline]
    pub fn get(&self, i: usize) -> &[u8] {
        &self.data[self.starts.range(i)]
    }

    /// Returns the first of `count` values that is not UTF-8.
    pub fn first_invalid_text(&self, count: usize) -> Option<usize> {
        if self.data.is_ascii() {
            return None;
        }
        (0..count).find(|&i| std::str::from_utf8(self.get(i)).is_err())
    }
}

fn words(
    parts: &Parts<'_, LAST_PART>,
    lengths: &Numbers<u32>,
    count: usize,
    cx: &mut Context<'_>,
) -> Result<Vec<u8>, Box<StreamError>> {
    let length = if count == 0 { 0 } else { lengths.get(0) as usize };
    if length == 0
        || length % WORD_SIZE != 0
        || length > MAX_WORDS * WORD_SIZE
        || lengths.bits(count).iter().any(|&other| other as usize != length)
    {
        return Err(cx.error(
            Reason::Malformed,
            "column of words whose values are not all of one length, a multiple of 4 up to 32",
        ));
    }
    let words = length / WORD_SIZE;
    if parts.has_any_from(FIRST_WORD_PART + words as u32) {
        return Err(cx.error(Reason::Malformed, "column has more words than its values"));
    }
    cx.charge(count as u64, length as u64)?;
    let mut data = vec![0; count * length];
    for word in 0..words {
        let part = FIRST_WORD_PART + word as u32;
        if !parts.has(part) {
            continue;
        }
        let column = Numbers::<u32>::decode(parts.bytes(part), count, cx)?;
        for (i, value) in data.chunks_exact_mut(length).enumerate() {
            value[word * WORD_SIZE..][..WORD_SIZE].copy_from_slice(&column.get(i).to_le_bytes());
        }
    }
    Ok(data)
}

/// The values of a `bytes` field, decoded.
///
/// ```
/// use devstate::column::{Blobs, Column, Context};
/// # use devstate::{Chunk, Limits};
/// # let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload: &[] };
/// # let mut cx = Context::new(batch, &Limits::default(), 1);
/// // Of kind bytes, with the lengths 2 and 1.
/// let column = [0x08, 5, 0x1a, 6, 0x08, 1, 0x3a, 2, 2, 1, 0x22, 3, 0xca, 0xfe, 0xff];
/// let blobs = Blobs::decode(&column, 2, &mut cx)?;
/// assert_eq!((blobs.get(0), blobs.lengths().sum(2)), (&[0xca, 0xfe][..], 3));
/// # Ok::<(), Box<devstate::StreamError>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Blobs<'p>(Bytes<'p>);

impl<'p> Blobs<'p> {
    /// Returns the length of each value.
    pub fn lengths(&self) -> &Numbers<u32> {
        self.0.lengths()
    }
}

impl<'p> Column<'p> for Blobs<'p> {
    type Value<'r>
        = &'r [u8]
    where
        Self: 'r;

    fn decode(
        column: &'p [u8],
        count: usize,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        Bytes::decode(column, Kind::Bytes, count, cx).map(Blobs)
    }
    fn absent(_: usize, _: &mut Context<'_>) -> Result<Self, Box<StreamError>> {
        Ok(Blobs::default())
    }
    #[inline]
    fn get(&self, i: usize) -> &[u8] {
        self.0.get(i)
    }
}

/// The values of a `string` field, decoded; [the module](crate::column) has an example.
#[derive(Clone, Debug, Default)]
pub struct Texts<'p> {
    lengths: Numbers<u32>,
    starts: Starts,
    text: Cow<'p, str>,
}

impl Texts<'_> {
    /// Returns the length of each value.
    pub fn lengths(&self) -> &Numbers<u32> {
        &self.lengths
    }
}

impl<'p> Column<'p> for Texts<'p> {
    type Value<'r>
        = &'r str
    where
        Self: 'r;

    fn decode(
        column: &'p [u8],
        count: usize,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        let bytes = Bytes::decode(column, Kind::Text, count, cx)?;
        if let Some(row) = bytes.first_invalid_text(count) {
            return Err(cx.error(Reason::Malformed, format!("row {row} is not valid UTF-8")));
        }
        let text = match bytes.data {
            Cow::Borrowed(data) => std::str::from_utf8(data).ok().map(Cow::Borrowed),
            Cow::Owned(data) => String::from_utf8(data).ok().map(Cow::Owned),
        };
        // Values that are text are text together.
        Ok(Texts { lengths: bytes.lengths, starts: bytes.starts, text: text.unwrap_or_default() })
    }
    fn absent(_: usize, _: &mut Context<'_>) -> Result<Self, Box<StreamError>> {
        Ok(Texts::default())
    }
    #[inline]
    fn get(&self, i: usize) -> &str {
        &self.text[self.starts.range(i)]
    }
}

/// Builds a column of strings or bytes.
#[derive(Clone, Debug, Default)]
struct BytesBuilder {
    lengths: Vec<u32>,
    data: Vec<u8>,
}

impl BytesBuilder {
    #[inline]
    fn push(&mut self, value: &[u8]) {
        self.lengths.push(value.len() as u32);
        self.data.extend_from_slice(value);
    }

    fn clear(&mut self) {
        self.lengths.clear();
        self.data.clear();
    }

    fn encode(&self, field: u32, kind: Kind, writer: &mut ColumnWriter) {
        if self.data.is_empty() {
            return;
        }
        let count = self.lengths.len();
        let length = self.lengths[0] as usize;
        // Numbers of any kind hide in short values of one length; found, they compress far
        // better. Uncompressed, it is not worth the time.
        let words = writer.compressed
            && !writer.plain
            && count > 1
            && length % WORD_SIZE == 0
            && length <= MAX_WORDS * WORD_SIZE
            && self.lengths.iter().all(|&other| other as usize == length);
        let nested = writer.begin(field, self.data.len() + 16);
        put_number(KIND_PART, kind as u64, &mut writer.out);
        put_number(LAYOUT_PART, if words { WORDS } else { CONCATENATED }, &mut writer.out);
        encode_numbers(LENGTHS_PART, Kind::Unsigned, &self.lengths, writer);
        if words {
            let mut column = Vec::with_capacity(count);
            for word in 0..length / WORD_SIZE {
                column.clear();
                column.extend(self.data.chunks_exact(length).map(|value| {
                    let at = word * WORD_SIZE;
                    u32::from_le_bytes([value[at], value[at + 1], value[at + 2], value[at + 3]])
                }));
                let part = FIRST_WORD_PART + word as u32;
                encode_numbers(part, Kind::Unsigned, &column, writer);
            }
        } else {
            put_bytes(DATA_PART, &self.data, &mut writer.out);
        }
        writer.end(&nested);
    }
}

/// Builds a column of `bytes`; [`ColumnBuilder`] has an example.
#[derive(Clone, Debug, Default)]
pub struct BlobsBuilder(BytesBuilder);

/// Builds a column of `string`; [the module](crate::column) has an example.
#[derive(Clone, Debug, Default)]
pub struct TextsBuilder(BytesBuilder);

macro_rules! builder {
    ($name:ident, $value:ty, $kind:ident, $bytes:expr) => {
        impl $name {
            /// Adds the value of the next row.
            #[inline]
            pub fn push(&mut self, value: $value) {
                self.0.push($bytes(value));
            }
            /// Returns the length of each value.
            pub fn lengths(&self) -> &[u32] {
                &self.0.lengths
            }
        }

        impl ColumnBuilder for $name {
            fn clear(&mut self) {
                self.0.clear();
            }
            fn encode(&self, field: u32, writer: &mut ColumnWriter) {
                self.0.encode(field, Kind::$kind, writer);
            }
        }
    };
}
builder!(BlobsBuilder, &[u8], Bytes, |value| value);
builder!(TextsBuilder, &str, Text, str::as_bytes);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Cursor;

    fn encode(values: &[&[u8]], compressed: bool) -> Vec<u8> {
        let mut builder = BlobsBuilder::default();
        values.iter().for_each(|value| builder.push(value));
        let mut writer = ColumnWriter::new(false, compressed);
        builder.encode(1, &mut writer);
        std::mem::take(writer.bytes())
    }

    fn check(values: &[&[u8]], compressed: bool, layout: u64) {
        let bytes = encode(values, compressed);
        let column = Cursor::new(&bytes).field().unwrap().2.bytes();
        let mut cx = Context::for_test();
        let parts = Parts::<LAST_PART>::parse(column, 6, &cx).unwrap();
        assert_eq!(parts.number(LAYOUT_PART), layout);
        let blobs = Blobs::decode(column, values.len(), &mut cx).unwrap();
        for (i, value) in values.iter().enumerate() {
            assert_eq!(&blobs.get(i), value);
        }
    }

    #[test]
    fn values_come_back_in_both_layouts() {
        check(&[b"a", b"", b"bcd"], true, CONCATENATED);
        check(&[b"abcdefgh", b"12345678"], false, CONCATENATED);
        check(&[b"abcdefgh", b"12345678"], true, WORDS);
        check(&[b"abcdefgh"], true, CONCATENATED);
        check(&[&[1; 33], &[2; 33]], true, CONCATENATED);
        assert!(encode(&[b"", b""], true).is_empty());
    }

    #[test]
    fn text_is_utf8_value_by_value() {
        // Valid as a whole, cut within a character.
        let column = [0x08, 6, 0x1a, 6, 0x08, 1, 0x10, 1, 0x18, 1, 0x22, 2, 0xc3, 0xa9];
        let reason = Texts::decode(&column, 2, &mut Context::for_test()).unwrap_err().reason;
        assert_eq!(reason, Reason::Malformed);
        let whole = [0x08, 6, 0x1a, 6, 0x08, 1, 0x10, 1, 0x18, 2, 0x22, 2, 0xc3, 0xa9];
        assert_eq!(Texts::decode(&whole, 1, &mut Context::for_test()).unwrap().get(0), "é");
    }
}
