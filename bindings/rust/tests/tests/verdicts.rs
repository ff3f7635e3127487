// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Verdicts across versions of devices.fs.v1, and over the table of changes that the comparison of
//! schemas is tested with: nothing loads here that the rules refuse.

use std::collections::BTreeSet;

use devstate::{
    rules, Compression, Error, Level, Limits, StreamHeader, StreamWriter, Verdict, WriterOptions,
};
use devstate_build::Config;
use devstate_schema::{
    check_state_behind, compare, decode_state, load_compressed, Gate, SchemaModel,
};
use devstate_tests::{read, repository, Codec, FsV1, FsV2, FsV3, Named};

/// Loads a golden stream behind a gate, as a back-end of that version does.
fn load(name: &str, reader: &dyn Codec) -> (Verdict, Option<Error>) {
    let stream = read(&format!("tests/golden/{name}.dstate"));
    let mut gate = Gate::new(reader.schema());
    let error = reader.read_behind(&stream, &mut gate).err();
    (gate.verdict_after(error.as_ref()), error)
}

fn reader(version: u32) -> Box<dyn Codec> {
    match version {
        1 => Box::new(FsV1),
        2 => Box::new(FsV2),
        _ => Box::new(FsV3),
    }
}

/// Stream, version of the reader, and the verdict: its level and the rule of the first finding that
/// makes it.
const GOLDEN: [(&str, u32, Level, &str); 30] = {
    use Level::{
        Compatible as C, Converted as V, Defaulted as D, Identical as I, Lossy as L, Refused as R,
    };
    [
        ("fs_small", 1, I, ""),
        ("fs_small", 2, C, "writer-schema-unknown"),
        ("fs_small", 3, R, "unknown-critical"),
        ("fs_zstd", 1, I, ""),
        ("fs_zstd", 2, D, "field-defaulted"),
        ("fs_zstd", 3, V, "field-moved"),
        ("fs_v1", 1, I, ""),
        ("fs_v1", 2, D, "field-defaulted"),
        ("fs_v1", 3, V, "field-moved"),
        ("fs_v2", 1, C, ""),
        ("fs_v2", 2, I, ""),
        ("fs_v2", 3, V, "field-moved"),
        ("fs_v2_locks", 1, R, "unknown-critical"),
        ("fs_v2_locks", 2, I, ""),
        ("fs_v2_locks", 3, V, "field-moved"),
        ("fs_v2_times", 1, L, "ignorable-dropped"),
        ("fs_v2_times", 2, I, ""),
        ("fs_v2_times", 3, V, "field-moved"),
        ("fs_v3", 1, V, "field-moved"),
        ("fs_v3", 2, V, "field-moved"),
        ("fs_v3", 3, I, ""),
        ("fs_v3_locks", 1, R, "value-may-not-fit"),
        ("fs_v3_locks", 2, R, "value-may-not-fit"),
        ("fs_v3_times", 1, L, "ignorable-dropped"),
        ("fs_v3_times", 3, I, ""),
        ("fs_alt_v3", 1, L, "ignorable-dropped"),
        ("fs_alt_v3", 3, I, ""),
        ("py_fs_raw", 1, R, "value-may-not-fit"),
        ("py_fs_raw", 3, I, ""),
        ("py_fs_zstd", 3, I, ""),
    ]
};

#[test]
fn golden_streams_load_in_other_versions_or_are_refused_by_the_right_rule() {
    for (name, version, expected, rule) in GOLDEN {
        let (verdict, error) = load(name, &*reader(version));
        let case = format!("{name} read by version {version}: {verdict}");
        assert_eq!(verdict.level, expected, "{case}");
        assert_eq!(verdict.loads(), error.is_none(), "{case}");
        let made_by = verdict.findings.iter().find(|finding| finding.level == verdict.level);
        assert_eq!(made_by.map_or("", |finding| finding.rule.id), rule, "{case}");
        assert_eq!(verdict.check_reply(error.as_ref()) == 0, verdict.loads(), "{case}");
    }
}

