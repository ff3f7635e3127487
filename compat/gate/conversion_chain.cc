// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The direct way is tried first. Other ways are searched only if it is refused
// and there are steps, because each hop costs a comparison of two schemas in
// the search and a conversion of each record on the load.

#include "devstate/compat/gate/conversion_chain.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "devstate/compat/diff.h"
#include "devstate/compat/gate/column_conversion.h"
#include "devstate/serializer/message_writer.h"

namespace devstate {

using ::google::protobuf::Descriptor;
using ::google::protobuf::Message;

struct ConversionChain::Hop {
  SchemaView from;
  SchemaView to;
  std::vector<const ConversionStep*> steps;
  std::unique_ptr<Mapping> mapping;
  DirectionVerdict verdict;
  std::unique_ptr<Converter> converter;
  std::unique_ptr<ColumnConverter> column_converter;

  bool HasStepFor(const FieldModel& record_field) const {
    return std::any_of(steps.begin(), steps.end(),
                       [&](const ConversionStep* step) {
                         return step->record_field == record_field.name;
                       });
  }
};

ConversionChain::ConversionChain(const SchemaView& writer,
                                 const SchemaView& reader,
                                 const SchemaArchive* archive,
                                 const StepTable* steps)
    : archive_(archive), steps_(steps) {
  if (archive_ != nullptr) {
    std::vector<const SchemaModel*> models;
    for (const LoadedSchema* schema :
         archive_->Versions(reader.model->schema())) {
      models.push_back(&schema->model());
    }
    lineage_ = std::make_unique<Lineage>(models, reader.model->schema());
  }
  FindWay(writer, reader);
  for (const std::unique_ptr<Hop>& hop : hops_) {
    findings_.insert(findings_.end(), hop->verdict.findings.begin(),
                     hop->verdict.findings.end());
  }
}

ConversionChain::~ConversionChain() = default;

std::unique_ptr<ConversionChain::Hop> ConversionChain::MakeHop(
    const SchemaView& from, const SchemaView& to) {
  auto hop = std::make_unique<Hop>();
  hop->from = from;
  hop->to = to;
  const SchemaModel& writer = *from.model;
  const SchemaModel& reader = *to.model;
  std::set<std::string> paths;
  if (steps_ != nullptr) {
    for (const ConversionStep& step : *steps_) {
      if (step.schema != writer.schema() || step.from != writer.version() ||
          step.to != reader.version()) {
        continue;
      }
      hop->steps.push_back(&step);
      paths.insert(step.paths.begin(), step.paths.end());
    }
  }
  hop->mapping = std::make_unique<Mapping>(
      PairByVersion(writer, reader, lineage_.get()), std::move(paths));
  hop->verdict = CompareSchemas(*hop->mapping);
  hop->converter = std::make_unique<Converter>(hop->mapping.get());
  hop->column_converter = std::make_unique<ColumnConverter>(hop->mapping.get());
  return hop;
}

void ConversionChain::FindWay(const SchemaView& writer,
                              const SchemaView& reader) {
  std::unique_ptr<Hop> direct = MakeHop(writer, reader);
  if (direct->verdict.level < VERDICT_LEVEL_REFUSED || archive_ == nullptr ||
      steps_ == nullptr || steps_->empty()) {
    hops_.push_back(std::move(direct));
    return;
  }
  // Breadth first over the known versions.
  std::vector<SchemaView> places = {writer};
  for (const LoadedSchema* schema :
       archive_->Versions(reader.model->schema())) {
    const uint32_t version = schema->model().version();
    if (version != writer.model->version() &&
        version != reader.model->version()) {
      places.push_back({&schema->root(), &schema->model()});
    }
  }
  places.push_back(reader);
  std::vector<size_t> previous(places.size(), places.size());
  std::deque<size_t> open = {0};
  previous[0] = 0;
  while (!open.empty() && previous.back() == places.size()) {
    const size_t here = open.front();
    open.pop_front();
    for (size_t next = 1; next < places.size(); ++next) {
      if (previous[next] != places.size() ||
          MakeHop(places[here], places[next])->verdict.level >=
              VERDICT_LEVEL_REFUSED) {
        continue;
      }
      previous[next] = here;
      open.push_back(next);
    }
  }
  if (previous.back() == places.size()) {
    hops_.push_back(std::move(direct));
    return;
  }
  for (size_t place = places.size() - 1; place != 0; place = previous[place]) {
    hops_.insert(hops_.begin(),
                 MakeHop(places[previous[place]], places[place]));
  }
}

std::vector<uint32_t> ConversionChain::versions() const {
  std::vector<uint32_t> versions = {hops_.front()->from.model->version()};
  for (const std::unique_ptr<Hop>& hop : hops_) {
    versions.push_back(hop->to.model->version());
  }
  return versions;
}

std::unique_ptr<Message> ConversionChain::RunHop(Hop& hop,
                                                 const FieldModel* field,
                                                 const Message& written,
                                                 StreamFindings* findings) {
  const Descriptor* type = hop.to.root;
  if (field != nullptr) {
    type = type->FindFieldByNumber(hop.converter->RecordField(*field)->number)
               ->message_type();
  }
  std::unique_ptr<Message> read(factory_.GetPrototype(type)->New());
  if (field == nullptr) {
    hop.converter->ConvertRoot(written, read.get(), findings);
  } else {
    hop.converter->ConvertRecord(*field, written, read.get(), findings);
  }
  const std::string name = field == nullptr ? "" : field->name;
  for (const ConversionStep* step : hop.steps) {
    if (step->record_field != name ||
        findings->level() >= VERDICT_LEVEL_REFUSED)
      continue;
    const absl::Status status = step->run(written, read.get());
    if (status.ok()) continue;
    findings->Add(rules::kStepRefused, VERDICT_LEVEL_REFUSED,
                  step->paths.empty() ? name : step->paths.front(),
                  absl::StrCat("version ", step->from),
                  absl::StrCat("version ", step->to),
                  std::string(status.message()));
  }
  return read;
}

std::unique_ptr<Message> ConversionChain::ConvertRoot(
    const Message& written, StreamFindings* findings) {
  std::unique_ptr<Message> read;
  for (const std::unique_ptr<Hop>& hop : hops_) {
    read = RunHop(*hop, nullptr, read == nullptr ? written : *read, findings);
  }
  return read;
}

const FieldModel* ConversionChain::RecordField(const FieldModel& written,
                                               StreamFindings* findings) {
  const FieldModel* field = &written;
  for (const std::unique_ptr<Hop>& hop : hops_) {
    const FieldModel* next = hop->converter->RecordField(*field);
    if (next == nullptr) {
      findings->SetRecord(field->name, 0);
      hop->converter->DropRecord(*field, findings);
      return nullptr;
    }
    field = next;
  }
  return field;
}

bool ConversionChain::PassesUnchanged(const FieldModel& written) {
  return hops_.size() == 1 && hops_.front()->steps.empty() &&
         hops_.front()->converter->PassesUnchanged(written);
}

bool ConversionChain::ConvertColumns(const FieldModel& written,
                                     const Chunk& batch, uint64_t first,
                                     const Limits& limits, ByteBuffer* out,
                                     StreamFindings* findings) {
  std::vector<DroppedColumn> dropped;
  const FieldModel* field = &written;
  Chunk current = batch;
  for (const std::unique_ptr<Hop>& hop : hops_) {
    if (hop->HasStepFor(*field)) return false;
    // What the hop before made lies in `*out`, and has to stay for now.
    std::swap(*out, between_);
    out->clear();
    MessageWriter writer(out);
    if (!hop->column_converter->Convert(*field, current, limits, &writer,
                                        &dropped)) {
      return false;
    }
    current.payload = out->view();
    field = hop->converter->RecordField(*field);
  }
  // In the order of the records, as each first finding tells its place.
  std::stable_sort(dropped.begin(), dropped.end(),
                   [](const DroppedColumn& a, const DroppedColumn& b) {
                     return a.record < b.record;
                   });
  for (DroppedColumn& column : dropped) {
    findings->SetRecord(written.name, first + column.record);
    findings->AddDropped(column.path, std::move(column.first), column.count);
  }
  return true;
}

std::unique_ptr<Message> ConversionChain::ConvertRecord(
    const FieldModel& written, const Message& record,
    StreamFindings* findings) {
  std::unique_ptr<Message> read;
  const FieldModel* field = &written;
  for (const std::unique_ptr<Hop>& hop : hops_) {
    read = RunHop(*hop, field, read == nullptr ? record : *read, findings);
    field = hop->converter->RecordField(*field);
  }
  return read;
}

}  // namespace devstate
