// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/proxy/capabilities.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "devstate/foreign/temporary_file.h"
#include "devstate/proxy/backend_call.h"
#include "devstate/proxy/backend_label.h"
#include "devstate/proxy/translation.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/transport/io/channel.h"
#include "devstate/transport/vhost_user/frontend_endpoint.h"
#include "devstate/transport/vhost_user/vhost_user_features.h"
#include "google/protobuf/util/json_util.h"

namespace devstate::proxy {
namespace {

using vhost_user::Message;

// What the questions themselves need.
constexpr uint64_t kAskedFor =
    vhost_user::kProtocolFMq | vhost_user::kProtocolFConfig |
    vhost_user::kProtocolFConfigureMemSlots | vhost_user::kProtocolFDeviceState;
// VHOST_USER_MAX_CONFIG_SIZE of QEMU's docs/interop/vhost-user.rst.
constexpr uint32_t kMaxConfigSize = 256;

// The type in the words of QEMU's docs/interop/vhost-user.json.
std::string TypeOf(absl::string_view device) {
  return device == "virtio-blk"
             ? "block"
             : std::string(absl::StripPrefix(device, "virtio-"));
}

// Asks one back-end.
class Questions {
 public:
  Questions(Backend* backend, absl::Duration timeout)
      : backend_(*backend), timeout_(timeout) {}

  absl::Status AskOffer(BackendCapabilities* capabilities) {
    DS_ASSIGN_OR_RETURN(const uint64_t features, Ask(vhost_user::kGetFeatures));
    AddBits(vhost_user::VirtioFeatureBits(features),
            capabilities->mutable_virtio_features());
    if ((features & vhost_user::kVhostUserFProtocolFeatures) == 0) {
      return absl::OkStatus();
    }
    DS_ASSIGN_OR_RETURN(const uint64_t offered,
                        Ask(vhost_user::kGetProtocolFeatures));
    AddBits(vhost_user::ProtocolFeatureBits(offered),
            capabilities->mutable_protocol_features());
    negotiated_ = offered & kAskedFor;
    return Tell(vhost_user::kSetProtocolFeatures,
                vhost_user::U64Payload(negotiated_));
  }

  absl::Status AskNumbers(BackendCapabilities* capabilities) {
    if ((negotiated_ & vhost_user::kProtocolFMq) != 0) {
      DS_ASSIGN_OR_RETURN(const uint64_t queues, Ask(vhost_user::kGetQueueNum));
      capabilities->set_queues(queues);
    }
    if ((negotiated_ & vhost_user::kProtocolFConfigureMemSlots) != 0) {
      DS_ASSIGN_OR_RETURN(const uint64_t slots,
                          Ask(vhost_user::kGetMaxMemSlots));
      capabilities->set_memory_slots(slots);
    }
    DS_RETURN_IF_ERROR(Tell(vhost_user::kSetOwner, ""));
    if ((negotiated_ & vhost_user::kProtocolFConfig) == 0) {
      return absl::OkStatus();
    }
    // No request asks for the size, so the longest answer is looked for.
    uint32_t fits = 0;
    for (uint32_t step = kMaxConfigSize; step != 0; step /= 2) {
      if (fits + step > kMaxConfigSize) continue;
      DS_ASSIGN_OR_RETURN(const bool has, HasConfig(fits + step));
      if (has) fits += step;
    }
    capabilities->set_config_size(fits);
    return absl::OkStatus();
  }

  // Returns the format of what it saves, as --backend-format has it.
  absl::StatusOr<std::string> AskFormat() {
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<TemporaryFile> saved,
                        TemporaryFile::Create());
    DS_ASSIGN_OR_RETURN(const auto endpoint,
                        ShareConnection(backend_.connection().fd(), negotiated_,
                                        timeout_));
    DS_ASSIGN_OR_RETURN(const vhost_user::TransferResult result,
                        endpoint->SaveState(ChannelKind::kPipe, *saved));
    if (!result.ok()) return std::string();
    const absl::StatusOr<BackendFormat> format =
        FormatOf([&saved] { return saved->Open(); });
    if (!format.ok()) return std::string("opaque");
    if (format->foreign == nullptr) return std::string("devstate");
    return absl::StrCat(format->foreign->name, ":", format->version);
  }

  bool has_state() const {
    return (negotiated_ & vhost_user::kProtocolFDeviceState) != 0;
  }

 private:
  absl::StatusOr<uint64_t> Ask(uint32_t request) {
    return AskBackend(backend_, request, timeout_, -1);
  }

  absl::Status Tell(uint32_t request, std::string payload) {
    Message message;
    message.request = request;
    message.payload = std::move(payload);
    return CallBackend(backend_, message, /*reply_due=*/false, timeout_, -1)
        .status();
  }

  // Returns whether the configuration space has so many bytes.
  absl::StatusOr<bool> HasConfig(uint32_t size) {
    Message message;
    message.request = vhost_user::kGetConfig;
    vhost_user::AppendU32(0, &message.payload);
    vhost_user::AppendU32(size, &message.payload);
    vhost_user::AppendU32(0, &message.payload);
    const size_t whole = message.payload.size() + size;
    message.payload.resize(whole);
    DS_ASSIGN_OR_RETURN(
        const Message reply,
        CallBackend(backend_, message, /*reply_due=*/true, timeout_, -1));
    return reply.payload.size() == whole;
  }

  Backend& backend_;
  const absl::Duration timeout_;
  uint64_t negotiated_ = 0;
};

}  // namespace

void AddBits(const std::vector<vhost_user::FeatureBit>& bits,
             google::protobuf::RepeatedPtrField<OfferedFeature>* features) {
  for (const vhost_user::FeatureBit& bit : bits) {
    OfferedFeature& feature = *features->Add();
    feature.set_bit(static_cast<uint32_t>(bit.bit));
    feature.set_name(bit.name);
  }
}

absl::StatusOr<BackendCapabilities> ReadCapabilities(
    const BackendSpec& spec, const std::string& socket_path,
    const std::string& device, absl::Duration timeout) {
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend,
                      Backend::Open(spec, socket_path, -1));
  BackendCapabilities capabilities;
  capabilities.set_type(TypeOf(device));
  const opaque::Label label = LabelOf(spec, device);
  capabilities.set_implementation(label.implementation());
  capabilities.set_implementation_version(label.implementation_version());
  Questions questions(backend.get(), timeout);
  DS_RETURN_IF_ERROR(questions.AskOffer(&capabilities));
  DS_RETURN_IF_ERROR(questions.AskNumbers(&capabilities));
  if (!questions.has_state()) return capabilities;
  capabilities.add_features("migrate-precopy");
  DS_ASSIGN_OR_RETURN(const std::string format, questions.AskFormat());
  capabilities.set_state_format(format);
  return capabilities;
}

absl::StatusOr<BackendCapabilities> ParseCapabilities(absl::string_view json) {
  BackendCapabilities capabilities;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(
      std::string(json), &capabilities, options);
  if (!status.ok() || capabilities.virtio_features().empty()) {
    return absl::InvalidArgumentError(
        "not what devstate proxy --print-capabilities prints of a back-end");
  }
  return capabilities;
}

}  // namespace devstate::proxy
