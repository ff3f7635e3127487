// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! States that virtiofsd wrote, and what could have become of them.

use std::path::PathBuf;
use std::process::Command;

use devstate::{rules, Compression, Error, Level, Limits, Rule, StreamReader, WriterOptions};
use devstate_fs::v1::*;
use devstate_fs::virtiofsd::{check, export, import, may_be_state, Version};

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

fn captured() -> Vec<(PathBuf, Vec<u8>)> {
    let mut states: Vec<(PathBuf, Vec<u8>)> =
        std::fs::read_dir(repository("foreign/states/virtiofsd/testdata"))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .map(|path| (path.clone(), std::fs::read(path).expect("a state")))
            .collect();
    states.sort();
    assert!(states.len() >= 4);
    states
}

fn open_state() -> Vec<u8> {
    std::fs::read(repository("foreign/states/virtiofsd/testdata/open-fp.state")).expect("a state")
}

fn raw() -> WriterOptions {
    WriterOptions { compression: Compression::Raw, ..Default::default() }
}

fn portable(state: &[u8]) -> Vec<u8> {
    import(state, Vec::new(), raw()).expect("a table").0
}

fn chunks(stream: &[u8]) -> Vec<(u32, u32, Vec<u8>)> {
    let mut reader = StreamReader::new(stream, Limits::default());
    let mut chunks = Vec::new();
    while let Some(chunk) = reader.next_chunk().expect("a whole stream") {
        chunks.push((chunk.field, chunk.records, chunk.payload.to_vec()));
    }
    chunks
}

/// Returns the rules that refuse a state.
fn refusing<T>(result: Result<T, Error>) -> Vec<Rule> {
    match result {
        Err(Error::Refused(verdict)) => verdict
            .findings
            .iter()
            .filter(|finding| finding.level == Level::Refused)
            .map(|finding| finding.rule)
            .collect(),
        Err(error) => panic!("{error}"),
        Ok(_) => Vec::new(),
    }
}

#[test]
fn captured_states_come_back_byte_by_byte() {
    for (path, state) in captured() {
        assert!(may_be_state(&state), "{path:?}");
        let (stream, verdict) = import(&state, Vec::new(), Default::default()).expect("a table");
        assert_eq!(verdict.level, Level::Converted, "{path:?}: {verdict}");
        let (again, verdict) = export(&stream[..], Version::V2).expect("a state");
        assert_eq!(again, state, "{path:?}");
        assert_eq!(verdict.level, Level::Converted, "{path:?}: {verdict}");
    }
}

#[test]
fn a_state_without_mounts_goes_down_to_v1_and_up_again() {
    let state = open_state();
    let (older, verdict) = export(&portable(&state)[..], Version::V1).expect("a state");
    // The version, and no map of mounts.
    assert_eq!(older[..], [&[0], &state[1..state.len() - 1]].concat());
    assert_eq!(verdict.level, Level::Converted, "{verdict}");
    let (again, _) = export(&portable(&older)[..], Version::V2).expect("a state");
    assert_eq!(again, state);
}

#[test]
fn every_cut_of_a_state_is_damaged_and_so_is_a_byte_after_it() {
    let mut state = open_state();
    for end in 0..state.len() {
        let error = check(&state[..end]).expect_err("cut");
        assert_eq!(error.reason(), Some(devstate::Reason::NoTrailer), "{end}: {error}");
    }
    state.push(0);
    let error = check(&state).expect_err("a byte too many");
    assert_eq!(error.reason(), Some(devstate::Reason::TrailingBytes));
}

#[test]
fn flipped_bits_are_refused_as_often_as_in_cpp_or_come_back() {
    let state = open_state();
    let mut refused = 0;
    for bit in 0..8 * state.len() {
        let mut flipped = state.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let Ok((stream, _)) = import(&flipped, Vec::new(), raw()) else {
            refused += 1;
            continue;
        };
        let version = if flipped[0] == 0 { Version::V1 } else { Version::V2 };
        assert_eq!(export(&stream[..], version).expect("a state").0, flipped, "bit {bit}");
    }
    assert_eq!(8 * state.len(), 736);
    // As many as //tests/foreign:flip_test counts.
    assert_eq!(refused, 447);
}

/// Writes a table of these records, and 1 as the root's number.
fn table(inodes: &[InodeRow<'_>], handles: &[OpenHandleRow]) -> Vec<u8> {
    let root = FsState { next_inode: 100, next_handle: 100, ..Default::default() };
    let mut writer = FsStateWriter::begin(Vec::new(), raw(), &root).expect("a writer");
    let location = Some(InodeLocationRow::Root(InodeRootRow {}));
    let of_root = InodeRow { id: 1, refcount: 9, location, ..Default::default() };
    writer.add_inodes(&of_root).expect("the root");
    inodes.iter().for_each(|inode| writer.add_inodes(inode).expect("an inode"));
    handles.iter().for_each(|handle| writer.add_handles(handle).expect("a handle"));
    writer.finish().expect("a stream").0
}

fn at_path<'a>(id: u64, parent: u64, name: &'a str) -> InodeRow<'a> {
    let location = Some(InodeLocationRow::Path(InodePathRow { parent, name }));
    InodeRow { id, refcount: 1, location, ..Default::default() }
}

