// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Fields that do not occur exactly once in each record, and what columns have in common.

use super::message::Context;
use super::number_decode::Numbers;
use super::number_encode::NumbersBuilder;
use super::starts::Starts;
use super::{ColumnWriter, Enumeration, Number};
use crate::error::{Reason, StreamError};

/// Parts of every occurrences message.
const OCCURRENCES_PART: u32 = 1;
const VALUES_PART: u32 = 2;

/// The values of a field, decoded.
///
/// Generated code implements it for messages:
///
/// ```
/// use devstate::column::{Column, ColumnsWalk, Context, Numbers};
/// use devstate::{Chunk, Limits, StreamError};
///
/// /// Columns of message Counter { uint64 count = 1; }
/// #[derive(Default)]
/// struct Counters(Numbers<u64>);
///
/// impl<'p> Column<'p> for Counters {
///     type Value<'r> = u64;
///
///     fn decode(
///         columns: &'p [u8],
///         count: usize,
///         cx: &mut Context<'_>,
///     ) -> Result<Self, Box<StreamError>> {
///         let mut walk = ColumnsWalk::new(columns);
///         let mut this = Self::default();
///         while let Some((number, column)) = walk.next(cx)? {
///             match number {
///                 1 => this.0 = Numbers::decode(column, count, cx)?,
///                 _ => return Err(walk.unknown(cx)),
///             }
///         }
///         Ok(this)
///     }
///     fn absent(count: usize, cx: &mut Context<'_>) -> Result<Self, Box<StreamError>> {
///         Self::decode(&[], count, cx)
///     }
///     fn get(&self, i: usize) -> u64 {
///         self.0.get(i)
///     }
/// }
///
/// let payload = &[0x0a, 6, 0x08, 1, 0x3a, 2, 5, 7];
/// let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload };
/// let mut cx = Context::new(batch, &Limits::default(), 1);
/// let counters = Counters::decode(payload, 2, &mut cx)?;
/// assert_eq!((counters.get(0), counters.get(1)), (5, 7));
/// assert_eq!(Counters::absent(2, &mut cx)?.get(1), 0);
/// # Ok::<(), Box<StreamError>>(())
/// ```
pub trait Column<'p>: Sized {
    /// One of them.
    type Value<'r>
    where
        Self: 'r;
    /// Decodes the column of `count` values, whose fixed size is charged already.
    ///
    /// # Errors
    /// The reasons of the format.
    fn decode(
        column: &'p [u8],
        count: usize,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>>;
    /// Returns the column of `count` values that are all zero or empty.
    ///
    /// # Errors
    /// CONSTRAINT, if the schema does not allow that of a message.
    fn absent(count: usize, cx: &mut Context<'_>) -> Result<Self, Box<StreamError>>;
    /// Returns value `i`.
    fn get(&self, i: usize) -> Self::Value<'_>;
}

impl<'p, T: Number> Column<'p> for Numbers<T> {
    type Value<'r>
        = T
    where
        Self: 'r;

    fn decode(
        column: &'p [u8],
        count: usize,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        Numbers::decode(column, count, cx)
    }
    fn absent(_: usize, _: &mut Context<'_>) -> Result<Self, Box<StreamError>> {
        Ok(Numbers::default())
    }
    #[inline]
    fn get(&self, i: usize) -> T {
        Numbers::get(self, i)
    }
}

/// Builds a column.
///
/// ```
/// use devstate::column::{BlobsBuilder, ColumnBuilder, ColumnWriter};
/// let mut builder = BlobsBuilder::default();
/// builder.push(b"");
/// let mut writer = ColumnWriter::new(false, false);
/// builder.encode(1, &mut writer);
/// assert!(writer.bytes().is_empty(), "nothing but defaults");
/// builder.clear();
/// assert!(builder.lengths().is_empty());
/// ```
pub trait ColumnBuilder: Default {
    /// Forgets all rows.
    fn clear(&mut self);
    /// Appends the column as field `field`, unless all values are zero or empty.
    fn encode(&self, field: u32, writer: &mut ColumnWriter);
}

impl<T: Number> ColumnBuilder for NumbersBuilder<T> {
    fn clear(&mut self) {
        NumbersBuilder::clear(self);
    }
    fn encode(&self, field: u32, writer: &mut ColumnWriter) {
        NumbersBuilder::encode(self, field, writer);
    }
}

/// A field that does not occur exactly once in each row, with its counts as `T`.
///
/// ```
/// use devstate::column::{Column, ColumnWriter, Context, Numbers, NumbersBuilder};
/// use devstate::column::{Optional, OptionalBuilder, Repeated, RepeatedBuilder};
/// use devstate::wire::Cursor;
/// use devstate::{Chunk, Limits};
///
/// // optional uint32 a = 1; repeated uint32 b = 2; in two records, of which the first has nothing.
/// let mut a = OptionalBuilder::<NumbersBuilder<u32>>::default();
/// let mut b = RepeatedBuilder::<NumbersBuilder<u32>>::default();
/// a.occur(1).push(5);
/// let elements = b.occur(1, 2);
/// elements.push(6);
/// elements.push(7);
/// assert_eq!((a.counts().len(), b.values().len()), (2, 2));
/// let mut writer = ColumnWriter::new(false, false);
/// a.encode(1, 2, &mut writer);
/// b.encode(2, 2, &mut writer);
/// a.clear();
///
/// let payload = writer.bytes();
/// let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload };
/// let mut cx = Context::new(batch, &Limits::default(), 1);
/// let mut columns = Cursor::new(payload);
/// let (_, _, column) = columns.field().expect("a");
/// let a = Optional::<Numbers<u32>>::decode(column.bytes(), 2, &mut cx)?;
/// assert_eq!((a.get(0), a.get(1)), (None, Some(5)));
/// let (_, _, column) = columns.field().expect("b");
/// let b = Repeated::<Numbers<u32>>::decode(column.bytes(), 2, 8, &mut cx)?;
/// assert_eq!((b.get(0), b.get(1)), (vec![], vec![6, 7]));
/// assert_eq!((b.total(), b.counts().get(1)), (2, 2));
/// assert_eq!(b.values().map(|values| Column::get(values, 0)), Some(6));
/// // What is done to the entries of a map.
/// assert!(b.check_keys(2, &cx, |values, i| Column::get(values, i)).is_ok());
/// # Ok::<(), Box<devstate::StreamError>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Occurring<C, T: Number> {
    counts: Numbers<T>,
    starts: Starts,
    total: usize,
    values: Option<C>,
}

