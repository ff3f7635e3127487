// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The two messages of a stream that say what it is: StreamHeader and StreamTrailer.

use crate::wire::{put_bytes, put_number, put_tag, Cursor, Value, FIXED64};

/// A program that writes states.
///
/// ```
/// let own = devstate::Implementation { name: "virtiofsd".into(), version: "1.14".into() };
/// assert_ne!(own, devstate::Implementation::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Implementation {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A state of one version of its schema became one of another.
///
/// ```
/// fn history(header: &devstate::StreamHeader) -> Vec<String> {
///     let step = |c: &devstate::ConversionRecord| format!("{} to {}", c.from_version, c.to_version);
///     header.conversions.iter().map(step).collect()
/// }
/// # assert!(history(&Default::default()).is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversionRecord {
    /// The version that it was of.
    pub from_version: u32,
    /// The version that it became one of.
    pub to_version: u32,
    /// Who converted it.
    pub by: Option<Implementation>,
}

/// What a stream says about itself, readable without its schema.
///
/// ```
/// fn describe(stream: &[u8]) -> Result<String, devstate::Error> {
///     let mut reader = devstate::StreamReader::new(stream, Default::default());
///     let header = reader.read_header()?;
///     let writer = header.writer.clone().unwrap_or_default();
///     Ok(format!("{} version {}, by {}", header.schema, header.schema_version, writer.name))
/// }
/// # assert!(describe(b"").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamHeader {
    /// The kind of device, "virtio-fs".
    pub device: String,
    /// Name of the schema, "devices.fs.v1".
    pub schema: String,
    /// Version of the schema.
    pub schema_version: u32,
    /// The oldest schema version whose readers may load the stream.
    pub min_reader: u32,
    /// Full name of the root message.
    pub root_message: String,
    /// Who wrote the stream.
    pub writer: Option<Implementation>,
    /// Names of the optional features that this very state uses.
    pub used_features: Vec<String>,
    /// SHA-256 of the schema's canonical form.
    pub fingerprint: Vec<u8>,
    /// The schema's FileDescriptorSet as one zstd frame; empty if it was left out.
    pub descriptor_set: Vec<u8>,
    /// Which of several devices of one kind; free text.
    pub instance: String,
    /// The conversions that this state went through, oldest first.
    pub conversions: Vec<ConversionRecord>,
}

/// Counts of everything before the trailer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StreamTrailer {
    pub chunks: u64,
    pub records: u64,
    pub decoded_bytes: u64,
    pub stored_bytes: u64,
    pub digest: u64,
}

/// Calls `each` for each field; `None` if the message is not well-formed or `each` says so.
fn parse<'a>(bytes: &'a [u8], mut each: impl FnMut(u32, Value<'a>) -> Option<()>) -> Option<()> {
    let mut cursor = Cursor::of_message(bytes);
    while !cursor.at_end() {
        let (number, _, value) = cursor.field()?;
        each(number, value)?;
    }
    Some(())
}

