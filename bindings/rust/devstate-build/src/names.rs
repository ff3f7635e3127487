// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Names of generated code.

use devstate_schema::{EnumModel, FieldModel, MessageModel};

const KEYWORDS: [&str; 50] = [
    "as",
    "async",
    "await",
    "break",
    "const",
    "continue",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "static",
    "struct",
    "trait",
    "true",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
    "abstract",
    "become",
    "box",
    "do",
    "final",
    "macro",
    "override",
    "priv",
    "try",
    "typeof",
    "unsized",
    "virtual",
    "yield",
    "union",
    "macro_rules",
];
/// Keywords that cannot be written as `r#…`.
const RESERVED: [&str; 4] = ["self", "super", "crate", "Self"];

/// Returns `name` as an identifier of a field or method.
pub fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && lower {
            out.push('_');
        }
        lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        out.push(c.to_ascii_lowercase());
    }
    if KEYWORDS.contains(&out.as_str()) {
        format!("r#{out}")
    } else if RESERVED.contains(&out.as_str()) {
        format!("{out}_")
    } else {
        out
    }
}

/// Returns `name` as a type or variant: `file_handle`, `FILE_HANDLE` and `FileHandle` become
/// `FileHandle`.
pub fn camel(name: &str) -> String {
    let all_upper = !name.chars().any(|c| c.is_ascii_lowercase());
    let mut out = String::new();
    let mut upper = true;
    for c in name.chars() {
        if c == '_' {
            upper = true;
            continue;
        }
        out.push(match (upper, all_upper) {
            (true, _) => c.to_ascii_uppercase(),
            (false, true) => c.to_ascii_lowercase(),
            (false, false) => c,
        });
        upper = c.is_ascii_digit();
    }
    if RESERVED.contains(&out.as_str()) {
        out.push('_');
    }
    out
}

/// Returns the name of what is generated for a message.
pub fn message(message: &MessageModel) -> String {
    camel(&message.record_name)
}

/// Returns the name of the generated enum.
pub fn enumeration(enumeration: &EnumModel) -> String {
    camel(&enumeration.record_name)
}

/// Returns the name of a field.
pub fn field(field: &FieldModel) -> String {
    snake(&field.name)
}

/// Returns the name of what is generated for a oneof.
pub fn oneof(of: &MessageModel, oneof: &str) -> String {
    message(of) + &camel(oneof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions_of_rust() {
        for (name, expected) in [("type", "r#type"), ("MixedCase", "mixed_case"), ("self", "self_")]
        {
            assert_eq!(snake(name), expected);
        }
        for (name, expected) in [
            ("Inode_Path", "InodePath"),
            ("FILE_HANDLE", "FileHandle"),
            ("file_handle", "FileHandle"),
            ("FsState", "FsState"),
            ("RED", "Red"),
        ] {
            assert_eq!(camel(name), expected);
        }
    }
}
