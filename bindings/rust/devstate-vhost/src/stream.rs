// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Bytes to and from a channel, with deadlines, until somebody cancels.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{eventfd, poll, EventfdFlags, PollFd, PollFlags, Timespec};
use rustix::net::{recv, send, RecvFlags, SendFlags};

use crate::channel::{Channel, Kind};

/// How long a transfer may take.
///
/// ```
/// use std::time::Duration;
/// let timeouts = devstate_vhost::Timeouts { check: Duration::from_secs(10), ..Default::default() };
/// assert_eq!(timeouts.idle, Duration::from_secs(30));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Between two bytes of the channel. Default: 30 s.
    pub idle: Duration,
    /// From SET_DEVICE_STATE_FD to the end of the channel. Default: 5 min.
    pub total: Duration,
    /// From CHECK_DEVICE_STATE to its answer. Default: 60 s.
    pub check: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
            check: Duration::from_secs(60),
        }
    }
}

/// Ends a transfer from another thread.
#[derive(Debug)]
pub(crate) struct Cancel {
    wake: OwnedFd,
    why: Mutex<Option<String>>,
}

impl Cancel {
    pub fn new() -> io::Result<Self> {
        Ok(Cancel { wake: eventfd(0, EventfdFlags::CLOEXEC)?, why: Mutex::new(None) })
    }

    pub fn cancel(&self, why: &str) {
        let mut slot = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert_with(|| why.to_owned());
        // It cannot be full: nothing else is ever written.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    fn check(&self) -> io::Result<()> {
        match &*self.why.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, why.clone())),
            None => Ok(()),
        }
    }
}

/// A channel that is waited for.
#[derive(Debug)]
struct Waiter {
    channel: Channel,
    cancel: Arc<Cancel>,
    idle: Duration,
    total: Duration,
    end: Instant,
    bytes: u64,
}

impl Waiter {
    fn new(channel: Channel, cancel: Arc<Cancel>, timeouts: &Timeouts, start: Instant) -> Self {
        let end = start + timeouts.total;
        Waiter { channel, cancel, idle: timeouts.idle, total: timeouts.total, end, bytes: 0 }
    }

    /// Waits until the channel can be read, or written.
    fn wait(&self, flags: PollFlags) -> io::Result<()> {
        let idle_end = Instant::now() + self.idle;
        loop {
            self.cancel.check()?;
            let now = Instant::now();
            if now >= self.end {
                let text = format!("the transfer takes more than {:?}", self.total);
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            if self.channel.kind == Kind::Stored {
                return Ok(());
            }
            if now >= idle_end {
                let text = format!(
                    "the peer did not move a byte for {:?}, after {} bytes",
                    self.idle, self.bytes
                );
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            let left = self.end.min(idle_end) - now;
            let timeout = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            let mut fds = [
                PollFd::new(&self.channel.file, flags),
                PollFd::from_borrowed_fd(self.cancel.wake.as_fd(), PollFlags::IN),
            ];
            match poll(&mut fds, Some(&timeout)) {
                Ok(_) if fds[1].revents().is_empty() && !fds[0].revents().is_empty() => {
                    return Ok(());
                }
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Calls `act` when the channel is ready, until it does something.
    fn act(
        &mut self,
        flags: PollFlags,
        mut act: impl FnMut(&Channel, u64) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            self.wait(flags)?;
            match act(&self.channel, self.channel.offset + self.bytes) {
                Ok(count) => {
                    self.bytes += count as u64;
                    return Ok(count);
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Where a load reads the state.
#[derive(Debug)]
pub struct Source(Waiter);

impl Source {
    pub(crate) fn new(
        channel: Channel,
        cancel: Arc<Cancel>,
        timeouts: &Timeouts,
        start: Instant,
    ) -> Self {
        Source(Waiter::new(channel, cancel, timeouts, start))
    }

    /// Returns how many bytes came.
    pub fn received(&self) -> u64 {
        self.0.bytes
    }

    /// Reads to the end and returns how many bytes that were. Who stops reading earlier breaks
    /// the front-end's pipe, which then never asks what was wrong.
    pub(crate) fn drain(&mut self) -> io::Result<u64> {
        let before = self.0.bytes;
        let mut buffer = vec![0; 64 << 10];
        while self.read(&mut buffer)? > 0 {}
        Ok(self.0.bytes - before)
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.act(PollFlags::IN, |channel, offset| match channel.kind {
            Kind::Pipe => (&channel.file).read(buffer),
            Kind::Socket => Ok(recv(&channel.file, &mut *buffer, RecvFlags::DONTWAIT)?.0),
            Kind::Stored => channel.file.read_at(buffer, offset),
        })
    }
}

/// Where a save writes the state.
#[derive(Debug)]
pub struct Sink(Waiter);

impl Sink {
    pub(crate) fn new(
        channel: Channel,
        cancel: Arc<Cancel>,
        timeouts: &Timeouts,
        start: Instant,
    ) -> Self {
        Sink(Waiter::new(channel, cancel, timeouts, start))
    }

    /// Returns how many bytes went.
    pub fn sent(&self) -> u64 {
        self.0.bytes
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.act(PollFlags::OUT, |channel, offset| {
            let bytes = &bytes[..bytes.len().min(channel.max_write)];
            let write_pipe = |mut file: &File| file.write(bytes);
            match channel.kind {
                Kind::Pipe => write_pipe(&channel.file),
                Kind::Socket => {
                    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
                    Ok(send(&channel.file, bytes, flags)?)
                }
                Kind::Stored => channel.file.write_at(bytes, offset),
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
