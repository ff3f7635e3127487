// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The primitives of protobuf's wire format.

pub(crate) const VARINT: u32 = 0;
pub(crate) const FIXED64: u32 = 1;
pub(crate) const LENGTH: u32 = 2;
pub(crate) const GROUP: u32 = 3;
pub(crate) const END_GROUP: u32 = 4;
pub(crate) const FIXED32: u32 = 5;

/// As protobuf's parsers have it.
pub(crate) const MAX_DEPTH: u32 = 100;
/// Tags have 32 bits, and parsers take no longer form, of lengths neither.
const MAX_TAG_SIZE: usize = 5;

/// Returns how many bytes the varint of `value` has.
pub(crate) fn varint_size(value: u64) -> usize {
    ((64 - (value | 1).leading_zeros()) as usize * 9 + 64) / 64
}

/// Appends the varint of `value`.
///
/// ```
/// let mut out = Vec::new();
/// devstate::wire::put_varint(300, &mut out);
/// assert_eq!(out, [0xac, 0x02]);
/// ```
#[inline]
pub fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends the tag of a field.
///
/// ```
/// let mut out = Vec::new();
/// devstate::wire::put_tag(3, 2, &mut out);
/// assert_eq!(out, [0x1a]);
/// ```
pub fn put_tag(number: u32, wire_type: u32, out: &mut Vec<u8>) {
    put_varint(u64::from(number) << 3 | u64::from(wire_type), out);
}

/// Appends a varint field, unless it is zero.
pub(crate) fn put_number(number: u32, value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        put_tag(number, VARINT, out);
        put_varint(value, out);
    }
}

/// Appends a length-delimited field.
///
/// ```
/// let mut out = Vec::new();
/// devstate::wire::put_bytes(3, b"ab", &mut out);
/// assert_eq!(out, [0x1a, 2, b'a', b'b']);
/// ```
pub fn put_bytes(number: u32, value: &[u8], out: &mut Vec<u8>) {
    put_tag(number, LENGTH, out);
    put_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Returns 2 · v for v ≥ 0 and −2 · v − 1 for v < 0.
///
/// ```
/// assert_eq!([0, -1, 1].map(devstate::wire::zigzag), [0, 1, 2]);
/// ```
#[inline]
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Returns the number whose zigzag is `value`.
///
/// ```
/// assert_eq!([0, 1, 2].map(devstate::wire::unzigzag), [0, -1, 1]);
/// ```
#[inline]
pub fn unzigzag(value: u64) -> i64 {
    ((value >> 1) as i64) ^ -((value & 1) as i64)
}

/// The value of a field in a message.
///
/// ```
/// use devstate::wire::Value;
/// assert_eq!((Value::Varint(7).bits(), Value::Bytes(b"x").bytes()), (7, &b"x"[..]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Of wire type 0.
    Varint(u64),
    /// Of wire type 1.
    Fixed64(u64),
    /// Of wire type 2.
    Bytes(&'a [u8]),
    /// Of wire type 5.
    Fixed32(u32),
    /// Of wire types 3 and 4.
    Group,
}

impl<'a> Value<'a> {
    /// Returns the bits of a number, 0 if it is none.
    pub fn bits(self) -> u64 {
        match self {
            Value::Varint(value) | Value::Fixed64(value) => value,
            Value::Fixed32(value) => u64::from(value),
            Value::Bytes(_) | Value::Group => 0,
        }
    }
    /// Returns the bytes of a length-delimited value, none if it is another one.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Value::Bytes(bytes) => bytes,
            _ => &[],
        }
    }
}

