// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/compare_marks.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate {
namespace {

// More parts would not help: then most marks have the same key.
constexpr uint64_t kMaxParts = 4096;

uint64_t PositionOf(const MarkedRecord& record) { return record.position; }

uint64_t PositionOf(const MarkDifferences::Change& change) {
  return change.before.position;
}

// Keeps the smallest of the values that it is given, by their position.
template <typename Value>
class FirstOnes {
 public:
  explicit FirstOnes(size_t limit) : limit_(limit) {}

  void Add(Value value) {
    values_.push_back(value);
    // Not as 2 * limit_, which may be too large a number.
    if (values_.size() >= 1024 && values_.size() / 2 >= limit_) Trim();
  }
  std::vector<Value> Take() {
    Trim();
    return std::move(values_);
  }

 private:
  void Trim() {
    std::sort(values_.begin(), values_.end(),
              [](const Value& a, const Value& b) {
                return PositionOf(a) < PositionOf(b);
              });
    if (values_.size() > limit_) values_.resize(limit_);
  }

  const size_t limit_;
  std::vector<Value> values_;
};

// Compares the marks of one part of all keys after the other.
class Comparison {
 public:
  Comparison(size_t limit, size_t max_marks)
      : max_marks_(max_marks),
        added_(limit),
        removed_(limit),
        changed_(limit) {}

  absl::StatusOr<MarkDifferences> Run(const MarkSource& a,
                                      const MarkSource& b) {
    for (part_ = 0; part_ < parts_; ++part_) {
      DS_RETURN_IF_ERROR(Collect(a, a_));
      DS_RETURN_IF_ERROR(Collect(b, b_));
      ComparePart();
      a_.clear();
      b_.clear();
    }
    result_.first_added = added_.Take();
    result_.first_removed = removed_.Take();
    result_.first_changed = changed_.Take();
    return std::move(result_);
  }

 private:
  using Marks = std::vector<RecordMark>;

  absl::Status Collect(const MarkSource& source, Marks& marks) {
    return source([&](const RecordMark& mark) {
      if (!IsOfPart(mark)) return;
      marks.push_back(mark);
      // Only while the first part is collected is nothing compared yet.
      while (part_ == 0 && parts_ < kMaxParts &&
             a_.size() + b_.size() > max_marks_) {
        parts_ *= 2;
        for (Marks* all : {&a_, &b_}) {
          all->erase(std::remove_if(all->begin(), all->end(),
                                    [this](const RecordMark& other) {
                                      return !IsOfPart(other);
                                    }),
                     all->end());
        }
      }
    });
  }

  bool IsOfPart(const RecordMark& mark) const {
    return mark.key % parts_ == part_;
  }

  void ComparePart() {
    for (Marks* marks : {&a_, &b_}) {
      std::sort(marks->begin(), marks->end(),
                [](const RecordMark& x, const RecordMark& y) {
                  return std::tie(x.key, x.position) <
                         std::tie(y.key, y.position);
                });
    }
    size_t a = 0;
    size_t b = 0;
    while (a < a_.size() || b < b_.size()) {
      if (b == b_.size() || (a < a_.size() && a_[a].key < b_[b].key)) {
        ++result_.removed;
        removed_.Add(RecordAt(a_, a++));
      } else if (a == a_.size() || b_[b].key < a_[a].key) {
        ++result_.added;
        added_.Add(RecordAt(b_, b++));
      } else {
        if (a_[a].content != b_[b].content) {
          ++result_.changed;
          changed_.Add({RecordAt(a_, a), b_[b].position});
        }
        ++a;
        ++b;
      }
    }
  }

  static MarkedRecord RecordAt(const Marks& marks, size_t i) {
    return {marks[i].position, i > 0 && marks[i - 1].key == marks[i].key};
  }

  const size_t max_marks_;
  uint64_t parts_ = 1;
  uint64_t part_ = 0;
  Marks a_;
  Marks b_;
  MarkDifferences result_;
  FirstOnes<MarkedRecord> added_;
  FirstOnes<MarkedRecord> removed_;
  FirstOnes<MarkDifferences::Change> changed_;
};

}  // namespace

absl::StatusOr<MarkDifferences> CompareMarks(const MarkSource& a,
                                             const MarkSource& b, size_t limit,
                                             size_t max_marks) {
  return Comparison(limit, max_marks).Run(a, b);
}

}  // namespace devstate