#[test]
fn tables_that_make_no_sense_are_refused_by_the_rule() {
    let file = at_path(2, 1, "a");
    let handle = |id, inode, flags| OpenHandleRow { id, inode, flags, ..Default::default() };
    let at_handle = InodeRow {
        location: Some(InodeLocationRow::Handle(FileHandleRow {
            mount_id: 7,
            ..Default::default()
        })),
        ..file.clone()
    };
    let nowhere = InodeRow { location: None, ..file.clone() };
    let unused = InodeRow { refcount: 0, ..file.clone() };
    let root_again =
        InodeRow { location: Some(InodeLocationRow::Root(InodeRootRow {})), ..file.clone() };
    let at_full_path =
        InodeRow { location: Some(InodeLocationRow::FullPath("../etc")), ..file.clone() };
    let cases: Vec<(Rule, Vec<InodeRow<'_>>, Vec<OpenHandleRow>)> = vec![
        (rules::FOREIGN_ID, vec![file.clone(), file.clone()], vec![]),
        (rules::FOREIGN_ID, vec![at_path(100, 1, "a")], vec![]),
        (rules::FOREIGN_ID, vec![], vec![handle(1, 1, 0), handle(1, 1, 0)]),
        (rules::FOREIGN_ID, vec![], vec![handle(100, 1, 0)]),
        (rules::FOREIGN_ROOT, vec![root_again], vec![]),
        (rules::FOREIGN_REFCOUNT, vec![unused], vec![]),
        (
            rules::FOREIGN_REFCOUNT,
            vec![file.clone(), at_path(3, 2, "b"), at_path(4, 2, "c")],
            vec![],
        ),
        (rules::FOREIGN_NAME, vec![at_path(2, 1, "..")], vec![]),
        (rules::FOREIGN_NAME, vec![at_path(2, 1, "a/b")], vec![]),
        (rules::FOREIGN_NAME, vec![at_full_path], vec![]),
        (rules::FOREIGN_LOCATION, vec![nowhere], vec![]),
        (rules::FOREIGN_PARENT, vec![at_path(2, 50, "a")], vec![]),
        (rules::FOREIGN_PARENT, vec![at_path(2, 3, "a"), at_path(3, 2, "b")], vec![]),
        (rules::FOREIGN_OPEN_INODE, vec![], vec![handle(1, 50, 0)]),
        (rules::FOREIGN_OPEN_FLAGS, vec![], vec![handle(1, 1, 0o1000)]),
        (rules::FOREIGN_OPEN_FLAGS, vec![], vec![handle(1, 1, 3)]),
        (rules::FOREIGN_OPEN_FLAGS, vec![], vec![handle(1, 1, 1 << 32)]),
        (rules::FOREIGN_MOUNT, vec![at_handle], vec![]),
    ];
    for (rule, inodes, handles) in cases {
        let found = refusing(export(&table(&inodes, &handles)[..], Version::V2));
        assert_eq!(found, [rule], "{inodes:?} {handles:?}");
    }
    assert!(refusing(export(&table(&[file], &[handle(1, 2, 0)])[..], Version::V2)).is_empty());
}

#[test]
fn what_the_target_cannot_hold_is_refused_and_what_may_be_lost_is_named() {
    let locked = std::fs::read(repository("tests/golden/fs_v3_locks.dstate")).expect("a stream");
    assert!(refusing(export(&locked[..], Version::V2)).contains(&rules::UNKNOWN_CRITICAL));
    let timed = std::fs::read(repository("tests/golden/fs_v3_times.dstate")).expect("a stream");
    let (_, verdict) = export(&timed[..], Version::V2).expect("a state");
    assert_eq!(verdict.level, Level::Lossy);
    assert!(verdict.to_string().contains("the change time of"), "{verdict}");
    let by_handle = [1, 2, 1, 9, 0, 0, 2, 1, 4, 7, 2, 1, 5, 0, 3, 0, 0, 0, 0, 0, 0, 1, 7, 1, b'.'];
    let found = refusing(export(&portable(&by_handle)[..], Version::V1));
    assert_eq!(found, [rules::FOREIGN_VERSION]);
}

#[test]
fn conversions_are_those_of_the_command_line_tool() {
    let tool = std::env::var_os("DEVSTATE")
        .map_or_else(|| repository("bazel-bin/cli/devstate"), PathBuf::from);
    if !tool.exists() {
        let text = format!("no {}: build it with ./bazelw build //cli:devstate", tool.display());
        assert!(std::env::var_os("CI").map_or(true, |ci| ci != "true"), "{text}");
        eprintln!("SKIPPED: {text}");
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let convert = |input: &PathBuf, output: &PathBuf, arguments: &[&str]| {
        let mut run = Command::new(&tool);
        run.arg("convert").arg(input).arg("-o").arg(output).args(arguments);
        let done = run.output().expect("a process");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        std::fs::read(output).expect("a result")
    };
    for (path, state) in captured() {
        let output = folder.join("portable.dstate");
        let to = ["--to", "devices.fs.v1", "--compression", "raw"];
        let expected = convert(&path, &output, &to);
        let stream = portable(&state);
        assert_eq!(chunks(&stream), chunks(&expected), "{path:?}");
        let (ours, theirs) = (folder.join("ours.dstate"), folder.join("theirs.state"));
        std::fs::write(&ours, &stream).expect("written");
        assert_eq!(convert(&ours, &theirs, &["--to", "virtiofsd"]), state, "{path:?}");
    }
}

#[test]
fn a_state_whose_root_is_lost_is_known_and_refused_with_the_cause() {
    // As virtiofsd 1.11 writes it if the machine was stopped before: V1, one inode, id 1, two
    // lookups, lost, no file handle, the next inode and handle, a session.
    let state = [0, 1, 1, 2, 2, 0, 2, 0, 1, 0, 0, 0, 0];
    assert!(may_be_state(&state));
    let verdict = check(&state).expect("a state");
    let about_root = |finding: &devstate::Finding| finding.rule == rules::FOREIGN_ROOT;
    assert!(verdict.findings.iter().any(about_root), "{verdict}");
    assert!(verdict.to_string().contains("not told of the migration"), "{verdict}");
}
