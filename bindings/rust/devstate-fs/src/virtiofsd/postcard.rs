// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The primitives of postcard, read strictly and written. Only the one encoding is read that is
//! written: what is imported and exported is the same bytes.

use devstate::wire::{put_varint, unzigzag, zigzag};
use devstate::{Error, Reason, StreamError};

/// Reads a state from its first byte on.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// What is being read, for errors: "inode 3 of 7".
    record: Option<(&'static str, u64, u64)>,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0, record: None }
    }

    pub fn offset(&self) -> usize {
        self.at
    }

    /// Says what is read next; `None` is no record.
    pub fn within(&mut self, record: Option<(&'static str, u64, u64)>) {
        self.record = record;
    }

    pub fn fail<T>(&self, reason: Reason, offset: usize, text: String) -> Result<T, Error> {
        let message = match self.record {
            Some((name, index, count)) => format!("{name} {} of {count}: {text}", index + 1),
            None => text,
        };
        Err(Error::Stream(Box::new(StreamError {
            reason,
            offset: offset as u64,
            chunk: None,
            path: String::new(),
            rule: None,
            message,
        })))
    }

    fn byte(&mut self, what: &str) -> Result<u8, Error> {
        let Some(&byte) = self.bytes.get(self.at) else {
            let text = format!("the state ends within {what}: it was cut off; save it again");
            return self.fail(Reason::NoTrailer, self.bytes.len(), text);
        };
        self.at += 1;
        Ok(byte)
    }

    /// Reads a varint of at most `max`, in as few bytes as it takes.
    fn varint(&mut self, what: &str, max: u64) -> Result<u64, Error> {
        let start = self.at;
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = self.byte(what)?;
            if shift == 63 && byte > 1 {
                let text = format!("{what} is a varint of more than 64 bits");
                return self.fail(Reason::Malformed, start, text);
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte >= 0x80 {
                continue;
            }
            if byte == 0 && shift > 0 {
                let text = format!("{what} is a varint of more bytes than {value} needs");
                return self.fail(Reason::Malformed, start, text);
            }
            break;
        }
        if value > max {
            let text = format!("{what} is {value}, expected at most {max}");
            return self.fail(Reason::Malformed, start, text);
        }
        Ok(value)
    }

    pub fn u64(&mut self, what: &str) -> Result<u64, Error> {
        self.varint(what, u64::MAX)
    }

    pub fn i32(&mut self, what: &str) -> Result<i32, Error> {
        // 32 bits in, 32 bits out.
        self.varint(what, u32::MAX.into()).map(|bits| unzigzag(bits) as i32)
    }

    /// Reads a bool, or the tag of an Option.
    pub fn bool(&mut self, what: &str) -> Result<bool, Error> {
        let start = self.at;
        match self.byte(what)? {
            0 => Ok(false),
            1 => Ok(true),
            byte => {
                let text = format!("{what} is 0x{byte:02x}, expected 0 or 1");
                self.fail(Reason::Malformed, start, text)
            }
        }
    }

    /// Reads which of `variants` follows.
    pub fn variant(&mut self, what: &str, variants: u64) -> Result<u64, Error> {
        let start = self.at;
        let index = self.varint(what, u32::MAX.into())?;
        if index >= variants {
            let text = format!("{what} is variant {index}, expected one of {variants}");
            return self.fail(Reason::Malformed, start, text);
        }
        Ok(index)
    }

    /// Reads a number of elements.
    pub fn count(&mut self, what: &str, max: u64) -> Result<u64, Error> {
        let start = self.at;
        let count = self.u64(what)?;
        if count > max {
            let text = format!("{what} is {count}, the limit is {max}");
            return self.fail(Reason::Limit, start, text);
        }
        Ok(count)
    }

    pub fn bytes(&mut self, what: &str, max: usize) -> Result<&'a [u8], Error> {
        let start = self.at;
        let size = self.u64(what)?;
        if size > max as u64 {
            let text = format!("{what} has {size} bytes, the limit is {max}");
            return self.fail(Reason::Limit, start, text);
        }
        let end = self.at + size as usize;
        let Some(bytes) = self.bytes.get(self.at..end) else {
            let text = format!("the state ends within {what}: it was cut off; save it again");
            return self.fail(Reason::NoTrailer, self.bytes.len(), text);
        };
        self.at = end;
        Ok(bytes)
    }

    pub fn text(&mut self, what: &str, max: usize) -> Result<&'a str, Error> {
        let bytes = self.bytes(what, max)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(_) => {
                let text = format!("{what} is not UTF-8");
                self.fail(Reason::Malformed, self.at - bytes.len(), text)
            }
        }
    }

    /// Refuses bytes that are left.
    pub fn end(&self) -> Result<(), Error> {
        if self.at == self.bytes.len() {
            return Ok(());
        }
        let text = "bytes follow the end of the state: it was not written like this; save it again";
        self.fail(Reason::TrailingBytes, self.at, text.into())
    }
}

/// Appends a `bool`, or the tag of an Option.
pub(super) fn put_bool(value: bool, out: &mut Vec<u8>) {
    out.push(value.into());
}

pub(super) fn put_i32(value: i32, out: &mut Vec<u8>) {
    put_varint(zigzag(value.into()), out);
}

pub(super) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}
