// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Payloads as zstd frames.

#[cfg(feature = "zstd")]
use zstd::bulk;

const FRAME_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What a reader that decompresses piece by piece must be ready to keep.
const MAX_WINDOW_SIZE: u64 = 1 << 31;

/// What the header of a zstd frame says.
struct FrameHeader {
    /// Bytes, magic included.
    size: usize,
    has_checksum: bool,
    dictionary: bool,
    window_size: u64,
    content_size: Option<u64>,
}

impl FrameHeader {
    fn parse(frame: &[u8]) -> Option<Self> {
        let rest = frame.strip_prefix(&FRAME_MAGIC)?;
        let (&descriptor, rest) = rest.split_first()?;
        let single_segment = descriptor & 1 << 5 != 0;
        let (window_size, rest) = if single_segment {
            (0, rest)
        } else {
            let (&window, rest) = rest.split_first()?;
            let base = 1u64 << (10 + (window >> 3));
            (base + base / 8 * u64::from(window & 7), rest)
        };
        let id_size = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let rest = rest.get(id_size..)?;
        let content_bytes = match descriptor >> 6 {
            0 if single_segment => 1,
            0 => 0,
            1 => 2,
            2 => 4,
            _ => 8,
        };
        let mut content = [0; 8];
        content[..content_bytes].copy_from_slice(rest.get(..content_bytes)?);
        // Two bytes count from 256.
        let offset = if content_bytes == 2 { 256 } else { 0 };
        Some(FrameHeader {
            size: frame.len() - rest.len() + content_bytes,
            has_checksum: descriptor & 1 << 2 != 0,
            dictionary: id_size != 0,
            window_size,
            content_size: (content_bytes > 0).then(|| u64::from_le_bytes(content) + offset),
        })
    }
}

/// Returns the size of the frame that `bytes` starts with, by its blocks.
fn frame_size(bytes: &[u8], header: &FrameHeader) -> Option<usize> {
    let mut at = header.size;
    loop {
        let block = bytes.get(at..at + 3)?;
        let block = u32::from_le_bytes([block[0], block[1], block[2], 0]);
        at += 3 + if block >> 1 & 3 == 1 { 1 } else { (block >> 3) as usize };
        if block & 1 != 0 {
            at += if header.has_checksum { 4 } else { 0 };
            return (at <= bytes.len()).then_some(at);
        }
    }
}

/// Checks that `payload` is exactly one frame of `size` bytes, as the format asks.
fn check_frame(payload: &[u8], size: usize) -> Result<(), String> {
    let header = FrameHeader::parse(payload).ok_or("payload is not a zstd frame")?;
    if frame_size(payload, &header) != Some(payload.len()) {
        return Err("payload is not exactly one zstd frame".into());
    }
    if header.window_size > MAX_WINDOW_SIZE {
        return Err(format!(
            "zstd frame asks for a window of {} bytes, allowed are {MAX_WINDOW_SIZE}",
            header.window_size
        ));
    }
    if header.dictionary {
        return Err("zstd frame needs a dictionary".into());
    }
    if header.content_size != Some(size as u64) {
        return Err(format!(
            "zstd frame does not declare the content size {size} of the chunk header"
        ));
    }
    Ok(())
}

/// Returns the content size that `frame` declares. `None` if it is no frame or has none.
///
/// ```
/// assert_eq!(devstate::declared_size(b"no frame"), None);
/// // One segment, one byte of content size.
/// assert_eq!(devstate::declared_size(&[0x28, 0xb5, 0x2f, 0xfd, 0x20, 3]), Some(3));
/// ```
pub fn declared_size(frame: &[u8]) -> Option<u64> {
    FrameHeader::parse(frame)?.content_size
}

/// Decompresses payloads. Keeps its context from one to the next.
///
/// ```
/// # if cfg!(not(any(feature = "zstd", feature = "ruzstd"))) { return Ok(()); }
/// // "abc" in one raw block, with the content size in one byte.
/// let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x19, 0, 0, b'a', b'b', b'c'];
/// let mut out = Vec::new();
/// devstate::Decompressor::default().decompress(&frame, 3, &mut out)?;
/// assert_eq!(out, b"abc");
/// assert!(devstate::Decompressor::default().decompress(&frame, 2, &mut out).is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Default)]
pub struct Decompressor {
    #[cfg(feature = "zstd")]
    context: Option<bulk::Decompressor<'static>>,
}

