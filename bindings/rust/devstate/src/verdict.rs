// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

use std::fmt;

use crate::error::{Error, Reason};
use crate::header::StreamHeader;
use crate::schema::Schema;

/// How a state loads. Worst wins, in this order.
///
/// ```
/// use devstate::Level;
/// assert!(Level::Refused > Level::Lossy);
/// assert_eq!(Level::Lossy.name(), "lossy");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The reader's own schema.
    Identical = 1,
    /// Everything arrives as it was written.
    Compatible = 2,
    /// The reader completes what the writer does not have.
    Defaulted = 3,
    /// Everything arrives, some of it in another form.
    Converted = 4,
    /// Only data that its writer declared ignorable is dropped.
    Lossy = 5,
    /// Between two schemas: the concrete state decides.
    Conditional = 6,
    /// The state is sound, and this reader cannot load it.
    Refused = 7,
    /// The stream is not what its writer wrote, or breaks a limit.
    Damaged = 8,
}

impl Level {
    /// Returns the level in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Level::Identical => "identical",
            Level::Compatible => "compatible",
            Level::Defaulted => "defaulted",
            Level::Converted => "converted",
            Level::Lossy => "lossy",
            Level::Conditional => "conditional",
            Level::Refused => "refused",
            Level::Damaged => "damaged",
        }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $code:literal;)*) => {
        /// Rules that a finding can name. `docs/compat_rules.md` has a section for each.
        ///
        /// ```
        /// assert_eq!(devstate::rules::UNKNOWN_CRITICAL.id, "unknown-critical");
        /// ```
        pub mod rules {
            use super::Rule;
            $(
                #[doc = concat!("The rule `", $id, "`.")]
                pub const $name: Rule = Rule { id: $id, code: $code };
            )*
            /// All of them.
            pub const ALL: &[Rule] = &[$($name),*];
        }
    };
}

/// A rule of `docs/compat_rules.md`.
///
/// ```
/// assert_eq!(devstate::rules::FIELD_MOVED.code, 17);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable id.
    pub id: &'static str,
    /// What stands for it in the answer to `CHECK_DEVICE_STATE`; 0 if it is not about loads.
    pub code: u8,
}

rules! {
    WRONG_DEVICE = "wrong-device", 1;
    WRONG_SCHEMA = "wrong-schema", 2;
    TOO_NEW = "too-new", 3;
    UNKNOWN_CRITICAL = "unknown-critical", 4;
    REMOVED_CRITICAL = "removed-critical", 5;
    IGNORABLE_DROPPED = "ignorable-dropped", 6;
    NO_LONGER_WRITTEN = "no-longer-written", 7;
    FIELD_DEFAULTED = "field-defaulted", 8;
    FIELD_ABSENT = "field-absent", 9;
    REQUIRED_MISSING = "required-missing", 10;
    DEFAULT_OUT_OF_BOUNDS = "default-out-of-bounds", 11;
    FIELD_RENAMED = "field-renamed", 12;
    ANOTHER_FIELD = "another-field", 13;
    NUMBERS_SWAPPED = "numbers-swapped", 14;
    FIELD_RENUMBERED = "field-renumbered", 15;
    NUMBER_REUSED = "number-reused", 16;
    FIELD_MOVED = "field-moved", 17;
    FALLBACK_FIELD = "fallback-field", 18;
    TYPE_WIDENED = "type-widened", 19;
    VALUE_MAY_NOT_FIT = "value-may-not-fit", 20;
    WIRE_TYPE_CHANGED = "wire-type-changed", 21;
    NOT_UTF8 = "not-utf8", 22;
    PRESENCE_CHANGED = "presence-changed", 23;
    CARDINALITY_CHANGED = "cardinality-changed", 24;
    MAP_KEYS_REPEATED = "map-keys-repeated", 25;
    ONEOF_JOINED = "oneof-joined", 26;
    BOUND_NARROWED = "bound-narrowed", 28;
    UNIT_CHANGED = "unit-changed", 30;
    UNIT_SCALED = "unit-scaled", 31;
    ENCODING_CHANGED = "encoding-changed", 32;
    MEANING_CHANGED = "meaning-changed", 33;
    ABSENT_DEFAULT_CHANGED = "absent-default-changed", 34;
    FEATURE_CHANGED = "feature-changed", 35;
    OWNER_CHANGED = "owner-changed", 36;
    ENUM_VALUE_UNKNOWN = "enum-value-unknown", 38;
    ENUM_VALUE_RENAMED = "enum-value-renamed", 39;
    ENUM_VALUE_RENUMBERED = "enum-value-renumbered", 40;
    ENUM_REPLACED = "enum-replaced", 41;
    ENUM_VALUE_REUSED = "enum-value-reused", 42;
    TOO_MANY_FINDINGS = "too-many-findings", 44;
    VALUE_OUT_OF_BOUNDS = "value-out-of-bounds", 45;
    WRITER_SCHEMA_UNKNOWN = "writer-schema-unknown", 46;
    WRITER_SCHEMA_INVALID = "writer-schema-invalid", 47;
    DUPLICATE_FIELD = "duplicate-field", 48;
    DUPLICATE_MAP_KEY = "duplicate-map-key", 49;
    NOT_UNIQUE = "not-unique", 50;
    POLICY = "policy", 54;
    DEVICE_REFUSED = "device-refused", 55;
    NOT_A_STREAM = "not-a-stream", 56;
    NO_TRAILER = "no-trailer", 57;
    CHECKSUM = "checksum", 58;
    TRAILING_BYTES = "trailing-bytes", 59;
    LIMIT = "limit", 60;
    MALFORMED = "malformed", 61;
    LOST_CRITICAL = "lost-critical", 64;
    PIECES_NOT_WHOLE = "pieces-not-whole", 66;
    FOREIGN_ID = "foreign-id", 0;
    FOREIGN_ROOT = "foreign-root", 0;
    FOREIGN_REFCOUNT = "foreign-refcount", 0;
    FOREIGN_NAME = "foreign-name", 0;
    FOREIGN_LOCATION = "foreign-location", 0;
    FOREIGN_LOST = "foreign-lost", 0;
    FOREIGN_PARENT = "foreign-parent", 0;
    FOREIGN_OPEN_INODE = "foreign-open-inode", 0;
    FOREIGN_OPEN_FLAGS = "foreign-open-flags", 0;
    FOREIGN_MOUNT = "foreign-mount", 0;
    FOREIGN_VERSION = "foreign-version", 0;
    FOREIGN_DROPPED = "foreign-dropped", 0;
    FOREIGN_SESSION = "foreign-session", 0;
}

