// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Answers SET_DEVICE_STATE_FD and CHECK_DEVICE_STATE: carries out what the session says.

use std::fs::File;
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use devstate::{Error, Verdict};
use vhost::vhost_user::message::{VhostTransferStateDirection, VhostTransferStatePhase};

use crate::channel::{Channel, Kind, OwnChannel};
use crate::report::{io_error, Direction, Outcome, Report};
use crate::session::{self, Actions, Event, State};
use crate::stream::{Cancel, Sink, Source, Timeouts};

/// What a device does with its state. All rings are stopped meanwhile.
///
/// All three run on a thread of their own, while the thread of the control socket may wait in
/// `check_device_state`. So they must not take a lock that is held around that call: not
/// the one of `Mutex<Backend>` or `RwLock<Backend>`, of which crate `vhost-user-backend` makes a
/// back-end.
pub trait DeviceState: Send + Sync + 'static {
    /// What a load makes of a state, to be applied at CHECK_DEVICE_STATE.
    type Staged: Send + 'static;

    /// Writes the state.
    ///
    /// # Errors
    /// Whatever keeps the state from being whole. The front-end's CHECK_DEVICE_STATE fails.
    fn save(&self, sink: &mut Sink) -> Result<(), Error>;

    /// Reads a state and changes nothing in the device. The rest of the channel is drained.
    ///
    /// # Errors
    /// Whatever keeps the state from being loaded.
    fn load(&self, source: &mut Source) -> Result<Loaded<Self::Staged>, Refusal>;

    /// Applies what was loaded, on a thread of its own, while the thread of the control socket
    /// waits. If it takes longer than [`Timeouts::check`], the front-end is told that it failed,
    /// and the next transfer waits for it.
    ///
    /// # Errors
    /// If the device is as it was before.
    fn commit(&self, staged: Self::Staged) -> Result<(), Error>;
}

/// A state that may be applied.
#[derive(Debug)]
pub struct Loaded<S> {
    /// What commit is given.
    pub staged: S,
    /// What there is to say about it, for the report.
    pub verdict: Option<Verdict>,
}

/// A state that may not.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub error: Error,
    /// What there is to say about it, for the report.
    pub verdict: Option<Verdict>,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal { error, verdict: None }
    }
}

/// What is owed to the front-end while it waits, or known for its next question.
#[derive(Debug)]
struct Failure {
    kind: io::ErrorKind,
    text: String,
}

impl Failure {
    fn new(kind: io::ErrorKind, text: impl Into<String>) -> Self {
        Failure { kind, text: text.into() }
    }

    fn abandoned() -> Self {
        Failure::new(io::ErrorKind::ConnectionAborted, "abandoned by the front-end")
    }

    fn of(error: &io::Error) -> Self {
        Failure::new(error.kind(), error.to_string())
    }

    fn error(&self) -> io::Error {
        io::Error::new(self.kind, self.text.clone())
    }
}

struct Inner<S> {
    state: State,
    /// The transfer whose completion counts.
    id: u64,
    direction: Direction,
    start: Instant,
    cancel: Option<Arc<Cancel>>,
    /// A stored channel that is read at CHECK.
    waiting: Option<Channel>,
    worker: Option<JoinHandle<()>>,
    staged: Option<S>,
    failure: Option<Failure>,
    /// Of the CHECK that waits.
    answer: Option<Result<(), Failure>>,
    report: Option<Report>,
}

struct Shared<D: DeviceState> {
    device: Arc<D>,
    timeouts: Timeouts,
    inner: Mutex<Inner<D::Staged>>,
    changed: Condvar,
}

/// The state transfers of one device: a back-end stores it and calls it from
/// `set_device_state_fd` and `check_device_state`.
///
/// The crate's documentation has an example. A back-end that knows more of its front-end says so:
///
/// ```
/// use devstate_vhost::{DeviceState, Transfers};
///
/// const DEVICE_STATE: u64 = 1 << 19;
///
/// fn protocol_features<D: DeviceState>(transfers: &Transfers<D>, acknowledged: u64) {
///     transfers.negotiated(acknowledged & DEVICE_STATE != 0);
/// }
/// fn ring_stopped<D: DeviceState>(transfers: &Transfers<D>, rings_that_run: usize) {
///     transfers.running(rings_that_run > 0);
/// }
/// fn front_end_gone<D: DeviceState>(transfers: &Transfers<D>) {
///     transfers.disconnected();
/// }
/// ```
pub struct Transfers<D: DeviceState> {
    shared: Arc<Shared<D>>,
    own_channel: Option<OwnChannel>,
}

impl<D: DeviceState> std::fmt::Debug for Transfers<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transfers").field("state", &self.shared.lock().state).finish()
    }
}

