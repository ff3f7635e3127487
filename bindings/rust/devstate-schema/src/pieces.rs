// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The annotation `pieces`, with the names looked up.

use devstate::schema::{FieldType, Presence};

use crate::annotations::Pieces;
use crate::model::{FieldModel, MessageModel, SchemaModel};

/// The bytes that a piece may have.
const MAX_PIECE_BYTES: u64 = 256 * 1024;

/// A field of the root whose records are pieces of longer values; [`pieces_of`] has an example.
#[derive(Clone, Copy, Debug)]
pub struct PiecesModel<'s> {
    /// The field.
    pub field: &'s FieldModel,
    /// The field whose records own the values.
    pub owners: &'s FieldModel,
    /// The most owners that there may be.
    pub max_owners: u64,
    /// Of a piece: whose value it is of.
    pub owner: &'s FieldModel,
    /// Of a piece: where it begins.
    pub offset: &'s FieldModel,
    /// Of a piece: its bytes.
    pub data: &'s FieldModel,
    /// Of an owner: its id.
    pub id: &'s FieldModel,
    /// Of an owner: the bytes of its value.
    pub size: &'s FieldModel,
}

/// Returns the fields of the root whose records are pieces. One whose annotation makes no sense
/// is none.
///
/// ```
/// # fn show(schema: &devstate_schema::SchemaModel) {
/// for pieces in devstate_schema::pieces_of(schema) {
///     println!("{} are pieces of {}", pieces.field.name, pieces.owners.name);
/// }
/// # }
/// ```
pub fn pieces_of(schema: &SchemaModel) -> Vec<PiecesModel<'_>> {
    let found = schema.root().fields.iter().filter_map(|field| {
        let pieces = field.annotations.pieces.as_ref()?;
        find_pieces(schema, Some(field), pieces).ok()
    });
    found.collect()
}

/// Looks up what `pieces` of `field` names. `field` is `None` if it is not one of the root.
pub(crate) fn find_pieces<'s>(
    schema: &'s SchemaModel,
    field: Option<&'s FieldModel>,
    pieces: &Pieces,
) -> Result<PiecesModel<'s>, String> {
    let records = |field: &FieldModel| {
        (field.presence == Presence::Repeated).then(|| schema.message_of(field)).flatten()
    };
    let Some((field, piece)) = field.and_then(|field| Some((field, records(field)?))) else {
        return Err("pieces is for repeated messages of the root only".into());
    };
    let owners = schema
        .root()
        .field_named(&pieces.of)
        .filter(|owners| owners.number < field.number)
        .and_then(|owners| Some((owners, owners.annotations.max_items?, records(owners)?)));
    let owner = find(piece, "owner", &pieces.owner, is_plain_unsigned)?;
    let offset = find(piece, "offset", &pieces.offset, is_plain_unsigned)?;
    let data = find(piece, "data", &pieces.data, is_short_bytes)?;
    let Some((owners, max_owners, of)) = owners else {
        return Err(format!(
            "pieces.of names \"{}\", which is no repeated message before it with max_items",
            pieces.of
        ));
    };
    let id = find(of, "id", &pieces.id, is_plain_unsigned)?;
    let size = find(of, "size", &pieces.size, is_plain_unsigned)?;
    Ok(PiecesModel { field, owners, max_owners, owner, offset, data, id, size })
}

fn find<'s>(
    of: &'s MessageModel,
    annotation: &str,
    name: &str,
    fits: fn(&FieldModel) -> bool,
) -> Result<&'s FieldModel, String> {
    of.field_named(name).filter(|field| fits(field)).ok_or_else(|| {
        format!("pieces.{annotation} names \"{name}\", which is no such field of {}", of.full_name)
    })
}

fn is_short_bytes(field: &FieldModel) -> bool {
    field.kind == FieldType::Bytes
        && field.presence == Presence::Implicit
        && field.annotations.max_len.is_some_and(|bytes| (1..=MAX_PIECE_BYTES).contains(&bytes))
}

fn is_plain_unsigned(field: &FieldModel) -> bool {
    use FieldType as T;
    field.presence == Presence::Implicit
        && matches!(field.kind, T::Uint32 | T::Uint64 | T::Fixed32 | T::Fixed64)
}
