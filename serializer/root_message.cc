// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/root_message.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "devstate/serializer/chunk_filter.h"
#include "devstate/serializer/record_stream.h"
#include "devstate/serializer/used_features.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace devstate {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::Message;

absl::Status RootError(const Chunk& chunk, const SchemaInfo& schema,
                       const WireFinding& found) {
  const ErrorReason reason = RefusalReason(found.fault);
  return chunk.Error(
      reason,
      absl::StrCat(FaultText(found), ", in ", schema.root_message,
                   " of schema version ", schema.version,
                   reason == ERROR_REASON_UNKNOWN_CONTENT
                       ? ": update the reader, or save for its schema version"
                       : ": the writer does not write this format rightly, "
                         "save with another"));
}

}  // namespace

std::string SerializeDeterministic(const Message& message) {
  std::string serialized;
  {
    google::protobuf::io::StringOutputStream output(&serialized);
    google::protobuf::io::CodedOutputStream coded(&output);
    // Otherwise the order of map entries would differ between two saves.
    coded.SetSerializationDeterministic(true);
    // A string takes it all.
    static_cast<void>(message.SerializePartialToCodedStream(&coded));
  }
  return serialized;
}

absl::StatusOr<std::unique_ptr<Message>> RootFactory::Parse(
    absl::string_view root) {
  std::unique_ptr<Message> message = New();
  if (!message->ParseFromArray(root.data(), static_cast<int>(root.size()))) {
    return absl::InternalError("the root's message cannot be parsed");
  }
  return message;
}

absl::Status CheckWrittenRoot(absl::string_view root, const Descriptor& type) {
  absl::Status status;
  WalkWire(root, type, [&status](const WireFinding& found) {
    status = absl::InvalidArgumentError(
        found.fault == WireFault::kRecord
            ? absl::StrCat("Begin() takes the singular fields only: add the "
                           "records of ",
                           found.path, " one by one")
            : absl::StrCat(FaultText(found), ": no reader would load it"));
    return false;
  });
  return status;
}

absl::Status ParseRootChunk(const Chunk& chunk, const SchemaInfo& schema,
                            Message& root) {
  absl::Status status;
  const bool well_formed = WalkWire(chunk.payload, *root.GetDescriptor(),
                                    [&](const WireFinding& found) {
                                      if (IsTakenByReaders(found.fault))
                                        return true;
                                      status = RootError(chunk, schema, found);
                                      return false;
                                    });
  DS_RETURN_IF_ERROR(status);
  if (well_formed &&
      root.ParseFromArray(chunk.payload.data(),
                          static_cast<int>(chunk.payload.size()))) {
    return absl::OkStatus();
  }
  return chunk.Error(ERROR_REASON_MALFORMED,
                     absl::StrCat("not a well-formed ", schema.root_message));
}

absl::Status RecordWriter::BeginState(const Message& root) {
  const std::string serialized = SerializeDeterministic(root);
  // A second Begin() is refused as that.
  if (status_.ok() && !begun_) {
    status_ = CheckWrittenRoot(serialized, *root.GetDescriptor());
  }
  std::set<std::string> features;
  AddUsedFeatures(root, &features);
  return BeginState(serialized, features, RootState::kUnchecked);
}

absl::Status RecordWriter::BeginRoundState(const Message& root) {
  const std::string serialized = SerializeDeterministic(root);
  // Equal bytes have been looked at in the round before. Few updates change the
  // root, and most of their cost would be here.
  if (round_number_ > 0 && serialized == round_root_) return BeginSameRound();
  if (status_.ok()) {
    status_ = CheckWrittenRoot(serialized, *root.GetDescriptor());
  }
  std::set<std::string> features;
  AddUsedFeatures(root, &features);
  return BeginRoundState(serialized, features, RootState::kUnchecked);
}

absl::Status RecordReader::ParseRoot(const Chunk& chunk, Message& root) {
  const std::shared_ptr<Message> parsed =
      filter_ == nullptr ? nullptr : filter_->TakeRoot();
  if (parsed == nullptr) return ParseRootChunk(chunk, schema_, root);
  if (parsed->GetReflection() == root.GetReflection()) {
    root.GetReflection()->Swap(&root, parsed.get());
  } else {
    root.CopyFrom(*parsed);
  }
  return absl::OkStatus();
}

}  // namespace devstate
