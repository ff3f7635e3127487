// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

use super::number_decode::Numbers;
use super::Number;

/// Where what each row has begins in what all rows have: values of a field, or bytes of a text.
#[derive(Clone, Debug)]
pub(super) enum Starts {
    /// Each row has so many.
    Constant(usize),
    /// Of each row, and after the last.
    Table(Vec<u32>),
}

impl Default for Starts {
    fn default() -> Self {
        Starts::Constant(0)
    }
}

impl Starts {
    /// Requires: the sum of the counts is charged, so that it fits 32 bits.
    pub fn of<T: Number>(counts: &Numbers<T>, rows: usize) -> Self {
        if let Some(count) = counts.constant() {
            return Starts::Constant(count as usize);
        }
        let mut start = 0;
        let mut starts = Vec::with_capacity(rows + 1);
        starts.push(0);
        starts.extend(counts.bits(rows).iter().map(|&count| {
            start += count.into() as u32;
            start
        }));
        Starts::Table(starts)
    }

    #[inline]
    pub fn range(&self, row: usize) -> std::ops::Range<usize> {
        match self {
            Starts::Constant(count) => row * count..(row + 1) * count,
            Starts::Table(starts) => starts[row] as usize..starts[row + 1] as usize,
        }
    }
}