impl Decompressor {
    /// Makes `out` the content of `frame`, which is `size` bytes.
    ///
    /// # Errors
    /// A text, if `frame` is not exactly one zstd frame of that content.
    pub fn decompress(
        &mut self,
        frame: &[u8],
        size: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        check_frame(frame, size)?;
        out.clear();
        self.decompress_frame(frame, size, out)?;
        if out.len() != size {
            return Err(format!("zstd frame holds {} bytes, expected {size}", out.len()));
        }
        Ok(())
    }

    #[cfg(feature = "zstd")]
    fn decompress_frame(
        &mut self,
        frame: &[u8],
        size: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        let context = match &mut self.context {
            Some(context) => context,
            none => {
                let mut context =
                    bulk::Decompressor::new().map_err(|e| format!("no memory for zstd: {e}"))?;
                // The content is at most a chunk, so a large window costs nothing.
                context
                    .set_parameter(zstd::zstd_safe::DParameter::WindowLogMax(31))
                    .map_err(|e| format!("zstd: {e}"))?;
                none.insert(context)
            }
        };
        out.reserve(size);
        context
            .decompress_to_buffer(frame, out)
            .map(|_| ())
            .map_err(|e| format!("zstd cannot decompress: {e}"))
    }

    #[cfg(all(feature = "ruzstd", not(feature = "zstd")))]
    fn decompress_frame(
        &mut self,
        frame: &[u8],
        size: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        use std::io::Read;
        let decoder = ruzstd::decoding::StreamingDecoder::new(frame)
            .map_err(|e| format!("zstd cannot decompress: {e}"))?;
        decoder
            .take(size as u64 + 1)
            .read_to_end(out)
            .map(|_| ())
            .map_err(|e| format!("zstd cannot decompress: {e}"))
    }

    #[cfg(not(any(feature = "ruzstd", feature = "zstd")))]
    fn decompress_frame(&mut self, _: &[u8], _: usize, _: &mut Vec<u8>) -> Result<(), String> {
        Err("this program is built without zstd: enable the feature zstd or ruzstd".into())
    }
}

impl std::fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decompressor")
    }
}

/// How a writer stores payloads. Whatever it says, a payload that zstd would not make smaller is
/// stored raw.
///
/// ```
/// use devstate::{Compression, WriterOptions};
/// let options = WriterOptions { compression: Compression::Raw, ..Default::default() };
/// # let _ = options;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// zstd at level 1, but not below 4 KiB, nor right after chunks that did not shrink. Raw if
    /// the crate is built without the feature `zstd`.
    #[default]
    Automatic,
    /// None.
    Raw,
    /// zstd at this level.
    #[cfg(feature = "zstd")]
    Zstd(i32),
}

impl Compression {
    /// Returns whether payloads may get compressed.
    ///
    /// ```
    /// assert!(!devstate::Compression::Raw.compresses());
    /// ```
    pub fn compresses(self) -> bool {
        cfg!(feature = "zstd") && self != Compression::Raw
    }
}

#[cfg(all(test, any(feature = "zstd", feature = "ruzstd")))]
mod tests {
    use super::*;

    /// "abc" in one raw block, with the content size in one byte.
    const ABC: [u8; 12] = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 3, 0x19, 0, 0, b'a', b'b', b'c'];

    fn decompress(frame: &[u8], size: usize) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        Decompressor::default().decompress(frame, size, &mut out).map(|()| out)
    }

    #[test]
    fn a_frame_comes_back() {
        assert_eq!(decompress(&ABC, 3).unwrap(), b"abc");
    }

    #[test]
    fn another_size_than_declared_is_refused() {
        assert!(decompress(&ABC, 2).unwrap_err().contains("declare"));
    }

    #[test]
    fn bytes_behind_the_frame_and_second_frames_are_refused() {
        assert!(decompress(&[&ABC[..], &[0]].concat(), 3).unwrap_err().contains("exactly one"));
        assert!(decompress(&[ABC, ABC].concat(), 3).unwrap_err().contains("exactly one"));
        assert!(decompress(&[ABC, ABC].concat(), 6).unwrap_err().contains("exactly one"));
    }

    #[test]
    fn skippable_frames_are_refused() {
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
        assert!(decompress(&[&skippable[..], &ABC].concat(), 3)
            .unwrap_err()
            .contains("not a zstd"));
    }

    #[test]
    fn every_cut_is_refused() {
        for end in 0..ABC.len() {
            assert!(decompress(&ABC[..end], 3).is_err(), "{end}");
        }
    }
}
