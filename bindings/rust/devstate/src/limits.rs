// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

/// Everything that bounds what a stream can make a reader do.
///
/// Each limit is checked before the memory or the time that it bounds is spent. Writers obey all
/// of them, so that a state which readers with the same limits would refuse is refused when it is
/// saved.
///
/// ```
/// let limits = devstate::Limits { max_records: 1 << 20, ..Default::default() };
/// assert_eq!(limits.max_chunk_records, 65536);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the StreamHeader, embedded descriptor set included.
    pub max_header_bytes: u32,
    /// Bytes of a chunk's payload in the stream.
    pub max_chunk_stored_bytes: u32,
    /// Bytes of a chunk's payload after decompression.
    pub max_chunk_decoded_bytes: u32,
    /// Records of a chunk.
    pub max_chunk_records: u32,
    /// Size of a batch, which follows from the schema and from what the records hold.
    pub max_batch_memory: u64,
    /// Chunks before the trailer.
    pub max_chunks: u32,
    /// Records of the stream.
    pub max_records: u64,
    /// Bytes of all payloads after decompression.
    pub max_decoded_bytes: u64,
    /// How often the stored bytes so far fit into the decoded ones, once those are above 1 MiB.
    pub max_expansion: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_header_bytes: 64 << 10,
            max_chunk_stored_bytes: 1 << 20,
            max_chunk_decoded_bytes: 1 << 20,
            max_chunk_records: 65536,
            max_batch_memory: 16 << 20,
            max_chunks: 4 << 20,
            max_records: 1 << 30,
            max_decoded_bytes: 64 << 30,
            max_expansion: 1024,
        }
    }
}

/// Up to here the expansion of a stream is not judged.
const EXPANSION_FREE_BYTES: u64 = 1 << 20;

/// Returns how often `stored` fits into `decoded`, for `max_expansion`.
pub(crate) fn expansion(decoded: u64, stored: u64) -> u64 {
    if decoded <= EXPANSION_FREE_BYTES {
        return 0;
    }
    decoded / stored.max(1)
}
