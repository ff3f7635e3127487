// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// devstate stats: where the bytes of a stream go.
//
// A stream decides how many sections and columns there are, so both are
// bounded. Columns are compressed alone to tell what each costs, because a
// chunk does not show that.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/error_place.h"
#include "cli/pages/stats_page.h"
#include "cli/portable_input.h"
#include "cli/progress.h"
#include "cli/state_input.h"
#include "cli/state_schema.h"
#include "cli/stream_file.h"
#include "cli/verb.h"
#include "devstate/compat/json_text.h"
#include "devstate/schema/schema_model.h"
#include "devstate/serializer/chunk_order.h"
#include "devstate/serializer/dynamic/batch_codec.h"
#include "devstate/serializer/message_reader.h"
#include "devstate/serializer/occurrences.h"
#include "devstate/serializer/stream_reader.h"
#include "devstate/serializer/wire_walk.h"
#include "devstate/stats.pb.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/zstd/zstd_frame.h"
#include "google/protobuf/dynamic_message.h"

namespace devstate {
namespace {

using ::google::protobuf::Message;

struct StatsFlags {
  StateInputFlags input;
  std::string format = "text";
  bool largest_record = false;
  StateSchemaFlags schema;
};

// Beyond these, it is the stream's own doing: schemas have fewer.
constexpr size_t kMaxSections = 4096;
constexpr size_t kMaxColumns = 16384;

class Collector {
 public:
  // Without a schema, `schema` is null. To find the largest record, every one
  // is decoded, which takes longer than all else.
  Collector(const SchemaModel* schema, bool largest_record)
      : schema_(schema), largest_record_(largest_record) {}

  absl::Status Add(const Chunk& chunk, const ChunkHeader& header,
                   const Limits& limits) {
    if (IsRoundMark(chunk.header.type)) return absl::OkStatus();
    const FieldModel* field =
        schema_ == nullptr
            ? nullptr
            : schema_->root->FindNumber(static_cast<int>(chunk.header.field));
    if (field != nullptr && !HoldsRecords(*field)) field = nullptr;
    if (sections_.size() >= kMaxSections) return TooMany("fields");
    Section& section = sections_[chunk.header.field];
    SectionStats& stats = section.stats;
    if (chunk.header.field != 0) {
      stats.set_name(field == nullptr ? absl::StrCat("#", chunk.header.field)
                                      : field->name);
    }
    stats.set_chunks(stats.chunks() + 1);
    stats.set_records(stats.records() + chunk.header.records);
    stats.set_decoded_bytes(stats.decoded_bytes() + chunk.payload.size());
    stats.set_stored_bytes(stats.stored_bytes() + header.stored_size);
    stats.set_largest_chunk_bytes(
        std::max<uint64_t>(stats.largest_chunk_bytes(), chunk.payload.size()));
    if (chunk.header.field == 0) return absl::OkStatus();
    if (field != nullptr && largest_record_ &&
        chunk.header.type != ChunkType::kDeletions) {
      DS_RETURN_IF_ERROR(AddRecords(chunk, *field, limits, &section));
    }
    AddColumns(chunk.payload, field == nullptr ? nullptr : field->message, "",
               header.codec == ChunkCodec::kZstd, &section);
    if (section.columns.size() >= kMaxColumns) return TooMany("columns");
    return absl::OkStatus();
  }

  StateStats Take(const StreamReader& reader, uint64_t header_bytes) {
    StateStats stats;
    stats.set_stream_bytes(reader.offset());
    stats.set_header_bytes(header_bytes);
    stats.set_chunks(reader.chunks());
    stats.set_records(reader.records());
    stats.set_decoded_bytes(reader.decoded_bytes());
    for (const RoundCounts& round : reader.rounds()) {
      RoundStats& counts = *stats.add_rounds();
      counts.set_chunks(round.chunks);
      counts.set_written(round.written);
      counts.set_deleted(round.deleted);
    }
    for (auto& [number, section] : sections_) {
      for (auto& [path, column] : section.columns) {
        column.set_path(path);
        *section.stats.add_columns() = column;
      }
      stats.set_stored_bytes(stats.stored_bytes() +
                             section.stats.stored_bytes());
      *stats.add_sections() = section.stats;
    }
    return stats;
  }

