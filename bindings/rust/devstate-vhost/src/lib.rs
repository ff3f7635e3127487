// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Device state for back-ends on the crate `vhost-user-backend`.
//!
//! A back-end stores one [`Transfers`] and calls it from the two methods of its trait; the device
//! implements [`DeviceState`].
//!
//! ```
//! use std::fs::File;
//! use std::io::{Read, Write};
//! use std::sync::{Arc, Mutex};
//!
//! use devstate_vhost::{DeviceState, Loaded, Refusal, Sink, Source, Transfers};
//! use vhost::vhost_user::message::{VhostTransferStateDirection, VhostTransferStatePhase};
//!
//! /// A device with four bytes of state. Real ones use code that devstate-build generates.
//! #[derive(Default)]
//! struct Counter(Mutex<[u8; 4]>);
//!
//! impl DeviceState for Counter {
//!     type Staged = [u8; 4];
//!     fn save(&self, sink: &mut Sink) -> Result<(), devstate::Error> {
//!         let count = *self.0.lock().unwrap();
//!         sink.write_all(&count)?;
//!         println!("{} bytes saved", sink.sent());
//!         Ok(())
//!     }
//!     fn load(&self, source: &mut Source) -> Result<Loaded<[u8; 4]>, Refusal> {
//!         let mut staged = [0; 4];
//!         source.read_exact(&mut staged).map_err(devstate::Error::from)?;
//!         println!("{} bytes loaded", source.received());
//!         Ok(Loaded { staged, verdict: None })
//!     }
//!     fn commit(&self, staged: [u8; 4]) -> Result<(), devstate::Error> {
//!         *self.0.lock().unwrap() = staged;
//!         Ok(())
//!     }
//! }
//!
//! struct Backend {
//!     transfers: Transfers<Counter>,
//! }
//!
//! // The methods of VhostUserBackend.
//! impl Backend {
//!     fn set_device_state_fd(
//!         &self,
//!         direction: VhostTransferStateDirection,
//!         phase: VhostTransferStatePhase,
//!         file: File,
//!     ) -> std::io::Result<Option<File>> {
//!         self.transfers.set_device_state_fd(direction, phase, file)
//!     }
//!     fn check_device_state(&self) -> std::io::Result<()> {
//!         self.transfers.check_device_state().map_err(|error| {
//!             eprintln!("device state: {error}"); // All that the front-end hears is that it failed.
//!             error
//!         })
//!     }
//! }
//!
//! let backend = Backend { transfers: Transfers::new(Arc::default(), Default::default()) };
//! assert!(backend.check_device_state().is_err(), "no transfer");
//! ```
//!
//! What the session allows is `docs/session.md` of the repository; a test compares the two.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod channel;
mod report;
mod session;
mod stream;
mod transfers;

pub use channel::OwnChannel;
pub use report::{io_error, Direction, Outcome, Report};
pub use stream::{Sink, Source, Timeouts};
pub use transfers::{DeviceState, Loaded, Refusal, Transfers};
