// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// For tests: states as crosvm writes them, made of its structs. The order of
// the members is that of the structs, and numbers are as short as they can be.

#ifndef DEVSTATE_FOREIGN_STATES_CROSVM_TEST_STATES_H_
#define DEVSTATE_FOREIGN_STATES_CROSVM_TEST_STATES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nlohmann/json.hpp"

namespace devstate::crosvm::testing {

using Ordered = nlohmann::ordered_json;

inline constexpr uint64_t kEventIdx = uint64_t{1} << 29;
// Of vhost-user, and none of the driver's.
inline constexpr uint64_t kProtocolFeatures = uint64_t{1} << 30;
inline constexpr uint64_t kVersion1 = uint64_t{1} << 32;
inline constexpr uint64_t kPacked = uint64_t{1} << 34;

inline std::string Cbor(const Ordered& state) {
  const std::vector<uint8_t> bytes = Ordered::to_cbor(state);
  return {bytes.begin(), bytes.end()};
}

// What a vhost-user device saves.
inline Ordered Backend(uint64_t acked_features, Ordered device) {
  return {{"acked_features", acked_features | kProtocolFeatures},
          {"acked_protocol_features", 0x80200},
          {"backend", std::move(device)}};
}

// The member "queues" of a device in a snapshot.
inline Ordered QueueConfig(uint64_t acked_features) {
  return {{"activated", true},
          {"max_size", 256},
          {"size", 128},
          {"ready", true},
          {"vector", 1},
          {"features", acked_features},
          {"acked_features", acked_features},
          {"desc_table", 0x100000000},
          {"avail_ring", 0x100001000},
          {"used_ring", 0x100002000},
          {"next_avail", 0},
          {"next_used", 0}};
}

inline Ordered Split(uint16_t next_avail, uint16_t next_used,
                     uint16_t last_used) {
  return {{"size", 128},
          {"vector", 1},
          {"desc_table", 0x100000000},
          {"avail_ring", 0x100001000},
          {"used_ring", 0x100002000},
          {"next_avail", next_avail},
          {"next_used", next_used},
          {"features", kVersion1 | kEventIdx},
          {"last_used", last_used}};
}

inline Ordered Position(uint16_t index, bool wrap_counter) {
  return {{"wrap_counter", wrap_counter}, {"index", index}};
}

inline Ordered Packed(const Ordered& avail, const Ordered& used,
                      const Ordered& signalled) {
  return {{"size", 128},
          {"vector", 1},
          {"avail_index", avail},
          {"use_index", used},
          {"signalled_used_index", signalled},
          {"features", kVersion1 | kEventIdx | kPacked},
          {"desc_table", 0x100000000},
          {"device_event_suppression", 0x100001000},
          {"driver_event_suppression", 0x100002000}};
}

// A device in a snapshot. `active` has a queue for each; null: the driver has
// not started the device.
inline Ordered InSnapshot(uint64_t acked_features, Ordered device,
                          size_t queues, const std::vector<Ordered>& active) {
  Ordered configs = Ordered::array();
  for (size_t i = 0; i < queues; ++i) {
    configs.push_back(QueueConfig(acked_features));
  }
  Ordered activated;
  for (size_t i = 0; i < active.size(); ++i) {
    activated.push_back(Ordered::array({i, active[i]}));
  }
  return {{"config_regs", {1, 2, 3}},
          {"inner_device", std::move(device)},
          {"device_activated", !active.empty()},
          {"interrupt", {{"interrupt_status", 0}}},
          {"msix_config", nullptr},
          {"common_config",
           {{"driver_status", 15},
            {"config_generation", 0},
            {"device_feature_select", 1},
            {"driver_feature_select", 1},
            {"queue_select", 2},
            {"msix_config", 0}}},
          {"queues", std::move(configs)},
          {"activated_queues", std::move(activated)}};
}

// What crosvm's front-end has of a vhost-user device in a snapshot.
inline Ordered WithinSnapshot(uint64_t acked_features, const Ordered& state) {
  return {{"acked_features", acked_features | kProtocolFeatures},
          {"backend_state", Ordered::to_cbor(state)}};
}

inline Ordered Port(const std::string& input) {
  return {{"input_buffer", std::vector<uint8_t>(input.begin(), input.end())}};
}

inline Ordered Console(std::vector<Ordered> ports) {
  return {{"avail_features", kVersion1}, {"ports", std::move(ports)}};
}

inline Ordered PcmInfo(uint32_t node, uint8_t direction, uint8_t channels_max) {
  return {{"hdr", {{"hda_fn_nid", node}}},
          {"features", 0},
          {"formats", 0x28030},
          {"rates", 0xfe},
          {"direction", direction},
          {"channels_min", 1},
          {"channels_max", channels_max},
          {"padding", {0, 0, 0, 0, 0}}};
}

// A running stream of 16 bits, 48 kHz, stereo.
inline Ordered RunningStream() {
  return {{"channels", 2},        {"format", "S16LE"},
          {"frame_rate", 48000},  {"buffer_bytes", 16384},
          {"period_bytes", 4096}, {"direction", 0},
          {"state", 0x104},       {"effects", Ordered::array({"NoEffect"})},
          {"just_reset", false}};
}

inline Ordered IdleStream() {
  return {{"channels", 0},     {"format", "U8"},
          {"frame_rate", 0},   {"buffer_bytes", 0},
          {"period_bytes", 0}, {"direction", 0},
          {"state", 0},        {"effects", Ordered::array()},
          {"just_reset", true}};
}

// A card with an output and an input.
inline Ordered SndData() {
  Ordered positions = {3, 4};
  while (positions.size() < 18) positions.push_back(0);
  return {{"jack_info", Ordered::array()},
          {"pcm_info", {PcmInfo(0, 0, 6), PcmInfo(1, 1, 2)}},
          {"chmap_info", Ordered::array({{{"hdr", {{"hda_fn_nid", 0}}},
                                          {"direction", 0},
                                          {"channels", 2},
                                          {"positions", positions}}})}};
}

inline Ordered Snd(Ordered streams) {
  return {{"avail_features", kVersion1 | kProtocolFeatures},
          {"stream_infos", std::move(streams)},
          {"snd_data", SndData()}};
}

// A vsock device, of which the kernel has taken `receive` and `transmit`
// buffers.
inline Ordered Vsock(uint64_t cid, uint16_t receive, uint16_t transmit) {
  return {{"cid", cid},
          {"avail_features", kVersion1 | kEventIdx},
          {"acked_features", kVersion1 | kEventIdx},
          {"vrings_base",
           {{{"index", 0}, {"base", receive}},
            {{"index", 1}, {"base", transmit}}}}};
}

}  // namespace devstate::crosvm::testing

#endif  // DEVSTATE_FOREIGN_STATES_CROSVM_TEST_STATES_H_