#[test]
fn a_newer_state_with_locks_names_the_locks() {
    let (verdict, error) = load("fs_v3_locks", &FsV1);
    let locks = verdict.findings.iter().find(|finding| finding.path == "handles.locks");
    let locks = locks.expect("a finding about the locks");
    assert_eq!((locks.rule, locks.level), (rules::UNKNOWN_CRITICAL, Level::Refused));
    assert!(locks.text.contains("FUSE_POSIX_LOCKS"), "{}", locks.text);
    assert!(matches!(error, Some(Error::Refused(_))));
    let (verdict, error) = load("fs_v2_locks", &FsV1);
    // The tag, refused, the rule's code, a field, its number.
    assert_eq!(verdict.check_reply(error.as_ref()), 0xd507_0401_0000_0004);
}

#[test]
fn a_reader_that_accepts_no_loss_refuses_by_policy() {
    let stream = read("tests/golden/fs_v2_times.dstate");
    let mut gate = Gate::new(FsV1.schema()).accept(Level::Converted);
    let error = FsV1.read_behind(&stream, &mut gate).expect_err("a refusal");
    assert!(error.to_string().contains("[policy]"), "{error}");
}

#[test]
fn a_stream_without_its_schema_is_known_by_the_released_ones() {
    struct Nothing;
    use devstate_fs::v1::*;
    impl FsStateVisitor for Nothing {
        fn root(&mut self, _: FsState) -> Result<(), Error> {
            Ok(())
        }
        fn inodes(&mut self, _: &InodesBatch<'_>) -> Result<(), Error> {
            Ok(())
        }
        fn handles(&mut self, _: &HandlesBatch<'_>) -> Result<(), Error> {
            Ok(())
        }
        fn mount_paths(&mut self, _: &MountPathsBatch<'_>) -> Result<(), Error> {
            Ok(())
        }
    }
    let stream = read("tests/golden/fs_small.dstate");
    let mut gate = Gate::new(&SCHEMA);
    let mut handler = FsStateHandler(Nothing);
    let error = devstate::read_state(&stream[..], &Default::default(), &mut gate, &mut handler);
    let verdict = gate.verdict_after(error.as_ref().err());
    let rule = |rule| verdict.findings.iter().any(|finding| finding.rule == rule);
    assert!(!rule(rules::WRITER_SCHEMA_UNKNOWN) && rule(rules::FIELD_MOVED), "{verdict}");
}

#[test]
fn rule_codes_are_those_of_the_other_implementation() {
    let source = String::from_utf8(read("compat/load_rules.cc")).expect("text");
    let document = String::from_utf8(read("docs/compat_rules.md")).expect("text");
    let foreign = String::from_utf8(read("compat/foreign_rules.cc")).expect("text");
    for rule in rules::ALL {
        assert!(document.contains(&format!("\n### {}\n", rule.id)), "{}", rule.id);
        if rule.code == 0 {
            // Not of a load, so CHECK_DEVICE_STATE has no number for it.
            assert!(foreign.contains(&format!("\"{}\",", rule.id)), "{}", rule.id);
            continue;
        }
        let at = source.find(&format!("\"{}\",", rule.id)).expect(rule.id);
        let end = at + source[at..].find("};").expect("the end of the rule");
        let code = source[at..end].rsplit([',', ' ', '\n']).next().expect("the code");
        assert_eq!(code, rule.code.to_string(), "{}", rule.id);
    }
}

