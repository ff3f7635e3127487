// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! What the tests of the workspace have in common: code generated for every schema of the
//! repository, and its streams.

#![forbid(unsafe_code)]

pub mod conformance;
pub mod fuzz;
pub mod pairs;

use std::path::PathBuf;

use devstate::{ChunkFilter, Error, Limits, Summary, WriterOptions};

/// Returns the path of a file of the repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

/// Returns the bytes of a file of the repository.
pub fn read(path: &str) -> Vec<u8> {
    std::fs::read(repository(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the names of the golden streams, without folder and extension.
pub fn golden_streams() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(repository("tests/golden"))
        .expect("tests/golden")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "dstate"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 14, "{names:?}");
    names
}

/// What the tests do with the states of a schema.
pub trait Codec {
    /// Returns the schema.
    fn schema(&self) -> &'static devstate::Schema;
    /// Reads a stream to its end, every record of it.
    fn read(&self, stream: &[u8], limits: &Limits) -> Result<Summary, Error>;
    /// As [`Codec::read`], behind a filter.
    fn read_behind(&self, stream: &[u8], filter: &mut dyn ChunkFilter) -> Result<Summary, Error>;
    /// As [`Codec::read`], in pieces of `size` bytes.
    fn push(&self, stream: &[u8], size: usize) -> Result<Summary, Error>;
    /// Reads a stream and writes its state.
    fn rewrite(&self, stream: &[u8], options: WriterOptions) -> Result<Vec<u8>, Error>;
}

macro_rules! codec {
    ($codec:ident, $module:ident, $root:ident, $visitor:ident, $handler:ident, $writer:ident,
     [$($method:ident $add:ident $batch:ident),* $(,)?]) => {
        #[allow(clippy::all)]
        pub mod $module {
            include!(concat!(env!("OUT_DIR"), "/", stringify!($module), ".rs"));

            /// Looks at every record.
            pub(super) struct Drain;

            impl $visitor for Drain {
                fn root(&mut self, _: $root) -> Result<(), Error> {
                    Ok(())
                }
                $(fn $method(&mut self, batch: &$batch<'_>) -> Result<(), Error> {
                    batch.iter().for_each(|row| drop(std::hint::black_box(row)));
                    Ok(())
                })*
            }

            /// Writes what it reads.
            pub(super) struct Copier {
                pub options: WriterOptions,
                pub writer: Option<$writer<Vec<u8>>>,
            }

            impl $visitor for Copier {
                fn root(&mut self, root: $root) -> Result<(), Error> {
                    self.writer = Some($writer::begin(Vec::new(), self.options.clone(), &root)?);
                    Ok(())
                }
                $(fn $method(&mut self, batch: &$batch<'_>) -> Result<(), Error> {
                    let writer = self.writer.as_mut().expect("a root");
                    batch.iter().try_for_each(|row| writer.$add(&row))
                })*
            }
        }

        /// The codec of the module of its name.
        #[derive(Clone, Copy, Debug)]
        pub struct $codec;

        impl Codec for $codec {
            fn schema(&self) -> &'static devstate::Schema {
                &$module::SCHEMA
            }

            fn read(&self, stream: &[u8], limits: &Limits) -> Result<Summary, Error> {
                $module::$root::read(stream, limits, &mut $module::Drain)
            }

            fn read_behind(
                &self,
                stream: &[u8],
                filter: &mut dyn ChunkFilter,
            ) -> Result<Summary, Error> {
                let mut handler = $module::$handler($module::Drain);
                devstate::read_state(stream, &Limits::default(), filter, &mut handler)
            }

            fn push(&self, stream: &[u8], size: usize) -> Result<Summary, Error> {
                let handler = $module::$handler($module::Drain);
                let mut reader =
                    devstate::PushReader::new(Limits::default(), devstate::NoFilter, handler);
                for piece in stream.chunks(size) {
                    reader.feed(piece)?;
                }
                Ok(reader.finish()?.2)
            }

            fn rewrite(&self, stream: &[u8], options: WriterOptions) -> Result<Vec<u8>, Error> {
                let mut copier = $module::Copier { options, writer: None };
                $module::$root::read(stream, &Limits::default(), &mut copier)?;
                Ok(copier.writer.expect("a root").finish()?.0)
            }
        }
    };
}

macro_rules! fs_codec {
    ($codec:ident, $module:ident) => {
        codec!($codec, $module, FsState, FsStateVisitor, FsStateHandler, FsStateWriter,
               [inodes add_inodes InodesBatch, handles add_handles HandlesBatch,
                mount_paths add_mount_paths MountPathsBatch]);
    };
}

