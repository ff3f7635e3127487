// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_COMPAT_GATE_CONVERSION_PLAN_H_
#define DEVSTATE_COMPAT_GATE_CONVERSION_PLAN_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "devstate/compat/moves.h"
#include "devstate/compat/places.h"
#include "devstate/compat/unit_scale.h"
#include "devstate/schema/schema_model.h"

namespace devstate {

struct MessagePlan;

// What becomes of a field of the writer.
struct FieldPlan {
  enum Action {
    // The reader's field of the same number.
    kCopy,
    // A field of the reader in another place.
    kMove,
    // A message that the reader does not have, with parts that have moved.
    kSpread,
    // The narrower field that the reader has instead.
    kFallback,
    // Nothing: the reader does not have it.
    kDrop,
    // Nothing: somebody else takes care of it.
    kLeaveOut,
  };

  const FieldModel* written = nullptr;
  // Null for kSpread and kDrop.
  const FieldModel* read = nullptr;
  Action action = kDrop;
  // For findings: from the root, names of the newer schema.
  std::string path;
  // Whether it holds the records of the root, which travel in batches.
  bool records = false;
  // Whether it is within a record.
  bool columns = false;
  // Whether the reader takes the field with a feature only that the writer does
  // not declare.
  bool feature_changed = false;
  absl::optional<UnitScale> scale;
  // Of kMove: the messages from the reader's root or record to the target.
  std::vector<const FieldModel*> move_path;
  // Of the messages that the field holds; made when it is needed.
  std::unique_ptr<MessagePlan> inner;
  MessagePlace inner_place;
  // What PassesUnchanged() has said.
  absl::optional<bool> unchanged;
};

// A field of the reader that gets a value if it has none.
struct Completion {
  const FieldModel* read;
  // The writer's narrower field that the value comes from; if null, it is the
  // reader's absent_default.
  const FieldModel* narrow = nullptr;
  std::string path;
};

struct MessagePlan {
  std::vector<FieldPlan> fields;
  std::vector<Completion> completions;
  int depth = 1;
};

// How messages of one version of a schema become those of another: the rules
// of CompareSchemas(), worked out once for each place.
class ConversionPlan {
 public:
  // Both must outlive the plan. `left_out`: see Converter.
  ConversionPlan(const SchemaModel* writer, const SchemaModel* reader,
                 std::set<std::string> left_out);

  bool upgrade() const { return upgrade_; }
  MessagePlan& root() { return root_; }

  // Of the root's field `written`.
  FieldPlan& FindRootField(const FieldModel& written);

  // Of the messages in `field`; null if it is nested more than 100 deep.
  MessagePlan* Inner(FieldPlan& field);

  // Whether columns of `field` say the same to the reader as they are. Columns
  // that the reader does not have are not looked at, and neither are values.
  bool PassesUnchanged(FieldPlan& field);

 private:
  void Fill(const MessagePlace& place, const MessageModel* reader,
            MessagePlan* plan);
  void FillAction(const MessagePlace& place, const MessageModel* reader,
                  const FieldModel& written, FieldPlan* plan);
  void FillField(const MessagePlace& place, const MessageModel* reader,
                 const FieldModel& written, FieldPlan* plan);
  // Whether the field has moved; then the plan is complete.
  bool FillMove(const MessagePlace& place, const FieldModel& written,
                FieldPlan* plan);
  void FillCompletions(const MessagePlace& place, const MessageModel& reader,
                       MessagePlan* plan);
  void SetTarget(const MessagePlace& place, const FieldModel& read,
                 FieldPlan* plan) const;
  std::vector<const FieldModel*> StepsTo(const LocatedField& target) const;
  bool MessagesPass(FieldPlan& field, std::set<const MessageModel*>* seen);

  const SchemaModel& writer_;
  const SchemaModel& reader_;
  const std::set<std::string> left_out_;
  const bool upgrade_;
  const Moves moves_;
  MessagePlan root_;
};

}  // namespace devstate

#endif  // DEVSTATE_COMPAT_GATE_CONVERSION_PLAN_H_
