// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a state of virtio-fs, mostly one in rounds. Whatever is taken is
// what a plain list of records becomes by the same changes, whole or in rounds,
// by generated code or descriptors.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "devices/fs/v1/fs.devstate.h"
#include "devstate/schema/record_key.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/compression.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/dynamic/merged_state.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/whole_state.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "fuzz/promise.h"
#include "fuzz/quiet.h"
#include "tests/codegen/row_copier.h"

namespace devices::fs::v1 {
namespace {

using ::devstate::fuzz::PromiseWritten;
DEVSTATE_ROW_COPIER(FsState, DEVSTATE_COPY(Inodes) DEVSTATE_COPY(Handles)
                                 DEVSTATE_COPY(MountPaths))

}  // namespace
}  // namespace devices::fs::v1

namespace devstate {
namespace {

using ::devices::fs::v1::FsState;
using ::devices::fs::v1::FsStateReader;
using ::devices::fs::v1::RowCopier;
using ::devstate::fuzz::Promise;
using ::devstate::testing::ReasonOf;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::google::protobuf::Message;

const SchemaModel& Schema() {
  static const auto& schema =
      *new SchemaModel(BuildSchemaModel(*FsState::descriptor()));
  return schema;
}

Limits SmallLimits() {
  Limits limits;
  limits.max_batch_memory = 1 << 20;
  limits.max_merge_bytes = 4 << 20;
  return limits;
}

WriterOptions Options() {
  WriterOptions options;
  options.compression = Compression::Raw();
  options.embed_descriptor_set = false;
  return options;
}

// The records of a field, worked out the plain way.
class List {
 public:
  explicit List(const FieldModel& field)
      : field_(field),
        prototype_(*google::protobuf::MessageFactory::generated_factory()
                        ->GetPrototype(field.message->descriptor)),
        decoder_(*field.message, prototype_) {}

  absl::Status Apply(const Chunk& chunk) {
    // With the columns of the key alone a deletion is a record, too.
    Chunk batch = chunk;
    batch.header.type = ChunkType::kBatch;
    std::vector<std::unique_ptr<Message>> records;
    DS_RETURN_IF_ERROR(
        decoder_.Decode(batch, field_.name, SmallLimits(), &records));
    for (std::unique_ptr<Message>& record : records) {
      const std::string key = KeyOf(*record);
      records_.erase(
          std::remove_if(records_.begin(), records_.end(),
                         [&key](const auto& each) { return each.key == key; }),
          records_.end());
      if (chunk.header.type == ChunkType::kDeletions) continue;
      records_.push_back({key, std::move(record)});
    }
    return absl::OkStatus();
  }

  void AddTo(Message* root) const {
    for (const Each& each : records_) {
      root->GetReflection()
          ->AddMessage(root, field_.descriptor)
          ->CopyFrom(*each.record);
    }
  }

 private:
  struct Each {
    std::string key;
    std::unique_ptr<Message> record;
  };

  std::string KeyOf(const Message& record) const {
    std::string key;
    for (const uint16_t part : RecordKey(field_)) {
      // All keys of this schema are numbers.
      absl::StrAppend(&key,
                      record.GetReflection()->GetUInt64(
                          record, field_.message->fields[part].descriptor),
                      " ");
    }
    return key;
  }

  const FieldModel& field_;
  const Message& prototype_;
  BatchDecoder decoder_;
  std::vector<Each> records_;
};

// Returns the state that the changes of a stream come to, as text.
std::string TextOfModel(const std::string& stream) {
  StringSource source(stream);
  StreamReader reader(&source, SmallLimits(), Rounds::kTake);
  Promise(reader.ReadHeader().ok(), "a state that is read has a header");
  FsState state;
  std::map<uint32_t, List> lists;
  while (true) {
    const auto chunk = reader.NextChunk();
    Promise(chunk.ok(), "a state that is read has sound framing",
            chunk.status().ToString());
    if (!chunk->has_value()) break;
    const Chunk::Header& header = (*chunk)->header;
    if (header.type == ChunkType::kRoot) {
      const absl::string_view root = (*chunk)->payload;
      state.Clear();
      Promise(state.ParseFromArray(root.data(), static_cast<int>(root.size())),
              "the last root can be parsed");
    }
    if (!HasRecords(header.type)) continue;
    const FieldModel* field =
        Schema().root->FindNumber(static_cast<int>(header.field));
    // An ignorable chunk.
    if (field == nullptr || !HoldsRecords(*field)) continue;
    const auto list = lists.try_emplace(header.field, *field).first;
    const absl::Status applied = list->second.Apply(**chunk);
    Promise(applied.ok(), "what is merged can be decoded", applied.ToString());
  }
  for (const auto& [number, list] : lists) list.AddTo(&state);
  return state.DebugString();
}

absl::Status ReadText(const std::string& stream, std::string* text) {
  StringSource source(stream);
  DynamicStateReader reader(&source, SmallLimits());
  FsState state;
  StateCollector collector(&state);
  DS_RETURN_IF_ERROR(reader.Read(Schema(), collector));
  *text = state.DebugString();
  return absl::OkStatus();
}

std::string MergedWhole(const std::string& stream) {
  StringSource source(stream);
  DynamicStateReader reader(&source, SmallLimits());
  StringSink sink;
  const absl::Status merged =
      WriteMergedState(reader, Schema(), Options(), &sink);
  Promise(merged.ok(), "what is merged can be written whole",
          merged.ToString());
  return sink.written;
}

void Run(const std::string& stream) {
  std::string text;
  const absl::Status dynamic = ReadText(stream, &text);

  StringSource source(stream);
  StringSink sink;
  FsStateReader reader(&source, SmallLimits());
  RowCopier copier(&sink, Options());
  const absl::Status generated = reader.Read(copier);
  if (!dynamic.ok()) {
    Promise(!generated.ok(), "both codecs take the same streams",
            dynamic.ToString());
    Promise(dynamic.code() == absl::StatusCode::kFailedPrecondition ||
                ReasonOf(dynamic) != ERROR_REASON_UNSPECIFIED,
            "a refusal has a reason", dynamic.ToString());
    return;
  }
  Promise(text == TextOfModel(stream), "rounds are what their changes come to",
          text);
  std::string again;
  Promise(ReadText(MergedWhole(stream), &again).ok() && again == text,
          "a state that is merged is the same written whole", again);
  if (!generated.ok()) {
    // What annotations say is for generated code alone.
    Promise(ReasonOf(generated) == ERROR_REASON_CONSTRAINT,
            "both codecs take the same streams", generated.ToString());
    return;
  }
  ::devstate::fuzz::PromiseWritten(copier.writer.Finish());
  Promise(ReadText(sink.written, &again).ok() && again == text,
          "both codecs find the same state", again);
}

}  // namespace
}  // namespace devstate

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  devstate::Run(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
