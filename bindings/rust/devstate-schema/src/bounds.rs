// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What the annotations of a field allow, as far as columns show it.
//!
//! The order of the steps is what readers rely on: bounds first, then `required` within them, then
//! lists within both. Whatever is cheaper to check in a loop replaces what it implies.

use std::collections::BTreeSet;

use devstate::column::Kind;
use devstate::schema::{FieldType, Presence};

use crate::model::FieldModel;

/// Which numbers a bound is about; [`bounds_of`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundColumn {
    /// The values of the field.
    Values,
    /// How often it occurs in each row.
    Counts,
    /// The lengths of its strings.
    Lengths,
}

/// A number, as an integer or as a real.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(i128),
    Real(f64),
}

/// What a column may hold; [`bounds_of`] has an example.
#[derive(Clone, Debug)]
pub struct ColumnBounds {
    /// Which numbers.
    pub column: BoundColumn,
    /// Whether `low` and `high` say anything.
    pub bounded: bool,
    /// The smallest value; `None` for a real that may be as small as it likes.
    pub low: Option<i128>,
    /// The largest value.
    pub high: Option<i128>,
    /// Zero is refused.
    pub not_zero: bool,
    /// Only powers of two.
    pub power_of_two: bool,
    /// The only values, if there are such.
    pub one_of: Option<BTreeSet<i128>>,
    /// Zero is allowed as well.
    pub may_be_unused: bool,
    /// Zero means that the field is missing, and it is required.
    pub required: bool,
    /// Errors do not show the value.
    pub sensitive: bool,
    /// Streams of versions below are exempt.
    pub since: u32,
    /// What stands after a value in errors.
    pub unit: String,
    /// All of the above in words.
    pub allowed: String,
}

impl ColumnBounds {
    fn new(column: BoundColumn) -> Self {
        ColumnBounds {
            column,
            bounded: false,
            low: None,
            high: None,
            not_zero: false,
            power_of_two: false,
            one_of: None,
            may_be_unused: false,
            required: false,
            sensitive: false,
            since: 0,
            unit: String::new(),
            allowed: String::new(),
        }
    }

    fn contains(&self, value: i128) -> bool {
        self.low.map_or(true, |low| value >= low)
            && self.high.map_or(true, |high| value <= high)
            && (!self.power_of_two || (value > 0 && value & (value - 1) == 0))
            && self.one_of.as_ref().map_or(true, |values| values.contains(&value))
    }

    /// Returns whether `value` of an integer field is allowed.
    pub fn allows(&self, value: i128) -> bool {
        if value == 0 && (self.may_be_unused || self.not_zero) {
            return self.may_be_unused;
        }
        !self.bounded || self.contains(value)
    }

    /// Returns whether `number` is allowed. NaN is within no bounds.
    pub(crate) fn allows_number(&self, number: Number) -> bool {
        match number {
            Number::Integer(value) => self.allows(value),
            Number::Real(value)
                if value.to_bits() == 0 && (self.may_be_unused || self.not_zero) =>
            {
                self.may_be_unused
            }
            Number::Real(value) => {
                !self.bounded
                    || (self.low.map_or(true, |low| value >= low as f64)
                        && self.high.map_or(true, |high| value <= high as f64)
                        && !value.is_nan())
            }
        }
    }
}

/// Returns the smallest and the largest value of an integer field's type.
pub fn range_of_type(field: &FieldModel) -> (i128, i128) {
    let span = 1i128 << field.bits();
    if field.column_kind() == Some(Kind::Signed) {
        (-span / 2, span / 2 - 1)
    } else {
        (0, span - 1)
    }
}

/// Returns whether `min` and `max` can be said of the field.
pub fn takes_bounds(field: &FieldModel) -> bool {
    field.is_number() && !matches!(field.kind, FieldType::Bool | FieldType::Enum)
}

/// Returns the bounds of each column of `field`.
///
/// ```
/// use devstate_schema::{bounds_of, BoundColumn};
/// # use devstate_fs::v1::SCHEMA;
/// let schema = devstate_schema::load_compressed(SCHEMA.descriptor_set, SCHEMA.root_message)?;
/// let inodes = schema.root().field_named("inodes").expect("the field");
/// let id = schema.message_of(inodes).and_then(|inode| inode.field_named("id")).expect("the field");
/// let bounds = &bounds_of(id)[0];
/// assert_eq!((bounds.column, bounds.allowed.as_str()), (BoundColumn::Values, "at least 1"));
/// assert!(bounds.allows(1) && !bounds.allows(0));
/// # Ok::<(), devstate_schema::Error>(())
/// ```
pub fn bounds_of(field: &FieldModel) -> Vec<ColumnBounds> {
    bounds_with(field, false)
}

