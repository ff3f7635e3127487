// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The back-end over its socket, with a front-end in the same process.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use devstate::{rules, Error, Level, Verdict};
use devstate_fs::virtiofsd::{export, import, Version};
use devstate_schema::Gate;
use devstate_tests::{read, Codec, FsV1};
use devstate_vhost::{DeviceState, Loaded, Refusal, Sink, Source};
use rust_fs_backend::{read_table, serve, FsDevice, Table};
use vhost::vhost_user::message::{
    VhostTransferStateDirection, VhostTransferStatePhase, VhostUserProtocolFeatures,
};
use vhost::vhost_user::{Frontend, VhostUserFrontend};
use vhost::VhostBackend;

/// Serves `device` in a thread that lives as long as the process, and connects to it.
fn connect<D: DeviceState>(name: &str, device: Arc<D>) -> Frontend {
    let socket: PathBuf =
        std::env::temp_dir().join(format!("rust-fs-{name}-{}.sock", std::process::id()));
    let path = socket.clone();
    std::thread::spawn(move || serve(&path, device));
    // The listener is there when the file is: both come with bind(2) and listen(2), so that a
    // connection may be refused once or twice.
    let end = Instant::now() + Duration::from_secs(30);
    let stream = loop {
        match UnixStream::connect(&socket) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < end, "{}: {error}", socket.display()),
        }
        std::thread::yield_now();
    };
    std::fs::remove_file(&socket).expect("removed");
    let mut frontend = Frontend::from_stream(stream, 2);
    frontend.set_owner().expect("an owner");
    let features = frontend.get_features().expect("features");
    frontend.set_features(features).expect("acknowledged");
    let offered = frontend.get_protocol_features().expect("protocol features");
    assert!(offered.contains(VhostUserProtocolFeatures::DEVICE_STATE));
    frontend
        .set_protocol_features(offered)
        .expect("acknowledged");
    frontend
}

fn pipe() -> (File, File) {
    let (reader, writer) = rustix::pipe::pipe().expect("a pipe");
    (reader.into(), writer.into())
}

fn save(frontend: &mut Frontend) -> Vec<u8> {
    let (mut reader, writer) = pipe();
    let (direction, phase) = (
        VhostTransferStateDirection::SAVE,
        VhostTransferStatePhase::STOPPED,
    );
    frontend
        .set_device_state_fd(direction, phase, writer.into())
        .expect("accepted");
    let mut state = Vec::new();
    reader.read_to_end(&mut state).expect("a state");
    frontend.check_device_state().expect("saved");
    state
}

fn load(frontend: &mut Frontend, state: &[u8]) -> bool {
    let (reader, mut writer) = pipe();
    let (direction, phase) = (
        VhostTransferStateDirection::LOAD,
        VhostTransferStatePhase::STOPPED,
    );
    frontend
        .set_device_state_fd(direction, phase, reader.into())
        .expect("accepted");
    writer.write_all(state).expect("taken");
    drop(writer);
    frontend.check_device_state().is_ok()
}

fn golden(name: &str) -> Vec<u8> {
    read(&format!("tests/golden/{name}.dstate"))
}

#[test]
fn a_table_goes_in_and_out_and_a_refused_one_changes_nothing() {
    let device = Arc::new(FsDevice::default());
    let mut frontend = connect("table", device.clone());
    for name in ["fs_v3", "fs_v3_locks", "fs_v3_times", "fs_alt_v3"] {
        let state = golden(name);
        assert!(load(&mut frontend, &state), "{name}");
        let table = device.table();
        assert_eq!(
            table,
            read_table(&state[..]).expect("a table").staged,
            "{name}"
        );
        assert!(!load(&mut frontend, &golden("net_v1")));
        assert!(!load(&mut frontend, &state[..state.len() - 1]));
        assert_eq!(device.table(), table, "{name}");
        let again = read_table(&save(&mut frontend)[..]).expect("a table");
        assert_eq!(again.staged, table, "{name}");
        assert_eq!(again.verdict.expect("a verdict").level, Level::Identical);
    }
    assert_ne!(device.table(), Table::default());
}

#[test]
fn a_state_of_virtiofsd_goes_in_and_out_byte_by_byte() {
    let mut frontend = connect("virtiofsd", Arc::new(FsDevice::default()));
    for name in ["open-fp", "open-fp-verifyhandles", "neverinit-fp"] {
        let state = read(&format!("foreign/states/virtiofsd/testdata/{name}.state"));
        let (stream, _) = import(&state, Vec::new(), Default::default()).expect("a stream");
        assert!(load(&mut frontend, &stream), "{name}");
        let (again, _) = export(&save(&mut frontend)[..], Version::V2).expect("a state");
        assert_eq!(again, state, "{name}");
    }
}

/// A device of the first release.
#[derive(Default)]
struct FirstRelease(Mutex<Option<Verdict>>);

impl DeviceState for FirstRelease {
    type Staged = ();

    fn save(&self, _: &mut Sink) -> Result<(), Error> {
        Err(Error::Device("has nothing to save".into()))
    }

    fn load(&self, source: &mut Source) -> Result<Loaded<()>, Refusal> {
        let mut state = Vec::new();
        source.read_to_end(&mut state).map_err(Error::from)?;
        let mut gate = Gate::new(FsV1.schema());
        let read = FsV1.read_behind(&state, &mut gate);
        let verdict = gate.verdict_after(read.as_ref().err());
        *self.0.lock().expect("a verdict") = Some(verdict.clone());
        match read {
            Ok(_) => Ok(Loaded {
                staged: (),
                verdict: Some(verdict),
            }),
            Err(error) => Err(Refusal {
                error,
                verdict: Some(verdict),
            }),
        }
    }

    fn commit(&self, (): ()) -> Result<(), Error> {
        Ok(())
    }
}

#[test]
fn the_first_release_refuses_a_state_with_locks_and_names_them() {
    let mut newest = connect("newest", Arc::new(FsDevice::default()));
    assert!(load(&mut newest, &golden("fs_v3_locks")));
    let state = save(&mut newest);
    let device = Arc::new(FirstRelease::default());
    let mut first = connect("first", device.clone());
    assert!(!load(&mut first, &state));
    let verdict = device.0.lock().expect("a verdict").take().expect("one");
    let locks = verdict
        .findings
        .iter()
        .find(|finding| finding.path == "handles.locks");
    let locks = locks.expect("a finding about the locks");
    assert_eq!(
        (locks.rule, locks.level),
        (rules::UNKNOWN_CRITICAL, Level::Refused)
    );
    assert!(load(&mut first, &golden("fs_v1")), "its own states load");
}
