// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Transfers through pipes, socketpairs, memfds and files, and what goes wrong with them.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use devstate::{Error, Limits};
use devstate_fs::v1::*;
use devstate_schema::Gate;
use devstate_vhost::{
    DeviceState, Direction, Loaded, Outcome, OwnChannel, Refusal, Report, Sink, Source, Timeouts,
    Transfers,
};
use vhost::vhost_user::message::{VhostTransferStateDirection, VhostTransferStatePhase};

const SAVE: VhostTransferStateDirection = VhostTransferStateDirection::SAVE;
const LOAD: VhostTransferStateDirection = VhostTransferStateDirection::LOAD;

/// Reads devices.fs.v1 behind a gate and keeps the inodes' numbers; saves whatever stream it was
/// given to save.
#[derive(Default)]
struct Device {
    stream: Mutex<Vec<u8>>,
    inodes: Mutex<Vec<u64>>,
    panics: bool,
    /// Held by who wants a commit to wait.
    busy: Mutex<()>,
}

#[derive(Default)]
struct Inodes(Vec<u64>);

impl FsStateVisitor for Inodes {
    fn root(&mut self, _: FsState) -> Result<(), Error> {
        Ok(())
    }
    fn inodes(&mut self, batch: &InodesBatch<'_>) -> Result<(), Error> {
        self.0.extend(batch.iter().map(|row| row.id));
        Ok(())
    }
    fn handles(&mut self, _: &HandlesBatch<'_>) -> Result<(), Error> {
        Ok(())
    }
    fn mount_paths(&mut self, _: &MountPathsBatch<'_>) -> Result<(), Error> {
        Ok(())
    }
}

impl DeviceState for Device {
    type Staged = Vec<u64>;

    fn save(&self, sink: &mut Sink) -> Result<(), Error> {
        assert!(!self.panics, "as the test wants");
        Ok(sink.write_all(&self.stream.lock().expect("a stream"))?)
    }

    fn load(&self, source: &mut Source) -> Result<Loaded<Vec<u64>>, Refusal> {
        assert!(!self.panics, "as the test wants");
        let mut gate = Gate::new(&SCHEMA);
        let mut handler = FsStateHandler(Inodes::default());
        let read = devstate::read_state(source, &Limits::default(), &mut gate, &mut handler);
        let verdict = Some(gate.verdict_after(read.as_ref().err()));
        match read {
            Ok(_) => Ok(Loaded { staged: handler.0 .0, verdict }),
            Err(error) => Err(Refusal { error, verdict }),
        }
    }

    fn commit(&self, staged: Vec<u64>) -> Result<(), Error> {
        let _free = self.busy.lock();
        *self.inodes.lock().expect("inodes") = staged;
        Ok(())
    }
}

fn golden(name: &str) -> Vec<u8> {
    let tree = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..");
    std::fs::read(tree.join(format!("tests/golden/{name}.dstate"))).expect(name)
}

struct Fixture {
    device: Arc<Device>,
    transfers: Transfers<Device>,
}

impl Fixture {
    fn new() -> Self {
        Self::of(Device::default(), Timeouts::default())
    }

    fn of(device: Device, timeouts: Timeouts) -> Self {
        let device = Arc::new(device);
        Fixture { transfers: Transfers::new(device.clone(), timeouts), device }
    }

    fn impatient() -> Self {
        let check = Duration::from_millis(50);
        Self::of(Device::default(), Timeouts { check, ..Timeouts::default() })
    }

    fn set(&self, direction: VhostTransferStateDirection, fd: impl Into<OwnedFd>) {
        assert!(self.try_set(direction, fd).expect("accepted").is_none());
    }

    fn try_set(
        &self,
        direction: VhostTransferStateDirection,
        fd: impl Into<OwnedFd>,
    ) -> io::Result<Option<File>> {
        let phase = VhostTransferStatePhase::STOPPED;
        self.transfers.set_device_state_fd(direction, phase, File::from(fd.into()))
    }

    fn check(&self) -> io::Result<()> {
        self.transfers.check_device_state()
    }

    fn report(&self) -> Report {
        self.transfers.last_report().expect("a report")
    }

    fn inodes(&self) -> usize {
        self.device.inodes.lock().expect("inodes").len()
    }

    /// Loads a state through a pipe, as QEMU does.
    fn load(&self, stream: &[u8]) -> io::Result<()> {
        let (reader, mut writer) = pipe();
        self.set(LOAD, reader);
        writer.write_all(stream).expect("all of it is taken");
        drop(writer);
        self.check()
    }
}

fn pipe() -> (File, File) {
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).expect("pipe");
    (reader.into(), writer.into())
}

fn memfd() -> File {
    rustix::fs::memfd_create("state", rustix::fs::MemfdFlags::CLOEXEC).expect("a memfd").into()
}