/// One difference and what it means.
///
/// ```
/// use devstate::{rules, Finding, Level, Verdict};
/// let mut verdict = Verdict::new(Level::Compatible);
/// verdict.add(Finding::refusal(rules::TOO_NEW, "update this back-end"));
/// assert_eq!(verdict.to_string(), "refused [too-new] update this back-end");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it breaks.
    pub rule: Rule,
    /// How the state loads because of it.
    pub level: Level,
    /// The field from the root message, or empty.
    pub path: String,
    /// What the writer has.
    pub written: String,
    /// What the reader has or allows.
    pub read: String,
    /// What is wrong, and the remedy.
    pub text: String,
    /// Number of the field at the end of the path, or 0.
    pub field_number: u32,
}

impl Finding {
    /// Makes a finding that refuses the whole stream; for struct update.
    pub fn refusal(rule: Rule, text: impl Into<String>) -> Self {
        Finding {
            rule,
            level: Level::Refused,
            path: String::new(),
            written: String::new(),
            read: String::new(),
            text: text.into(),
            field_number: 0,
        }
    }
}

/// May this state be loaded? The answer and its reasons.
///
/// ```
/// use devstate::{Level, Verdict};
/// let error = devstate::StreamReader::new(&b""[..], Default::default()).read_header().unwrap_err();
/// let verdict = Verdict::new(Level::Compatible).after(&error);
/// assert_eq!(verdict.level, Level::Damaged);
/// assert_eq!(verdict.check_reply(Some(&error)), 0xd508_3900_0000_0000);
///
/// fn log(header: &devstate::StreamHeader, schema: &devstate::Schema) {
///     let verdict = Verdict::of_header(header, schema);
///     if !verdict.loads() {
///         eprintln!("{}", verdict.load_report_json(header, schema.version));
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of all findings, or better than all if there is none.
    pub level: Level,
    /// Sorted by path, then rule.
    pub findings: Vec<Finding>,
}

/// The highest byte of an answer to `CHECK_DEVICE_STATE` that is not 0.
const REPLY_TAG: u64 = 0xd5;
/// What the low half of the answer is.
const REPLY_FIELD: u64 = 1;
const REPLY_CHUNK: u64 = 2;

impl Verdict {
    /// Starts without findings.
    pub fn new(level: Level) -> Self {
        Verdict { level, findings: Vec::new() }
    }

    /// Returns what the header of a stream alone says about loading it with a reader of `schema`:
    /// identical if the schema is the same, compatible if the chunks must tell, else refused.
    pub fn of_header(header: &StreamHeader, schema: &Schema) -> Self {
        let same = header.fingerprint == schema.fingerprint;
        let mut verdict = Verdict::new(if same { Level::Identical } else { Level::Compatible });
        if header.device != schema.device {
            verdict.add(Finding {
                written: header.device.clone(),
                read: schema.device.to_owned(),
                ..Finding::refusal(
                    rules::WRONG_DEVICE,
                    format!(
                        "the state is that of a {} device, this one is a {}: connect the \
                         front-end to the right back-end",
                        header.device, schema.device
                    ),
                )
            });
        }
        if header.schema != schema.name || header.root_message != schema.root_message {
            verdict.add(Finding {
                written: header.schema.clone(),
                read: schema.name.to_owned(),
                ..Finding::refusal(
                    rules::WRONG_SCHEMA,
                    format!(
                        "the state is of schema {} ({}), this reader has {} ({}): convert the \
                         state first",
                        header.schema, header.root_message, schema.name, schema.root_message
                    ),
                )
            });
        }
        if header.min_reader > schema.version {
            verdict.add(Finding {
                written: header.schema_version.to_string(),
                read: schema.version.to_string(),
                ..Finding::refusal(
                    rules::TOO_NEW,
                    format!(
                        "the writer asks for a reader of schema version {} or newer, this one has \
                         {}: update this back-end, or save for its version",
                        header.min_reader, schema.version
                    ),
                )
            });
        }
        verdict
    }

