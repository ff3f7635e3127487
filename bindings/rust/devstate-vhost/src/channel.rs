// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Which file descriptors a state may travel through.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;

use rustix::fs::{fcntl_getfl, fstat, memfd_create, FileType, MemfdFlags, OFlags};
use rustix::net::sockopt::{socket_acceptconn, socket_type};
use rustix::net::{getpeername, SocketType};
use rustix::pipe::{pipe_with, PipeFlags};

/// The most that a pipe takes at once where it takes anything.
const ATOMIC_PIPE_WRITE: usize = 4096;

/// What a channel is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Pipe,
    Socket,
    /// A memfd or a regular file. It knows no end before its writer has finished.
    Stored,
}

/// A channel of the back-end's, with which it answers SET_DEVICE_STATE_FD.
///
/// ```
/// use devstate_vhost::{DeviceState, OwnChannel, Transfers};
///
/// /// Answers with a memfd: the front-end gets a state that is complete.
/// fn with_memfd<D: DeviceState>(transfers: Transfers<D>) -> Transfers<D> {
///     transfers.own_channel(OwnChannel::Memfd)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnChannel {
    /// A pipe.
    Pipe,
    /// A pair of stream sockets.
    Socket,
    /// A file without a name in memory. A save is answered once it is complete, which blocks the
    /// thread of the control socket until then.
    Memfd,
}

impl OwnChannel {
    /// Makes one. Returns its reading and its writing end.
    pub(crate) fn create(self) -> io::Result<(File, File)> {
        Ok(match self {
            OwnChannel::Pipe => {
                let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
                (read.into(), write.into())
            }
            OwnChannel::Socket => {
                let (read, write) = UnixStream::pair()?;
                (OwnedFd::from(read).into(), OwnedFd::from(write).into())
            }
            OwnChannel::Memfd => {
                let file = File::from(memfd_create("devstate", MemfdFlags::CLOEXEC)?);
                (file.try_clone()?, file)
            }
        })
    }
}

/// A file descriptor that was looked at.
#[derive(Debug)]
pub(crate) struct Channel {
    pub file: File,
    pub kind: Kind,
    /// Of a stored one: where the state begins. Its offset is shared with the front-end.
    pub offset: u64,
    /// The most to write at once.
    pub max_write: usize,
}

fn unfit<T>(why: impl Into<String>) -> io::Result<T> {
    let text = format!("SET_DEVICE_STATE_FD: the file descriptor is {}", why.into());
    Err(io::Error::new(io::ErrorKind::InvalidInput, text))
}

impl Channel {
    /// Takes `file` if a state may be read from it, or written to it.
    pub fn admit(mut file: File, write: bool) -> io::Result<Self> {
        let flags = fcntl_getfl(&file)?;
        if flags.contains(OFlags::PATH) {
            return unfit("opened with O_PATH: open it for its use");
        }
        let mode = flags & OFlags::RWMODE;
        let wanted = if write { OFlags::WRONLY } else { OFlags::RDONLY };
        if mode != wanted && mode != OFlags::RDWR {
            let way = if write { "writing" } else { "reading" };
            return unfit(format!("not open for {way}: pass the other end"));
        }
        let stat = fstat(&file)?;
        let mut channel = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Fifo => {
                if write && flags.contains(OFlags::DIRECT) {
                    return unfit("a pipe in packet mode: open it without O_DIRECT");
                }
                Channel { file, kind: Kind::Pipe, offset: 0, max_write: usize::MAX }
            }
            FileType::Socket => {
                let stream = socket_type(&file)? == SocketType::STREAM;
                if !stream || socket_acceptconn(&file)? || getpeername(&file).is_err() {
                    return unfit("a socket that is no connected stream: pass a socketpair");
                }
                Channel { file, kind: Kind::Socket, offset: 0, max_write: usize::MAX }
            }
            FileType::RegularFile => {
                let offset = file.stream_position()?;
                if write && file.metadata()?.len() > offset {
                    return unfit("a file that has content where the state would be written");
                }
                Channel { file, kind: Kind::Stored, offset, max_write: usize::MAX }
            }
            _ => return unfit("neither a pipe nor a stream socket nor a file"),
        };
        if channel.kind == Kind::Pipe {
            channel.open_again(write);
        }
        Ok(channel)
    }

    /// Opens a pipe once more, for whoever shares its open file description may change whether it
    /// blocks. Where /proc is out of reach, writes are so small that one that may begin ends.
    fn open_again(&mut self, write: bool) {
        let opened = OpenOptions::new()
            .read(!write)
            .write(write)
            .custom_flags(OFlags::NONBLOCK.bits() as i32)
            .open(format!("/proc/self/fd/{}", self.file.as_raw_fd()));
        match opened {
            Ok(file) => self.file = file,
            Err(_) => self.max_write = ATOMIC_PIPE_WRITE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::net::{UnixDatagram, UnixListener};

    fn kind(file: impl Into<OwnedFd>, write: bool) -> Result<Kind, String> {
        let admitted = Channel::admit(File::from(file.into()), write);
        admitted.map(|channel| channel.kind).map_err(|error| error.to_string())
    }

    fn memfd() -> File {
        rustix::fs::memfd_create("test", rustix::fs::MemfdFlags::CLOEXEC).expect("a memfd").into()
    }

    #[test]
    fn pipes_stream_sockets_and_files_are_channels() {
        let (reader, writer) = rustix::pipe::pipe().expect("a pipe");
        assert_eq!(kind(reader, false), Ok(Kind::Pipe));
        assert_eq!(kind(writer, true), Ok(Kind::Pipe));
        let (one, _other) = UnixStream::pair().expect("a pair");
        assert_eq!(kind(one, true), Ok(Kind::Socket));
        assert_eq!(kind(memfd(), true), Ok(Kind::Stored));
        assert_eq!(kind(memfd(), false), Ok(Kind::Stored));
    }

    #[test]
    fn the_state_begins_at_the_offset_of_a_file() {
        let mut file = memfd();
        file.write_all(b"abc").expect("written");
        let channel = Channel::admit(file, true).expect("after its content");
        assert_eq!(channel.offset, 3);
    }

    #[test]
    fn whatever_cannot_carry_a_state_is_refused_with_the_reason() {
        let (reader, writer) = rustix::pipe::pipe().expect("a pipe");
        assert!(kind(reader, true).unwrap_err().contains("not open for writing"));
        assert!(kind(writer, false).unwrap_err().contains("not open for reading"));
        let directory = File::open("/").expect("a directory");
        assert!(kind(directory, false).unwrap_err().contains("neither a pipe"));
        let (one, _other) = UnixDatagram::pair().expect("a pair");
        assert!(kind(one, true).unwrap_err().contains("no connected stream"));
        let folder = std::env::temp_dir().join(format!("devstate-vhost-{}", std::process::id()));
        let listener = UnixListener::bind(&folder).expect("a socket");
        std::fs::remove_file(&folder).expect("removed");
        assert!(kind(listener, false).unwrap_err().contains("no connected stream"));
        let mut full = memfd();
        full.write_all(b"abc").expect("written");
        full.rewind().expect("rewound");
        assert!(kind(full, true).unwrap_err().contains("has content"));
    }
}