/// Returns the verdict of a state that has nothing but a root.
fn verdict_of_root(codec: &dyn Codec, root: &[u8]) -> Verdict {
    let schema = codec.schema();
    let header = StreamHeader {
        device: schema.device.to_string(),
        schema: schema.name.to_string(),
        schema_version: schema.version,
        root_message: schema.root_message.to_string(),
        fingerprint: schema.fingerprint.to_vec(),
        ..Default::default()
    };
    let options = WriterOptions { compression: Compression::Raw, ..Default::default() };
    let mut writer = StreamWriter::new(Vec::new(), options);
    writer.begin(header, root).expect("a header");
    let stream = writer.finish().expect("a stream").0;
    let mut gate = Gate::new(schema);
    let error = codec.read_behind(&stream, &mut gate).err();
    gate.verdict_after(error.as_ref())
}

#[test]
fn the_value_of_a_map_that_is_not_written_has_to_keep_the_bounds() {
    // {"a": {id: 5}}, and {"a"}, whose part has the id 0.
    let verdict = verdict_of_root(&Named, b"\n\x07\n\x01a\x12\x02\x08\x05");
    assert!(verdict.loads(), "{verdict}");
    let verdict = verdict_of_root(&Named, b"\n\x03\n\x01a");
    let found: Vec<_> = verdict.findings.iter().map(|f| (f.rule.id, f.path.as_str())).collect();
    assert_eq!(found, [("value-out-of-bounds", "parts.value.id")], "{verdict}");
}

// --- The table of changes ---

/// A change of a schema: its name, the bodies before and after, and the verdicts.
type Change = [String; 5];

/// Reads the string literals of the C++ table. `F(…)` and `V(…)` are its macros for annotations.
fn changes() -> Vec<(Change, bool)> {
    let source = String::from_utf8(read("compat/diff_cases.cc")).expect("text");
    let body = &source[source.find("FieldsThatOneSideLacksChanges").expect("the table")..];
    let mut tokens = body.chars().peekable();
    let (mut changes, mut strings, mut current) = (Vec::new(), Vec::new(), None::<String>);
    let (mut depth, mut word, mut suffixes) = (0, String::new(), Vec::new());
    while let Some(c) = tokens.next() {
        match c {
            '"' => {
                let text = current.get_or_insert_with(String::new);
                while let Some(c) = tokens.next() {
                    match c {
                        '"' => break,
                        '\\' => match tokens.next() {
                            Some('n') => text.push('\n'),
                            Some(c) => text.push(c),
                            None => break,
                        },
                        c => text.push(c),
                    }
                }
            }
            '/' if tokens.peek() == Some(&'/') => while tokens.next().is_some_and(|c| c != '\n') {},
            '(' => {
                let (open, close) = match word.as_str() {
                    "F" => ("[(devstate.field) = { ", " }]"),
                    "V" => ("[(devstate.enum_value) = { ", " }]"),
                    _ => ("", ""),
                };
                if !open.is_empty() {
                    current.get_or_insert_with(String::new).push_str(open);
                }
                suffixes.push(close);
            }
            ')' => {
                if let Some(close) = suffixes.pop().filter(|close| !close.is_empty()) {
                    current.get_or_insert_with(String::new).push_str(close);
                }
            }
            '{' => {
                depth += 1;
                strings.clear();
            }
            '}' | ',' => {
                strings.extend(current.take());
                if c == '}' {
                    if let Ok(change) = Change::try_from(strings.clone()) {
                        changes.push((change, word == "true"));
                    }
                    strings.clear();
                    depth -= 1;
                }
            }
            _ => {}
        }
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
        } else if !c.is_whitespace() && c != '}' {
            word.clear();
        }
        if depth < 0 {
            break;
        }
    }
    assert!(changes.len() >= 100, "{}", changes.len());
    changes
}

fn schema(body: &str, version: u32, in_record: bool, number: usize) -> SchemaModel {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("changes");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (open, close) = if in_record { ("repeated Z z = 1; message Z {", "}") } else { ("", "") };
    let text = format!(
        "syntax = \"proto3\"; package a; import \"devstate/options.proto\"; message Root {{ \
         option (devstate.message) = {{ schema: \"a\" version: {version} device: \"d\" }}; \
         {open} {body} {close} }}"
    );
    let name = format!("c{number}_{version}.proto");
    std::fs::write(folder.join(&name), text).expect("a file");
    let config = Config::new().include(&folder).include(repository("proto")).root("a.Root");
    match config.load(&name) {
        Ok(schema) => schema.model,
        Err(error) => panic!("{body}: {error}"),
    }
}

