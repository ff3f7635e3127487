// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/devices/snd/check_snd.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devices/snd/v1/snd.pb.h"
#include "devstate/devices/rules/broken_rules.h"
#include "devstate/devices/virtio/check_rings.h"
#include "devstate/devices/virtio/ring_messages.h"

namespace devstate {
namespace {

using ::devices::snd::v1::PcmParams;
using ::devices::snd::v1::SndEvent;
using ::devices::snd::v1::SndState;
using ::devices::snd::v1::Stream;
using ::devices::snd::v1::StreamRequest;

constexpr uint32_t kEventQueue = 1;
constexpr uint32_t kTransmitQueue = 2;
constexpr uint32_t kReceiveQueue = 3;
// VIRTIO_SND_EVT_*.
constexpr uint32_t kEventJackConnected = 0x1000;
constexpr uint32_t kEventJackDisconnected = 0x1001;
constexpr uint32_t kEventPeriodElapsed = 0x1100;
constexpr uint32_t kEventXrun = 0x1101;

constexpr DeviceRule kCount = {
    "snd-count", "There are other jacks, streams or maps than config says.",
    "Save config, and all that it counts, of one device, with the numbers that "
    "the driver knows."};
constexpr DeviceRule kChannels = {
    "snd-channels", "A stream's least number of channels is above its most.",
    "Save what the stream can, as the driver has asked for it."};
constexpr DeviceRule kState = {
    "snd-state", "A stream's state and its parameters do not fit.",
    "Save the parameters of every stream for which the driver has set some."};
constexpr DeviceRule kParams = {
    "snd-params", "A stream has parameters that it cannot have.",
    "Refuse VIRTIO_SND_R_PCM_SET_PARAMS with a format, rate, feature or number "
    "of channels that the stream does not offer."};
constexpr DeviceRule kPeriod = {
    "snd-period",
    "A stream's buffer is not of whole periods, or a period not of frames.",
    "Save the sizes that the driver has set. Sound would be cut at the end of "
    "each period."};
constexpr DeviceRule kRequest = {
    "snd-request", "A request is not one of its stream.",
    "Save requests in flight with the stream that the driver named in them, "
    "and return those of a stream that is released."};
constexpr DeviceRule kEvent = {
    "snd-event", "An event is of a jack or stream that there is not.",
    "Drop the events of what is gone."};

// Bits of a sample of each VIRTIO_SND_PCM_FMT_*.
constexpr uint32_t kSampleBits[] = {4,  8,  8,  8,  8,  16, 16, 24, 24,
                                    24, 24, 24, 24, 32, 32, 32, 32, 32,
                                    32, 32, 64, 8,  16, 32, 32};
constexpr uint32_t kFormats = sizeof(kSampleBits) / sizeof(kSampleBits[0]);

bool HasBit(uint64_t bits, uint32_t bit) {
  return bit < 64 && (bits >> bit & 1) != 0;
}

// Checks that `items` are numbered from 0 to `count`.
template <typename Items>
void CheckCount(const Items& items, uint32_t count, const char* field,
                BrokenRules* broken) {
  if (static_cast<uint32_t>(items.size()) != count) {
    broken->Add(kCount, field, items.size(), " of them, config says ", count);
  }
  for (int i = 0; i < items.size(); ++i) {
    if (items[i].id() < count) continue;
    broken->Add(kCount, PlaceOf(field, i) + ".id", items[i].id(),
                ", config says that there are ", count);
  }
}

void CheckParams(const Stream& stream, const std::string& path,
                 BrokenRules* broken) {
  const PcmParams& params = stream.params();
  if (!HasBit(stream.formats(), params.format())) {
    broken->Add(kParams, path + ".format", params.format(),
                ", the stream has the formats 0x", absl::Hex(stream.formats()));
  }
  if (!HasBit(stream.rates(), params.rate())) {
    broken->Add(kParams, path + ".rate", params.rate(),
                ", the stream has the rates 0x", absl::Hex(stream.rates()));
  }
  if ((params.features() & ~stream.features()) != 0) {
    broken->Add(kParams, path + ".features", "0x", absl::Hex(params.features()),
                ", the stream has 0x", absl::Hex(stream.features()));
  }
  if (params.channels() < stream.channels_min() ||
      params.channels() > stream.channels_max()) {
    broken->Add(kParams, path + ".channels", params.channels(),
                ", the stream has ", stream.channels_min(), " to ",
                stream.channels_max());
  }
  if (params.period_bytes() == 0 ||
      params.buffer_bytes() % params.period_bytes() != 0) {
    broken->Add(kPeriod, path + ".buffer_bytes", params.buffer_bytes(),
                " is no multiple of the period of ", params.period_bytes());
  }
  if (params.format() >= kFormats || params.channels() == 0) return;
  const uint64_t frame_bits =
      uint64_t{kSampleBits[params.format()]} * params.channels();
  if (params.period_bytes() * uint64_t{8} % frame_bits != 0) {
    broken->Add(kPeriod, path + ".period_bytes", params.period_bytes(),
                " is no multiple of a frame of ", frame_bits, " bits");
  }
}

void CheckStream(const Stream& stream, const std::string& path,
                 BrokenRules* broken) {
  if (stream.channels_min() > stream.channels_max()) {
    broken->Add(kChannels, path + ".channels_min", stream.channels_min(),
                ", channels_max is ", stream.channels_max());
  }
  const bool idle = stream.state() == Stream::STATE_IDLE;
  if (idle == stream.has_params()) {
    broken->Add(kState, path + ".params",
                idle ? "a stream as after a reset has some"
                     : "a stream in use has none");
  }
  if (stream.has_params()) CheckParams(stream, path + ".params", broken);
}

bool HoldsRequests(const Stream& stream) {
  return stream.state() == Stream::STATE_PREPARED ||
         stream.state() == Stream::STATE_RUNNING ||
         stream.state() == Stream::STATE_STOPPED;
}

void CheckRequests(const SndState& state, BrokenRules* broken) {
  std::map<uint32_t, const Stream*> streams;
  for (const Stream& stream : state.streams()) streams[stream.id()] = &stream;
  std::set<std::pair<uint32_t, uint32_t>> inflight;
  for (const auto& request : state.inflight()) {
    inflight.emplace(request.vring(), request.head());
  }
  for (int i = 0; i < state.stream_requests_size(); ++i) {
    const StreamRequest& request = state.stream_requests(i);
    const std::string path = PlaceOf("stream_requests", i);
    if (inflight.count({request.vring(), request.head()}) == 0) {
      broken->Add(kRequest, path + ".head", request.head(),
                  " is not in flight in queue ", request.vring());
    }
    if (request.position() > request.length()) {
      broken->Add(kRequest, path + ".position", request.position(),
                  ", the request has ", request.length(), " bytes");
    }
    const auto stream = streams.find(request.stream());
    if (stream == streams.end()) {
      broken->Add(kRequest, path + ".stream", "there is no stream ",
                  request.stream());
      continue;
    }
    const uint32_t queue =
        stream->second->direction() == 0 ? kTransmitQueue : kReceiveQueue;
    if (request.vring() != queue) {
      broken->Add(kRequest, path + ".vring", request.vring(),
                  ", requests of this stream are in queue ", queue);
    }
    if (!HoldsRequests(*stream->second)) {
      broken->Add(kRequest, path + ".stream", "stream ", request.stream(),
                  " is not prepared");
    }
  }
}

void CheckEvent(const SndState& state, const SndEvent& event,
                const std::string& path, BrokenRules* broken) {
  const bool of_jack = event.type() == kEventJackConnected ||
                       event.type() == kEventJackDisconnected;
  const bool of_stream =
      event.type() == kEventPeriodElapsed || event.type() == kEventXrun;
  const uint32_t count = of_jack     ? state.config().jacks()
                         : of_stream ? state.config().streams()
                                     : UINT32_MAX;
  if (event.data() >= count) {
    broken->Add(kEvent, path + ".data", "there is no ",
                of_jack ? "jack " : "stream ", event.data());
  }
}

virtio::QueueUse UseOf(uint32_t queue) {
  return {queue != kEventQueue, queue == kEventQueue};
}

void Check(const SndState& state, BrokenRules* broken) {
  CheckCount(state.streams(), state.config().streams(), "streams", broken);
  CheckCount(state.jacks(), state.config().jacks(), "jacks", broken);
  CheckCount(state.channel_maps(), state.config().chmaps(), "channel_maps",
             broken);
  for (int i = 0; i < state.streams_size(); ++i) {
    CheckStream(state.streams(i), PlaceOf("streams", i), broken);
  }
  CheckRequests(state, broken);
  for (int i = 0; i < state.events_size(); ++i) {
    CheckEvent(state, state.events(i), PlaceOf("events", i), broken);
  }
  virtio::CheckRingsOf(state, 4, UseOf, broken);
}

}  // namespace

const DeviceType& SndType() {
  static const auto& type =
      *new DeviceType{SndState::descriptor(),
                      {},
                      JoinRules({&kCount, &kChannels, &kState, &kParams,
                                 &kPeriod, &kRequest, &kEvent},
                                {&virtio::RingRules()}),
                      &CheckAs<SndState, &Check>};
  return type;
}

}  // namespace devstate