fn nameless_file() -> File {
    let flags = rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::RDWR;
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::open(std::env::temp_dir(), flags, mode).expect("a file").into()
}

#[test]
fn a_state_is_saved_through_pipes_and_sockets() {
    let pipes = pipe();
    let sockets = UnixStream::pair().expect("a pair");
    let ends: [(OwnedFd, OwnedFd); 2] =
        [(pipes.0.into(), pipes.1.into()), (sockets.0.into(), sockets.1.into())];
    for (reader, writer) in ends {
        let fixture = Fixture::new();
        *fixture.device.stream.lock().expect("a stream") = vec![7; 3 << 20];
        fixture.set(SAVE, writer);
        let mut read = Vec::new();
        File::from(reader).read_to_end(&mut read).expect("to the end");
        assert!(read == vec![7; 3 << 20], "{}", read.len());
        fixture.check().expect("saved");
        let report = fixture.report();
        assert_eq!((report.direction, report.outcome), (Direction::Save, Outcome::Passed));
        assert_eq!(report.bytes, 3 << 20);
    }
}

#[test]
fn a_state_is_saved_into_files_after_what_is_there() {
    for mut file in [memfd(), nameless_file()] {
        let fixture = Fixture::new();
        *fixture.device.stream.lock().expect("a stream") = b"state".to_vec();
        file.write_all(b"before ").expect("written");
        fixture.set(SAVE, file.try_clone().expect("a duplicate"));
        fixture.check().expect("saved");
        let mut read = String::new();
        // The offset is shared: it is where the state begins.
        file.read_to_string(&mut read).expect("read");
        assert_eq!(read, "state");
    }
}

#[test]
fn a_state_is_loaded_through_pipes_and_sockets_and_applied_at_check() {
    let stream = golden("fs_v3");
    let pipes = pipe();
    let sockets = UnixStream::pair().expect("a pair");
    let ends: [(OwnedFd, OwnedFd); 2] =
        [(pipes.0.into(), pipes.1.into()), (sockets.0.into(), sockets.1.into())];
    for (reader, writer) in ends {
        let fixture = Fixture::new();
        fixture.set(LOAD, reader);
        let mut writer = File::from(writer);
        writer.write_all(&stream).expect("all of it");
        drop(writer);
        assert_eq!(fixture.inodes(), 0, "nothing is applied before CHECK_DEVICE_STATE");
        fixture.check().expect("loaded");
        assert!(fixture.inodes() > 0);
        let report = fixture.report();
        assert_eq!((report.outcome, report.bytes), (Outcome::Passed, stream.len() as u64));
        assert!(report.verdict.expect("a verdict").loads());
    }
}

#[test]
fn a_file_is_read_at_check_because_only_then_it_is_whole() {
    let stream = golden("fs_v3");
    for mut file in [memfd(), nameless_file()] {
        let fixture = Fixture::new();
        file.write_all(b"before").expect("written");
        fixture.set(LOAD, file.try_clone().expect("a duplicate"));
        // The front-end writes after its request was answered; the offset moves along.
        file.write_all(&stream).expect("written");
        assert!(file.stream_position().expect("an offset") > 6);
        fixture.check().expect("loaded");
        assert!(fixture.inodes() > 0);
    }
}

#[test]
fn a_refused_state_is_drained_and_a_good_one_loads_next() {
    let fixture = Fixture::new();
    let mut wrong = golden("net_v1");
    wrong.resize(4 << 20, 0);
    let error = fixture.load(&wrong).expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    let report = fixture.report();
    assert_eq!((report.outcome, report.bytes), (Outcome::Failed, 4 << 20));
    assert!(!report.verdict.as_ref().expect("a verdict").loads(), "{report}");
    assert!(report.to_string().starts_with("load failed, 4194304 bytes: "), "{report}");
    assert_eq!(fixture.inodes(), 0);
    fixture.load(&golden("fs_v3")).expect("loaded");
    assert!(fixture.inodes() > 0);
}

#[test]
fn a_cut_state_and_one_with_bytes_after_it_are_refused() {
    let fixture = Fixture::new();
    let mut stream = golden("fs_v3");
    let error = fixture.load(&stream[..stream.len() - 1]).expect_err("cut");
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
    stream.push(0);
    let error = fixture.load(&stream).expect_err("trailing bytes");
    assert!(error.to_string().contains("TRAILING_BYTES"), "{error}");
    fixture.load(&[]).expect_err("nothing at all");
    fixture.check().expect_err("answered already");
    assert_eq!(fixture.inodes(), 0);
}