 private:
  static absl::Status TooMany(absl::string_view what) {
    return absl::ResourceExhaustedError(
        absl::StrCat("has more ", what,
                     " than a schema has: name its schema with "
                     "--schema"));
  }

  struct Section {
    SectionStats stats;
    std::map<std::string, ColumnStats> columns;
    std::unique_ptr<BatchDecoder> decoder;
  };

  absl::Status AddRecords(const Chunk& chunk, const FieldModel& field,
                          const Limits& limits, Section* section) {
    if (section->decoder == nullptr) {
      section->decoder = std::make_unique<BatchDecoder>(
          *field.message, *factory_.GetPrototype(field.message->descriptor));
    }
    std::vector<std::unique_ptr<Message>> records;
    DS_RETURN_IF_ERROR(
        section->decoder->Decode(chunk, field.name, limits, &records));
    for (const auto& record : records) {
      section->stats.set_largest_record_bytes(std::max<uint64_t>(
          section->stats.largest_record_bytes(), record->ByteSizeLong()));
    }
    return absl::OkStatus();
  }

  // Of a …Columns message of `record`, which is null if it is not known.
  void AddColumns(absl::string_view columns, const MessageModel* record,
                  const std::string& prefix, bool compressed,
                  Section* section) {
    MessageReader reader(columns);
    MessageReader::Field column;
    while (reader.Next(&column)) {
      const FieldModel* field =
          record == nullptr
              ? nullptr
              : record->FindNumber(static_cast<int>(column.number));
      const std::string path = absl::StrCat(
          prefix,
          field == nullptr ? absl::StrCat("#", column.number) : field->name);
      if (field == nullptr || field->message == nullptr) {
        AddColumn(path, column.bytes, compressed, section);
        continue;
      }
      MessageReader occurrences(column.bytes);
      MessageReader::Field part;
      while (occurrences.Next(&part)) {
        if (part.number == kOccurrencesField) {
          AddColumn(path + "#", part.bytes, compressed, section);
        } else {
          AddColumns(part.bytes, field->message, path + ".", compressed,
                     section);
        }
      }
    }
  }

  void AddColumn(const std::string& path, absl::string_view bytes,
                 bool compressed, Section* section) {
    ColumnStats& stats = section->columns[path];
    stats.set_decoded_bytes(stats.decoded_bytes() + bytes.size());
    size_t alone = bytes.size();
    if (compressed) {
      buffer_.resize(Compressor::Bound(bytes.size()));
      const absl::StatusOr<size_t> size =
          compressor_.Compress(bytes, 1, &buffer_[0], buffer_.size());
      if (size.ok()) alone = std::min(alone, *size);
    }
    stats.set_stored_alone_bytes(stats.stored_alone_bytes() + alone);
  }

