// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A sound device of crosvm with its streams.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "devices/snd/v1/snd.pb.h"
#include "devstate/devices/snd/check_snd.h"
#include "devstate/foreign/states/crosvm/crosvm_type.h"
#include "devstate/foreign/states/crosvm/members.h"

namespace devstate::crosvm {
namespace {

using ::devices::snd::v1::ChannelMap;
using ::devices::snd::v1::Jack;
using ::devices::snd::v1::PcmParams;
using ::devices::snd::v1::SndState;
using ::devices::snd::v1::Stream;
using Json = nlohmann::json;

constexpr size_t kPositions = 18;

// VIRTIO_SND_PCM_FMT_* of crosvm's names.
constexpr std::pair<absl::string_view, uint32_t> kFormats[] = {
    {"U8", 4}, {"S16LE", 5}, {"S24LE", 15}, {"S32LE", 17}};

// Frames a second of VIRTIO_SND_PCM_RATE_*, from 0 on.
constexpr uint32_t kRates[] = {5512,  8000,   11025,  16000, 22050,
                               32000, 44100,  48000,  64000, 88200,
                               96000, 176400, 192000, 384000};

// What crosvm calls a state is VIRTIO_SND_R_PCM_* of the request that led
// there.
constexpr std::pair<uint32_t, Stream::State> kStates[] = {
    {0, Stream::STATE_IDLE},         {0x101, Stream::STATE_PARAMETERS_SET},
    {0x102, Stream::STATE_PREPARED}, {0x103, Stream::STATE_RELEASED},
    {0x104, Stream::STATE_RUNNING},  {0x105, Stream::STATE_STOPPED}};

// Returns the second of the pair whose first is `key`, or null.
template <typename Pairs, typename Key>
auto Find(const Pairs& pairs, const Key& key) -> decltype(&pairs[0].second) {
  for (const auto& pair : pairs) {
    if (pair.first == key) return &pair.second;
  }
  return nullptr;
}

uint32_t ReadNode(Members& info, absl::Status* status) {
  Members hdr(info.Any("hdr"), info.PathOf("hdr"), {"hda_fn_nid"}, status);
  return hdr.U32("hda_fn_nid");
}

void ReadAbilities(const Json& json, const std::string& path, Stream* stream,
                   absl::Status* status) {
  Members info(json, path,
               {"hdr", "features", "formats", "rates", "direction",
                "channels_min", "channels_max", "padding"},
               status);
  stream->set_hda_fn_nid(ReadNode(info, status));
  stream->set_features(info.U32("features"));
  stream->set_formats(info.U64("formats"));
  stream->set_rates(info.U64("rates"));
  stream->set_direction(info.U8("direction"));
  stream->set_channels_min(info.U8("channels_min"));
  stream->set_channels_max(info.U8("channels_max"));
}

void ReadStream(const Json& json, const std::string& path, Stream* stream,
                absl::Status* status) {
  Members saved(json, path,
                {"channels", "format", "frame_rate", "buffer_bytes",
                 "period_bytes", "direction", "state", "effects", "just_reset"},
                status);
  const auto* const state = Find(kStates, saved.U32("state"));
  if (state == nullptr) return saved.Fail("state", "no state of a stream");
  stream->set_state(*state);
  if (*state == Stream::STATE_IDLE) return;
  if (saved.U8("direction") != stream->direction()) {
    saved.Fail("direction", "another one than the stream has");
  }
  const std::string name = saved.Text("format");
  const uint32_t* const format = Find(kFormats, absl::string_view(name));
  if (format == nullptr)
    return saved.Fail("format",
                      "expected U8, S16LE, "
                      "S24LE or S32LE");
  const auto* const rate =
      std::find(std::begin(kRates), std::end(kRates), saved.U32("frame_rate"));
  if (rate == std::end(kRates)) {
    return saved.Fail("frame_rate", "no rate of VIRTIO");
  }
  PcmParams& params = *stream->mutable_params();
  params.set_buffer_bytes(saved.U32("buffer_bytes"));
  params.set_period_bytes(saved.U32("period_bytes"));
  params.set_channels(saved.U8("channels"));
  params.set_format(*format);
  params.set_rate(static_cast<uint32_t>(rate - std::begin(kRates)));
}

void ReadJack(const Json& json, const std::string& path, Jack* jack,
              absl::Status* status) {
  Members info(json, path,
               {"hdr", "features", "hda_reg_defconf", "hda_reg_caps",
                "connected", "padding"},
               status);
  jack->set_hda_fn_nid(ReadNode(info, status));
  jack->set_features(info.U32("features"));
  jack->set_hda_reg_defconf(info.U32("hda_reg_defconf"));
  jack->set_hda_reg_caps(info.U32("hda_reg_caps"));
  jack->set_connected(info.U8("connected") != 0);
}

void ReadMap(const Json& json, const std::string& path, ChannelMap* map,
             absl::Status* status) {
  Members info(json, path, {"hdr", "direction", "channels", "positions"},
               status);
  map->set_hda_fn_nid(ReadNode(info, status));
  map->set_direction(info.U8("direction"));
  const std::string positions = info.Bytes("positions");
  const uint64_t channels = info.Number("channels", 0, kPositions);
  if (positions.size() != kPositions) info.Fail("positions", "expected 18");
  if (!info.ok()) return;
  for (const char position : positions.substr(0, channels)) {
    map->add_positions(static_cast<uint8_t>(position));
  }
}

// Reads a list, the elements of which are numbered.
template <typename Records, typename ReadOne>
void ReadNumbered(Members& of, const char* name, Records* records,
                  ReadOne read_one, absl::Status* status) {
  records->Clear();
  const Json& list = of.List(name);
  for (size_t i = 0; i < list.size() && status->ok(); ++i) {
    auto& record = *records->Add();
    record.set_id(static_cast<uint32_t>(i));
    read_one(list[i], of.PathOf(name, i), &record, status);
  }
}

// Reads the state of each stream. Null: the device was never used.
void ReadStreams(Members& device, const char* name, SndState* state,
                 absl::Status* status) {
  for (Stream& stream : *state->mutable_streams()) {
    stream.set_state(Stream::STATE_IDLE);
  }
  if (device.Any(name).is_null()) return;
  const Json& list = device.List(name);
  if (list.size() != static_cast<size_t>(state->streams_size())) {
    return device.Fail(name, "other streams than snd_data has");
  }
  for (int i = 0; i < state->streams_size(); ++i) {
    const auto index = static_cast<size_t>(i);
    ReadStream(list[index], device.PathOf(name, index),
               state->mutable_streams(i), status);
  }
}

absl::Status Read(const SavedDevice& saved, google::protobuf::Message* message,
                  FindingList*) {
  auto& state = static_cast<SndState&>(*message);
  state.set_acked_features(saved.acked_features);
  absl::Status status;
  const bool in_backend = saved.process == Process::kBackend;
  Members device =
      in_backend
          ? Members(saved.device, "the sound device",
                    {"avail_features", "stream_infos", "snd_data"}, &status)
          : Members(saved.device, "the sound device",
                    {"avail_features", "acked_features", "queue_sizes",
                     "streams_state", "snd_data"},
                    &status);
  Members data(device.Any("snd_data"), device.PathOf("snd_data"),
               {"jack_info", "pcm_info", "chmap_info"}, &status);
  ReadNumbered(data, "jack_info", state.mutable_jacks(), ReadJack, &status);
  ReadNumbered(data, "pcm_info", state.mutable_streams(), ReadAbilities,
               &status);
  ReadNumbered(data, "chmap_info", state.mutable_channel_maps(), ReadMap,
               &status);
  ReadStreams(device, in_backend ? "stream_infos" : "streams_state", &state,
              &status);
  auto& config = *state.mutable_config();
  config.set_jacks(static_cast<uint32_t>(state.jacks_size()));
  config.set_streams(static_cast<uint32_t>(state.streams_size()));
  config.set_chmaps(static_cast<uint32_t>(state.channel_maps_size()));
  *state.mutable_vrings() = saved.vrings;
  return status;
}

}  // namespace

const CrosvmType& CrosvmSnd() {
  static const auto& type = *new CrosvmType{
      /*name=*/"snd",
      /*schema=*/"devices.snd.v1",
      /*backend_keys=*/{"avail_features", "snd_data", "stream_infos"},
      /*inner_keys=*/
      {"acked_features", "avail_features", "queue_sizes", "snd_data",
       "streams_state"},
      &SndState::default_instance(),
      &SndType(),
      Read};
  return type;
}

}  // namespace devstate::crosvm
