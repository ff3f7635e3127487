// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/schema/schema_facts.h"

#include "devstate/options.pb.h"
#include "devstate/schema/fingerprint.h"
#include "devstate/third_party/zstd/zstd_frame.h"

namespace devstate {

SchemaFacts::SchemaFacts(const google::protobuf::Descriptor& root)
    : root_message_(root.full_name()),
      fingerprint_(Fingerprint(root)),
      descriptor_set_(
          ZstdFrameOf(EmbeddableDescriptorSet(root).SerializeAsString())) {
  const MessageAnnotations& annotations =
      root.options().GetExtension(devstate::message);
  schema_ = annotations.schema();
  device_ = annotations.device();
  info_ = {schema_,        annotations.version(), annotations.min_reader(),
           device_,        root_message_,         fingerprint_,
           descriptor_set_};
}

}  // namespace devstate
