// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What the annotations of a schema allow of a field, checked column by column.

use super::message::Context;
use super::number_decode::Numbers;
use super::Number;
use crate::error::{Error, Reason, StreamError};
use crate::verdict::rules;

/// What a column has one value for.
///
/// ```
/// use devstate::column::{Bound, Rows};
/// let small = Bound { range: Some((1u32, 9)), allowed: "1 to 9", ..Bound::NONE };
/// let error = small.validate("size", &[5, 12], Rows::Records).unwrap_err();
/// assert!(error.to_string().starts_with("size: record 1 of the batch has 12, allowed is 1 to 9"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Records of the batch.
    Records,
    /// Each time that the field, or the message that it is a field of, occurs in the records.
    Occurrences,
}

impl Rows {
    fn text(self, row: usize) -> String {
        match self {
            Rows::Records => format!("record {row} of the batch"),
            Rows::Occurrences => format!("occurrence {row} in the batch"),
        }
    }
}

/// What a column of numbers may hold: values of a field, lengths, or counts of occurrences.
///
/// ```
/// use devstate::column::{Bound, Context, Numbers, Rows};
/// use devstate::{Chunk, Limits, Reason};
///
/// // uint64 size = 1 [(devstate.field) = { power_of_two: true max: 64 }];
/// let sizes = Bound::<u64> {
///     range: Some((1, 64)),
///     power_of_two: true,
///     allowed: "a power of two and at most 64",
///     ..Bound::NONE
/// };
/// let batch = Chunk { field: 4, records: 2, ignorable: false, sequence: 1, offset: 0, payload: &[] };
/// let cx = Context::new(batch, &Limits::default(), 1);
/// // Kind unsigned, the values 8 and 12.
/// let column = Numbers::decode(&[0x08, 1, 0x3a, 2, 8, 12], 2, &cx).expect("a column");
/// let error = sizes.check(Some(&column), 2, Rows::Records, &cx).unwrap_err();
/// assert_eq!(error.reason, Reason::Constraint);
/// // A list of which the last of three rows has no element.
/// let counts = Bound::<u32> { range: Some((1, 4)), allowed: "1 to 4 elements", ..Bound::NONE };
/// assert!(counts.validate_counts("list", &[2, 1], 3, Rows::Records).is_err());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Bound<T: 'static> {
    /// The smallest and the largest value. NaN is within no bounds.
    pub range: Option<(T, T)>,
    /// Bits of 0 are refused.
    pub not_zero: bool,
    /// Only powers of two; only with a range above 0.
    pub power_of_two: bool,
    /// If not empty, the only values, in ascending order.
    pub one_of: &'static [T],
    /// Zero is allowed as well: the field belongs to a feature that a record need not use.
    pub may_be_unused: bool,
    /// Zero means that the field is missing, and it is required.
    pub required: bool,
    /// Errors do not show the value.
    pub sensitive: bool,
    /// Streams of versions below are exempt.
    pub since: u32,
    /// What stands after a value in errors, " bytes".
    pub unit: &'static str,
    /// All of the above in words.
    pub allowed: &'static str,
}

/// A number that bounds are about.
///
/// ```
/// use devstate::column::Bounded;
/// assert!(8u32.has_one_bit() && !12u32.has_one_bit());
/// ```
pub trait Bounded: Number + PartialOrd + std::fmt::Display {
    /// Returns whether at most one of its bits is set.
    fn has_one_bit(self) -> bool;
}

macro_rules! bounded {
    ($($type:ty: $value:ident => $one_bit:expr),* $(,)?) => {$(
        impl Bounded for $type {
            fn has_one_bit(self) -> bool {
                let $value = self;
                $one_bit
            }
        }
    )*};
}
bounded! {
    bool: _value => true,
    u32: value => value & value.wrapping_sub(1) == 0,
    u64: value => value & value.wrapping_sub(1) == 0,
    i32: value => value & value.wrapping_sub(1) == 0,
    i64: value => value & value.wrapping_sub(1) == 0,
    f32: _value => false,
    f64: _value => false,
}

impl<T: Bounded> Bound<T> {
    /// A bound that allows everything, for struct update.
    pub const NONE: Bound<T> = Bound {
        range: None,
        not_zero: false,
        power_of_two: false,
        one_of: &[],
        may_be_unused: false,
        required: false,
        sensitive: false,
        since: 0,
        unit: "",
        allowed: "",
    };

    #[inline]
    fn in_range(&self, value: T) -> bool {
        self.range.map_or(true, |(low, high)| value >= low && value <= high)
    }

    fn allows(&self, bits: T::Bits) -> bool {
        let zero = bits.into() == 0;
        let value = T::from_bits(bits);
        (zero && self.may_be_unused)
            || (!(zero && self.not_zero)
                && self.in_range(value)
                && (!self.power_of_two || value.has_one_bit())
                && (self.one_of.is_empty() || self.one_of.contains(&value)))
    }

