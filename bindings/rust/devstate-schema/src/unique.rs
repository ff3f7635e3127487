// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The annotation `unique_by`.

use std::collections::HashSet;

use sha2::{Digest, Sha256};

use crate::dynamic::Value;
use crate::model::{FieldModel, MessageModel, SchemaModel};

/// The elements of a repeated field that were seen: 128 bits of the values that tell each from
/// the others, not the values.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashSet<[u8; 16]>);

impl Seen {
    /// Adds an element of `field`. Returns whether it is the first with its values.
    pub fn add(&mut self, element: &Value, field: &FieldModel, of: &MessageModel) -> bool {
        let mut hash = Sha256::new();
        for name in &field.annotations.unique_by {
            let Some(part) = of.field_named(name) else { continue };
            let text = match element {
                Value::Message(members) => members
                    .iter()
                    .find(|member| member.number == part.number)
                    .map(|member| member.value.to_json()),
                _ => None,
            };
            // Such that different values are different texts.
            hash.update(text.as_ref().map_or(0, |text| text.len() as u64 + 1).to_le_bytes());
            hash.update(text.unwrap_or_default());
        }
        let digest = hash.finalize();
        let mut bits = [0; 16];
        bits.copy_from_slice(&digest[..16]);
        self.0.insert(bits)
    }
}

/// Calls `found` for each field in `value`, a `message`, of which two elements have the same
/// values of `unique_by`. `path` leads to the message.
pub(crate) fn each_twice<'s>(
    value: &Value,
    schema: &'s SchemaModel,
    message: &'s MessageModel,
    path: &mut Vec<&'s str>,
    found: &mut dyn FnMut(&[&'s str], &'s FieldModel),
) {
    let Value::Message(members) = value else { return };
    for member in members {
        let Some(field) = message.field(member.number) else { continue };
        let Some(inner) = schema.message_of(field) else { continue };
        path.push(&field.name);
        match &member.value {
            Value::List(elements) => {
                let mut seen = Seen::default();
                let unique = !field.annotations.unique_by.is_empty();
                for element in elements {
                    if unique && !seen.add(element, field, inner) {
                        found(path, field);
                    }
                    each_twice(element, schema, inner, path, found);
                }
            }
            Value::Map(entries) => {
                if let Some(part) = inner.field(2).and_then(|value| schema.message_of(value)) {
                    path.push("value");
                    for (_, value) in entries {
                        each_twice(value, schema, part, path, found);
                    }
                    path.pop();
                }
            }
            value => each_twice(value, schema, inner, path, found),
        }
        path.pop();
    }
}

/// Returns what is wrong: what there is, what is allowed, and what to do.
pub(crate) fn texts(field: &FieldModel) -> [String; 3] {
    let names = field.annotations.unique_by.join(", ");
    [
        format!("two elements with the same {names}"),
        format!("unique_by: {names}"),
        "the reader takes each once: see why the writer has it twice".to_owned(),
    ]
}