fs_codec!(FsV1, fs_v1);
fs_codec!(FsV2, fs_v2);
fs_codec!(FsV3, fs_v3);
macro_rules! device_codec {
    ($codec:ident, $module:ident, $root:ident, $visitor:ident, $handler:ident, $writer:ident,
     [$($method:ident $add:ident $batch:ident),* $(,)?]) => {
        codec!($codec, $module, $root, $visitor, $handler, $writer,
               [$($method $add $batch,)*
                vrings add_vrings VringsBatch, inflight add_inflight InflightBatch]);
    };
}

device_codec!(Balloon, balloon, BalloonState, BalloonStateVisitor, BalloonStateHandler, BalloonStateWriter, [parked add_parked ParkedBatch]);
device_codec!(Blk, blk, BlkState, BlkStateVisitor, BlkStateHandler, BlkStateWriter, []);
device_codec!(Can, can, CanState, CanStateVisitor, CanStateHandler, CanStateWriter, [received add_received ReceivedBatch, parked add_parked ParkedBatch]);
device_codec!(Console, console, ConsoleState, ConsoleStateVisitor, ConsoleStateHandler, ConsoleStateWriter, [ports add_ports PortsBatch, control_messages add_control_messages ControlMessagesBatch, to_guest add_to_guest ToGuestBatch, from_guest add_from_guest FromGuestBatch, parked add_parked ParkedBatch]);
device_codec!(Gpio, gpio, GpioState, GpioStateVisitor, GpioStateHandler, GpioStateWriter, [lines add_lines LinesBatch, parked add_parked ParkedBatch]);
device_codec!(Gpu, gpu, GpuState, GpuStateVisitor, GpuStateHandler, GpuStateWriter, [resources add_resources ResourcesBatch, blobs add_blobs BlobsBatch, contexts add_contexts ContextsBatch, scanouts add_scanouts ScanoutsBatch, cursors add_cursors CursorsBatch, fences add_fences FencesBatch, pixels add_pixels PixelsBatch, context_states add_context_states ContextStatesBatch]);
device_codec!(Input, input, InputState, InputStateVisitor, InputStateHandler, InputStateWriter, [events add_events EventsBatch, parked add_parked ParkedBatch]);
device_codec!(Iommu, iommu, IommuState, IommuStateVisitor, IommuStateHandler, IommuStateWriter, [domains add_domains DomainsBatch, mappings add_mappings MappingsBatch, endpoints add_endpoints EndpointsBatch, parked add_parked ParkedBatch]);
device_codec!(Mem, mem, MemState, MemStateVisitor, MemStateHandler, MemStateWriter, [plugged add_plugged PluggedBatch]);
device_codec!(NetV1, net_v1, NetState, NetStateVisitor, NetStateHandler, NetStateWriter, [queue_coalescing add_queue_coalescing QueueCoalescingBatch]);
device_codec!(Net, net, NetState, NetStateVisitor, NetStateHandler, NetStateWriter, [queue_coalescing add_queue_coalescing QueueCoalescingBatch]);
device_codec!(Rng, rng, RngState, RngStateVisitor, RngStateHandler, RngStateWriter, []);
device_codec!(Rtc, rtc, RtcState, RtcStateVisitor, RtcStateHandler, RtcStateWriter, [clocks add_clocks ClocksBatch, parked add_parked ParkedBatch]);
device_codec!(Scsi, scsi, ScsiState, ScsiStateVisitor, ScsiStateHandler, ScsiStateWriter, [luns add_luns LunsBatch, events add_events EventsBatch, parked add_parked ParkedBatch]);
device_codec!(Snd, snd, SndState, SndStateVisitor, SndStateHandler, SndStateWriter, [streams add_streams StreamsBatch, stream_requests add_stream_requests StreamRequestsBatch, jacks add_jacks JacksBatch, channel_maps add_channel_maps ChannelMapsBatch, events add_events EventsBatch, parked add_parked ParkedBatch]);
device_codec!(Vsock, vsock, VsockState, VsockStateVisitor, VsockStateHandler, VsockStateWriter, [connections add_connections ConnectionsBatch, buffered add_buffered BufferedBatch, parked add_parked ParkedBatch]);
codec!(Nvme, nvme, NvmeState, NvmeStateVisitor, NvmeStateHandler, NvmeStateWriter, [features add_features FeaturesBatch, submission_queues add_submission_queues SubmissionQueuesBatch, completion_queues add_completion_queues CompletionQueuesBatch, event_requests add_event_requests EventRequestsBatch, events add_events EventsBatch]);
codec!(Opaque, opaque, OpaqueState, OpaqueStateVisitor, OpaqueStateHandler, OpaqueStateWriter, [pieces add_pieces PiecesBatch]);
codec!(Pieces, pieces, Values, ValuesVisitor, ValuesHandler, ValuesWriter, [owners add_owners OwnersBatch, pixels add_pixels PixelsBatch, texts add_texts TextsBatch]);
codec!(T, t, T, TVisitor, THandler, TWriter, [rs add_rs RsBatch, ss add_ss SsBatch]);
codec!(Bounds, bounds, Bounds, BoundsVisitor, BoundsHandler, BoundsWriter,
       [numbers add_numbers NumbersBatch, identified add_identified IdentifiedBatch,
        powers add_powers PowersBatch, required add_required RequiredBatch,
        places add_places PlacesBatch, gated add_gated GatedBatch,
        newer add_newer NewerBatch, colors add_colors ColorsBatch]);
