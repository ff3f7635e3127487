// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/serializer/dynamic/merged_state.h"

#include <memory>
#include <utility>

#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

class StateCopier : public DynamicStateVisitor {
 public:
  explicit StateCopier(DynamicStateWriter* writer) : writer_(*writer) {}

  absl::Status OnRoot(const Message& root) override {
    return writer_.Begin(root);
  }
  absl::Status OnBatch(const FieldDescriptor& field,
                       Records& records) override {
    for (const std::unique_ptr<Message>& record : records) {
      DS_RETURN_IF_ERROR(writer_.Add(field, *record));
    }
    return absl::OkStatus();
  }

 private:
  DynamicStateWriter& writer_;
};

}  // namespace

absl::Status WriteMergedState(DynamicStateReader& reader,
                              const SchemaModel& schema, WriterOptions options,
                              ByteSink* sink) {
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  options.implementation = header->writer;
  options.instance = header->instance;
  options.used_features = header->used_features;
  options.embed_descriptor_set = !header->descriptor_set.empty();
  const SchemaInfo info = SchemaOf(*header);
  DynamicStateWriter writer(sink, schema, info, std::move(options));
  StateCopier copier(&writer);
  DS_RETURN_IF_ERROR(reader.Read(schema, copier));
  return writer.Finish();
}

}  // namespace devstate