    /// Returns the verdict after a load that failed with `error`, unless this one refuses already.
    pub fn after(mut self, error: &Error) -> Self {
        let (rule, level) = match error {
            Error::Stream(error) => match error.reason {
                Reason::NotAStream => (rules::NOT_A_STREAM, Level::Damaged),
                Reason::NoTrailer => (rules::NO_TRAILER, Level::Damaged),
                Reason::Checksum => (rules::CHECKSUM, Level::Damaged),
                Reason::TrailingBytes => (rules::TRAILING_BYTES, Level::Damaged),
                Reason::Limit => (rules::LIMIT, Level::Damaged),
                Reason::UnknownContent => (rules::UNKNOWN_CRITICAL, Level::Refused),
                Reason::Constraint => {
                    (error.rule.unwrap_or(rules::VALUE_OUT_OF_BOUNDS), Level::Refused)
                }
                Reason::Malformed => (rules::MALFORMED, Level::Damaged),
            },
            Error::Refused(verdict) => return (**verdict).clone(),
            _ => (rules::DEVICE_REFUSED, Level::Refused),
        };
        // What refused the state comes back as the error.
        if self.level < level {
            self.add(Finding { level, ..Finding::refusal(rule, error.to_string()) });
        }
        self
    }

    /// Adds a finding, in its place.
    pub fn add(&mut self, finding: Finding) {
        self.level = self.level.max(finding.level);
        let key = |f: &Finding| (f.path.clone(), f.rule.id);
        let at = self.findings.partition_point(|other| key(other) <= key(&finding));
        self.findings.insert(at, finding);
    }

    /// Returns whether the state may be loaded.
    pub fn loads(&self) -> bool {
        self.level < Level::Conditional
    }

    /// Returns the answer to `CHECK_DEVICE_STATE` after a load that ended with `error`: 0 exactly
    /// if the state has arrived and may be loaded.
    pub fn check_reply(&self, error: Option<&Error>) -> u64 {
        if self.level < Level::Refused && error.is_none() {
            return 0;
        }
        let mut reply = REPLY_TAG << 56 | (self.level as u64) << 48;
        if let Some(finding) = self.findings.iter().find(|finding| finding.level == self.level) {
            reply |= u64::from(finding.rule.code) << 40;
            if finding.field_number != 0 {
                return reply | REPLY_FIELD << 32 | u64::from(finding.field_number);
            }
        }
        match error {
            Some(Error::Stream(error)) => match error.chunk {
                Some(chunk) => reply | REPLY_CHUNK << 32 | u64::from(chunk),
                None => reply,
            },
            _ => reply,
        }
    }

    /// Returns the JSON of `devstate.LoadReport`, on one line.
    pub fn load_report_json(&self, header: &StreamHeader, reader_version: u32) -> String {
        let writer = header.writer.clone().unwrap_or_default();
        let findings: Vec<String> = self.findings.iter().map(finding_json).collect();
        format!(
            "{{\"verdict\":{},\"schema\":{},\"writer\":{{\"name\":{},\"version\":{}}},\
             \"writer_version\":{},\"reader_version\":{reader_version},\"findings\":[{}]}}",
            json_text(self.level.name()),
            json_text(&header.schema),
            json_text(&writer.name),
            json_text(&writer.version),
            header.schema_version,
            findings.join(",")
        )
    }
}

fn finding_json(finding: &Finding) -> String {
    let members: Vec<String> = [
        ("rule", finding.rule.id),
        ("level", finding.level.name()),
        ("path", &finding.path),
        ("written", &finding.written),
        ("read", &finding.read),
        ("text", &finding.text),
    ]
    .iter()
    .map(|(name, value)| format!("\"{name}\":{}", json_text(value)))
    .collect();
    format!("{{{}}}", members.join(","))
}

/// Returns `value` as a JSON string, quotes included.
///
/// ```
/// assert_eq!(devstate::json_text("a \"b\""), r#""a \"b\"""#);
/// ```
pub fn json_text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

impl fmt::Display for Verdict {
    /// Writes the level and the findings that make it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.level.name())?;
        let mut separator = " ";
        for finding in self.findings.iter().filter(|finding| finding.level >= self.level) {
            write!(f, "{separator}[{}] ", finding.rule.id)?;
            if !finding.path.is_empty() {
                write!(f, "{}: ", finding.path)?;
            }
            f.write_str(&finding.text)?;
            separator = "; ";
        }
        Ok(())
    }
}
