// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/json_tables.h"

#include <algorithm>
#include <array>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "google/protobuf/descriptor.h"

namespace devstate {
namespace {

constexpr size_t kPiece = size_t{256} << 10;

// Counts brackets outside of strings. protobuf also takes strings in
// apostrophes, which stand nowhere else in JSON.
class Nesting {
 public:
  int depth() const { return depth_; }
  bool in_string() const { return quote_ != '\0'; }

  void Take(char c) {
    if (in_string()) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == quote_) {
        quote_ = '\0';
      }
      return;
    }
    switch (c) {
      case '"':
      case '\'':
        quote_ = c;
        break;
      case '{':
      case '[':
        ++depth_;
        break;
      case '}':
      case ']':
        --depth_;
        break;
      default:
        break;
    }
  }

  // Takes bytes until the depth is `depth`. Returns how many: all, or up to the
  // bracket and with it.
  size_t TakeUntil(int depth, absl::string_view bytes) {
    size_t at = 0;
    while (true) {
      while (at < bytes.size() && !escaped_ && !Matters(bytes[at])) ++at;
      if (at == bytes.size()) return at;
      Take(bytes[at++]);
      if (depth_ == depth && !in_string()) return at;
    }
  }

 private:
  // Returns false for nearly all bytes that Take() would do nothing with.
  static bool Matters(char c) {
    static constexpr auto kMatters = [] {
      std::array<bool, 256> matters = {};
      for (const unsigned char c : {'"', '\'', '\\', '{', '[', '}', ']'}) {
        matters[c] = true;
      }
      return matters;
    }();
    return kMatters[static_cast<unsigned char>(c)];
  }

  int depth_ = 0;
  // What ends the string; 0 outside of one.
  char quote_ = '\0';
  bool escaped_ = false;
};

const FieldModel* FindTable(const SchemaModel& schema, absl::string_view key) {
  for (const FieldModel* field : schema.batches) {
    if (key == field->name || key == field->descriptor->json_name()) {
      return field;
    }
  }
  return nullptr;
}

// Takes a text piece by piece.
class OutlineBuilder {
 public:
  OutlineBuilder(const SchemaModel& schema, size_t max_rest,
                 JsonOutline* outline)
      : schema_(schema), max_rest_(max_rest), outline_(*outline) {}

  absl::Status Take(absl::string_view piece) {
    size_t at = 0;
    while (at < piece.size()) {
      if (outline_.rest.size() >= max_rest_) {
        return absl::ResourceExhaustedError(
            absl::StrCat("more than ", max_rest_,
                         " bytes besides records, which are read as a whole"));
      }
      if (in_table_) {
        at += nesting_.TakeUntil(1, piece.substr(at));
        if (nesting_.depth() != 1 || nesting_.in_string()) break;
        in_table_ = false;
        outline_.rest += ']';
      } else if (nesting_.depth() != 1) {
        // Neither a key of the root nor what stands between those.
        const size_t room = max_rest_ - outline_.rest.size();
        const size_t taken = nesting_.TakeUntil(1, piece.substr(at, room));
        outline_.rest.append(piece.data() + at, taken);
        at += taken;
        member_ = Member::kNothing;
      } else {
        TakeRest(piece[at], taken_ + at + 1);
        ++at;
      }
    }
    taken_ += piece.size();
    return absl::OkStatus();
  }

 private:
  // What was seen of a member of the root.
  enum class Member { kNothing, kKey, kColon };

  // `end` is where the byte ends in the text.
  void TakeRest(char c, uint64_t end) {
    const bool was_in_string = nesting_.in_string();
    nesting_.Take(c);
    outline_.rest += c;
    if (nesting_.in_string()) {
      if (!was_in_string) key_begin_ = outline_.rest.size() - 1;
      return;
    }
    if (was_in_string) {
      member_ = nesting_.depth() == 1 ? Member::kKey : Member::kNothing;
      key_end_ = outline_.rest.size();
    } else if (c == ':' && member_ == Member::kKey) {
      member_ = Member::kColon;
    } else if (!absl::ascii_isspace(static_cast<unsigned char>(c))) {
      if (c == '[' && member_ == Member::kColon) BeginTable(end);
      member_ = Member::kNothing;
    }
  }

