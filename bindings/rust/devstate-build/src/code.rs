// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Text of generated code, indented by its brackets.

/// Collects lines.
#[derive(Default)]
pub struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// Adds lines; each is indented by the brackets that are open.
    pub fn add(&mut self, lines: impl AsRef<str>) {
        for line in lines.as_ref().lines() {
            self.line(line.trim());
        }
    }

    fn line(&mut self, line: &str) {
        let closes = line.starts_with(['}', ')', ']']);
        if closes {
            self.depth = self.depth.saturating_sub(1);
        }
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("    ", self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
        if line.ends_with(['{', '(', '[']) && !line.starts_with("//") {
            self.depth += 1;
        }
    }

    /// Adds what stands before an element in the schema, or `fallback`.
    pub fn doc(&mut self, comment: &str, fallback: &str) {
        let comment = if comment.trim().is_empty() { fallback } else { comment };
        for line in comment.trim_end().lines() {
            // What looks like a link in a comment is none.
            let line =
                line.strip_prefix(' ').unwrap_or(line).replace('[', "\\[").replace(']', "\\]");
            self.line(format!("/// {}", line.replace('<', "\\<")).trim_end());
        }
    }

    /// Returns the text.
    pub fn finish(self) -> String {
        self.text
    }
}
