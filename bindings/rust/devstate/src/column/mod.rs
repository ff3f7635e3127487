// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Columns: how the values of one field of many records travel. For generated code.
//!
//! ```
//! use devstate::column::{Column, ColumnBuilder, ColumnWriter, ColumnsWalk, Context};
//! use devstate::column::{Numbers, NumbersBuilder, Texts, TextsBuilder};
//! use devstate::{Chunk, Limits, StreamError};
//!
//! // Records of message Port { uint32 number = 1; string name = 2; }
//! let mut numbers = NumbersBuilder::<u32>::default();
//! let mut names = TextsBuilder::default();
//! for (number, name) in [(1, "eth0"), (7, "eth1")] {
//!     numbers.push(number);
//!     names.push(name);
//! }
//! let mut writer = ColumnWriter::new(false, false);
//! numbers.encode(1, &mut writer);
//! names.encode(2, &mut writer);
//!
//! fn read(batch: Chunk<'_>) -> Result<Vec<(u32, String)>, Box<StreamError>> {
//!     let rows = batch.records as usize;
//!     let mut cx = Context::new(batch, &Limits::default(), 1);
//!     cx.charge(batch.records.into(), 8 + 8 + 16)?; // A record, a number, a string.
//!     let (mut numbers, mut names) = (Numbers::<u32>::default(), Texts::default());
//!     let mut walk = ColumnsWalk::new(batch.payload);
//!     while let Some((number, column)) = walk.next(&cx)? {
//!         match number {
//!             1 => numbers = Numbers::decode(column, rows, &cx)?,
//!             2 => names = Texts::decode(column, rows, &mut cx)?,
//!             _ => return Err(walk.unknown(&cx)),
//!         }
//!     }
//!     Ok((0..rows).map(|i| (numbers.get(i), names.get(i).to_owned())).collect())
//! }
//! let payload = writer.bytes();
//! let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload };
//! assert_eq!(read(batch)?, [(1, "eth0".to_owned()), (7, "eth1".to_owned())]);
//! # Ok::<(), Box<StreamError>>(())
//! ```

mod bounds;
mod bytes;
mod message;
mod number_decode;
mod number_encode;
mod occurrences;
mod starts;

pub use bounds::{Bound, Bounded, Rows};
pub use bytes::{Blobs, BlobsBuilder, Bytes, Texts, TextsBuilder};
pub use message::{unfit_within, within, ColumnsWalk, Context, RecordBuilder};
pub use number_decode::Numbers;
pub use number_encode::NumbersBuilder;
pub use occurrences::{
    check_oneof, Column, ColumnBuilder, Enums, EnumsBuilder, Member, Occurring, OccurringBuilder,
    Optional, OptionalBuilder, Repeated, RepeatedBuilder,
};

use crate::wire::{put_tag, put_varint, varint_size, LENGTH};

/// What the values of a column are.
///
/// ```
/// use devstate::column::{Kind, Number};
/// assert_eq!((u32::KIND, i32::KIND), (Kind::Unsigned, Kind::Signed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Unsigned = 1,
    Signed = 2,
    Float = 3,
    Double = 4,
    Bytes = 5,
    Text = 6,
}

/// How an unsigned number of a column is stored while it is decoded or encoded.
///
/// ```
/// use devstate::column::Bits;
/// assert_eq!((<u8 as Bits>::MAX, u8::cut(0x102)), (255, 2));
/// ```
pub trait Bits: Copy + Ord + Default + std::fmt::Debug + Into<u64> {
    /// The largest one.
    const MAX: u64;
    /// Cuts `value` to the width.
    fn cut(value: u64) -> Self;
}

macro_rules! bits {
    ($($type:ty),*) => {$(
        impl Bits for $type {
            const MAX: u64 = <$type>::MAX as u64;
            #[inline]
            fn cut(value: u64) -> Self {
                value as $type
            }
        }
    )*};
}
bits!(u8, u32, u64);

/// A number as a Rust type.
///
/// ```
/// use devstate::column::Number;
/// assert_eq!((-1i32).to_bits(), 1); // In zigzag.
/// assert_eq!(i64::from_bits(2), 1);
/// assert!(bool::is_valid(1) && !bool::is_valid(2));
/// ```
pub trait Number: Copy + Default + std::fmt::Debug + PartialEq {
    /// Its unsigned number, which is what travels.
    type Bits: Bits;
    /// Its kind.
    const KIND: Kind;
    /// The largest unsigned number of the type.
    const MAX_BITS: u64;
    /// Returns the unsigned number.
    fn to_bits(self) -> Self::Bits;
    /// Returns the value of an unsigned number.
    fn from_bits(bits: Self::Bits) -> Self;
    /// Returns whether `bits` is a value of the type.
    #[inline]
    fn is_valid(_bits: Self::Bits) -> bool {
        true
    }
}