  void BeginTable(uint64_t begin) {
    const auto key = absl::string_view(outline_.rest)
                         .substr(key_begin_, key_end_ - key_begin_);
    const FieldModel* field = FindTable(schema_, key.substr(1, key.size() - 2));
    if (field == nullptr) return;
    for (const JsonTable& table : outline_.tables) {
      // The parser of the rest sees both keys, and one array.
      if (table.field == field) return;
    }
    outline_.tables.push_back({field, std::string(key), begin});
    in_table_ = true;
  }

  const SchemaModel& schema_;
  const size_t max_rest_;
  JsonOutline& outline_;
  Nesting nesting_;
  bool in_table_ = false;
  Member member_ = Member::kNothing;
  // Of the last string, in the rest.
  size_t key_begin_ = 0;
  size_t key_end_ = 0;
  // How much of the text came in earlier pieces.
  uint64_t taken_ = 0;
};

}  // namespace

absl::StatusOr<JsonOutline> ReadJsonOutline(ByteSource& json,
                                            const SchemaModel& schema,
                                            size_t max_rest) {
  JsonOutline outline;
  // Doubled again and again, it has room for a power of two, and no more.
  outline.rest.reserve(kPiece);
  OutlineBuilder builder(schema, max_rest, &outline);
  std::string buffer(kPiece, '\0');
  while (true) {
    DS_ASSIGN_OR_RETURN(const size_t size,
                        json.Read(&buffer[0], buffer.size()));
    if (size == 0) return outline;
    DS_RETURN_IF_ERROR(builder.Take(absl::string_view(buffer).substr(0, size)));
  }
}

absl::StatusOr<bool> JsonRecords::ReadMore(size_t keep) {
  buffer_.erase(0, keep);
  buffer_begin_ += keep;
  at_ -= keep;
  const size_t old = buffer_.size();
  buffer_.resize(old + kPiece);
  const absl::StatusOr<size_t> size = json_->Read(&buffer_[old], kPiece);
  buffer_.resize(old + size.value_or(0));
  DS_RETURN_IF_ERROR(size.status());
  return *size != 0;
}

absl::StatusOr<std::optional<char>> JsonRecords::Peek() {
  while (true) {
    for (; at_ < buffer_.size(); ++at_) {
      const char c = buffer_[at_];
      if (!absl::ascii_isspace(static_cast<unsigned char>(c))) return c;
    }
    DS_ASSIGN_OR_RETURN(const bool more, ReadMore(at_));
    if (!more) return std::nullopt;
  }
}

absl::Status JsonRecords::Find(const JsonTable& table) {
  table_ = table.field->name;
  count_ = 0;
  while (position() < table.begin) {
    at_ += static_cast<size_t>(
        std::min<uint64_t>(table.begin - position(), buffer_.size() - at_));
    if (position() == table.begin) break;
    DS_ASSIGN_OR_RETURN(const bool more, ReadMore(at_));
    if (!more) return NotARecord();
  }
  return absl::OkStatus();
}

absl::Status JsonRecords::NotARecord() const {
  const std::string found =
      at_ < buffer_.size()
          ? absl::StrCat("\"",
                         absl::Utf8SafeCEscape(
                             absl::string_view(buffer_).substr(at_, 1)),
                         "\"")
          : "the end of the text";
  return absl::InvalidArgumentError(absl::StrCat(
      table_, "[", count_, "]: records are objects in braces, with commas ",
      "between them, and here is ", found));
}

absl::StatusOr<std::optional<absl::string_view>> JsonRecords::Next() {
  DS_ASSIGN_OR_RETURN(std::optional<char> next, Peek());
  if (next == ']') {
    ++at_;
    return std::nullopt;
  }
  if (count_ != 0) {
    if (next != ',') return NotARecord();
    ++at_;
    DS_ASSIGN_OR_RETURN(next, Peek());
  }
  if (next != '{') return NotARecord();
  size_t begin = at_;
  Nesting nesting;
  while (true) {
    at_ += nesting.TakeUntil(0, absl::string_view(buffer_).substr(at_));
    if (at_ - begin > max_record_) {
      return absl::ResourceExhaustedError(
          absl::StrCat(table_, "[", count_, "]: a record of more than ",
                       max_record_, " bytes, which is read as a whole"));
    }
    if (nesting.depth() == 0) break;
    DS_ASSIGN_OR_RETURN(const bool more, ReadMore(begin));
    begin = 0;
    if (!more) return NotARecord();
  }
  ++count_;
  return absl::string_view(buffer_).substr(begin, at_ - begin);
}

}  // namespace devstate
