// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SCHEMA_FINGERPRINT_H_
#define DEVSTATE_SCHEMA_FINGERPRINT_H_

#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"

namespace devstate {

// Returns the meaning of a schema, and nothing else: every message and enum
// that `root` is made of, by full name, fields by number, with devstate's
// annotations. Comments, file names, JSON names, other options, reserved ranges
// and order are left out. docs/stream_format.md, "Fingerprint", has the rule.
google::protobuf::FileDescriptorProto CanonicalSchema(
    const google::protobuf::Descriptor& root);

// Returns the SHA-256 of the canonical schema's deterministic serialization: 32
// bytes.
std::string Fingerprint(const google::protobuf::Descriptor& root);

// Returns the root's file and all that it imports, imports first, without
// comments. google/protobuf/descriptor.proto and devstate/options.proto are
// left out, because every reader of schemas has them.
google::protobuf::FileDescriptorSet EmbeddableDescriptorSet(
    const google::protobuf::Descriptor& root);

}  // namespace devstate

#endif  // DEVSTATE_SCHEMA_FINGERPRINT_H_
