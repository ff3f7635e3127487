// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Which codec a writer stores each chunk by. It depends on the content alone: the same state is the
//! same bytes.

use std::io;

use zstd::bulk::Compressor;
use zstd::zstd_safe::{compress_bound, CParameter};

use crate::compression::Compression;
use crate::limits::expansion;

/// Below, a compressor costs more time than its gain in bytes.
const MIN_AUTOMATIC_SIZE: usize = 4096;
const MAX_SKIP: u32 = 16;

/// Compresses payloads where that pays.
pub(crate) struct Codec {
    compression: Compression,
    max_expansion: u32,
    compressor: Option<Compressor<'static>>,
    frame: Vec<u8>,
    /// Chunks left to store raw without a try, and how many to skip next time.
    skip: u32,
    next_skip: u32,
}

impl Codec {
    pub fn new(compression: Compression, max_expansion: u32) -> Self {
        Codec {
            compression,
            max_expansion,
            compressor: None,
            frame: Vec::new(),
            skip: 0,
            next_skip: 1,
        }
    }

    /// Returns the frame to store for `payload`, `None` if it is stored raw. `decoded` and `stored`
    /// are the payload bytes before it.
    pub fn frame(
        &mut self,
        payload: &[u8],
        decoded: u64,
        stored: u64,
    ) -> io::Result<Option<&[u8]>> {
        let size = payload.len();
        let level = match self.compression {
            Compression::Automatic if size >= MIN_AUTOMATIC_SIZE && self.skip == 0 => 1,
            Compression::Zstd(level) if size > 0 => level,
            _ => {
                self.skip = self.skip.saturating_sub(1);
                return Ok(None);
            }
        };
        self.compress(payload, level)?;
        let smaller = self.frame.len() < size;
        // A state of zeros can shrink to what readers take for a decompression bomb.
        if smaller
            && expansion(decoded + size as u64, stored + self.frame.len() as u64)
                > u64::from(self.max_expansion)
        {
            return Ok(None);
        }
        // Skips further and further ahead while nothing shrinks.
        self.next_skip = if smaller { 1 } else { (self.next_skip * 2).min(MAX_SKIP) };
        self.skip = if smaller { 0 } else { self.next_skip };
        Ok(smaller.then_some(&self.frame))
    }

    fn compress(&mut self, payload: &[u8], level: i32) -> io::Result<()> {
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => {
                let mut compressor = Compressor::new(level)?;
                if level == 1 {
                    // What repeats in columns are words of names and runs of equal bytes, shorter
                    // than the 6 bytes that level 1 looks for.
                    compressor.set_parameter(CParameter::MinMatch(5))?;
                }
                none.insert(compressor)
            }
        };
        self.frame.clear();
        self.frame.reserve(compress_bound(payload.len()));
        compressor.compress_to_buffer(payload, &mut self.frame).map(|_| ())
    }
}
