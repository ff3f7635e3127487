// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! This back-end with what Bazel has built: a table goes from a C++ back-end to it and on to another
//! in C++, and `devstate conformance` asks it about every rule.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Returns what Bazel has built; `None`, with the reason, if it has not.
fn built(path: &str) -> Option<PathBuf> {
    let bin = std::env::var_os("BAZEL_BIN").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../bazel-bin"),
        PathBuf::from,
    );
    let found = bin.join(path);
    if found.exists() {
        return Some(found);
    }
    let target = path
        .rsplit_once('/')
        .map_or(String::new(), |(a, b)| format!("//{a}:{b}"));
    let text = format!(
        "no {}: build it with ./bazelw build {target}",
        found.display()
    );
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{text}"
    );
    eprintln!("SKIPPED: {text}");
    None
}

/// A back-end that listens. It is killed when the test ends.
struct Backend(Child);

impl Backend {
    fn start(program: &Path, socket: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(program)
            .arg("--socket-path")
            .arg(socket)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut lines = output.lines().map_while(Result::ok);
        assert!(
            lines.any(|line| line.starts_with("listening on ")),
            "{program:?} ended"
        );
        // What it says later must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Backend(child)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_table_migrates_from_cpp_to_rust_and_back() {
    let tools = ["examples/fs_backend/fs_backend", "cli/devstate"].map(built);
    let [Some(fs_backend), Some(devstate)] = tools else {
        return;
    };
    let folder = std::env::temp_dir().join(format!("rust-fs-migrate-{}", std::process::id()));
    let share = folder.join("share");
    for i in 0..500 {
        let place = share.join(format!("folder{}", i % 7));
        std::fs::create_dir_all(&place).expect("a folder");
        std::fs::write(place.join(format!("file {i}")), i.to_string()).expect("a file");
    }
    let path = |name: &str| folder.join(name).to_str().expect("text").to_owned();
    let shared = format!("--shared-dir={}", path("share"));
    let migrate = |from: &str, to: &str| {
        let mut run = Command::new(&devstate);
        let done = run
            .args(["migrate", "--from", &path(from), "--to", &path(to)])
            .output();
        let done = done.expect("a process");
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(
            done.status.success(),
            "{text}{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    for flags in [&["--change-times"][..], &["--locks"], &[]] {
        let (before, after) = (path("before"), path("after"));
        let mut arguments = vec![shared.clone(), format!("--table-out={before}")];
        arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let out = format!("--table-out={after}");
        let _source = Backend::start(&fs_backend, &folder.join("a"), &arguments);
        let program = Path::new(env!("CARGO_BIN_EXE_rust_fs_backend"));
        let _rust = Backend::start(program, &folder.join("b"), &[]);
        let waiting = [&shared, "--await-load", &out];
        let _destination = Backend::start(&fs_backend, &folder.join("c"), &waiting);
        migrate("a", "b");
        migrate("b", "c");
        let table = std::fs::read_to_string(&before).expect("a table");
        assert!(table.lines().count() > 500);
        assert_eq!(
            std::fs::read_to_string(&after).expect("a table"),
            table,
            "{flags:?}"
        );
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn every_rule_is_kept_but_the_one_that_the_crate_cannot_know() {
    let Some(devstate) = built("cli/devstate") else {
        return;
    };
    let state = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/fs_v3.dstate"
    );
    let program = env!("CARGO_BIN_EXE_rust_fs_backend");
    let start = format!("{program} --socket-path {{socket}} --state {state}");
    let done = Command::new(devstate)
        .args(["conformance", "--start", &start])
        .output();
    let text = String::from_utf8(done.expect("a process").stdout).expect("text");
    let with = |result: &str| -> Vec<&str> {
        let lines = text
            .lines()
            .filter(|line| line.split_whitespace().nth(1) == Some(result));
        lines
            .filter_map(|line| line.split_whitespace().next())
            .collect()
    };
    assert_eq!(with("FAIL"), ["B1"], "{text}");
    assert!(with("PASS").len() >= 16, "{text}");
    assert!(text.contains("DEVICE_STATE was not negotiated, and SET_DEVICE_STATE_FD was served"));
}