/// A field that occurs once at most in each row; [`Occurring`] has an example.
pub type Optional<C> = Occurring<C, bool>;

/// A field that occurs any number of times in each row; [`Occurring`] has an example.
pub type Repeated<C> = Occurring<C, u32>;

impl<C, T: Number> Default for Occurring<C, T> {
    fn default() -> Self {
        Occurring { counts: Numbers::default(), starts: Starts::default(), total: 0, values: None }
    }
}

impl<C, T: Number> Occurring<C, T> {
    /// Returns how often the field occurs in each row.
    pub fn counts(&self) -> &Numbers<T> {
        &self.counts
    }

    /// Returns how often it occurs in all rows.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Returns the values of all rows, if there is any.
    pub fn values(&self) -> Option<&C> {
        self.values.as_ref()
    }
}

impl<'p, C: Column<'p>, T: Number> Occurring<C, T> {
    /// Decodes an occurrences message: how often, where, and of which values. `value_size` is
    /// charged for each occurrence; 0 for a field that the size of the row counts.
    fn decode_charged(
        columns: &'p [u8],
        rows: usize,
        value_size: u64,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        let parts = super::message::Parts::<{ VALUES_PART as usize }>::parse(columns, 0, cx)?;
        if !parts.has(OCCURRENCES_PART) {
            return Err(cx.error(Reason::Malformed, "columns of a field that never occurs"));
        }
        let counts = Numbers::<T>::decode(parts.bytes(OCCURRENCES_PART), rows, cx)?;
        // Before anything is decoded that is as long: a few bytes can claim 2^48 values.
        let total = counts.sum(rows);
        if value_size != 0 {
            cx.charge(total, value_size)?;
        }
        let total = total as usize;
        let values = if parts.has(VALUES_PART) {
            C::decode(parts.bytes(VALUES_PART), total, cx)?
        } else {
            C::absent(total, cx)?
        };
        let starts = Starts::of(&counts, rows);
        Ok(Occurring { counts, starts, total, values: Some(values) })
    }
}

impl<'p, C: Column<'p>> Optional<C> {
    /// Decodes the occurrences message of a field of `rows` rows.
    ///
    /// # Errors
    /// The reasons of the format.
    pub fn decode(
        columns: &'p [u8],
        rows: usize,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        Self::decode_charged(columns, rows, 0, cx)
    }

    /// Returns the value of row `i`, if it has one.
    #[inline]
    pub fn get(&self, i: usize) -> Option<C::Value<'_>> {
        let values = self.values.as_ref()?;
        let range = self.starts.range(i);
        (!range.is_empty()).then(|| values.get(range.start))
    }
}

impl<'p, C: Column<'p>> Repeated<C> {
    /// Decodes the occurrences message of a field of `rows` rows, each of whose elements counts
    /// for `value_size`.
    ///
    /// # Errors
    /// The reasons of the format.
    pub fn decode(
        columns: &'p [u8],
        rows: usize,
        value_size: u64,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        Self::decode_charged(columns, rows, value_size, cx)
    }

