// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#ifndef DEVSTATE_SERIALIZER_WRITER_OPTIONS_H_
#define DEVSTATE_SERIALIZER_WRITER_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devstate/serializer/compression.h"
#include "devstate/serializer/limits.h"
#include "devstate/serializer/stream_messages.h"

namespace devstate {

// The options of a stream that is written.
struct WriterOptions {
  // The name of the back-end, for the header. Default: without a name.
  WriterName implementation;

  // The way chunks are stored. Default: zstd where it pays.
  Compression compression = Compression::Automatic();

  // The name that tells one of several devices, free text for humans.
  // Default: empty.
  std::string instance;

  // The names of the optional features that this state uses, for the header.
  // Records come after the header, so their features have to be given here.
  // Default: the features that the schema's annotations give to the fields
  // which are present in the root message.
  std::optional<std::vector<std::string>> used_features;

  // Whether the header carries the schema's compressed descriptor set, so that
  // tools can show the state without knowing the schema. Default: true.
  bool embed_descriptor_set = true;

  // The bounds of a batch, which ends at this many records or this size,
  // whichever comes first. The size of a batch in bytes follows from schema and
  // content (docs/stream_format.md, "Sizes"). A bound above three quarters of a
  // chunk counts as three quarters. Larger batches compress a little better and
  // take more memory. Default: 2048 records, 768 KiB.
  uint32_t max_batch_records = 2048;
  uint32_t max_batch_bytes = 768 * 1024;

  // Whether a second thread compresses while the caller's encodes. The caller's
  // thread helps when it is ahead. Pays where a core is free. Default: true.
  //
  // The thread starts after 256 KiB of payload, unless chunks are stored raw or
  // are smaller than 16 KiB. It ends with Finish() or with the writer. It has
  // all signals blocked and calls nothing of the application's. If it cannot be
  // started, the caller's thread does all the work. The bytes are the same.
  bool use_second_thread = true;

  // Whether every number column is PLAIN, as the simplest writer would write
  // it. Default: false.
  bool plain_columns = false;

  // The bounds that readers of the stream have. Default: see Limits.
  Limits limits;
};

}  // namespace devstate

#endif  // DEVSTATE_SERIALIZER_WRITER_OPTIONS_H_
