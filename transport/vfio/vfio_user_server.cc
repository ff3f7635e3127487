// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/transport/vfio/vfio_user_server.h"

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::vfio {
namespace {

// The version of the protocol that is spoken.
constexpr VersionPayload kOwnVersion = {0, 1};

// What a message may have beside its data. REGION_WRITE has the most, 16.
constexpr size_t kMaxFixedPayload = 16;

std::string CommandName(uint16_t command) {
  switch (command) {
    case kVersion:
      return "VERSION";
    case kDeviceReset:
      return "DEVICE_RESET";
    case kDeviceFeature:
      return "DEVICE_FEATURE";
    case kMigDataRead:
      return "MIG_DATA_READ";
    case kMigDataWrite:
      return "MIG_DATA_WRITE";
    default:
      return absl::StrCat("command ", command);
  }
}

absl::Status TooShort(size_t size, size_t needed) {
  return absl::InvalidArgumentError(absl::StrCat(
      "a payload of ", size, " bytes, at least ", needed, " are right"));
}

}  // namespace

absl::StatusOr<size_t> VfioUserServer::MessageSize(
    absl::string_view header) const {
  const size_t size = ReadStruct<MessageHeader>(header).size;
  const size_t most =
      kHeaderSize + kMaxFixedPayload + options_.max_data_transfer;
  if (size >= kHeaderSize && size <= most) return size;
  return absl::InvalidArgumentError(absl::StrCat("vfio-user: a message of ",
                                                 size, " bytes, ", kHeaderSize,
                                                 " to ", most, " are right"));
}

absl::StatusOr<std::string> VfioUserServer::Handle(absl::string_view message) {
  const MessageHeader request = ReadStruct<MessageHeader>(message);
  const absl::string_view payload = message.substr(kHeaderSize);
  if ((request.flags & kTypeMask) != kTypeCommand) {
    return absl::InvalidArgumentError(
        absl::StrCat("vfio-user: flags 0x", absl::Hex(request.flags),
                     " are not those of a command"));
  }
  Payload answer;
  if (has_version_) {
    answer = Answer(request.command, payload);
  } else {
    if (request.command != kVersion) {
      return absl::FailedPreconditionError(absl::StrCat(
          "vfio-user: ", CommandName(request.command), " before VERSION"));
    }
    DS_ASSIGN_OR_RETURN(answer, AnswerVersion(payload));
    has_version_ = true;
  }
  if (!answer.ok() && options_.log) {
    options_.log(absl::StrCat("vfio-user: ", CommandName(request.command),
                              " failed: ", answer.status().message()));
  }
  if ((request.flags & kNoReply) != 0) return std::string();
  MessageHeader reply;
  reply.id = request.id;
  reply.command = request.command;
  reply.flags = kTypeReply;
  if (answer.ok()) return EncodeMessage(reply, *answer);
  reply.flags |= kErrorFlag;
  reply.error = EINVAL;
  return EncodeMessage(reply, "");
}

VfioUserServer::Payload VfioUserServer::AnswerVersion(
    absl::string_view payload) {
  if (payload.size() < sizeof(VersionPayload)) {
    return TooShort(payload.size(), sizeof(VersionPayload));
  }
  VersionPayload version = ReadStruct<VersionPayload>(payload);
  // What the client can do changes nothing here, so its JSON is not read.
  const absl::string_view json = payload.substr(sizeof(VersionPayload));
  if (!json.empty() && json.back() != '\0') {
    return absl::InvalidArgumentError(
        "vfio-user: the data of VERSION does not end with a NUL");
  }
  if (version.major != kOwnVersion.major) {
    return absl::FailedPreconditionError(
        absl::StrCat("vfio-user: the client speaks version ", version.major,
                     ".", version.minor, ", this server ", kOwnVersion.major,
                     ".", kOwnVersion.minor));
  }
  if (version.minor > kOwnVersion.minor) version.minor = kOwnVersion.minor;
  std::string answer;
  AppendStruct(version, &answer);
  absl::StrAppend(&answer, "{\"capabilities\":{\"max_data_xfer_size\":",
                  options_.max_data_transfer, "}}");
  answer.push_back('\0');
  return answer;
}

VfioUserServer::Payload VfioUserServer::Answer(uint16_t command,
                                               absl::string_view payload) {
  switch (command) {
    case kDeviceReset:
      session_.Reset();
      return std::string();
    case kDeviceFeature:
      return AnswerFeature(payload);
    case kMigDataRead:
      return AnswerRead(payload);
    case kMigDataWrite:
      return AnswerWrite(payload);
    case kVersion:
      return absl::FailedPreconditionError("it came before");
    default:
      if (options_.other_commands) {
        return options_.other_commands(command, payload);
      }
      return absl::UnimplementedError("this device does not know it");
  }
}

VfioUserServer::Payload VfioUserServer::AnswerFeature(
    absl::string_view payload) {
  if (payload.size() < sizeof(FeaturePayload)) {
    return TooShort(payload.size(), sizeof(FeaturePayload));
  }
  const FeaturePayload request = ReadStruct<FeaturePayload>(payload);
  const uint32_t feature = request.flags & kFeatureMask;
  const uint32_t methods = request.flags & ~kFeatureMask;
  uint32_t known = kFeatureProbe;
  if (feature == kFeatureMigration) known |= kFeatureGet;
  if (feature == kFeatureMigDeviceState) known |= kFeatureGet | kFeatureSet;
  if (known == kFeatureProbe || (methods & ~known) != 0) {
    return absl::UnimplementedError(
        absl::StrCat("feature ", feature, " has not all of the methods 0x",
                     absl::Hex(methods)));
  }
  if (methods == kFeatureGet) return GetFeature(request);
  if (methods == kFeatureSet) {
    constexpr size_t kSize = sizeof(FeaturePayload) + sizeof(MigDeviceState);
    if (payload.size() < kSize) return TooShort(payload.size(), kSize);
    DS_RETURN_IF_ERROR(session_.SetState(
        ReadStruct<MigDeviceState>(payload.substr(sizeof(FeaturePayload)))
            .state));
    return std::string(payload);
  }
  if ((methods & kFeatureProbe) != 0) return std::string(payload);
  return absl::InvalidArgumentError(
      "exactly one of GET and SET is right without PROBE");
}

VfioUserServer::Payload VfioUserServer::GetFeature(
    const FeaturePayload& request) {
  std::string data;
  if ((request.flags & kFeatureMask) == kFeatureMigration) {
    const uint64_t flags =
        kMigrationStopCopy | (session_.has_pre_copy() ? kMigrationPreCopy : 0);
    AppendStruct(flags, &data);
  } else {
    MigDeviceState state;
    state.state = static_cast<uint32_t>(session_.state());
    AppendStruct(state, &data);
  }
  FeaturePayload head = request;
  head.argsz = static_cast<uint32_t>(sizeof(head) + data.size());
  std::string answer;
  AppendStruct(head, &answer);
  // The text: a client without room gets the size it needs, and no data.
  if (request.argsz >= head.argsz) answer += data;
  return answer;
}

absl::StatusOr<MigDataPayload> VfioUserServer::ReadDataPayload(
    absl::string_view payload) const {
  if (payload.size() < sizeof(MigDataPayload)) {
    return TooShort(payload.size(), sizeof(MigDataPayload));
  }
  const MigDataPayload data = ReadStruct<MigDataPayload>(payload);
  if (data.size > options_.max_data_transfer) {
    return absl::InvalidArgumentError(
        absl::StrCat(data.size, " bytes of data, at most max_data_xfer_size = ",
                     options_.max_data_transfer, " are right"));
  }
  return data;
}

VfioUserServer::Payload VfioUserServer::AnswerRead(absl::string_view payload) {
  DS_ASSIGN_OR_RETURN(const MigDataPayload request, ReadDataPayload(payload));
  if (request.argsz < sizeof(MigDataPayload) + request.size) {
    return absl::InvalidArgumentError(
        absl::StrCat("argsz ", request.argsz, " has no room for ", request.size,
                     " bytes of data"));
  }
  if (request.size == 0) {
    return absl::InvalidArgumentError("a read of nothing");
  }
  std::string answer(sizeof(MigDataPayload) + request.size, '\0');
  DS_ASSIGN_OR_RETURN(
      const DataRead read,
      session_.ReadData(&answer[sizeof(MigDataPayload)], request.size));
  answer.resize(sizeof(MigDataPayload) + read.size);
  MigDataPayload head;
  head.argsz = static_cast<uint32_t>(answer.size());
  head.size = static_cast<uint32_t>(read.size);
  std::memcpy(&answer[0], &head, sizeof(head));
  return answer;
}

VfioUserServer::Payload VfioUserServer::AnswerWrite(absl::string_view payload) {
  DS_ASSIGN_OR_RETURN(const MigDataPayload request, ReadDataPayload(payload));
  const absl::string_view data = payload.substr(sizeof(MigDataPayload));
  if (data.size() != request.size) {
    return absl::InvalidArgumentError(absl::StrCat(
        "size says ", request.size, " bytes of data, ", data.size(), " came"));
  }
  DS_RETURN_IF_ERROR(session_.WriteData(data));
  return std::string();
}

}  // namespace devstate::vfio
