// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What the annotations of a schema allow of the root message and its parts. Generated readers
//! leave that to the device; a verdict does not.

use std::collections::{BTreeMap, BTreeSet};

use devstate::schema::{FieldType, Presence};
use devstate::wire::{unzigzag, Cursor, Value};
use devstate::{rules, Finding};

use crate::bounds::{bounds_with, BoundColumn, ColumnBounds, Number};
use crate::dynamic::message_value;
use crate::model::{FieldModel, MessageModel, SchemaModel};
use crate::moves::join;
use crate::unique::{each_twice, texts};

/// The bounds of all fields outside of records.
#[derive(Debug, Default)]
pub(crate) struct RootBounds {
    used_features: BTreeSet<String>,
}

impl RootBounds {
    pub fn new(used_features: &[String]) -> Self {
        RootBounds { used_features: used_features.iter().cloned().collect() }
    }

    /// Checks a root message that is sound by `schema`.
    pub fn check(&self, root: &[u8], schema: &SchemaModel, findings: &mut Vec<Finding>) {
        self.message(root, schema, schema.root(), "", findings);
        let value = message_value(root, schema, schema.root());
        each_twice(&value, schema, schema.root(), &mut Vec::new(), &mut |path, field| {
            let [written, read, text] = texts(field);
            findings.push(Finding {
                path: path.join("."),
                written,
                read,
                field_number: field.number,
                ..Finding::refusal(rules::NOT_UNIQUE, text)
            });
        });
    }

    fn message(
        &self,
        bytes: &[u8],
        schema: &SchemaModel,
        message: &MessageModel,
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        let mut values: BTreeMap<u32, Vec<Value<'_>>> = BTreeMap::new();
        let mut cursor = Cursor::new(bytes);
        while let Some((number, _, value)) = cursor.field() {
            values.entry(number).or_default().push(value);
        }
        for field in &message.fields {
            if path.is_empty() && field.holds_records() {
                continue;
            }
            let path = join(path, &field.name);
            let mut values = values.remove(&field.number).unwrap_or_default();
            if !field.repeated() {
                // The last one wins.
                values.drain(..values.len().saturating_sub(1));
                // An entry of a map always has its value.
                let always = field.presence == Presence::Implicit || message.map_entry;
                if values.is_empty() && always {
                    values.push(if field.is_number() {
                        Value::Varint(0)
                    } else {
                        Value::Bytes(&[])
                    });
                }
            }
            self.field(field, &values, &path, findings);
            if let Some(inner) = schema.message_of(field) {
                for value in &values {
                    self.message(value.bytes(), schema, inner, &path, findings);
                }
            }
        }
    }

    fn field(
        &self,
        field: &FieldModel,
        values: &[Value<'_>],
        path: &str,
        findings: &mut Vec<Finding>,
    ) {
        let used = self.used_features.contains(&field.annotations.feature);
        let numbers = || -> Vec<Number> {
            values.iter().flat_map(|&value| numbers_of(field, value)).collect()
        };
        for bounds in bounds_with(field, used) {
            let broken = match bounds.column {
                BoundColumn::Counts => {
                    let count =
                        if field.is_number() { numbers().len() } else { values.len() } as i128;
                    [Number::Integer(count)].into_iter().find(|&n| !bounds.allows_number(n))
                }
                BoundColumn::Values => numbers().into_iter().find(|&n| !bounds.allows_number(n)),
                BoundColumn::Lengths => values
                    .iter()
                    .map(|value| Number::Integer(value.bytes().len() as i128))
                    .find(|&n| !bounds.allows_number(n)),
            };
            if let Some(number) = broken {
                findings.push(finding(field, &bounds, number, path));
            }
        }
    }
}

fn finding(field: &FieldModel, bounds: &ColumnBounds, number: Number, path: &str) -> Finding {
    let (text, zero) = match number {
        Number::Integer(value) => (value.to_string(), value == 0),
        Number::Real(value) => (value.to_string(), value.to_bits() == 0),
    };
    let base = if bounds.required && zero {
        Finding {
            written: "absent".into(),
            ..Finding::refusal(
                rules::REQUIRED_MISSING,
                "the reader needs the field and the state does not have it: save with a writer \
                 that fills it",
            )
        }
    } else {
        Finding {
            written: if bounds.sensitive {
                "<redacted>".into()
            } else {
                format!("{text}{}", bounds.unit)
            },
            ..Finding::refusal(
                rules::VALUE_OUT_OF_BOUNDS,
                "the value is outside of what the schema allows: correct the writer, or widen the \
                 reader's bounds",
            )
        }
    };
    Finding {
        path: path.to_owned(),
        read: bounds.allowed.clone(),
        field_number: field.number,
        ..base
    }
}

/// The numbers of a value, which may be packed.
fn numbers_of(field: &FieldModel, value: Value<'_>) -> Vec<Number> {
    let mut numbers = Vec::new();
    if !field.is_number() {
        return numbers;
    }
    devstate::record::each_number(value, field.wire_size(), |bits| {
        numbers.push(match field.kind {
            FieldType::Float => Number::Real(f32::from_bits(bits as u32).into()),
            FieldType::Double => Number::Real(f64::from_bits(bits)),
            FieldType::Sint32 | FieldType::Sint64 => Number::Integer(unzigzag(bits).into()),
            FieldType::Int32 | FieldType::Sfixed32 | FieldType::Enum => {
                Number::Integer((bits as i32).into())
            }
            FieldType::Int64 | FieldType::Sfixed64 => Number::Integer((bits as i64).into()),
            _ => Number::Integer(bits.into()),
        });
    });
    numbers
}