    /// Returns what is wrong with the first value that is not allowed, and whether it is missing.
    fn violation(&self, bits: &[T::Bits], rows: Rows, first: usize) -> Option<(String, bool)> {
        // Most columns are within a range; a loop without a branch finds out fast.
        let simple = !self.power_of_two && self.one_of.is_empty() && !self.not_zero;
        if simple && bits.iter().fold(true, |all, &b| all & self.in_range(T::from_bits(b))) {
            return None;
        }
        let row = bits.iter().position(|&bits| !self.allows(bits))?;
        let value = if self.sensitive {
            "a value that is not shown".to_owned()
        } else {
            format!("{}{}", T::from_bits(bits[row]), self.unit)
        };
        let text = format!("{} has {value}, allowed is {}", rows.text(first + row), self.allowed);
        Some((text, self.required && bits[row].into() == 0))
    }

    /// Refuses the first of `count` values that is not allowed.
    ///
    /// # Errors
    /// CONSTRAINT.
    pub fn check(
        &self,
        column: Option<&Numbers<T>>,
        count: usize,
        rows: Rows,
        cx: &Context<'_>,
    ) -> Result<(), Box<StreamError>> {
        let Some(column) = column else { return Ok(()) };
        if cx.schema_version() < self.since {
            return Ok(());
        }
        let Some((text, missing)) = self.violation(column.bits(count), rows, 0) else {
            return Ok(());
        };
        let remedy = if missing {
            "the field is required, save with a writer that fills it"
        } else {
            "correct the writer, or, if its schema allows the value, widen this reader's"
        };
        let mut error = cx.error(Reason::Constraint, format!("{text}: {remedy}"));
        error.rule = missing.then_some(rules::REQUIRED_MISSING);
        Err(error)
    }

    /// Refuses to write the first value of `field` that is not allowed.
    ///
    /// # Errors
    /// [`Error::Unfit`].
    pub fn validate(&self, field: &str, bits: &[T::Bits], rows: Rows) -> Result<(), Error> {
        self.validate_from(field, bits, rows, 0)
    }

    /// As [`Bound::validate`], of counts as far as the last row that has the field, of `count`
    /// rows.
    ///
    /// # Errors
    /// [`Error::Unfit`].
    pub fn validate_counts(
        &self,
        field: &str,
        counts: &[T::Bits],
        count: usize,
        rows: Rows,
    ) -> Result<(), Error> {
        self.validate_from(field, counts, rows, 0)?;
        if counts.len() < count {
            self.validate_from(field, &[T::Bits::default()], rows, counts.len())?;
        }
        Ok(())
    }

    fn validate_from(
        &self,
        field: &str,
        bits: &[T::Bits],
        rows: Rows,
        first: usize,
    ) -> Result<(), Error> {
        match self.violation(bits, rows, first) {
            None => Ok(()),
            Some((text, _)) => Err(Error::Unfit(format!(
                "{field}: {text}: no reader would load it, save what the schema allows"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed<T: Bounded>(bound: &Bound<T>, values: &[T]) -> Vec<bool> {
        values
            .iter()
            .map(|&value| bound.validate("f", &[value.to_bits()], Rows::Records).is_ok())
            .collect()
    }

    #[test]
    fn ranges_lists_and_powers_are_told_apart() {
        let range = Bound { range: Some((-1, 1)), ..Bound::NONE };
        assert_eq!(allowed(&range, &[-2i32, -1, 0, 1, 2]), [false, true, true, true, false]);
        let list = Bound { range: Some((1, 9)), one_of: &[1, 5, 9], ..Bound::NONE };
        assert_eq!(allowed(&list, &[1u64, 2, 5, 9, 10]), [true, false, true, true, false]);
        let power = Bound { range: Some((1, 8)), power_of_two: true, ..Bound::NONE };
        assert_eq!(allowed(&power, &[0u32, 1, 3, 8, 16]), [false, true, false, true, false]);
        let unused = Bound { may_be_unused: true, ..power };
        assert_eq!(allowed(&unused, &[0u32, 3]), [true, false]);
    }

    #[test]
    fn nan_is_within_no_bounds_and_minus_zero_is_not_zero() {
        let range = Bound { range: Some((0.0, 1.0)), ..Bound::NONE };
        assert_eq!(allowed(&range, &[f64::NAN, 0.5, -0.0, 2.0]), [false, true, true, false]);
        let not_zero = Bound { not_zero: true, ..Bound::NONE };
        assert_eq!(allowed(&not_zero, &[0.0f64, -0.0, f64::NAN]), [false, true, true]);
    }

    #[test]
    fn rows_behind_the_last_count_have_none() {
        let bound = Bound::<u32> {
            range: Some((1, 3)),
            unit: " elements",
            allowed: "1 to 3",
            ..Bound::NONE
        };
        let error = bound.validate_counts("f", &[1u32, 2], 3, Rows::Records).unwrap_err();
        assert!(
            error.to_string().starts_with("f: record 2 of the batch has 0 elements"),
            "{error}"
        );
        assert!(bound.validate_counts("f", &[1u32, 2, 3], 3, Rows::Records).is_ok());
    }
}