    /// Returns the values of row `i`.
    pub fn get(&self, i: usize) -> Vec<C::Value<'_>> {
        match &self.values {
            Some(values) => self.starts.range(i).map(|k| values.get(k)).collect(),
            None => Vec::new(),
        }
    }

    /// Refuses a key that occurs twice in a row. `key` returns the key of an entry.
    ///
    /// # Errors
    /// MALFORMED.
    pub fn check_keys<'r, K: Ord>(
        &'r self,
        rows: usize,
        cx: &Context<'_>,
        key: impl Fn(&'r C, usize) -> K,
    ) -> Result<(), Box<StreamError>> {
        let Some(values) = &self.values else { return Ok(()) };
        for row in 0..rows {
            if !keys_differ(self.starts.range(row).map(|i| key(values, i))) {
                return Err(cx.error(
                    Reason::Malformed,
                    format!("row {row} has a key of the map twice: correct the writer"),
                ));
            }
        }
        Ok(())
    }
}

/// Returns whether no key occurs twice. Writers put them into ascending order, so that there is
/// mostly nothing to sort.
fn keys_differ<K: Ord>(keys: impl Iterator<Item = K>) -> bool {
    let mut keys: Vec<K> = keys.collect();
    let ascending = |keys: &[K]| keys.windows(2).all(|pair| pair[0] < pair[1]);
    ascending(&keys) || {
        keys.sort_unstable();
        ascending(&keys)
    }
}

/// Refuses several members of a oneof in one row.
///
/// ```
/// use devstate::column::{check_oneof, Context, Member, Numbers, Optional};
/// use devstate::{Chunk, Limits};
///
/// let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload: &[] };
/// let mut cx = Context::new(batch, &Limits::default(), 1);
/// // Counts true and false, and one value.
/// let column = [0x0a, 6, 0x08, 1, 0x3a, 2, 1, 0, 0x12, 5, 0x08, 1, 0x3a, 1, 9];
/// let a = Optional::<Numbers<u32>>::decode(&column, 2, &mut cx)?;
/// let b = a.clone();
/// assert_eq!((a.total(), a.has(0), a.has(1)), (1, true, false));
/// assert!(check_oneof(2, &[&a as &dyn Member], &cx).is_ok());
/// assert!(check_oneof(2, &[&a as &dyn Member, &b], &cx).is_err());
/// # Ok::<(), Box<devstate::StreamError>>(())
/// ```
///
/// # Errors
/// MALFORMED.
pub fn check_oneof<M: Member + ?Sized>(
    rows: usize,
    members: &[&M],
    cx: &Context<'_>,
) -> Result<(), Box<StreamError>> {
    if members.iter().filter(|member| member.total() != 0).count() < 2 {
        return Ok(());
    }
    for row in 0..rows {
        if members.iter().filter(|member| member.has(row)).count() > 1 {
            return Err(
                cx.error(Reason::Malformed, format!("row {row} has several members of a oneof"))
            );
        }
    }
    Ok(())
}

/// A member of a oneof; [`check_oneof`] has an example.
pub trait Member {
    /// Returns how many rows have it.
    fn total(&self) -> usize;
    /// Returns whether row `i` has it.
    fn has(&self, i: usize) -> bool;
}

impl<C> Member for Optional<C> {
    fn total(&self) -> usize {
        self.total
    }
    fn has(&self, i: usize) -> bool {
        !self.starts.range(i).is_empty()
    }
}

/// The values of an enum field, decoded.
///
/// ```
/// use devstate::column::{Column, ColumnBuilder, ColumnWriter, Context, Enumeration};
/// use devstate::column::{Enums, EnumsBuilder};
/// use devstate::{Chunk, Limits};
///
/// #[derive(Clone, Copy, Debug, Default, PartialEq)]
/// enum Power {
///     #[default]
///     Off,
///     On,
/// }
/// impl Enumeration for Power {
///     fn from_number(number: i32) -> Option<Self> {
///         [Power::Off, Power::On].get(number as usize).copied()
///     }
///     fn number(self) -> i32 {
///         self as i32
///     }
/// }
///
/// let mut builder = EnumsBuilder::default();
/// builder.push(Power::On);
/// assert_eq!(builder.numbers().len(), 1);
/// let mut writer = ColumnWriter::new(false, false);
/// builder.encode(1, &mut writer);
/// let payload = writer.bytes();
/// let batch = Chunk { field: 4, records: 1, ignorable: false, sequence: 1, offset: 0, payload };
/// let mut cx = Context::new(batch, &Limits::default(), 1);
/// let power = Enums::<Power>::decode(&payload[2..], 1, &mut cx)?;
/// assert_eq!((power.get(0), power.numbers().get(0)), (Power::On, 1));
/// # Ok::<(), Box<devstate::StreamError>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Enums<E> {
    numbers: Numbers<i32>,
    names: std::marker::PhantomData<E>,
}

