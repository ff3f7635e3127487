// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! A back-end on crate `vhost-user-backend` whose device has a state and no data plane.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use devstate_vhost::{DeviceState, Transfers};
use vhost::vhost_user::message::{
    VhostTransferStateDirection, VhostTransferStatePhase, VhostUserProtocolFeatures,
};
use vhost::vhost_user::Listener;
use vhost_user_backend::bitmap::BitmapMmapRegion;
use vhost_user_backend::{VhostUserBackend, VhostUserDaemon, VringRwLock};
use vm_memory::{GuestMemoryAtomic, GuestMemoryMmap};
use vmm_sys_util::epoll::EventSet;
use vmm_sys_util::event::{
    new_event_consumer_and_notifier, EventConsumer, EventFlag, EventNotifier,
};

const VHOST_F_LOG_ALL: u64 = 1 << 26;
const VHOST_USER_F_PROTOCOL_FEATURES: u64 = 1 << 30;
const VIRTIO_F_VERSION_1: u64 = 1 << 32;

type Memory = GuestMemoryAtomic<GuestMemoryMmap<BitmapMmapRegion>>;

/// The back-end of a device.
#[derive(Debug)]
pub struct Backend<D: DeviceState> {
    transfers: Transfers<D>,
}

impl<D: DeviceState> Backend<D> {
    /// Makes the back-end of `device`.
    pub fn new(device: Arc<D>) -> Self {
        Backend {
            transfers: Transfers::new(device, Default::default()),
        }
    }
}

impl<D: DeviceState> VhostUserBackend for Backend<D> {
    type Bitmap = BitmapMmapRegion;
    type Vring = VringRwLock<Memory>;

    fn num_queues(&self) -> usize {
        2
    }

    fn max_queue_size(&self) -> usize {
        1024
    }

    // Without VHOST_F_LOG_ALL and LOG_SHMFD QEMU refuses to migrate, without DEVICE_STATE the
    // migration fails at its end.
    fn features(&self) -> u64 {
        VIRTIO_F_VERSION_1 | VHOST_USER_F_PROTOCOL_FEATURES | VHOST_F_LOG_ALL
    }

    fn protocol_features(&self) -> VhostUserProtocolFeatures {
        VhostUserProtocolFeatures::MQ
            | VhostUserProtocolFeatures::LOG_SHMFD
            | VhostUserProtocolFeatures::CONFIGURE_MEM_SLOTS
            | VhostUserProtocolFeatures::DEVICE_STATE
    }

    fn set_event_idx(&self, _enabled: bool) {}

    fn update_memory(&self, _memory: Memory) -> io::Result<()> {
        Ok(())
    }

    // Without it the daemon's threads never end.
    fn exit_event(&self, _thread: usize) -> Option<(EventConsumer, EventNotifier)> {
        new_event_consumer_and_notifier(EventFlag::NONBLOCK).ok()
    }

    // A real device serves its requests here.
    fn handle_event(
        &self,
        _event: u16,
        _events: EventSet,
        _rings: &[Self::Vring],
        _thread: usize,
    ) -> io::Result<()> {
        Ok(())
    }

    fn set_device_state_fd(
        &self,
        direction: VhostTransferStateDirection,
        phase: VhostTransferStatePhase,
        file: File,
    ) -> io::Result<Option<File>> {
        let answer = self.transfers.set_device_state_fd(direction, phase, file);
        if let Err(error) = &answer {
            println!("{error}");
        }
        answer
    }

    fn check_device_state(&self) -> io::Result<()> {
        let answer = self.transfers.check_device_state();
        match (self.transfers.last_report(), &answer) {
            (Some(report), _) => println!("{report}"),
            (None, Err(error)) => println!("{error}"),
            (None, Ok(())) => {}
        }
        answer
    }
}

/// Serves one front-end after the other on `socket`, for as long as the process lives.
///
/// # Errors
/// If nobody can listen on `socket`. What is wrong with a connection is printed.
pub fn serve<D: DeviceState>(
    socket: &Path,
    device: Arc<D>,
) -> Result<(), vhost_user_backend::Error> {
    let mut listener =
        Listener::new(socket, true).map_err(vhost_user_backend::Error::CreateVhostUserListener)?;
    println!("listening on {}", socket.display());
    loop {
        let backend = Arc::new(Backend::new(device.clone()));
        let memory = GuestMemoryAtomic::new(GuestMemoryMmap::default());
        let mut daemon = VhostUserDaemon::new("fs".to_owned(), backend, memory)?;
        daemon.start(&mut listener)?;
        match daemon.wait() {
            Ok(()) => println!("front-end gone"),
            Err(error) => println!("front-end gone: {error}"),
        }
    }
}
