// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The columns of a batch, by a schema that is known at run time only.

use std::collections::BTreeSet;

use devstate::column::{Blobs, Column, ColumnsWalk, Context, Numbers, Texts};
use devstate::schema::{FieldType, Presence};
use devstate::{Chunk, Limits, Reason, StreamError};

use crate::bounds::{bounds_of, BoundColumn, Number};
use crate::check::MAX_DEPTH;
use crate::dynamic::{entry_of, enum_value, member_of, wide_in, zero_of, Member, Value};
use crate::model::{FieldModel, MessageModel, SchemaModel};

type Decoded<T> = Result<T, Box<StreamError>>;

/// The columns of a message.
pub(crate) struct MessageColumns<'p, 's> {
    schema: &'s SchemaModel,
    fields: Vec<FieldColumns<'p, 's>>,
}

/// The columns of a field that is not all defaults.
struct FieldColumns<'p, 's> {
    model: &'s FieldModel,
    /// Where the values of each row begin, and after the last; `None` if each row has one.
    starts: Option<Vec<usize>>,
    values: Values<'p, 's>,
}

enum Values<'p, 's> {
    /// All of them are zero or empty.
    Zero,
    Bool(Numbers<bool>),
    Uint32(Numbers<u32>),
    Uint64(Numbers<u64>),
    Int32(Numbers<i32>),
    Int64(Numbers<i64>),
    Float(Numbers<f32>),
    Double(Numbers<f64>),
    Text(Texts<'p>),
    Bytes(Blobs<'p>),
    Message(MessageColumns<'p, 's>),
}

impl<'p, 's> MessageColumns<'p, 's> {
    /// Decodes a batch of records of `message`.
    pub fn decode_batch(
        chunk: &Chunk<'p>,
        schema: &'s SchemaModel,
        message: &'s MessageModel,
        limits: &Limits,
    ) -> Decoded<Self> {
        let mut cx = Context::new(*chunk, limits, 0);
        cx.charge(chunk.records.into(), schema.record_size(message))?;
        Self::decode(chunk.payload, schema, message, chunk.records as usize, 1, &mut cx)
    }

    fn decode(
        columns: &'p [u8],
        schema: &'s SchemaModel,
        message: &'s MessageModel,
        rows: usize,
        depth: usize,
        cx: &mut Context<'_>,
    ) -> Decoded<Self> {
        if depth > MAX_DEPTH {
            let text = format!("lies deeper than {MAX_DEPTH} messages");
            return Err(cx.error(Reason::Malformed, text));
        }
        let mut fields: Vec<FieldColumns<'p, 's>> = Vec::new();
        let mut walk = ColumnsWalk::new(columns);
        while let Some((number, column)) = walk.next(cx)? {
            let Some(model) = message.field(number) else { return Err(walk.unknown(cx)) };
            let field = FieldColumns::decode(column, schema, model, rows, depth, cx);
            fields.push(field.map_err(|error| error.within(&model.name))?);
        }
        let this = MessageColumns { schema, fields };
        this.check_oneofs(message, rows, cx)?;
        Ok(this)
    }

    fn check_oneofs(&self, message: &MessageModel, rows: usize, cx: &Context<'_>) -> Decoded<()> {
        for oneof in message.oneofs() {
            let members: Vec<_> =
                self.fields.iter().filter(|field| field.model.oneof == oneof).collect();
            if members.len() < 2 {
                continue;
            }
            for row in 0..rows {
                if members.iter().filter(|field| !field.range(row).is_empty()).count() > 1 {
                    return Err(cx.error(
                        Reason::Malformed,
                        format!("row {row} has several members of the oneof {oneof}"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Refuses the first of the values of `rows` rows that the annotations do not allow.
    /// `version` is the writer's.
    pub fn check(
        &self,
        message: &MessageModel,
        rows: usize,
        version: u32,
        chunk: &Chunk<'_>,
    ) -> Decoded<()> {
        if rows == 0 {
            return Ok(());
        }
        for model in &message.fields {
            let field = self.fields.iter().find(|field| field.model.number == model.number);
            let absent = FieldColumns::absent(model, rows);
            let field = field.unwrap_or(&absent);
            field
                .check(self.schema, rows, version, chunk)
                .map_err(|error| error.within(&model.name))?;
        }
        Ok(())
    }

    /// Returns the number of row `i` in field `number`, which occurs exactly once; of bytes, how
    /// many there are.
    pub fn number(&self, number: u32, i: usize) -> u64 {
        let field = self.fields.iter().find(|field| field.model.number == number);
        match field.map(|field| field.values.number(i)) {
            Some(Number::Integer(value)) => value as u64,
            _ => 0,
        }
    }

    /// Returns row `i` as a message.
    pub fn row(&self, i: usize) -> Value {
        Value::Message(
            self.fields.iter().filter_map(|field| field.member(self.schema, i)).collect(),
        )
    }
}

impl<'p, 's> FieldColumns<'p, 's> {
    fn decode(
        column: &'p [u8],
        schema: &'s SchemaModel,
        model: &'s FieldModel,
        rows: usize,
        depth: usize,
        cx: &mut Context<'_>,
    ) -> Decoded<Self> {
        if model.presence == Presence::Implicit {
            let values = Values::decode(column, schema, model, rows, depth, cx)?;
            return Ok(FieldColumns { model, starts: None, values });
        }
        let (mut counts, mut values) = (None, None);
        let mut walk = devstate::wire::Cursor::new(column);
        while !walk.at_end() {
            let Some((part, _, value)) = walk.field() else {
                return Err(cx.error(Reason::Malformed, "column is not a well-formed message"));
            };
            let slot = match part {
                1 => &mut counts,
                2 => &mut values,
                _ => {
                    let text = format!("column has an unknown part {part}: update the reader");
                    return Err(cx.error(Reason::UnknownContent, text));
                }
            };
            let devstate::wire::Value::Bytes(bytes) = value else {
                return Err(cx.error(Reason::Malformed, "part of the column has another wire type"));
            };
            if slot.replace(bytes).is_some() {
                let text = format!("part {part} of the column occurs twice");
                return Err(cx.error(Reason::Malformed, text));
            }
        }
        let Some(counts) = counts else {
            return Err(cx.error(Reason::Malformed, "columns of a field that never occurs"));
        };
        let mut starts = Vec::with_capacity(rows + 1);
        starts.push(0);
        let mut total = 0;
        if model.presence == Presence::Explicit {
            let counts = Numbers::<bool>::decode(counts, rows, cx)?;
            starts.extend((0..rows).map(|row| {
                total += usize::from(counts.get(row));
                total
            }));
        } else {
            let counts = Numbers::<u32>::decode(counts, rows, cx)?;
            cx.charge(counts.sum(rows), schema.value_size(model))?;
            starts.extend((0..rows).map(|row| {
                total += counts.get(row) as usize;
                total
            }));
        }
        let values = match (values, schema.message_of(model)) {
            (Some(bytes), _) => Values::decode(bytes, schema, model, total, depth, cx)?,
            (None, Some(_)) => Values::decode(&[], schema, model, total, depth, cx)?,
            (None, None) => Values::Zero,
        };
        let this = FieldColumns { model, starts: Some(starts), values };
        if model.presence == Presence::Map {
            this.check_keys(schema, rows, cx)?;
        }
        Ok(this)
    }

    /// The field where no row has it.
    fn absent(model: &'s FieldModel, rows: usize) -> Self {
        let starts = (model.presence != Presence::Implicit).then(|| vec![0; rows + 1]);
        FieldColumns { model, starts, values: Values::Zero }
    }

    fn check(
        &self,
        schema: &SchemaModel,
        rows: usize,
        version: u32,
        chunk: &Chunk<'_>,
    ) -> Decoded<()> {
        let count = self.starts.as_ref().map_or(rows, |starts| starts[rows]);
        for bounds in bounds_of(self.model) {
            if version < bounds.since {
                continue;
            }
            let broken = match bounds.column {
                BoundColumn::Counts => (0..rows)
                    .map(|row| Number::Integer(self.range(row).len() as i128))
                    .find(|&number| !bounds.allows_number(number)),
                BoundColumn::Values | BoundColumn::Lengths => (0..count)
                    .map(|i| self.values.number(i))
                    .find(|&number| !bounds.allows_number(number)),
            };
            if let Some(number) = broken {
                let value = match number {
                    _ if bounds.sensitive => "a value that is not shown".to_owned(),
                    Number::Integer(value) => format!("{value}{}", bounds.unit),
                    Number::Real(value) => value.to_string(),
                };
                let text = format!(
                    "{value} is there, allowed is {}: correct the writer, or widen the schema's \
                     bounds",
                    bounds.allowed
                );
                return Err(chunk.error(Reason::Constraint, text));
            }
        }
        match (&self.values, schema.message_of(self.model)) {
            (Values::Message(columns), Some(message)) => {
                columns.check(message, count, version, chunk)
            }
            _ => Ok(()),
        }
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        match &self.starts {
            Some(starts) => starts[row]..starts[row + 1],
            None => row..row + 1,
        }
    }

    fn check_keys(&self, schema: &SchemaModel, rows: usize, cx: &Context<'_>) -> Decoded<()> {
        for row in 0..rows {
            let mut seen = BTreeSet::new();
            for i in self.range(row) {
                let (key, _) = entry_of(schema, self.model, self.values.get(schema, self.model, i));
                if !seen.insert(key.to_json()) {
                    let text = format!("row {row} has a key of the map twice: correct the writer");
                    return Err(cx.error(Reason::Malformed, text));
                }
            }
        }
        Ok(())
    }

    fn member(&self, schema: &SchemaModel, row: usize) -> Option<Member> {
        let mut values = self.range(row).map(|i| self.values.get(schema, self.model, i));
        let value = match self.model.presence {
            Presence::Implicit => values.next().filter(|value| !value.is_zero())?,
            Presence::Explicit => values.next()?,
            Presence::Repeated => Value::List(values.collect()),
            Presence::Map => {
                Value::Map(values.map(|entry| entry_of(schema, self.model, entry)).collect())
            }
        };
        if self.model.repeated() && value.is_zero() {
            return None;
        }
        Some(Member { wide: wide_in(schema, self.model), ..member_of(self.model, value) })
    }
}

impl<'p, 's> Values<'p, 's> {
    fn decode(
        column: &'p [u8],
        schema: &'s SchemaModel,
        model: &'s FieldModel,
        count: usize,
        depth: usize,
        cx: &mut Context<'_>,
    ) -> Decoded<Self> {
        use FieldType as T;
        if let Some(message) = schema.message_of(model) {
            let columns = MessageColumns::decode(column, schema, message, count, depth + 1, cx)?;
            return Ok(Values::Message(columns));
        }
        Ok(match model.kind {
            T::Bool => Values::Bool(Numbers::decode(column, count, cx)?),
            T::Uint32 | T::Fixed32 => Values::Uint32(Numbers::decode(column, count, cx)?),
            T::Uint64 | T::Fixed64 => Values::Uint64(Numbers::decode(column, count, cx)?),
            T::Int64 | T::Sint64 | T::Sfixed64 => {
                Values::Int64(Numbers::decode(column, count, cx)?)
            }
            T::Enum => {
                let numbers = Numbers::<i32>::decode(column, count, cx)?;
                let names = model.enumeration.map(|index| &schema.enums[index].values);
                numbers.check_named(count, cx, |number| {
                    names.into_iter().flatten().any(|value| value.number == number)
                })?;
                Values::Int32(numbers)
            }
            T::Float => Values::Float(Numbers::decode(column, count, cx)?),
            T::Double => Values::Double(Numbers::decode(column, count, cx)?),
            T::String => Values::Text(Texts::decode(column, count, cx)?),
            T::Bytes => Values::Bytes(Blobs::decode(column, count, cx)?),
            _ => Values::Int32(Numbers::decode(column, count, cx)?),
        })
    }

    /// Returns value `i` of numbers, the length of value `i` of strings.
    fn number(&self, i: usize) -> Number {
        Number::Integer(match self {
            Values::Zero | Values::Message(_) => 0,
            Values::Bool(values) => values.get(i).into(),
            Values::Uint32(values) => values.get(i).into(),
            Values::Uint64(values) => values.get(i).into(),
            Values::Int32(values) => values.get(i).into(),
            Values::Int64(values) => values.get(i).into(),
            Values::Float(values) => return Number::Real(values.get(i).into()),
            Values::Double(values) => return Number::Real(values.get(i)),
            Values::Text(values) => values.lengths().get(i).into(),
            Values::Bytes(values) => values.lengths().get(i).into(),
        })
    }

    fn get(&self, schema: &SchemaModel, model: &FieldModel, i: usize) -> Value {
        match self {
            Values::Zero => zero_of(schema, model),
            Values::Bool(values) => Value::Bool(values.get(i)),
            Values::Uint32(values) => Value::Uint(values.get(i).into()),
            Values::Uint64(values) => Value::Uint(values.get(i)),
            Values::Int32(values) if model.kind == FieldType::Enum => {
                enum_value(schema, model, values.get(i))
            }
            Values::Int32(values) => Value::Int(values.get(i).into()),
            Values::Int64(values) => Value::Int(values.get(i)),
            Values::Float(values) => Value::Float(values.get(i)),
            Values::Double(values) => Value::Double(values.get(i)),
            Values::Text(values) => Value::Text(values.get(i).to_owned()),
            Values::Bytes(values) => Value::Bytes(values.get(i).to_vec()),
            Values::Message(columns) => columns.row(i),
        }
    }
}
