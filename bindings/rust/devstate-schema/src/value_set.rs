// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Which numbers a field can have, by its type alone and by its bounds.

use std::collections::BTreeSet;

use crate::bounds::range_of_type;
use crate::model::{FieldModel, SchemaModel};

/// Ranges up to this many values are compared value by value.
const SMALL_RANGE: i128 = 256;
/// Beyond what any bound says of a float.
const UNBOUNDED: i128 = 1 << 100;

/// A set of numbers: all conditions must hold.
#[derive(Clone, Debug)]
pub(crate) struct ValueSet {
    pub low: i128,
    pub high: i128,
    pub power_of_two: bool,
    pub values: Option<BTreeSet<i128>>,
}

impl ValueSet {
    /// Returns the numbers that the type of a number field has.
    pub fn of_type(schema: &SchemaModel, field: &FieldModel) -> Self {
        let (low, high) =
            if field.is_integer() { range_of_type(field) } else { (-UNBOUNDED, UNBOUNDED) };
        let values = match field.enumeration {
            Some(index) => {
                Some(schema.enums[index].values.iter().map(|v| v.number.into()).collect())
            }
            None if field.bits() == 1 => Some(BTreeSet::from([0, 1])),
            None => None,
        };
        ValueSet { low, high, power_of_two: false, values }
    }

    /// Returns the numbers that the type and the bounds of a number field have in common.
    pub fn of(schema: &SchemaModel, field: &FieldModel) -> Self {
        let mut set = Self::of_type(schema, field);
        let a = &field.annotations;
        set.low = a.min.map_or(set.low, |min| set.low.max(min.into()));
        set.high = a.max.map_or(set.high, |max| set.high.min(max.into()));
        set.power_of_two = a.power_of_two;
        if !a.one_of.is_empty() {
            set.values = Some(a.one_of.iter().map(|&value| value.into()).collect());
        }
        set
    }

    pub fn contains(&self, value: i128) -> bool {
        value >= self.low
            && value <= self.high
            && (!self.power_of_two || (value > 0 && value & (value - 1) == 0))
            && self.values.as_ref().map_or(true, |values| values.contains(&value))
    }

    /// Returns all values, if they are few.
    fn enumerate(&self) -> Option<Vec<i128>> {
        if let Some(values) = &self.values {
            return Some(values.iter().copied().filter(|&value| self.contains(value)).collect());
        }
        if self.power_of_two {
            return Some((0..64).map(|bit| 1 << bit).filter(|&v| self.contains(v)).collect());
        }
        (self.high - self.low < SMALL_RANGE).then(|| (self.low..=self.high).collect())
    }

    /// Returns whether `other` has every number of this set.
    pub fn is_within(&self, other: &ValueSet) -> bool {
        match self.enumerate() {
            Some(values) => values.into_iter().all(|value| other.contains(value)),
            None => {
                other.values.is_none()
                    && !other.power_of_two
                    && self.low >= other.low
                    && self.high <= other.high
            }
        }
    }

    /// Returns whether the sets have no number in common.
    pub fn is_disjoint(&self, other: &ValueSet) -> bool {
        let none_in = |values: Vec<i128>, set: &ValueSet| values.iter().all(|&v| !set.contains(v));
        match (self.enumerate(), other.enumerate()) {
            (Some(values), _) => none_in(values, other),
            (None, Some(values)) => none_in(values, self),
            (None, None) => self.high < other.low || other.high < self.low,
        }
    }
}