codec!(Named, named, Named, NamedVisitor, NamedHandler, NamedWriter, []);
codec!(Everything, everything, Everything, EverythingVisitor, EverythingHandler, EverythingWriter,
       [scalars add_scalars ScalarsBatch, optionals add_optionals OptionalsBatch,
        repeateds add_repeateds RepeatedsBatch, nested add_nested NestedBatch,
        class add_class ClassBatch, visitor add_visitor VisitorBatch,
        stream add_stream StreamBatch, status add_status StatusBatch, size add_size SizeBatch]);

/// Returns the codec that a stream with this root message and version is of.
pub fn codec_of(root_message: &str, version: u32) -> Option<Box<dyn Codec>> {
    Some(match (root_message, version) {
        ("devices.fs.v1.FsState", 1) => Box::new(FsV1),
        ("devices.fs.v1.FsState", 2) => Box::new(FsV2),
        ("devices.fs.v1.FsState", _) => Box::new(FsV3),
        ("devices.balloon.v1.BalloonState", _) => Box::new(Balloon),
        ("devices.blk.v1.BlkState", _) => Box::new(Blk),
        ("devices.can.v1.CanState", _) => Box::new(Can),
        ("devices.console.v1.ConsoleState", _) => Box::new(Console),
        ("devices.gpio.v1.GpioState", _) => Box::new(Gpio),
        ("devices.gpu.v1.GpuState", _) => Box::new(Gpu),
        ("devices.input.v1.InputState", _) => Box::new(Input),
        ("devices.iommu.v1.IommuState", _) => Box::new(Iommu),
        ("devices.mem.v1.MemState", _) => Box::new(Mem),
        ("devices.net.v1.NetState", 1) => Box::new(NetV1),
        ("devices.net.v1.NetState", _) => Box::new(Net),
        ("devices.nvme.v1.NvmeState", _) => Box::new(Nvme),
        ("devices.opaque.v1.OpaqueState", _) => Box::new(Opaque),
        ("devices.rng.v1.RngState", _) => Box::new(Rng),
        ("devices.rtc.v1.RtcState", _) => Box::new(Rtc),
        ("devices.scsi.v1.ScsiState", _) => Box::new(Scsi),
        ("devices.snd.v1.SndState", _) => Box::new(Snd),
        ("devices.vsock.v1.VsockState", _) => Box::new(Vsock),
        ("t.v1.T", _) => Box::new(T),
        ("devstate.test.bounds.Bounds", _) => Box::new(Bounds),
        ("devstate.test.everything.Everything", _) => Box::new(Everything),
        _ => return None,
    })
}

/// Returns the header of a stream.
pub fn header_of(stream: &[u8]) -> devstate::StreamHeader {
    let mut reader = devstate::StreamReader::new(stream, Limits::default());
    reader.read_header().expect("a header").clone()
}

/// Field, records and payload of each chunk of a stream.
pub fn chunks_of(stream: &[u8]) -> Vec<(u32, u32, Vec<u8>)> {
    let mut reader = devstate::StreamReader::new(stream, Limits::default());
    let mut chunks = Vec::new();
    while let Some(chunk) = reader.next_chunk().expect("a whole stream") {
        chunks.push((chunk.field, chunk.records, chunk.payload.to_vec()));
    }
    chunks
}
