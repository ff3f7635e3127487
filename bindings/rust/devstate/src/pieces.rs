// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Values in pieces: the annotation `pieces` of a schema.

use std::collections::HashMap;

use crate::decoder::Chunk;
use crate::error::{Reason, StreamError};
use crate::schema::Pieces;
use crate::verdict::rules;

/// Follows the values in pieces of a state, and refuses those that are not whole.
///
/// It takes up to 64 bytes of memory for each value that is not empty.
///
/// ```
/// use devstate::record::ValuesInPieces;
/// use devstate::schema::Pieces;
/// use devstate::Chunk;
///
/// let pixels = Pieces { name: "pixels".into(), of: "surfaces".into(), max_owners: 64 };
/// let mut values = ValuesInPieces::new(&[pixels]);
/// let chunk =
///     Chunk { field: 3, records: 1, ignorable: false, sequence: 1, offset: 64, payload: &[] };
/// // Surface 7 has six bytes.
/// values.add_owners(0, &chunk, [(7, 6)].into_iter())?;
/// let chunk = Chunk { field: 4, records: 2, sequence: 2, offset: 128, ..chunk };
/// // Four of them from 0 on, two from 4 on.
/// values.add_pieces(0, &chunk, [(7, 0, 4), (7, 4, 2)].into_iter())?;
/// values.finish(256)?;
/// // One from 5 on.
/// let overlap = values.add_pieces(0, &chunk, [(7, 5, 1)].into_iter()).unwrap_err();
/// assert!(overlap.message.starts_with("pixels[2]: it begins at 5, and the one before ends at 6"));
/// assert_eq!(overlap.rule, Some(devstate::rules::PIECES_NOT_WHOLE));
/// # Ok::<(), devstate::Error>(())
/// ```
#[derive(Debug)]
pub struct ValuesInPieces(Vec<PieceSequence>);

impl ValuesInPieces {
    /// Starts a state whose schema has these fields.
    pub fn new(fields: &[Pieces]) -> Self {
        ValuesInPieces(fields.iter().cloned().map(PieceSequence::new).collect())
    }

    /// Takes id and size of each owner of a batch. They own the values of field `index`, and come
    /// before the pieces.
    ///
    /// # Errors
    /// CONSTRAINT.
    pub fn add_owners(
        &mut self,
        index: usize,
        chunk: &Chunk<'_>,
        mut owners: impl Iterator<Item = (u64, u64)>,
    ) -> Result<(), Box<StreamError>> {
        let sequence = &mut self.0[index];
        owners
            .try_for_each(|(id, size)| sequence.add_owner(id, size))
            .map_err(|fault| not_whole(chunk.error(Reason::Constraint, fault)))
    }

    /// Takes owner, offset and length of each piece of a batch of field `index`.
    ///
    /// # Errors
    /// CONSTRAINT.
    pub fn add_pieces(
        &mut self,
        index: usize,
        chunk: &Chunk<'_>,
        mut pieces: impl Iterator<Item = (u64, u64, u64)>,
    ) -> Result<(), Box<StreamError>> {
        let sequence = &mut self.0[index];
        pieces
            .try_for_each(|(owner, offset, length)| sequence.add_piece(owner, offset, length))
            .map_err(|fault| not_whole(chunk.error(Reason::Constraint, fault)))
    }

    /// Judges what only all pieces together show. The stream ends at `offset`.
    ///
    /// # Errors
    /// CONSTRAINT.
    pub fn finish(&self, offset: u64) -> Result<(), Box<StreamError>> {
        self.0.iter().try_for_each(PieceSequence::finish).map_err(|fault| {
            not_whole(Box::new(StreamError {
                reason: Reason::Constraint,
                offset,
                chunk: None,
                path: String::new(),
                rule: None,
                message: fault,
            }))
        })
    }
}

fn not_whole(mut error: Box<StreamError>) -> Box<StreamError> {
    error.rule = Some(rules::PIECES_NOT_WHOLE);
    error.message.push_str(
        ": correct the writer, which must save each value in pieces from its begin to its end",
    );
    error
}

/// The pieces of the values of one field. What is wrong with them is said with its place.
#[derive(Debug)]
struct PieceSequence {
    of: Pieces,
    owners: u64,
    pieces: u64,
    /// Those that are not empty, by their owner.
    values: HashMap<u64, PieceValue>,
    /// The value under way: its owner, and where it ends so far.
    current: Option<(u64, u64)>,
}

#[derive(Debug)]
struct PieceValue {
    size: u64,
    begun: bool,
}

impl PieceSequence {
    /// Starts before the first owner.
    fn new(of: Pieces) -> Self {
        PieceSequence { of, owners: 0, pieces: 0, values: HashMap::new(), current: None }
    }

    /// Declares the value of an owner.
    fn add_owner(&mut self, owner: u64, size: u64) -> Result<(), String> {
        let index = self.owners;
        self.owners += 1;
        let max = self.of.max_owners;
        let text = if index >= max {
            format!("there are more than {max} owners")
        } else if size == 0
            || self.values.insert(owner, PieceValue { size, begun: false }).is_none()
        {
            return Ok(());
        } else {
            format!("the owner {owner} occurs twice")
        };
        Err(format!("{}[{index}]: {text}", self.of.of))
    }

    /// Adds the next piece.
    fn add_piece(&mut self, owner: u64, offset: u64, length: u64) -> Result<(), String> {
        let index = self.pieces;
        self.pieces += 1;
        self.judge(owner, offset, length)
            .map_err(|text| format!("{}[{index}]: {text}", self.of.name))
    }

    fn judge(&mut self, owner: u64, offset: u64, length: u64) -> Result<(), String> {
        let under_way = self.current.filter(|(current, _)| *current == owner);
        let before = if under_way.is_some() { Ok(()) } else { self.end_of_value() };
        let end = under_way.map_or(0, |(_, end)| end);
        let value = self.values.get_mut(&owner);
        self.current = Some((owner, offset.saturating_add(length)));
        let Some(value) = value else { return Err(format!("no owner {owner} has a value")) };
        if under_way.is_none() && std::mem::replace(&mut value.begun, true) {
            return Err(format!("the value of {owner} goes on after another one"));
        }
        if length == 0 {
            return Err("it is empty".into());
        }
        if offset != end {
            return Err(format!("it begins at {offset}, and the one before ends at {end}"));
        }
        if length > value.size.saturating_sub(offset) {
            return Err(format!(
                "the value of {owner} goes on to {}, its size is {}",
                offset.saturating_add(length),
                value.size
            ));
        }
        before
    }

    /// Returns the fault of the value under way, which ends here.
    fn end_of_value(&self) -> Result<(), String> {
        let Some((owner, end)) = self.current else { return Ok(()) };
        match self.values.get(&owner) {
            Some(value) if value.size != end => {
                Err(format!("the value of {owner} ends at {end}, its size is {}", value.size))
            }
            _ => Ok(()),
        }
    }

    /// Judges what only all pieces together show.
    fn finish(&self) -> Result<(), String> {
        let place = |text: String| format!("{}: {text}", self.of.name);
        self.end_of_value().map_err(place)?;
        // The smallest, so that the same state has the same fault.
        let missing =
            self.values.iter().filter(|(_, value)| !value.begun).min_by_key(|(id, _)| *id);
        match missing {
            None => Ok(()),
            Some((owner, value)) => {
                Err(place(format!("the value of {owner} has no piece, its size is {}", value.size)))
            }
        }
    }
}
