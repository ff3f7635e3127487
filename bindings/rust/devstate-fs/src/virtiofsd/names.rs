// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What names and paths of a shared directory may be.

pub(super) const MAX_NAME: usize = 255;
pub(super) const MAX_PATH: usize = 4096;

/// Returns what is wrong with the name of a directory entry.
pub(super) fn wrong_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "" => "is empty",
        "." | ".." => "is a way through the tree",
        _ if name.contains('/') => "contains a '/'",
        _ if name.contains('\0') => "contains a NUL",
        _ if name.len() > MAX_NAME => "is longer than 255 bytes",
        _ => return None,
    })
}

/// Returns what is wrong with a path from the shared directory.
pub(super) fn wrong_path(path: &str) -> Option<&'static str> {
    Some(match path {
        "" => "is empty",
        _ if path.starts_with('/') => "is absolute",
        _ if path.contains('\0') => "contains a NUL",
        _ if path.len() > MAX_PATH => "is longer than 4096 bytes",
        _ if path.split('/').any(|part| part == "..") => "leaves the shared directory with \"..\"",
        _ => return None,
    })
}