impl<E> Default for Enums<E> {
    fn default() -> Self {
        Enums { numbers: Numbers::default(), names: std::marker::PhantomData }
    }
}

impl<E> Enums<E> {
    /// Returns the numbers of the values.
    pub fn numbers(&self) -> &Numbers<i32> {
        &self.numbers
    }
}

impl<'p, E: Enumeration> Column<'p> for Enums<E> {
    type Value<'r>
        = E
    where
        Self: 'r;

    fn decode(
        column: &'p [u8],
        count: usize,
        cx: &mut Context<'_>,
    ) -> Result<Self, Box<StreamError>> {
        let numbers = Numbers::<i32>::decode(column, count, cx)?;
        numbers.check_named(count, cx, |number| E::from_number(number).is_some())?;
        Ok(Enums { numbers, ..Default::default() })
    }
    fn absent(_: usize, _: &mut Context<'_>) -> Result<Self, Box<StreamError>> {
        Ok(Enums::default())
    }
    fn get(&self, i: usize) -> E {
        E::from_number(self.numbers.get(i)).unwrap_or_default()
    }
}

/// Builds a column of an enum; [`Enums`] has an example.
#[derive(Clone, Debug)]
pub struct EnumsBuilder<E> {
    numbers: NumbersBuilder<i32>,
    names: std::marker::PhantomData<E>,
}

impl<E> Default for EnumsBuilder<E> {
    fn default() -> Self {
        EnumsBuilder { numbers: NumbersBuilder::default(), names: std::marker::PhantomData }
    }
}

impl<E: Enumeration> EnumsBuilder<E> {
    /// Adds the value of the next row.
    pub fn push(&mut self, value: E) {
        self.numbers.push(value.number());
    }

    /// Returns the numbers of the values.
    pub fn numbers(&self) -> &NumbersBuilder<i32> {
        &self.numbers
    }
}

impl<E: Enumeration> ColumnBuilder for EnumsBuilder<E> {
    fn clear(&mut self) {
        self.numbers.clear();
    }
    fn encode(&self, field: u32, writer: &mut ColumnWriter) {
        self.numbers.encode(field, writer);
    }
}

/// Builds the columns of a field that does not occur exactly once in each row; [`Occurring`] has
/// an example.
#[derive(Clone, Debug)]
pub struct OccurringBuilder<B, T: Number> {
    /// As far as the last row that has the field: rows without cost nothing until one with comes.
    counts: NumbersBuilder<T>,
    values: B,
}

/// Builds the columns of a field that occurs once at most in each row.
pub type OptionalBuilder<B> = OccurringBuilder<B, bool>;

/// Builds the columns of a field that occurs any number of times in each row.
pub type RepeatedBuilder<B> = OccurringBuilder<B, u32>;

impl<B: ColumnBuilder, T: Number> Default for OccurringBuilder<B, T> {
    fn default() -> Self {
        OccurringBuilder { counts: NumbersBuilder::default(), values: B::default() }
    }
}

impl<B: ColumnBuilder, T: Number> OccurringBuilder<B, T> {
    /// Returns how often the field occurs in each row, as far as the last that has it.
    pub fn counts(&self) -> &NumbersBuilder<T> {
        &self.counts
    }

    /// Returns the values of all rows.
    pub fn values(&self) -> &B {
        &self.values
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.counts.clear();
        self.values.clear();
    }

    /// Appends the columns of `rows` rows, unless the field occurs in none.
    pub fn encode(&self, field: u32, rows: usize, writer: &mut ColumnWriter) {
        if self.counts.is_empty() {
            return;
        }
        let mut counts = self.counts.clone();
        counts.pad(rows);
        let nested = writer.begin(field, rows);
        counts.encode(OCCURRENCES_PART, writer);
        self.values.encode(VALUES_PART, writer);
        writer.end(&nested);
    }

    /// Says that row `row` has the field so often, and returns where its values go.
    #[inline]
    fn occur_times(&mut self, row: usize, count: T) -> &mut B {
        if self.counts.len() != row {
            self.counts.pad(row);
        }
        self.counts.push(count);
        &mut self.values
    }
}

impl<B: ColumnBuilder> OptionalBuilder<B> {
    /// Says that row `row` has the field, and returns where its value goes.
    #[inline]
    pub fn occur(&mut self, row: usize) -> &mut B {
        self.occur_times(row, true)
    }
}

impl<B: ColumnBuilder> RepeatedBuilder<B> {
    /// Says that row `row` has the field `count` times, and returns where its values go.
    #[inline]
    pub fn occur(&mut self, row: usize, count: usize) -> &mut B {
        if count == 0 {
            return &mut self.values;
        }
        self.occur_times(row, count as u32)
    }
}
