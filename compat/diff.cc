// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "devstate/compat/diff.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace devstate {
namespace {

constexpr size_t kMaxDepth = 100;
constexpr size_t kMaxFindings = 10000;
// Paths can be as long as names and nesting let them.
constexpr size_t kMaxTextBytes = size_t{16} << 20;

// Walks the places of a mapping and keeps what applies. A pair of messages that
// has nothing to say is walked once.
class Differ {
 public:
  explicit Differ(const Mapping& mapping) : mapping_(mapping) {}

  std::vector<Finding> Run() {
    AddAll(mapping_.CompareRoots(), "");
    Walk(mapping_.RootPlace());
    return std::move(findings_);
  }

 private:
  using Key = std::tuple<const MessageModel*, const MessageModel*, bool>;

  void Walk(MessagePlace place) {
    const Key key(place.writer, place.reader, place.columns);
    // Parts of a message that the reader does not have differ by their paths.
    const bool spread = place.reader == nullptr;
    if (full_ || (!spread && (clean_.count(key) != 0 ||
                              std::find(open_.begin(), open_.end(), key) !=
                                  open_.end()))) {
      return;
    }
    if (open_.size() >= kMaxDepth) {
      Add({&rules::kNestingTooDeep, VERDICT_LEVEL_REFUSED, "", "",
           "messages are nested more than 100 deep: flatten them", "",
           place.path},
          "");
      return;
    }
    open_.push_back(key);
    const size_t before = findings_.size() + filled_;
    const std::unique_ptr<MessageMapping> message =
        mapping_.Map(std::move(place));
    for (const FieldMapping& field : message->fields) WalkField(field);
    for (const SourceMapping& source : message->sources) {
      // At another place of the message nothing fills it.
      filled_ += source.source == SourceMapping::kMove;
      if (!source.differences.empty()) {
        AddAll(source.differences, source.path());
      }
    }
    AddAll(message->differences, message->place.path);
    open_.pop_back();
    if (findings_.size() + filled_ == before) clean_.insert(key);
  }

  void WalkField(const FieldMapping& field) {
    if (full_) return;
    if (!field.differences.empty()) AddAll(field.differences, field.path());
    if (field.written->message == nullptr) return;
    switch (field.action) {
      case FieldMapping::kLeaveOut:
        // A step takes the whole of a singular field; of records, the fields
        // that it names.
        if (!field.records || field.read == nullptr) return;
        break;
      case FieldMapping::kCopy:
      case FieldMapping::kMove:
      case FieldMapping::kSpread:
        break;
      default:
        return;
    }
    Walk(Mapping::InnerPlace(field));
  }

  void AddAll(const std::vector<Difference>& differences,
              const std::string& path) {
    for (const Difference& difference : differences) Add(difference, path);
  }

  void Add(const Difference& difference, const std::string& path) {
    if (full_) return;
    if (findings_.size() > kMaxFindings || text_bytes_ > kMaxTextBytes) {
      full_ = true;
      findings_.push_back(MakeFinding(
          rules::kTooManyFindings, VERDICT_LEVEL_REFUSED, "", "", "",
          "more than 10000 differences, or 16 MiB of them: these are two "
          "schemas"));
      return;
    }
    findings_.push_back(MakeFinding(
        *difference.rule, difference.level,
        difference.path.empty() ? path : difference.path, difference.written,
        difference.read, difference.text, difference.condition));
    text_bytes_ += findings_.back().ByteSizeLong();
  }

  const Mapping& mapping_;
  std::vector<Finding> findings_;
  // What all findings say, together.
  size_t text_bytes_ = 0;
  // The pairs of messages that are being walked, outermost first.
  std::vector<Key> open_;
  // Fields that a move fills, which is no finding and holds for one place only.
  size_t filled_ = 0;
  // Pairs that are without any finding wherever they stand.
  std::set<Key> clean_;
  bool full_ = false;
};

}  // namespace

DirectionVerdict CompareSchemas(const Mapping& mapping) {
  const SchemaPair& pair = mapping.pair();
  DirectionVerdict verdict{pair.direction, VERDICT_LEVEL_IDENTICAL, {}};
  if (pair.writer->fingerprint == pair.reader->fingerprint) return verdict;
  verdict.findings = Differ(mapping).Run();
  SortFindings(&verdict.findings);
  verdict.level = WorstLevel(verdict.findings);
  return verdict;
}

DirectionVerdict CompareSchemas(const SchemaModel& older,
                                const SchemaModel& newer, Direction direction,
                                const Lineage* lineage) {
  const bool upgrade = direction == Direction::kUpgrade;
  return CompareSchemas(
      Mapping({upgrade ? &older : &newer, upgrade ? &newer : &older, direction,
               lineage}));
}

}  // namespace devstate