impl<D: DeviceState> Transfers<D> {
    /// Serves the state of `device`. Protocol feature DEVICE_STATE counts as negotiated and rings
    /// as stopped until [`Transfers::negotiated`] and [`Transfers::running`] say otherwise.
    pub fn new(device: Arc<D>, timeouts: Timeouts) -> Self {
        let inner = Inner {
            state: State::Idle,
            id: 0,
            direction: Direction::Save,
            start: Instant::now(),
            cancel: None,
            waiting: None,
            worker: None,
            staged: None,
            failure: None,
            answer: None,
            report: None,
        };
        let (inner, changed) = (Mutex::new(inner), Condvar::new());
        let shared = Arc::new(Shared { device, timeouts, inner, changed });
        Transfers { shared, own_channel: None }
    }

    /// Answers with channels of the back-end's own instead of taking the front-end's.
    pub fn own_channel(mut self, kind: OwnChannel) -> Self {
        self.own_channel = Some(kind);
        self
    }

    /// Answers SET_DEVICE_STATE_FD. It returns at once; the state travels on another thread, from
    /// a file or memfd at CHECK_DEVICE_STATE. Only a save into a memfd of the back-end's own is
    /// answered when it is complete.
    ///
    /// # Errors
    /// If the file cannot be a channel or a transfer may not begin now; of such a save also what
    /// went wrong with it.
    pub fn set_device_state_fd(
        &self,
        direction: VhostTransferStateDirection,
        phase: VhostTransferStatePhase,
        file: File,
    ) -> io::Result<Option<File>> {
        // There is one phase, and the type lets no other through.
        let VhostTransferStatePhase::STOPPED = phase;
        let direction = match direction {
            VhostTransferStateDirection::SAVE => Direction::Save,
            VhostTransferStateDirection::LOAD => Direction::Load,
        };
        let save = direction == Direction::Save;
        let ends = match self.own_channel {
            None => Ok((file, None)),
            Some(kind) => {
                kind.create().map(
                    |(read, write)| {
                        if save {
                            (write, Some(read))
                        } else {
                            (read, Some(write))
                        }
                    },
                )
            }
        };
        let (admitted, remote) = match ends {
            Ok((local, remote)) => (Channel::admit(local, save), remote),
            Err(error) => (Err(error), None),
        };
        let mut inner = self.shared.lock();
        let event = match &admitted {
            Err(_) => Event::SetUnfit,
            Ok(channel) if save && remote.is_some() && channel.kind == Kind::Stored => {
                Event::SetSaveStored
            }
            Ok(_) if save => Event::SetSave,
            Ok(channel) if channel.kind == Kind::Stored => Event::SetLoadStored,
            Ok(_) => Event::SetLoad,
        };
        let actions = self.shared.feed(&mut inner, event);
        inner.direction = direction;
        let report =
            |outcome, error| Some(Report { direction, outcome, error, verdict: None, bytes: 0 });
        if actions & session::REFUSE_SET != 0 {
            let why = admitted.err().unwrap_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "SET_DEVICE_STATE_FD while rings are started or DEVICE_STATE is not negotiated",
                )
            });
            inner.report = report(Outcome::Refused, Some(why.to_string()));
            inner.failure = Some(Failure::of(&why));
            return Err(why);
        }
        inner.report = report(Outcome::Underway, None);
        inner.failure = None;
        inner.start = Instant::now();
        inner.waiting = admitted.ok();
        if actions & session::START != 0 {
            self.shared.start(&mut inner);
        }
        if event == Event::SetSaveStored {
            self.shared.wait_prepared(inner)?;
        }
        Ok(remote)
    }

    /// Answers CHECK_DEVICE_STATE: waits for the end of the transfer, but not for ever, and
    /// applies what was loaded.
    ///
    /// # Errors
    /// What was wrong; the front-end hears that something was.
    pub fn check_device_state(&self) -> io::Result<()> {
        let end = Instant::now() + self.shared.timeouts.check;
        let mut inner = self.shared.lock();
        inner.answer = None;
        if inner.failure.is_none() && !has_transfer(inner.state) {
            let text = "CHECK_DEVICE_STATE without a transfer";
            inner.failure = Some(Failure::new(io::ErrorKind::InvalidInput, text));
        }
        let actions = self.shared.feed(&mut inner, Event::Check);
        if actions & session::START != 0 {
            self.shared.start(&mut inner);
        }
        loop {
            if let Some(answer) = inner.answer.take() {
                return answer.map_err(|failure| failure.error());
            }
            match inner.state {
                State::Committing if inner.staged.is_some() => {
                    self.shared.commit(&mut inner);
                    continue;
                }
                State::CheckingSave | State::CheckingLoad | State::Committing => {}
                // Another CHECK has ended this one and taken its own answer.
                _ => return Err(Failure::abandoned().error()),
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let what = match inner.state {
                    State::Committing => "the device has not taken the state",
                    _ => "the transfer is not over",
                };
                let text =
                    format!("{what} {:?} after CHECK_DEVICE_STATE", self.shared.timeouts.check);
                inner.failure = Some(Failure::new(io::ErrorKind::TimedOut, text));
                self.shared.feed(&mut inner, Event::Deadline);
                continue;
            }
            let waited = self.shared.changed.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Says whether protocol feature DEVICE_STATE is negotiated, for back-ends that know it.
    pub fn negotiated(&self, negotiated: bool) {
        let event = if negotiated { Event::Negotiated } else { Event::NotNegotiated };
        self.shared.feed(&mut self.shared.lock(), event);
    }

    /// Says whether a ring is started. A transfer under way is abandoned when one is: the
    /// front-end has given the migration up.
    pub fn running(&self, any_ring: bool) {
        let event = if any_ring { Event::RingsStarted } else { Event::RingsStopped };
        self.shared.feed(&mut self.shared.lock(), event);
    }

    /// Says that the control socket is gone. What was not committed is forgotten. The next
    /// connection finds the session as a new one does.
    pub fn disconnected(&self) {
        let mut inner = self.shared.lock();
        self.shared.feed(&mut inner, Event::Disconnected);
        self.shared.feed(&mut inner, Event::Negotiated);
    }

    /// Returns how the last transfer went, or goes.
    pub fn last_report(&self) -> Option<Report> {
        self.shared.lock().report.clone()
    }
}

impl<D: DeviceState> Drop for Transfers<D> {
    fn drop(&mut self) {
        let worker = {
            let mut inner = self.shared.lock();
            self.shared.feed(&mut inner, Event::Disconnected);
            inner.worker.take()
        };
        // Its reads and writes have just been cancelled.
        if let Some(worker) = worker {
            let _ = worker.join();
        }
    }
}

impl<D: DeviceState> Shared<D> {
    fn lock(&self) -> MutexGuard<'_, Inner<D::Staged>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event and does all that needs no channel. The caller starts and answers SET.
    fn feed(&self, inner: &mut Inner<D::Staged>, event: Event) -> Actions {
        let before = inner.state;
        let (next, actions) = session::step(before, event);
        inner.state = next;
        if actions & session::CANCEL != 0 {
            let why = inner.failure.as_ref().map_or("abandoned by the front-end", |f| &f.text);
            if let Some(cancel) = inner.cancel.take() {
                cancel.cancel(why);
            }
            inner.waiting = None;
            // The completion that is still to come is another transfer's.
            inner.id += 1;
        }
        if actions & session::DISCARD != 0 {
            inner.staged = None;
        }
        let abandoned = matches!(
            event,
            Event::NotNegotiated
                | Event::RingsStarted
                | Event::Disconnected
                | Event::SetSave
                | Event::SetSaveStored
                | Event::SetLoad
                | Event::SetLoadStored
                | Event::SetUnfit
        );
        if abandoned && actions & (session::CANCEL | session::DISCARD) != 0 {
            self.close_report(inner, Outcome::Abandoned, None);
        }
        if actions & session::FAIL_OPEN_CHECK != 0 {
            inner.answer = Some(Err(Failure::abandoned()));
        }
        if actions & session::PASS_CHECK != 0 {
            self.close_report(inner, Outcome::Passed, None);
            inner.answer = Some(Ok(()));
        }
        if actions & session::FAIL_CHECK != 0 {
            let failure = inner.failure.take().unwrap_or_else(Failure::abandoned);
            if has_transfer(before) {
                self.close_report(inner, Outcome::Failed, Some(&failure.text));
            }
            inner.answer = Some(Err(failure));
        }
        self.changed.notify_all();
        actions
    }

    fn close_report(&self, inner: &mut Inner<D::Staged>, outcome: Outcome, error: Option<&str>) {
        if let Some(report) = &mut inner.report {
            report.outcome = outcome;
            if let Some(error) = error {
                report.error = Some(error.to_owned());
            }
        }
    }

    /// Starts the worker of the channel that waits.
    fn start(self: &Arc<Self>, inner: &mut Inner<D::Staged>) {
        let Some(channel) = inner.waiting.take() else { return };
        inner.id += 1;
        let cancel = match Cancel::new() {
            Ok(cancel) => Arc::new(cancel),
            Err(error) => {
                let text = format!("cannot watch the transfer: {error}");
                inner.failure = Some(Failure::new(error.kind(), text));
                self.feed(inner, Event::WorkFailed);
                return;
            }
        };
        inner.cancel = Some(cancel.clone());
        let shared = self.clone();
        let (id, direction, start) = (inner.id, inner.direction, inner.start);
        self.spawn(inner, move || shared.work(id, direction, channel, cancel, start));
    }

    fn work(
        &self,
        id: u64,
        direction: Direction,
        channel: Channel,
        cancel: Arc<Cancel>,
        start: Instant,
    ) {
        let mut bytes = 0;
        let result = match direction {
            Direction::Save => {
                let mut sink = Sink::new(channel, cancel, &self.timeouts, start);
                let result = guarded(|| Ok(self.device.save(&mut sink)?));
                bytes = sink.sent();
                // Here the channel is closed, which is its end mark.
                drop(sink);
                result.map(|()| None)
            }
            Direction::Load => {
                let mut source = Source::new(channel, cancel, &self.timeouts, start);
                let result = guarded(|| self.device.load(&mut source));
                let rest = source.drain();
                bytes += source.received();
                result.and_then(|loaded| match rest {
                    Ok(0) => Ok(Some(loaded)),
                    Ok(rest) => Err(Refusal {
                        error: Error::Device(format!("{rest} bytes after the end of the state")),
                        verdict: loaded.verdict,
                    }),
                    Err(error) => Err(Refusal { error: error.into(), verdict: loaded.verdict }),
                })
            }
        };
        let mut inner = self.lock();
        if inner.id != id {
            return;
        }
        inner.cancel = None;
        let (event, verdict) = match result {
            Ok(None) => (Event::WorkOk, None),
            Ok(Some(loaded)) => {
                inner.staged = Some(loaded.staged);
                (Event::WorkOk, loaded.verdict)
            }
            Err(refusal) => {
                inner.failure = Some(Failure::of(&io_error(refusal.error)));
                (Event::WorkFailed, refusal.verdict)
            }
        };
        if let Some(report) = &mut inner.report {
            report.bytes = bytes;
            report.verdict = verdict;
        }
        if event == Event::WorkFailed {
            let text = inner.failure.as_ref().map(|failure| failure.text.clone());
            self.close_report(&mut inner, Outcome::Failed, text.as_deref());
        }
        self.feed(&mut inner, event);
    }

    /// Waits for the end of a save that is answered when it is complete.
    fn wait_prepared(&self, mut inner: MutexGuard<'_, Inner<D::Staged>>) -> io::Result<()> {
        let (id, end) = (inner.id, inner.start + self.timeouts.total);
        loop {
            // Whatever has cancelled it has made another id.
            if inner.id != id {
                return Err(Failure::abandoned().error());
            }
            match inner.state {
                State::Preparing => {}
                State::Saved => return Ok(()),
                _ => return Err(inner.failure.take().unwrap_or_else(Failure::abandoned).error()),
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let text = format!("the save takes more than {:?}", self.timeouts.total);
                let failure = Failure::new(io::ErrorKind::TimedOut, text);
                let error = failure.error();
                self.close_report(&mut inner, Outcome::Failed, Some(&failure.text));
                inner.failure = Some(failure);
                self.feed(&mut inner, Event::Deadline);
                return Err(error);
            }
            let waited = self.changed.wait_timeout(inner, left);
            inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has another thread apply what is staged: the device may take longer than CHECK waits.
    fn commit(self: &Arc<Self>, inner: &mut Inner<D::Staged>) {
        let Some(staged) = inner.staged.take() else { return };
        let (shared, id) = (self.clone(), inner.id);
        self.spawn(inner, move || {
            let result = guarded(|| Ok(shared.device.commit(staged)?));
            let mut inner = shared.lock();
            if inner.id != id || inner.state != State::Committing {
                return;
            }
            let event = match result {
                Ok(()) => Event::WorkOk,
                Err(refusal) => {
                    inner.failure = Some(Failure::of(&io_error(refusal.error)));
                    Event::WorkFailed
                }
            };
            shared.feed(&mut inner, event);
        });
    }

    /// Runs `work` on a thread, after that of the last one: the device sees no two calls at once.
    fn spawn(&self, inner: &mut Inner<D::Staged>, work: impl FnOnce() + Send + 'static) {
        let before = inner.worker.take();
        let spawned = Builder::new().name("device-state".into()).spawn(move || {
            if let Some(before) = before {
                let _ = before.join();
            }
            work();
        });
        match spawned {
            Ok(worker) => inner.worker = Some(worker),
            Err(error) => {
                let text = format!("cannot start the transfer's thread: {error}");
                inner.failure = Some(Failure::new(error.kind(), text));
                self.feed(inner, Event::WorkFailed);
            }
        }
    }
}

fn has_transfer(state: State) -> bool {
    use State::*;
    !matches!(state, Unnegotiated | UnnegotiatedRunning | Running | Idle)
}

/// Calls the device. A panic there is a failed transfer: a front-end that waits for an answer
/// that never comes hangs with its guest.
fn guarded<T>(call: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or_else(|_| Err(Error::Device("the device's code panicked".into()).into()))
}
