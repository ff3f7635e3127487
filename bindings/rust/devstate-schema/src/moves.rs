// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Which fields stand in another place, as their schemas declare.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FieldModel, MessageModel, SchemaModel};

/// A field, with those that lead to it from the root.
#[derive(Clone, Debug)]
pub(crate) struct Located<'s> {
    steps: Vec<&'s FieldModel>,
}

impl<'s> Located<'s> {
    pub fn field(&self) -> &'s FieldModel {
        self.steps[self.steps.len() - 1]
    }

    pub fn path(&self) -> String {
        path_of(&self.steps)
    }

    /// Whether it is a field of the root.
    pub fn in_root(&self) -> bool {
        self.steps.len() == 1
    }

    /// How many of the fields before it lead to the last one that has several values.
    fn element(&self) -> usize {
        let before = &self.steps[..self.steps.len() - 1];
        before.iter().rposition(|step| step.repeated()).map_or(0, |at| at + 1)
    }

    /// Returns the path of the last field before it that has several values.
    pub fn repeated_path(&self) -> String {
        path_of(&self.steps[..self.element()])
    }

    /// Returns the messages from the root, or from that element, to the one that the field is in.
    pub fn steps_from_element(&self) -> &[&'s FieldModel] {
        &self.steps[self.element()..self.steps.len() - 1]
    }

    fn element_numbers(&self) -> Vec<u32> {
        self.steps[..self.element()].iter().map(|step| step.number).collect()
    }

    /// Whether `schema` has its numbers, one within the other.
    fn has_numbers_in(&self, schema: &SchemaModel) -> bool {
        let mut message = Some(schema.root());
        self.steps.iter().all(|step| {
            let field = message.and_then(|message| message.field(step.number));
            message = field.and_then(|field| schema.message_of(field));
            field.is_some()
        })
    }
}

fn path_of(steps: &[&FieldModel]) -> String {
    steps.iter().fold(String::new(), |path, step| join(&path, &step.name))
}

/// Returns the path of the field `name` of what is at `path`.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn find<'s>(schema: &'s SchemaModel, path: &str) -> Option<Located<'s>> {
    let mut message = Some(schema.root());
    let mut steps = Vec::new();
    for name in path.split('.') {
        let field = message?.field_named(name)?;
        message = schema.message_of(field);
        steps.push(field);
    }
    Some(Located { steps })
}

/// The declarations of a schema, each where it stands. A message that contains itself is seen once.
fn declarations(schema: &SchemaModel) -> Vec<Located<'_>> {
    fn walk<'s>(
        schema: &'s SchemaModel,
        message: &'s MessageModel,
        steps: &mut Vec<&'s FieldModel>,
        open: &mut Vec<*const MessageModel>,
        seen: &mut u32,
        found: &mut Vec<Located<'s>>,
    ) {
        if open.contains(&(message as *const _)) {
            return;
        }
        open.push(message);
        for field in &message.fields {
            *seen += 1;
            if *seen > MAX_PATHS {
                break;
            }
            steps.push(field);
            if !field.annotations.moved_from.is_empty() {
                found.push(Located { steps: steps.clone() });
            }
            if let Some(inner) = schema.message_of(field) {
                walk(schema, inner, steps, open, seen, found);
            }
            steps.pop();
        }
        open.pop();
    }
    // More no schema of this kind has.
    const MAX_PATHS: u32 = 100_000;
    let declares = |message: &MessageModel| {
        message.fields.iter().any(|field| !field.annotations.moved_from.is_empty())
    };
    let mut found = Vec::new();
    if schema.messages.iter().any(declares) {
        walk(schema, schema.root(), &mut Vec::new(), &mut Vec::new(), &mut 0, &mut found);
    }
    found
}

/// The fields that have moved between two schemas.
#[derive(Debug, Default)]
pub(crate) struct Moves<'s> {
    /// By the path in the writer's schema: the place in the reader's.
    moved: BTreeMap<String, Located<'s>>,
    /// The reader's paths.
    filled: BTreeSet<String>,
}

impl<'s> Moves<'s> {
    pub fn new(writer: &'s SchemaModel, reader: &'s SchemaModel) -> Self {
        let mut moves = Self::default();
        each_move(reader, writer, |to, from| moves.add(from.path(), to));
        each_move(writer, reader, |from, to| moves.add(from.path(), to));
        moves
    }

    /// Returns false if one of the two has its place already.
    fn add(&mut self, from: String, to: &Located<'s>) -> bool {
        if self.moved.contains_key(&from) || !self.filled.insert(to.path()) {
            return false;
        }
        self.moved.insert(from, to.clone());
        true
    }

    /// Returns where the writer's field at `path` is for the reader.
    pub fn find(&self, path: &str) -> Option<&Located<'s>> {
        self.moved.get(path)
    }

    /// Returns whether something within the writer's message at `path` has moved.
    pub fn any_within(&self, path: &str) -> bool {
        let prefix = format!("{path}.");
        self.moved.range(prefix.clone()..).next().is_some_and(|(key, _)| key.starts_with(&prefix))
    }

    /// Returns whether a field that has moved fills the reader's one at `path`.
    pub fn is_filled(&self, path: &str) -> bool {
        self.filled.contains(path)
    }
}

/// Calls `add` with each declared field of `declaring` and its place in `other`, first with those
/// that stay within their repeated element: a message that stands in several places declares for
/// all of them.
fn each_move<'s>(
    declaring: &'s SchemaModel,
    other: &'s SchemaModel,
    mut add: impl FnMut(&Located<'s>, &Located<'s>) -> bool,
) {
    let declarations = declarations(declaring);
    for within in [true, false] {
        for here in declarations.iter().filter(|here| !here.has_numbers_in(other)) {
            for former in here.field().annotations.moved_from.iter().rev() {
                if *former == here.path() {
                    continue;
                }
                let Some(there) = find(other, former) else { continue };
                if !there.has_numbers_in(declaring)
                    && (here.element_numbers() == there.element_numbers()) == within
                    && add(here, &there)
                {
                    break;
                }
            }
        }
    }
}