fn text(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn put_text(number: u32, value: &str, out: &mut Vec<u8>) {
    if !value.is_empty() {
        put_bytes(number, value.as_bytes(), out);
    }
}

impl Implementation {
    fn merge(&mut self, bytes: &[u8]) -> Option<()> {
        parse(bytes, |number, value| {
            match (number, value) {
                (1, Value::Bytes(bytes)) => self.name = text(bytes)?,
                (2, Value::Bytes(bytes)) => self.version = text(bytes)?,
                _ => {}
            }
            Some(())
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_text(1, &self.name, &mut out);
        put_text(2, &self.version, &mut out);
        out
    }
}

impl ConversionRecord {
    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut record = Self::default();
        parse(bytes, |number, value| {
            match (number, value) {
                (1, Value::Varint(value)) => record.from_version = value as u32,
                (2, Value::Varint(value)) => record.to_version = value as u32,
                (3, Value::Bytes(bytes)) => {
                    record.by.get_or_insert_with(Default::default).merge(bytes)?
                }
                _ => {}
            }
            Some(())
        })?;
        Some(record)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_number(1, self.from_version.into(), &mut out);
        put_number(2, self.to_version.into(), &mut out);
        if let Some(by) = &self.by {
            put_bytes(3, &by.encode(), &mut out);
        }
        out
    }
}

impl StreamHeader {
    /// Parses the message; unknown fields are ignored. `None` if it is none.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut header = Self::default();
        parse(bytes, |number, value| {
            match (number, value) {
                (1, Value::Bytes(bytes)) => header.device = text(bytes)?,
                (2, Value::Bytes(bytes)) => header.schema = text(bytes)?,
                (3, Value::Varint(value)) => header.schema_version = value as u32,
                (4, Value::Varint(value)) => header.min_reader = value as u32,
                (5, Value::Bytes(bytes)) => header.root_message = text(bytes)?,
                (6, Value::Bytes(bytes)) => {
                    header.writer.get_or_insert_with(Default::default).merge(bytes)?
                }
                (7, Value::Bytes(bytes)) => header.used_features.push(text(bytes)?),
                (8, Value::Bytes(bytes)) => header.fingerprint = bytes.to_vec(),
                (9, Value::Bytes(bytes)) => header.descriptor_set = bytes.to_vec(),
                (10, Value::Bytes(bytes)) => header.instance = text(bytes)?,
                (11, Value::Bytes(bytes)) => {
                    header.conversions.push(ConversionRecord::decode(bytes)?)
                }
                _ => {}
            }
            Some(())
        })?;
        Some(header)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_text(1, &self.device, &mut out);
        put_text(2, &self.schema, &mut out);
        put_number(3, self.schema_version.into(), &mut out);
        put_number(4, self.min_reader.into(), &mut out);
        put_text(5, &self.root_message, &mut out);
        if let Some(writer) = &self.writer {
            put_bytes(6, &writer.encode(), &mut out);
        }
        for feature in &self.used_features {
            put_bytes(7, feature.as_bytes(), &mut out);
        }
        for (number, bytes) in [(8, &self.fingerprint), (9, &self.descriptor_set)] {
            if !bytes.is_empty() {
                put_bytes(number, bytes, &mut out);
            }
        }
        put_text(10, &self.instance, &mut out);
        for conversion in &self.conversions {
            put_bytes(11, &conversion.encode(), &mut out);
        }
        out
    }
}

impl StreamTrailer {
    /// Parses the message; unknown fields are ignored. `None` if it is none.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut trailer = Self::default();
        parse(bytes, |number, value| {
            match (number, value) {
                (1, Value::Varint(value)) => trailer.chunks = value,
                (2, Value::Varint(value)) => trailer.records = value,
                (3, Value::Varint(value)) => trailer.decoded_bytes = value,
                (4, Value::Varint(value)) => trailer.stored_bytes = value,
                (5, Value::Fixed64(value)) => trailer.digest = value,
                _ => {}
            }
            Some(())
        })?;
        Some(trailer)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_number(1, self.chunks, &mut out);
        put_number(2, self.records, &mut out);
        put_number(3, self.decoded_bytes, &mut out);
        put_number(4, self.stored_bytes, &mut out);
        if self.digest != 0 {
            put_tag(5, FIXED64, &mut out);
            out.extend_from_slice(&self.digest.to_le_bytes());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_comes_back_and_unknown_fields_are_ignored() {
        let header = StreamHeader {
            device: "virtio-fs".into(),
            schema: "devices.fs.v1".into(),
            schema_version: 3,
            min_reader: 1,
            root_message: "devices.fs.v1.FsState".into(),
            writer: Some(Implementation { name: "a".into(), version: "1".into() }),
            used_features: vec!["F".into(), "G".into()],
            fingerprint: vec![7; 32],
            descriptor_set: vec![1, 2],
            instance: "fs0".into(),
            conversions: vec![ConversionRecord { from_version: 2, to_version: 3, by: None }],
        };
        let mut bytes = header.encode();
        put_number(99, 5, &mut bytes);
        assert_eq!(StreamHeader::decode(&bytes), Some(header));
    }

    #[test]
    fn a_name_that_is_not_utf8_is_no_header() {
        assert_eq!(StreamHeader::decode(&[0x0a, 1, 0xff]), None);
        assert_eq!(StreamHeader::decode(&[0x0a, 9]), None);
    }
}