macro_rules! number {
    ($type:ty, $bits:ty, $kind:ident, $value:ident, $to:expr, $from:expr) => {
        impl Number for $type {
            type Bits = $bits;
            const KIND: Kind = Kind::$kind;
            const MAX_BITS: u64 = <$bits as Bits>::MAX;
            #[inline]
            fn to_bits(self) -> $bits {
                let $value = self;
                $to
            }
            #[inline]
            fn from_bits($value: $bits) -> Self {
                $from
            }
        }
    };
}
number!(u32, u32, Unsigned, value, value, value);
number!(u64, u64, Unsigned, value, value, value);
number!(
    i32,
    u32,
    Signed,
    value,
    (value << 1 ^ value >> 31) as u32,
    (value >> 1) as i32 ^ -((value & 1) as i32)
);
number!(i64, u64, Signed, value, crate::wire::zigzag(value), crate::wire::unzigzag(value));
number!(f32, u32, Float, value, f32::to_bits(value), f32::from_bits(value));
number!(f64, u64, Double, value, f64::to_bits(value), f64::from_bits(value));

impl Number for bool {
    type Bits = u8;
    const KIND: Kind = Kind::Unsigned;
    const MAX_BITS: u64 = 1;
    #[inline]
    fn to_bits(self) -> u8 {
        u8::from(self)
    }
    #[inline]
    fn from_bits(bits: u8) -> Self {
        bits != 0
    }
    #[inline]
    fn is_valid(bits: u8) -> bool {
        bits <= 1
    }
}

/// An enum of the schema. Enums are closed: a number without a name is refused.
///
/// ```
/// use devstate::column::Enumeration;
///
/// #[derive(Clone, Copy, Debug, Default, PartialEq)]
/// enum Color {
///     #[default]
///     Unspecified = 0,
///     Red = 1,
/// }
///
/// impl Enumeration for Color {
///     fn from_number(number: i32) -> Option<Self> {
///         [Color::Unspecified, Color::Red].into_iter().find(|color| color.number() == number)
///     }
///     fn number(self) -> i32 {
///         self as i32
///     }
/// }
/// assert_eq!((Color::from_number(1), Color::from_number(2)), (Some(Color::Red), None));
/// ```
pub trait Enumeration: Copy + Default + std::fmt::Debug + PartialEq {
    /// Returns the value of `number`.
    fn from_number(number: i32) -> Option<Self>;
    /// Returns the number.
    fn number(self) -> i32;
}

/// Appends columns to the payload of a batch.
///
/// ```
/// use devstate::column::{ColumnWriter, NumbersBuilder};
/// let mut numbers = NumbersBuilder::<u64>::default();
/// (0..3).for_each(|_| numbers.push(9));
/// let mut writer = ColumnWriter::new(false, false);
/// numbers.encode(1, &mut writer);
/// // Kind unsigned, encoding CONSTANT, base 9.
/// assert_eq!(writer.bytes()[..], [0x0a, 6, 0x08, 1, 0x10, 1, 0x18, 9]);
/// ```
#[derive(Debug, Default)]
pub struct ColumnWriter {
    out: Vec<u8>,
    plain: bool,
    /// Whether layouts make sense that only compression pays for.
    compressed: bool,
}

/// A field whose length is known only at its end.
pub(crate) struct Nested {
    tag: usize,
    length: usize,
    body: usize,
}

impl ColumnWriter {
    /// Starts an empty payload. `plain`: every number column is PLAIN. `compressed`: the payload
    /// may get compressed.
    pub fn new(plain: bool, compressed: bool) -> Self {
        ColumnWriter { out: Vec::new(), plain, compressed }
    }

    /// Returns the payload so far.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// `size_hint` near the body's size saves moving the body by a byte or two.
    fn begin(&mut self, field: u32, size_hint: usize) -> Nested {
        let tag = self.out.len();
        put_tag(field, LENGTH, &mut self.out);
        let length = self.out.len();
        let body = length + varint_size(size_hint as u64);
        self.out.resize(body, 0);
        Nested { tag, length, body }
    }

    fn end(&mut self, nested: &Nested) {
        let size = self.out.len() - nested.body;
        let mut length = Vec::with_capacity(10);
        put_varint(size as u64, &mut length);
        let body = nested.length + length.len();
        if body > nested.body {
            self.out.resize(body + size, 0);
        }
        self.out.copy_within(nested.body..nested.body + size, body);
        self.out[nested.length..body].copy_from_slice(&length);
        self.out.truncate(body + size);
    }

    fn is_empty(&self, nested: &Nested) -> bool {
        self.out.len() == nested.body
    }

    /// Takes the field back, tag included.
    fn take_back(&mut self, nested: &Nested) {
        self.out.truncate(nested.tag);
    }
}