/// Returns the bounds of a state that uses the field's feature, or does not. That is not to be
/// seen in a column.
pub(crate) fn bounds_with(field: &FieldModel, feature_used: bool) -> Vec<ColumnBounds> {
    let a = &field.annotations;
    let has_feature = !a.feature.is_empty();
    let required = a.required && (!has_feature || feature_used);
    let one = field.presence == Presence::Implicit;
    let since = if a.absent_default.is_empty() { 0 } else { a.since };
    let mut result = Vec::new();
    if field.presence == Presence::Explicit && required {
        result.push(ColumnBounds {
            required: true,
            not_zero: true,
            since,
            unit: " values".into(),
            allowed: "1 value".into(),
            ..ColumnBounds::new(BoundColumn::Counts)
        });
    }
    if field.repeated() && (required || a.max_items.is_some()) {
        let bounds = bounds_of_sizes(BoundColumn::Counts, required, a.max_items, "element");
        result.push(ColumnBounds { since, ..bounds });
    }
    if field.message.is_some() {
        return result;
    }
    if !field.is_number() {
        if (one && required) || a.max_len.is_some() {
            let bounds = bounds_of_sizes(BoundColumn::Lengths, one && required, a.max_len, "byte");
            result.push(ColumnBounds { since: if one { since } else { 0 }, ..bounds });
        }
        return result;
    }
    let mut numbers = bounds_of_numbers(field, one && required);
    if numbers.bounded || numbers.not_zero {
        numbers.may_be_unused = one && has_feature && !required && !numbers.allows(0);
        numbers.since = if one { since } else { 0 };
        result.push(numbers);
    }
    result
}

/// Returns the bounds of counts or lengths, which are of 32 bits.
fn bounds_of_sizes(
    column: BoundColumn,
    required: bool,
    max: Option<u64>,
    unit: &str,
) -> ColumnBounds {
    let low = i128::from(required);
    let high = i128::from(max.unwrap_or(u32::MAX.into()).min(u32::MAX.into()));
    let last = if max.is_some() { high } else { low };
    let plural = if last == 1 { "" } else { "s" };
    let mut bounds = ColumnBounds::new(column);
    bounds.required = required;
    bounds.bounded = true;
    (bounds.low, bounds.high) = (Some(low), Some(high));
    bounds.unit = format!(" {unit}s");
    bounds.allowed =
        format!("{} {unit}{plural}", range_text(required, max.is_some(), Some(low), Some(high)));
    bounds
}

fn range_text(has_low: bool, has_high: bool, low: Option<i128>, high: Option<i128>) -> String {
    let text = |value: Option<i128>| value.map_or(String::new(), |value| value.to_string());
    match (has_low, has_high) {
        (true, true) if low == high => text(low),
        (true, true) => format!("{} to {}", text(low), text(high)),
        (true, false) => format!("at least {}", text(low)),
        _ => format!("at most {}", text(high)),
    }
}

fn bounds_of_numbers(field: &FieldModel, required: bool) -> ColumnBounds {
    let a = &field.annotations;
    let mut bounds = ColumnBounds::new(BoundColumn::Values);
    bounds.required = required;
    bounds.not_zero = required;
    bounds.sensitive = a.sensitive;
    if !takes_bounds(field) {
        bounds.allowed = "other than 0".into();
        return bounds;
    }
    let mut has_low = a.min.is_some();
    (bounds.low, bounds.high) = (a.min.map(i128::from), a.max.map(i128::from));
    if field.is_integer() {
        let (low, high) = range_of_type(field);
        bounds.low = Some(bounds.low.map_or(low, |min| min.max(low)));
        bounds.high = Some(bounds.high.map_or(high, |max| max.min(high)));
        bounds.power_of_two = a.power_of_two;
        if !a.one_of.is_empty() {
            bounds.one_of = Some(a.one_of.iter().map(|&value| value.into()).collect());
        }
    }
    let unsigned = field.column_kind() == Some(Kind::Unsigned);
    if bounds.power_of_two || (required && unsigned) {
        bounds.low = bounds.low.map(|low| low.max(1));
        has_low = has_low || !bounds.power_of_two;
    }
    bounds.bounded = has_low || a.max.is_some() || bounds.power_of_two || bounds.one_of.is_some();
    // A bound is the cheaper check.
    let excludes_zero = bounds.low.is_some_and(|low| low > 0) || bounds.high.is_some_and(|h| h < 0);
    if bounds.bounded && excludes_zero {
        bounds.not_zero = false;
    }
    let mut parts = Vec::new();
    if bounds.power_of_two {
        parts.push("a power of two".to_owned());
    }
    if has_low || a.max.is_some() {
        parts.push(range_text(has_low, a.max.is_some(), bounds.low, bounds.high));
    }
    if bounds.not_zero {
        parts.push("other than 0".to_owned());
    }
    bounds.allowed = parts.join(" and ");
    if bounds.one_of.is_some() {
        narrow_list(&mut bounds);
    }
    bounds
}

/// Leaves those values of a list that the other bounds allow, too.
fn narrow_list(bounds: &mut ColumnBounds) {
    let values: BTreeSet<i128> = bounds
        .one_of
        .iter()
        .flatten()
        .copied()
        .filter(|&value| bounds.contains(value) && !(bounds.not_zero && value == 0))
        .collect();
    if let (Some(&low), Some(&high)) = (values.first(), values.last()) {
        (bounds.low, bounds.high) = (Some(low), Some(high));
    }
    let texts: Vec<String> = values.iter().map(i128::to_string).collect();
    bounds.allowed =
        format!("{}{}", if values.len() > 1 { "one of " } else { "" }, texts.join(", "));
    bounds.one_of = Some(values);
}

/// Returns whether the bounds of a number field leave a value.
pub fn leaves_a_value(field: &FieldModel) -> bool {
    let not_zero = field.annotations.required && field.presence == Presence::Implicit;
    let bounds = bounds_of_numbers(field, not_zero);
    if let Some(values) = &bounds.one_of {
        return !values.is_empty();
    }
    if bounds.power_of_two {
        return (0..64).any(|bit| bounds.contains(1 << bit));
    }
    match (bounds.low, bounds.high) {
        (Some(low), Some(high)) => low <= high && !(bounds.not_zero && (low, high) == (0, 0)),
        _ => true,
    }
}
