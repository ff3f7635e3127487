// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/state_writer.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/backend/c/root_message.h"
#include "devstate/serializer/columns_walker.h"
#include "devstate/serializer/internal/byte_buffer.h"
#include "devstate/serializer/message_writer.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {
namespace {

// Structs that are looked at together: few enough to stay in the cache while
// their members are gathered one after the other.
constexpr size_t kBlock = 128;

}  // namespace

struct StateWriter::Batches {
  Batches(const StateSchema& schema, const devstate_field& records)
      : field(records), columns(schema.structs(), *records.message) {}

  const devstate_field& field;
  StructBuilder columns;
  // Records so far, in batches that are written, too.
  uint64_t records = 0;
};

StateWriter::StateWriter(std::shared_ptr<const StateSchema> schema,
                         ByteSink* sink, WriterOptions options)
    : RecordWriter(sink, schema->info(), std::move(options)),
      schema_(std::move(schema)) {}

StateWriter::~StateWriter() = default;

absl::Status StateWriter::Begin(const void* root) {
  DS_RETURN_IF_ERROR(status_);
  return status_ = BeginWith(root);
}

absl::Status StateWriter::BeginWith(const void* root) {
  if (root == nullptr) return absl::InvalidArgumentError("the root is NULL");
  const devstate_table& type = *schema_->tables().root;
  ByteBuffer bytes;
  MessageWriter message(&bytes);
  DS_RETURN_IF_ERROR(WriteMessage(type, root, message));
  if (features_ != nullptr) {
    AddUsedFeatures(type, root, features_);
    return absl::OkStatus();
  }
  Arrays arrays;
  // What a reader gets, which is what has to be allowed.
  char* const row = arrays.Allocate(1, type.row_size);
  RootState state = RootState::kUnchecked;
  if (!ReadMessage(bytes.view(), type, row, &arrays)) {
    // The long way, which says what is wrong.
    DS_ASSIGN_OR_RETURN(DescribedSchema* const schema, schema_->Described());
    DS_RETURN_IF_ERROR(schema->CheckWrittenRoot(bytes.view()));
  } else if (has_root_check() && schema_->RootIsAllowed(row)) {
    state = RootState::kAllowed;
  }
  std::set<std::string> features;
  AddUsedFeatures(type, root, &features);
  return BeginState(bytes.view(), features, state);
}

absl::Status StateWriter::Add(uint32_t number, const Structs& structs) {
  DS_RETURN_IF_ERROR(status_);
  if (current_ == nullptr || current_->field.number != number) {
    const devstate_field* field = schema_->FindRecords(number);
    if (field == nullptr) {
      return status_ = absl::InvalidArgumentError(absl::StrCat(
                 "field ", number, " of ", schema_->tables().root_message,
                 " holds no records"));
    }
    std::unique_ptr<Batches>& batches = batches_[number];
    if (batches == nullptr) {
      batches = std::make_unique<Batches>(*schema_, *field);
    }
    current_ = batches.get();
  }
  if (structs.first == nullptr && structs.count != 0) {
    return status_ = absl::InvalidArgumentError(
               absl::StrCat(current_->field.name, ": rows is NULL"));
  }
  for (size_t i = 0; i < structs.count && status_.ok(); i += kBlock) {
    status_ =
        AddTo(*current_, structs.Range(i, std::min(i + kBlock, structs.count)));
  }
  return status_;
}

absl::Status StateWriter::AddTo(Batches& batches, const Structs& structs) {
  uint64_t sizes[kBlock];
  std::fill_n(sizes, structs.count, batches.field.message->record_size);
  size_t bad = 0;
  if (absl::Status status = batches.columns.Measure(structs, sizes, &bad);
      !status.ok()) {
    return InMessage(
        absl::StrCat(batches.field.name, "[", batches.records + bad, "]"),
        std::move(status));
  }
  batches.records += structs.count;
  if (features_ != nullptr) {
    structs.ForEach([&](size_t, const char* row) {
      AddUsedFeatures(*batches.field.message, row, features_);
    });
    if (structs.count != 0 && batches.field.feature != nullptr) {
      features_->insert(batches.field.feature);
    }
    return absl::OkStatus();
  }
  return AddRecords(batches.field.number, batches.field.name, batches.columns,
                    absl::MakeConstSpan(sizes, structs.count),
                    [&](size_t begin, size_t end) {
                      batches.columns.Append(structs.Range(begin, end));
                    });
}

absl::Status StateWriter::Finish() {
  DS_RETURN_IF_ERROR(status_);
  if (features_ == nullptr) status_ = FinishState();
  if (!status_.ok()) return status_;
  status_ = absl::FailedPreconditionError("the state is finished already");
  return absl::OkStatus();
}

}  // namespace devstate::c