/// Level and rules of a verdict, as the table of changes has them.
fn words(verdict: &Verdict) -> (String, BTreeSet<String>) {
    let rules = verdict.findings.iter().map(|finding| finding.rule.id.to_owned());
    (verdict.level.name().to_owned(), rules.collect())
}

/// What is said about schemas only, and what no reader of streams has to know.
const NOTES: [&str; 3] = ["annotation-changed", "bound-widened", "oneof-split"];

#[test]
fn every_change_of_a_schema_is_judged_as_by_the_rules() {
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (number, (change, in_record)) in changes().iter().enumerate() {
        let [name, older, newer, upgrade, downgrade] = change;
        let older = schema(older, 1, *in_record, number);
        let newer = schema(newer, 2, *in_record, number);
        for (writer, reader, expected) in [(&older, &newer, upgrade), (&newer, &older, downgrade)] {
            let found = words(&compare(writer, reader));
            let judged = expected.split(':').next().expect("a verdict");
            let (level, rules) = judged.split_once(' ').expect("level and rules");
            let rules: BTreeSet<String> =
                rules.split(',').filter(|rule| !rule.is_empty()).map(str::to_owned).collect();
            let expected = if rules.contains("unit-scaled") {
                // What is scaled there is refused here, and nothing else is looked at.
                assert!(found.1.contains("unit-scaled"), "{name}: {found:?}");
                ("refused".to_owned(), found.1.clone())
            } else {
                let rules = rules.into_iter().filter(|rule| !NOTES.contains(&rule.as_str()));
                (level.to_owned(), rules.collect())
            };
            compared += 1;
            if found != expected {
                wrong.push(format!("{name}: {expected:?}, here {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 200, "{compared}");
}

// --- Conversions; bindings/pairs/test compares them with those of the other implementation ---

fn json(state: &devstate_schema::Value) -> serde_json::Value {
    serde_json::from_str(&state.to_json()).expect("JSON")
}

#[test]
fn fields_that_have_moved_arrive_in_their_new_place() {
    let stream = read("tests/golden/fs_v2_times.dstate");
    let schema = FsV3.schema();
    let reader = load_compressed(schema.descriptor_set, schema.root_message).expect("a schema");
    let limits = Limits::default();
    let mut gate = Gate::new(schema);
    let converted = check_state_behind(&stream[..], &reader, &limits, &mut gate).expect("a state");
    let (before, after) = (decode_state(&stream[..], &limits).expect("a state"), converted);
    let (before, after) = (json(&before), json(&after));
    let inodes = |state: &serde_json::Value| state["inodes"].as_array().expect("inodes").clone();
    let mut moved = 0;
    for (old, new) in inodes(&before).iter().zip(&inodes(&after)) {
        assert_eq!(old["id"], new["id"]);
        for name in ["mode", "ino", "ctime_ns"] {
            assert_eq!(old[name], new["attributes"][name], "{old} {new}");
            assert!(new.get(name).is_none(), "{new}");
            moved += u32::from(old.get(name).is_some());
        }
        assert_eq!((&old["path"], &old["refcount"]), (&new["path"], &new["refcount"]));
    }
    assert_eq!(inodes(&before).len(), inodes(&after).len());
    // A number that has become wider is another text in JSON.
    let flags = |state: &serde_json::Value| {
        let text = |handle: &serde_json::Value| handle["flags"].to_string().replace('"', "");
        state["handles"].as_array().expect("handles").iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(flags(&before), flags(&after));
    assert!(moved > 10, "{moved}");
}
