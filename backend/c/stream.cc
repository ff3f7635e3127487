// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/backend/c/stream.h"

#include <utility>

#include "devstate/backend/c/error.h"
#include "devstate/backend/c/options.h"
#include "devstate/backend/c/state_schema.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::c {
namespace {

absl::StatusOr<devstate_writer*> OpenWriter(
    const devstate_schema* schema, devstate_write_fn write, void* context,
    const devstate_write_options* given) {
  if (write == nullptr) {
    return absl::InvalidArgumentError("devstate_writer_open(): write is NULL");
  }
  DS_ASSIGN_OR_RETURN(auto state_schema, StateSchema::Make(schema));
  DS_ASSIGN_OR_RETURN(WriterOptions options, ReadWriteOptions(given));
  auto sink = std::make_unique<FunctionSink>(write, context);
  auto writer = std::make_unique<StateWriter>(std::move(state_schema),
                                              sink.get(), std::move(options));
  StateWriter* const pointer = writer.get();
  return new devstate_writer{std::move(sink), std::move(writer), pointer};
}

absl::StatusOr<devstate_reader*> OpenReader(const devstate_schema* schema,
                                            devstate_read_fn read,
                                            void* context,
                                            const devstate_limits* given) {
  if (read == nullptr) {
    return absl::InvalidArgumentError("devstate_reader_open(): read is NULL");
  }
  DS_ASSIGN_OR_RETURN(auto state_schema, StateSchema::Make(schema));
  DS_ASSIGN_OR_RETURN(const Limits limits, ReadLimits(given));
  auto reader = std::make_unique<devstate_reader>();
  reader->source = std::make_unique<FunctionSource>(read, context);
  reader->reader = std::make_unique<StateReader>(std::move(state_schema),
                                                 reader->source.get(), limits);
  return reader.release();
}

}  // namespace
}  // namespace devstate::c

using ::devstate::c::Report;

devstate_writer* devstate_writer_open(const devstate_schema* schema,
                                      devstate_write_fn write, void* context,
                                      const devstate_write_options* options) {
  const auto writer =
      ::devstate::c::OpenWriter(schema, write, context, options);
  if (writer.ok()) return *writer;
  Report(writer.status());
  return nullptr;
}

int devstate_writer_begin(devstate_writer* writer, const void* root) {
  return Report(writer->writer->Begin(root));
}

int devstate_writer_add(devstate_writer* writer, uint32_t number,
                        const void* rows, size_t count, size_t stride) {
  return Report(writer->writer->Add(
      number, {static_cast<const char*>(rows), count, stride}));
}

int devstate_writer_finish(devstate_writer* writer) {
  if (writer->owned == nullptr) {
    return Report(absl::FailedPreconditionError(
        "devstate_writer_finish() in a device's save(): return 0 instead"));
  }
  return Report(writer->writer->Finish());
}

void devstate_writer_free(devstate_writer* writer) { delete writer; }

devstate_reader* devstate_reader_open(const devstate_schema* schema,
                                      devstate_read_fn read, void* context,
                                      const devstate_limits* limits) {
  const auto reader = ::devstate::c::OpenReader(schema, read, context, limits);
  if (reader.ok()) return *reader;
  Report(reader.status());
  return nullptr;
}

int devstate_reader_next(devstate_reader* reader,
                         const devstate_batch** batch) {
  const absl::StatusOr<const devstate_batch*> next = reader->reader->Next();
  *batch = next.ok() ? *next : nullptr;
  if (!next.ok()) return Report(next.status());
  return *batch == nullptr ? 0 : 1;
}

void devstate_reader_free(devstate_reader* reader) { delete reader; }
