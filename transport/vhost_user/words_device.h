// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// A device for tests whose state may travel in rounds.

#ifndef DEVSTATE_TRANSPORT_VHOST_USER_WORDS_DEVICE_H_
#define DEVSTATE_TRANSPORT_VHOST_USER_WORDS_DEVICE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "devstate/serializer/byte_stream.h"
#include "devstate/transport/vhost_user/device_state_handler.h"
#include "devstate/transport/vhost_user/transport_test_util.h"

namespace devstate::testing {

// A device whose state is a list of words. A round is the words since the one
// before, the end of a state a full stop.
class WordsDevice : public vhost_user::DeviceStateHandler {
 public:
  absl::Status Save(ByteSink& sink) override {
    breaches += static_cast<int>(staged_);
    return sink.Write(TextOf(words));
  }
  absl::StatusOr<uint64_t> SaveRound(ByteSink& sink, bool last) override {
    breaches += static_cast<int>(staged_);
    in_rounds = !last;
    ++rounds;
    if (on_save_round) on_save_round();
    std::string round;
    for (; sent_ < words.size(); ++sent_) round += words[sent_] + " ";
    absl::Status status = save_result;
    if (status.ok()) status = sink.Write(round + (last ? "." : "\n"));
    if (status.ok() && !last) return uint64_t{7};
    EndRounds();
    if (!status.ok()) return status;
    return uint64_t{0};
  }
  void EndRounds() override {
    in_rounds = false;
    sent_ = 0;
  }
  vhost_user::LoadResult Load(ByteSource& source) override {
    return LoadRounds(source, nullptr);
  }
  vhost_user::LoadResult LoadRounds(
      ByteSource& source,
      const std::function<void(uint32_t)>& on_round) override {
    breaches += static_cast<int>(staged_ || in_rounds);
    staged_ = true;
    staged_words_.clear();
    uint32_t round = 0;
    char c = 0;
    while (true) {
      const absl::StatusOr<size_t> got = source.Read(&c, 1);
      if (!got.ok()) return got.status();
      if (*got == 0) return absl::DataLossError("no full stop");
      if (c == '.') {
        whole_ = true;
        return absl::OkStatus();
      }
      if (c != '\n') {
        staged_words_ += c;
        continue;
      }
      if (before_prepared != nullptr) before_prepared->Wait();
      if (!load_result.ok()) return load_result;
      if (on_round) on_round(++round);
    }
  }
  vhost_user::LoadResult Commit() override {
    breaches += static_cast<int>(!staged_ || !whole_);
    words = absl::StrSplit(staged_words_, ' ', absl::SkipEmpty());
    ++commits;
    staged_ = whole_ = false;
    return absl::OkStatus();
  }
  void Discard() override {
    ++discards;
    staged_ = whole_ = false;
  }

  // Returns what Save() writes.
  static std::string TextOf(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += word + " ";
    return text + ".";
  }

  std::vector<std::string> words;
  absl::Status save_result;
  absl::Status load_result;
  std::function<void()> on_save_round;
  Gate* before_prepared = nullptr;  // passed for each round of a load
  std::atomic<bool> in_rounds{false};
  std::atomic<int> rounds{0};
  std::atomic<int> commits{0};
  std::atomic<int> discards{0};
  // Calls that DeviceStateHandler's order does not allow.
  std::atomic<int> breaches{0};

 private:
  size_t sent_ = 0;
  bool staged_ = false;
  bool whole_ = false;
  std::string staged_words_;
};

}  // namespace devstate::testing

#endif  // DEVSTATE_TRANSPORT_VHOST_USER_WORDS_DEVICE_H_