/// Reads pieces of a message. `None` means that it is not well-formed.
///
/// ```
/// use devstate::wire::{Cursor, Value};
///
/// let mut cursor = Cursor::new(&[0x08, 0x96, 0x01]);
/// assert_eq!(cursor.field(), Some((1, 0, Value::Varint(150))));
/// assert!(cursor.at_end());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    /// Whether a length has five bytes at most.
    short_lengths: bool,
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes, short_lengths: false }
    }

    /// Starts at the first byte of a message that protobuf's parsers take: unlike in columns, its
    /// lengths have five bytes at most.
    ///
    /// ```
    /// use devstate::wire::Cursor;
    /// let long = [0x0a, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, b'x'];
    /// assert!(Cursor::new(&long).field().is_some());
    /// assert!(Cursor::of_message(&long).field().is_none());
    /// ```
    pub fn of_message(bytes: &'a [u8]) -> Self {
        Cursor { rest: bytes, short_lengths: true }
    }

    /// Returns whether everything was read.
    pub fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads a varint of at most ten bytes, the tenth being 0 or 1.
    ///
    /// ```
    /// assert_eq!(devstate::wire::Cursor::new(&[0xac, 0x02]).varint(), Some(300));
    /// ```
    #[inline]
    pub fn varint(&mut self) -> Option<u64> {
        let (&first, rest) = self.rest.split_first()?;
        if first < 0x80 {
            self.rest = rest;
            return Some(u64::from(first));
        }
        self.long_varint()
    }

    fn long_varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for (i, &byte) in self.rest.iter().take(10).enumerate() {
            if i == 9 && byte > 1 {
                return None;
            }
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.rest = &self.rest[i + 1..];
                return Some(value);
            }
        }
        None
    }

    fn tag(&mut self) -> Option<(u32, u32)> {
        let before = self.rest.len();
        let tag = u32::try_from(self.varint()?).ok()?;
        let valid = before - self.rest.len() <= MAX_TAG_SIZE && tag >> 3 != 0;
        valid.then_some((tag >> 3, tag & 7))
    }

    fn take(&mut self, size: u64) -> Option<&'a [u8]> {
        let size = usize::try_from(size).ok()?;
        if size > self.rest.len() {
            return None;
        }
        let (taken, rest) = self.rest.split_at(size);
        self.rest = rest;
        Some(taken)
    }

    /// Reads little-endian bytes.
    pub(crate) fn fixed32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    /// Reads little-endian bytes.
    pub(crate) fn fixed64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// Reads a field: number, wire type and value.
    pub fn field(&mut self) -> Option<(u32, u32, Value<'a>)> {
        self.field_within(0)
    }

    fn field_within(&mut self, depth: u32) -> Option<(u32, u32, Value<'a>)> {
        let (number, wire_type) = self.tag()?;
        let value = match wire_type {
            VARINT => Value::Varint(self.varint()?),
            FIXED64 => Value::Fixed64(self.fixed64()?),
            LENGTH => {
                let before = self.rest.len();
                let size = self.varint()?;
                if self.short_lengths && before - self.rest.len() > MAX_TAG_SIZE {
                    return None;
                }
                Value::Bytes(self.take(size)?)
            }
            FIXED32 => Value::Fixed32(self.fixed32()?),
            GROUP => {
                self.skip_group(number, depth + 1)?;
                Value::Group
            }
            END_GROUP if depth > 0 => Value::Group,
            _ => return None,
        };
        Some((number, wire_type, value))
    }

    fn skip_group(&mut self, group: u32, depth: u32) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        loop {
            let (number, wire_type, _) = self.field_within(depth)?;
            if wire_type == END_GROUP {
                return (number == group).then_some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_of_every_size_come_back() {
        for shift in 0..64 {
            for value in [1u64 << shift, (1u64 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                put_varint(value, &mut bytes);
                assert_eq!(bytes.len(), varint_size(value), "{value}");
                let mut cursor = Cursor::new(&bytes);
                assert_eq!(cursor.varint(), Some(value));
                assert!(cursor.at_end());
            }
        }
    }

    #[test]
    fn a_tenth_byte_above_one_is_no_varint() {
        let mut bytes = [0xff; 10];
        bytes[9] = 2;
        assert_eq!(Cursor::new(&bytes).varint(), None);
        bytes[9] = 1;
        assert_eq!(Cursor::new(&bytes).varint(), Some(u64::MAX));
        assert_eq!(Cursor::new(&[0x80; 11]).varint(), None);
        assert_eq!(Cursor::new(&[0x80; 3]).varint(), None);
    }

    #[test]
    fn a_tag_has_five_bytes_at_most_and_a_number() {
        assert_eq!(Cursor::new(&[0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 1]).field(), None);
        assert_eq!(Cursor::new(&[0x00, 1]).field(), None);
        assert_eq!(Cursor::new(&[0x08, 1]).field(), Some((1, VARINT, Value::Varint(1))));
    }

    #[test]
    fn a_length_has_five_bytes_at_most_in_a_message_and_ten_in_columns() {
        let longest = [0x0a, 0x81, 0x80, 0x80, 0x80, 0x00, b'x'];
        let longer = [0x0a, 0x81, 0x80, 0x80, 0x80, 0x80, 0x00, b'x'];
        let x = Some((1, LENGTH, Value::Bytes(b"x")));
        assert_eq!(Cursor::of_message(&longest).field(), x);
        assert_eq!(Cursor::of_message(&longer).field(), None);
        assert_eq!(Cursor::new(&longer).field(), x);
    }

    #[test]
    fn a_group_ends_with_its_own_number() {
        assert_eq!(Cursor::new(&[0x0b, 0x10, 1, 0x0c]).field(), Some((1, GROUP, Value::Group)));
        assert_eq!(Cursor::new(&[0x0b, 0x10, 1, 0x14]).field(), None);
        assert_eq!(Cursor::new(&[0x0c]).field(), None);
        assert_eq!(Cursor::new(&[0x0b; 1000]).field(), None);
    }

    #[test]
    fn zigzag_alternates() {
        for (value, expected) in [(0, 0), (-1, 1), (1, 2), (i64::MIN, u64::MAX)] {
            assert_eq!(zigzag(value), expected);
            assert_eq!(unzigzag(expected), value);
        }
    }
}
