// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Which fields stand in another place, as their schemas declare.

use crate::model::{FieldModel, MessageModel, SchemaModel};

/// A field that has another place.
pub(crate) struct Move {
    /// Its path in the writer's and in the reader's schema.
    pub from: String,
    pub to: String,
    /// Whether both places are within the same records, so that a conversion is possible.
    pub convertible: bool,
}

/// Returns the fields that have moved between the two schemas.
pub(crate) fn moves(writer: &SchemaModel, reader: &SchemaModel) -> Vec<Move> {
    let mut found = Vec::new();
    for (newer, older, flip) in [(reader, writer, false), (writer, reader, true)] {
        each_path(newer, newer.root(), "", &mut |path, field| {
            for former in &field.annotations.moved_from {
                // A field whose number stays where it was has not moved.
                if find(older, path).is_some_and(|other| other.number == field.number) {
                    continue;
                }
                let Some(other) = find(older, former) else { continue };
                let convertible = repeated_part(older, former) == repeated_part(newer, path)
                    && (former.contains('.') || !other.holds_records())
                    && (path.contains('.') || !field.holds_records());
                let (from, to) =
                    if flip { (path, former.as_str()) } else { (former.as_str(), path) };
                found.push(Move { from: from.to_owned(), to: to.to_owned(), convertible });
            }
        });
    }
    found
}

/// Returns the path as far as the last repeated message that the field is in.
fn repeated_part<'p>(schema: &SchemaModel, path: &'p str) -> &'p str {
    path.match_indices('.')
        .map(|(end, _)| &path[..end])
        .rfind(|outer| find(schema, outer).is_some_and(FieldModel::repeated))
        .unwrap_or("")
}

fn each_path<'s>(
    schema: &'s SchemaModel,
    message: &'s MessageModel,
    path: &str,
    each: &mut impl FnMut(&str, &'s FieldModel),
) {
    for field in &message.fields {
        let path = join(path, &field.name);
        each(&path, field);
        if let Some(message) = schema.message_of(field) {
            each_path(schema, message, &path, each);
        }
    }
}

/// Returns the field at `path`, from the root.
pub(crate) fn find<'s>(schema: &'s SchemaModel, path: &str) -> Option<&'s FieldModel> {
    let mut message = Some(schema.root());
    let mut field = None;
    for name in path.split('.') {
        field = Some(message?.field_named(name)?);
        message = field.and_then(|field| schema.message_of(field));
    }
    field
}

/// Returns the path of the field `name` of what is at `path`.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
