// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What only several records together show: values in pieces, and `unique_by`.

use std::collections::BTreeMap;

use devstate::record::ValuesInPieces;
use devstate::schema::Pieces;
use devstate::{rules, Chunk, Reason, StreamError};

use crate::columns::MessageColumns;
use crate::dynamic::Value;
use crate::model::{FieldModel, MessageModel, SchemaModel};
use crate::pieces::{pieces_of, PiecesModel};
use crate::unique::{each_twice, texts, Seen};

/// Checks a state as its chunks come. Takes 16 bytes of memory for each record of a field with
/// `unique_by`, and what [`ValuesInPieces`] takes.
pub(crate) struct Together<'s> {
    schema: &'s SchemaModel,
    pieces: Vec<PiecesModel<'s>>,
    values: ValuesInPieces,
    /// By the number of the root's field.
    seen: BTreeMap<u32, Seen>,
    /// The first: what each record shows by itself comes before it, wherever it is.
    fault: Result<(), Box<StreamError>>,
}

impl<'s> Together<'s> {
    pub fn new(schema: &'s SchemaModel) -> Self {
        let pieces = pieces_of(schema);
        let names = pieces.iter().map(|pieces| Pieces {
            name: pieces.field.name.clone().into(),
            of: pieces.owners.name.clone().into(),
            max_owners: pieces.max_owners,
        });
        let values = ValuesInPieces::new(&names.collect::<Vec<_>>());
        Together { schema, pieces, values, seen: BTreeMap::new(), fault: Ok(()) }
    }

    /// Takes the singular fields of the root.
    pub fn add_root(&mut self, chunk: &Chunk<'_>, root: &Value) {
        self.look_into(chunk, root, self.schema.root(), Vec::new());
    }

    /// Takes the columns of a batch of `field`.
    pub fn add_batch(
        &mut self,
        chunk: &Chunk<'_>,
        field: &FieldModel,
        columns: &MessageColumns<'_, '_>,
    ) {
        if self.fault.is_err() {
            return;
        }
        self.fault = self.follow_pieces(chunk, field, columns);
    }

    fn follow_pieces(
        &mut self,
        chunk: &Chunk<'_>,
        field: &FieldModel,
        columns: &MessageColumns<'_, '_>,
    ) -> Result<(), Box<StreamError>> {
        let rows = 0..chunk.records as usize;
        for (index, pieces) in self.pieces.iter().enumerate() {
            let number = |of: &FieldModel, row| columns.number(of.number, row);
            if field.number == pieces.owners.number {
                let owners =
                    rows.clone().map(|row| (number(pieces.id, row), number(pieces.size, row)));
                self.values.add_owners(index, chunk, owners)?;
            }
            if field.number == pieces.field.number {
                let found = rows.clone().map(|row| {
                    let owner = number(pieces.owner, row);
                    (owner, number(pieces.offset, row), number(pieces.data, row))
                });
                self.values.add_pieces(index, chunk, found)?;
            }
        }
        Ok(())
    }

    /// Takes a record of `field`, a `message`.
    pub fn add_record(
        &mut self,
        chunk: &Chunk<'_>,
        field: &'s FieldModel,
        message: &'s MessageModel,
        record: &Value,
    ) {
        if self.fault.is_err() {
            return;
        }
        if !field.annotations.unique_by.is_empty()
            && !self.seen.entry(field.number).or_default().add(record, field, message)
        {
            self.fault = Err(not_unique(chunk, &[&field.name], field));
            return;
        }
        self.look_into(chunk, record, message, vec![&field.name]);
    }

    fn look_into(
        &mut self,
        chunk: &Chunk<'_>,
        value: &Value,
        message: &'s MessageModel,
        mut path: Vec<&'s str>,
    ) {
        let fault = &mut self.fault;
        each_twice(value, self.schema, message, &mut path, &mut |path, field| {
            if fault.is_ok() {
                *fault = Err(not_unique(chunk, path, field));
            }
        });
    }

    /// Judges the state, whose stream ends at `offset`.
    pub fn finish(self, offset: u64) -> Result<(), Box<StreamError>> {
        self.fault?;
        self.values.finish(offset)
    }
}

fn not_unique(chunk: &Chunk<'_>, path: &[&str], field: &FieldModel) -> Box<StreamError> {
    let [there, _, remedy] = texts(field);
    let mut error = chunk.error(Reason::Constraint, format!("{there}: {remedy}"));
    error.path = path.join(".");
    error.rule = Some(rules::NOT_UNIQUE);
    error
}