#[test]
fn a_peer_that_never_ends_costs_the_deadline_of_check_and_no_more() {
    let fixture = Fixture::impatient();
    let (reader, mut writer) = pipe();
    fixture.set(LOAD, reader);
    writer.write_all(&golden("fs_v3")[..100]).expect("written");
    let error = fixture.check().expect_err("a deadline");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert_eq!(fixture.report().outcome, Outcome::Failed);

    let (_reader, writer) = pipe();
    *fixture.device.stream.lock().expect("a stream") = vec![0; 4 << 20];
    fixture.set(SAVE, writer);
    assert_eq!(fixture.check().expect_err("a deadline").kind(), ErrorKind::TimedOut);

    let patient = Fixture::new();
    patient.load(&golden("fs_v3")).expect("loaded");
}

#[test]
fn a_silent_peer_and_a_slow_one_end_the_transfer_before_check() {
    let short = Duration::from_millis(20);
    let idle = Timeouts { idle: short, ..Timeouts::default() };
    let total = Timeouts { total: short, ..Timeouts::default() };
    for (timeouts, text) in [(idle, "did not move a byte"), (total, "takes more than")] {
        let fixture = Fixture::of(Device::default(), timeouts);
        let (reader, _writer) = pipe();
        fixture.set(LOAD, reader);
        let error = fixture.check().expect_err("too late");
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn a_reader_that_goes_away_fails_the_save_and_the_next_one_works() {
    let fixture = Fixture::new();
    *fixture.device.stream.lock().expect("a stream") = vec![0; 4 << 20];
    let (reader, writer) = pipe();
    fixture.set(SAVE, writer);
    drop(reader);
    assert_eq!(fixture.check().expect_err("broken").kind(), ErrorKind::BrokenPipe);
    let file = memfd();
    fixture.set(SAVE, file.try_clone().expect("a duplicate"));
    fixture.check().expect("saved");
    assert_eq!(file.metadata().expect("a size").len(), 4 << 20);
}

#[test]
fn a_newer_request_abandons_the_transfer_and_its_state() {
    let fixture = Fixture::new();
    let (reader, mut abandoned) = pipe();
    fixture.set(LOAD, reader);
    abandoned.write_all(&golden("fs_v3")[..100]).expect("written");
    fixture.load(&golden("fs_v3")).expect("loaded");
    // The channel of the first was closed.
    let error = abandoned.write_all(b"more").expect_err("nobody reads");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
}

#[test]
fn rings_that_start_abandon_what_was_loaded() {
    let fixture = Fixture::new();
    let (reader, writer) = pipe();
    fixture.set(LOAD, reader);
    drop(writer);
    fixture.transfers.running(true);
    assert_eq!(fixture.report().outcome, Outcome::Abandoned);
    let refused = fixture.try_set(LOAD, pipe().0).expect_err("rings are started");
    assert!(refused.to_string().contains("rings are started"), "{refused}");
    assert_eq!(fixture.report().outcome, Outcome::Refused);
    fixture.check().expect_err("nothing to check");
    fixture.transfers.running(false);
    fixture.load(&golden("fs_v3")).expect("loaded");
}

#[test]
fn without_the_protocol_feature_nothing_is_accepted() {
    let fixture = Fixture::new();
    fixture.transfers.negotiated(false);
    fixture.try_set(SAVE, pipe().1).expect_err("not negotiated");
    fixture.transfers.negotiated(true);
    fixture.load(&golden("fs_v3")).expect("loaded");
}

#[test]
fn a_lost_connection_forgets_what_was_not_committed() {
    let fixture = Fixture::new();
    let (reader, mut writer) = pipe();
    fixture.set(LOAD, reader);
    writer.write_all(&golden("fs_v3")).expect("written");
    drop(writer);
    fixture.transfers.disconnected();
    fixture.check().expect_err("forgotten");
    assert_eq!(fixture.inodes(), 0);
    fixture.load(&golden("fs_v3")).expect("loaded");
}

#[test]
fn check_without_a_transfer_and_an_unfit_descriptor_are_errors_with_their_reason() {
    let fixture = Fixture::new();
    let error = fixture.check().expect_err("no transfer");
    assert!(error.to_string().contains("without a transfer"), "{error}");
    let (reader, _writer) = pipe();
    fixture.try_set(SAVE, reader).expect_err("the wrong end");
    // The reason of the refusal is worth more than that nothing ran.
    let error = fixture.check().expect_err("refused");
    assert!(error.to_string().contains("not open for writing"), "{error}");
    let error = fixture.check().expect_err("no transfer");
    assert!(error.to_string().contains("without a transfer"), "{error}");
}

#[test]
fn a_second_check_ends_the_first_and_both_fail() {
    let fixture = Fixture::new();
    let (reader, _writer) = pipe();
    fixture.set(LOAD, reader);
    std::thread::scope(|scope| {
        let first = scope.spawn(|| fixture.check());
        let second = fixture.check().expect_err("the load never ends");
        let first = first.join().expect("a thread").expect_err("the load never ends");
        for error in [first, second] {
            assert_eq!(error.kind(), ErrorKind::ConnectionAborted, "{error}");
        }
    });
    fixture.load(&golden("fs_v3")).expect("loaded");
}

#[test]
fn rings_that_start_end_a_check_that_waits() {
    let fixture = Fixture::new();
    let (reader, _writer) = pipe();
    fixture.set(LOAD, reader);
    std::thread::scope(|scope| {
        let check = scope.spawn(|| fixture.check());
        fixture.transfers.running(true);
        check.join().expect("a thread").expect_err("abandoned");
    });
    assert_eq!(fixture.report().outcome, Outcome::Abandoned);
}

#[test]
fn a_panic_of_the_device_is_a_failed_transfer() {
    let device = Device { panics: true, ..Device::default() };
    let fixture = Fixture::of(device, Timeouts::default());
    let error = fixture.load(&golden("fs_v3")).expect_err("a panic");
    assert!(error.to_string().contains("panicked"), "{error}");
}

#[test]
fn a_commit_that_takes_too_long_fails_check_and_the_next_transfer_waits_for_it() {
    let fixture = Fixture::impatient();
    let busy = fixture.device.busy.lock().expect("free");
    let error = fixture.load(&golden("fs_v3")).expect_err("overdue");
    assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
    assert!(error.to_string().contains("has not taken the state"), "{error}");
    assert_eq!(fixture.report().outcome, Outcome::Failed);
    assert_eq!(fixture.inodes(), 0);
    // A save is not begun before the device is done with the commit.
    *fixture.device.stream.lock().expect("a stream") = b"x".to_vec();
    let (mut reader, writer) = pipe();
    fixture.set(SAVE, writer);
    rustix::io::ioctl_fionbio(&reader, true).expect("non-blocking");
    let mut saved = [0];
    assert_eq!(reader.read(&mut saved).expect_err("nothing yet").kind(), ErrorKind::WouldBlock);
    drop(busy);
    rustix::io::ioctl_fionbio(&reader, false).expect("blocking");
    reader.read_exact(&mut saved).expect("the state");
    assert!(fixture.inodes() > 0, "the commit came first");
}

#[test]
fn own_channels_are_handed_to_the_front_end() {
    let stream = golden("fs_v3");
    for kind in [OwnChannel::Pipe, OwnChannel::Socket, OwnChannel::Memfd] {
        let mut fixture = Fixture::new();
        fixture.transfers = fixture.transfers.own_channel(kind);
        *fixture.device.stream.lock().expect("a stream") = stream.clone();
        // The front-end's own end is not used.
        let mut ours = fixture.try_set(SAVE, pipe().1).expect("accepted").expect("a channel");
        let mut saved = Vec::new();
        ours.read_to_end(&mut saved).expect("read");
        assert!(saved == stream, "{kind:?}: {}", saved.len());
        fixture.check().expect("saved");

        let mut ours = fixture.try_set(LOAD, pipe().0).expect("accepted").expect("a channel");
        ours.write_all(&stream).expect("written");
        drop(ours);
        fixture.check().expect("loaded");
        assert!(fixture.inodes() > 0, "{kind:?}");
    }
}

#[test]
fn a_save_into_an_own_memfd_that_fails_is_refused_with_its_reason() {
    let device = Device { panics: true, ..Device::default() };
    let mut fixture = Fixture::of(device, Timeouts::default());
    fixture.transfers = fixture.transfers.own_channel(OwnChannel::Memfd);
    let error = fixture.try_set(SAVE, pipe().1).expect_err("refused");
    assert!(error.to_string().contains("panicked"), "{error}");
    assert_eq!(fixture.report().outcome, Outcome::Failed);
    fixture.check().expect_err("no transfer");
}

#[test]
fn rings_that_start_end_a_save_into_an_own_memfd() {
    let mut fixture = Fixture::new();
    fixture.transfers = fixture.transfers.own_channel(OwnChannel::Memfd);
    let stream = fixture.device.stream.lock().expect("free");
    std::thread::scope(|scope| {
        let set = scope.spawn(|| fixture.try_set(SAVE, pipe().1));
        // The save waits for the stream that it is to write.
        while fixture.transfers.last_report().map(|report| report.outcome)
            != Some(Outcome::Underway)
        {
            std::thread::yield_now();
        }
        fixture.transfers.running(true);
        set.join().expect("a thread").expect_err("abandoned");
    });
    drop(stream);
}

#[test]
fn dropping_the_transfers_ends_their_thread() {
    let fixture = Fixture::new();
    let (reader, mut writer) = pipe();
    fixture.set(LOAD, reader);
    drop(fixture.transfers);
    assert_eq!(writer.write_all(b"x").expect_err("closed").kind(), ErrorKind::BrokenPipe);
}