  const SchemaModel* const schema_;
  const bool largest_record_;
  google::protobuf::DynamicMessageFactory factory_;
  // By field number; 0 is the root chunk.
  std::map<uint32_t, Section> sections_;
  Compressor compressor_;
  std::string buffer_;
};

void PrintText(const StateStats& stats) {
  absl::PrintF(
      "%d bytes: %d of header, %d of %d chunks (%d before compression)\n"
      "%d records\n",
      stats.stream_bytes(), stats.header_bytes(), stats.stored_bytes(),
      stats.chunks(), stats.decoded_bytes(), stats.records());
  for (int i = 0; i < stats.rounds_size(); ++i) {
    const RoundStats& round = stats.rounds(i);
    absl::PrintF("round %d: %d chunks, %d records written, %d deleted\n", i + 1,
                 round.chunks(), round.written(), round.deleted());
  }
  absl::PrintF("\n%-40s %12s %12s %12s\n", "", "records", "bytes", "stored");
  for (const SectionStats& section : stats.sections()) {
    absl::PrintF("%-40s %12d %12d %12d\n",
                 section.name().empty() ? "(root)" : section.name(),
                 section.records(), section.decoded_bytes(),
                 section.stored_bytes());
    for (const ColumnStats& column : section.columns()) {
      absl::PrintF("  %-38s %12s %12d %12d\n", column.path(), "",
                   column.decoded_bytes(), column.stored_alone_bytes());
    }
    absl::PrintF("  largest chunk %d bytes", section.largest_chunk_bytes());
    if (section.largest_record_bytes() != 0) {
      absl::PrintF(", largest record %d bytes as a message",
                   section.largest_record_bytes());
    }
    absl::PrintF("\n");
  }
}

absl::Status Run(const StatsFlags& flags, PortableInput& input) {
  DS_RETURN_IF_ERROR(NamesItsPlace(
      CheckStandardInput({flags.input.file, flags.schema.schema})));
  DS_ASSIGN_OR_RETURN(std::shared_ptr<ByteSource> stream,
                      input.OpenStreamLast());
  const std::shared_ptr<ByteSource> source =
      WithProgress(std::move(stream), "reading", input.size());
  StreamReader reader(source.get(), Limits(), Rounds::kTake);
  DS_ASSIGN_OR_RETURN(const StreamHeader* header, reader.ReadHeader());
  const uint64_t header_bytes = reader.offset();
  const absl::StatusOr<LoadedSchema> schema = flags.schema.LoadFor(*header);
  if (!schema.ok() &&
      !(flags.schema.schema.empty() && absl::IsNotFound(schema.status()))) {
    return schema.status();
  }
  Collector collector(schema.ok() ? &schema->model() : nullptr,
                      flags.largest_record);
  while (true) {
    DS_ASSIGN_OR_RETURN(const absl::optional<Chunk> chunk, reader.NextChunk());
    if (!chunk.has_value()) break;
    DS_RETURN_IF_ERROR(
        collector.Add(*chunk, reader.chunk_header(), reader.limits()));
  }
  const StateStats stats = collector.Take(reader, header_bytes);
  if (flags.format == "text") {
    PrintText(stats);
    return absl::OkStatus();
  }
  if (flags.format == "html") {
    absl::PrintF("%s", StatsPage(input.name(), stats));
    return absl::OkStatus();
  }
  JsonStyle style;
  style.indented = true;
  DS_ASSIGN_OR_RETURN(const std::string json, JsonText(stats, style));
  absl::PrintF("%s", json);
  return absl::OkStatus();
}

void Define(Command& verb) {
  auto flags = std::make_shared<StatsFlags>();
  flags->input.AddTo(verb);
  verb.AddOption("--format", &flags->format, "text, json or html")
      .OneOf({"text", "json", "html"})
      .ShowDefault();
  verb.AddFlag("--largest-record", &flags->largest_record,
               "Say how large the largest record is: every one is decoded, "
               "which takes about a microsecond each");
  flags->schema.AddTo(verb);
  verb.footer =
      "What a column takes when stored is an estimate where chunks are\n"
      "compressed: each chunk's part of it, compressed alone by zstd 1. "
      "Memory\n"
      "is for a chunk. Without a schema, fields are numbers. The numbers of a\n"
      "foreign state are those of its portable form.\n" +
      ExitCodesText({{kExitOk, "whole"},
                     {kExitRefused, "of a newer format or schema"},
                     {kExitUsageOrIo},
                     {kExitDamaged}}) +
      "Example: devstate stats fs0.dstate";
  verb.run = [flags] {
    return WithPortableInput(flags->input, [&flags](PortableInput& input) {
      return Run(*flags, input);
    });
  };
}

const VerbRegistration kRegistration("stats",
                                     "Show where the bytes of a stream go",
                                     Define);

}  // namespace
}  // namespace devstate
