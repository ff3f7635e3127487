// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The constants and fixed layouts of `docs/stream_format.md`.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

pub(crate) const MAGIC: [u8; 8] = *b"\xd5devst\r\n";
pub(crate) const FORMAT_VERSION: u16 = 1;
pub(crate) const PREFIX_SIZE: usize = 32;
pub(crate) const CHUNK_HEADER_SIZE: usize = 40;

/// Types of chunks.
pub(crate) const ROOT: u8 = 1;
pub(crate) const BATCH: u8 = 2;
pub(crate) const TRAILER: u8 = 3;

pub(crate) const RAW: u8 = 0;
pub(crate) const ZSTD: u8 = 1;

pub(crate) const IGNORABLE: u16 = 1;

/// Returns the checksum of payloads and of the StreamHeader.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// What stands before the StreamHeader.
pub(crate) struct Prefix {
    pub format_version: u16,
    pub reserved: u16,
    pub header_size: u32,
    pub header_checksum: u64,
    /// As stored, and as the bytes before it have it.
    pub prefix_checksum: u64,
    pub computed_checksum: u64,
}

impl Prefix {
    /// Takes apart 32 bytes without judging them.
    pub fn decode(bytes: &[u8]) -> Self {
        Prefix {
            format_version: u16_at(bytes, 8),
            reserved: u16_at(bytes, 10),
            header_size: u32_at(bytes, 12),
            header_checksum: u64_at(bytes, 16),
            prefix_checksum: u64_at(bytes, 24),
            computed_checksum: xxh3_64(&bytes[..24]),
        }
    }

    /// Appends the prefix of `header` and returns its checksum.
    pub fn encode(header: &[u8], out: &mut Vec<u8>) -> u64 {
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&0u16.to_le_bytes());
        out.extend_from_slice(&(header.len() as u32).to_le_bytes());
        out.extend_from_slice(&checksum(header).to_le_bytes());
        let prefix_checksum = xxh3_64(&out[start..]);
        out.extend_from_slice(&prefix_checksum.to_le_bytes());
        prefix_checksum
    }
}

/// What stands before a chunk's payload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChunkHeader {
    pub kind: u8,
    pub codec: u8,
    pub flags: u16,
    pub sequence: u32,
    pub field: u32,
    pub records: u32,
    pub stored_size: u32,
    pub decoded_size: u32,
    pub payload_checksum: u64,
    pub header_checksum: u64,
}

impl ChunkHeader {
    /// Takes apart 40 bytes without judging them.
    pub fn decode(bytes: &[u8]) -> Self {
        ChunkHeader {
            kind: bytes[0],
            codec: bytes[1],
            flags: u16_at(bytes, 2),
            sequence: u32_at(bytes, 4),
            field: u32_at(bytes, 8),
            records: u32_at(bytes, 12),
            stored_size: u32_at(bytes, 16),
            decoded_size: u32_at(bytes, 20),
            payload_checksum: u64_at(bytes, 24),
            header_checksum: u64_at(bytes, 32),
        }
    }

    /// Returns what `header_checksum` must be after a chunk or prefix with `previous`.
    pub fn computed_checksum(bytes: &[u8], previous: u64) -> u64 {
        xxh3_64_with_seed(&bytes[..CHUNK_HEADER_SIZE - 8], previous)
    }

    /// Returns the bytes, with the checksum after `previous`, which becomes `header_checksum`.
    pub fn encode(&mut self, previous: u64) -> [u8; CHUNK_HEADER_SIZE] {
        let mut bytes = [0; CHUNK_HEADER_SIZE];
        bytes[0] = self.kind;
        bytes[1] = self.codec;
        bytes[2..4].copy_from_slice(&self.flags.to_le_bytes());
        let numbers =
            [self.sequence, self.field, self.records, self.stored_size, self.decoded_size];
        for (i, number) in numbers.iter().enumerate() {
            bytes[4 + 4 * i..8 + 4 * i].copy_from_slice(&number.to_le_bytes());
        }
        bytes[24..32].copy_from_slice(&self.payload_checksum.to_le_bytes());
        self.header_checksum = Self::computed_checksum(&bytes, previous);
        bytes[32..].copy_from_slice(&self.header_checksum.to_le_bytes());
        bytes
    }
}
