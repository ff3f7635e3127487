// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_MAPPING_H_
#define DEVSTATE_COMPAT_MAPPING_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "devstate/compat/field_mapping.h"
#include "devstate/compat/moves.h"
#include "devstate/compat/schema_pair.h"

namespace devstate {

// The mapping of the messages of one place of the writer's schema.
struct MessageMapping {
  MessagePlace place;
  // The mappings of the writer's fields, in ascending order of number.
  std::vector<FieldMapping> fields;
  // The sources of the reader's fields that the writer's field of the same
  // number does not fill, in ascending order of number.
  std::vector<SourceMapping> sources;
  // The differences of the message as a whole, with paths.
  std::vector<Difference> differences;
};

// The change from one version of a schema to another, worked out once for each
// place of the state. CompareSchemas() says what it means for all states, the
// load gate what it means for one, and Converter carries it out.
//
// Places are worked out when they are asked for, because a schema of a few
// lines can have 2^40 of them. Thread-safety: none.
class Mapping {
 public:
  // The fields at `left_out`, paths from the root with the names of the newer
  // schema, are left to a conversion step. Requires: the schemas and the
  // lineage outlive the mapping.
  explicit Mapping(const SchemaPair& pair, std::set<std::string> left_out = {});

  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  const SchemaPair& pair() const { return pair_; }

  // Returns the differences of the schemas as a whole.
  std::vector<Difference> CompareRoots() const;

  // Returns the mapping of the root, which the object keeps.
  MessageMapping& root();
  // Returns the mapping of the root's field `written`.
  FieldMapping& FindRootField(const FieldModel& written);
  // Returns the mapping of the messages in `field`, whose action is kCopy,
  // kMove or kSpread. The object keeps it. Returns null if they are nested more
  // than 100 deep.
  MessageMapping* Inner(FieldMapping& field);

  // Returns whether columns of `field`, a field of the root, say the same to
  // the reader as they are. Neither values nor columns that the reader does not
  // have are looked at.
  bool PassesUnchanged(FieldMapping& field);

  // Returns the mapping of a place, which the object does not keep.
  std::unique_ptr<MessageMapping> Map(MessagePlace place) const;
  MessagePlace RootPlace() const;
  // Returns the place of the messages in `field`, as in Inner().
  static MessagePlace InnerPlace(const FieldMapping& field);

 private:
  bool MessagesPass(FieldMapping& field, std::set<const MessageModel*>* seen);

  const SchemaPair pair_;
  const std::set<std::string> left_out_;
  const Moves moves_;
  std::unique_ptr<MessageMapping> root_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_MAPPING_H_
