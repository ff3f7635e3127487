// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// What a process that is killed leaves, at every length and with every torn
// byte, and what is made of it.

#include "devstate/recovery/state_store.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "devstate/recovery/journal_source.h"
#include "devstate/schema/schema_facts.h"
#include "devstate/schema/schema_loader.h"
#include "devstate/serializer/dynamic/state_reader.h"
#include "devstate/serializer/dynamic/state_writer.h"
#include "devstate/serializer/test_streams.h"
#include "devstate/third_party/absl_compat/status_macros.h"
#include "devstate/third_party/absl_compat/status_matchers.h"
#include "gmock/gmock.h"
#include "google/protobuf/dynamic_message.h"
#include "gtest/gtest.h"

namespace devstate {
namespace {

namespace fs = std::filesystem;

using ::devstate::testing::IsOk;
using ::devstate::testing::StatusIs;
using ::devstate::testing::StringSink;
using ::devstate::testing::StringSource;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kSchema[] = R"(
  syntax = "proto3";
  package t;
  import "devstate/options.proto";
  message S {
    option (devstate.message) = { schema: "t" version: 1 device: "d" };
    uint64 clock = 1;
    repeated Entry entries = 2 [(devstate.field).unique_by = "id"];
  }
  message Entry { uint64 id = 1; uint64 value = 2; }
)";

// A device's state: its clock, and the value of each entry.
struct State {
  uint64_t clock = 0;
  std::map<uint64_t, uint64_t> entries;
  bool operator==(const State& other) const {
    return clock == other.clock && entries == other.entries;
  }
};

// The schema of such states.
class Codec {
 public:
  Codec()
      : schema_(*ParseSchema("t.proto", kSchema, SchemaLoadOptions())),
        facts_(schema_.root()),
        entries_(*schema_.root().FindFieldByNumber(2)) {}

  std::unique_ptr<DynamicStateWriter> Writer(ByteSink* sink,
                                             const Limits& limits = {}) const {
    WriterOptions options;
    options.limits = limits;
    options.compression = Compression::Raw();
    options.use_second_thread = false;
    return std::make_unique<DynamicStateWriter>(sink, schema_.model(),
                                                facts_.info(), options);
  }
  std::unique_ptr<Message> Root(uint64_t clock) {
    std::unique_ptr<Message> root(
        factory_.GetPrototype(&schema_.root())->New());
    root->GetReflection()->SetUInt64(
        root.get(), schema_.root().FindFieldByNumber(1), clock);
    return root;
  }
  std::unique_ptr<Message> Entry(uint64_t id, uint64_t value) {
    const auto* type = entries_.message_type();
    std::unique_ptr<Message> entry(factory_.GetPrototype(type)->New());
    entry->GetReflection()->SetUInt64(entry.get(), type->FindFieldByNumber(1),
                                      id);
    entry->GetReflection()->SetUInt64(entry.get(), type->FindFieldByNumber(2),
                                      value);
    return entry;
  }
  absl::Status AddAll(const State& state, DynamicStateWriter& writer) {
    for (const auto& [id, value] : state.entries) {
      DS_RETURN_IF_ERROR(writer.Add(entries_, *Entry(id, value)));
    }
    return absl::OkStatus();
  }
  absl::Status WriteWhole(const State& state, ByteSink& sink) {
    const auto writer = Writer(&sink);
    DS_RETURN_IF_ERROR(writer->Begin(*Root(state.clock)));
    DS_RETURN_IF_ERROR(AddAll(state, *writer));
    return writer->Finish();
  }
  // Writes a round of a journal, from `before` to `after`; the first from null.
  absl::Status WriteRound(const State* before, const State& after,
                          DynamicStateWriter& writer) {
    DS_RETURN_IF_ERROR(writer.BeginRound(*Root(after.clock)));
    if (before == nullptr) {
      DS_RETURN_IF_ERROR(AddAll(after, writer));
      return writer.EndRound();
    }
    for (const auto& [id, value] : before->entries) {
      if (after.entries.count(id) != 0) continue;
      DS_RETURN_IF_ERROR(writer.Delete(entries_, *Entry(id, 0)));
    }
    for (const auto& [id, value] : after.entries) {
      const auto found = before->entries.find(id);
      if (found != before->entries.end() && found->second == value) continue;
      DS_RETURN_IF_ERROR(writer.Add(entries_, *Entry(id, value)));
    }
    return writer.EndRound();
  }
  absl::Status Read(ByteSource& source, State* state) {
    struct Visitor : DynamicStateVisitor {
      explicit Visitor(State* state) : state(*state) {}
      absl::Status OnRoot(const Message& root) override {
        state.clock = root.GetReflection()->GetUInt64(
            root, root.GetDescriptor()->FindFieldByNumber(1));
        return absl::OkStatus();
      }
      absl::Status OnBatch(const FieldDescriptor& field,
                           Records& records) override {
        const auto* type = field.message_type();
        for (const auto& record : records) {
          const auto* reflection = record->GetReflection();
          state.entries[reflection->GetUInt64(*record,
                                              type->FindFieldByNumber(1))] =
              reflection->GetUInt64(*record, type->FindFieldByNumber(2));
        }
        return absl::OkStatus();
      }
      State& state;
    };
    *state = {};
    Visitor visitor(state);
    DynamicStateReader reader(&source, StateStoreOptions::ForJournals());
    return reader.Read(schema_.model(), visitor);
  }

 private:
  const LoadedSchema schema_;
  const SchemaFacts facts_;
  const FieldDescriptor& entries_;
  google::protobuf::DynamicMessageFactory factory_;
};

class StateStoreTest : public ::testing::TestWithParam<JournalWay> {
 protected:
  StateStoreTest()
      : folder_(fs::path(::testing::TempDir()) /
                absl::StrCat("state_store_", getpid(), "_", folders_++)) {
    fs::create_directories(folder_);
  }
  ~StateStoreTest() override { fs::remove_all(folder_); }

  std::unique_ptr<StateStore> Open(const fs::path& folder) {
    StateStoreOptions options;
    options.directory = folder.string();
    options.way = GetParam();
    options.max_bytes = 4 * 1024 * 1024;
    auto store = StateStore::Open(options);
    EXPECT_THAT(store, IsOk());
    return std::move(*store);
  }
  std::unique_ptr<StateStore> Open() { return Open(folder_); }
  // Loads from the store, if there is something to load.
  Recovery Load(StateStore& store, State* state) {
    auto recovery = store.Load(
        [&](ByteSource& source) { return codec_.Read(source, state); });
    EXPECT_THAT(recovery, IsOk());
    return *recovery;
  }
  void Put(StateStore& store, const State& state) {
    ASSERT_THAT(store.Put([&](ByteSink& sink) {
      return codec_.WriteWhole(state, sink);
    }),
                IsOk());
  }
  static std::string Bytes(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
  }
  static void SetBytes(const fs::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
  }

  static int folders_;
  const fs::path folder_;
  Codec codec_;
};
int StateStoreTest::folders_ = 0;

INSTANTIATE_TEST_SUITE_P(Ways, StateStoreTest,
                         ::testing::Values(JournalWay::kAppend,
                                           JournalWay::kMap));

TEST_P(StateStoreTest, AnEmptyStoreHasNothingToLoad) {
  State state;
  const Recovery recovery = Load(*Open(), &state);
  EXPECT_EQ(recovery.generation, 0);
  EXPECT_TRUE(recovery.log.empty());
}

TEST_P(StateStoreTest, TheNewestOfTwoGenerationsWins) {
  for (uint64_t clock = 1; clock <= 4; ++clock) {
    Put(*Open(), {clock, {{clock, 1}}});
  }
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(folder_)) {
    names.push_back(file.path().filename());
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("state.3.dstate",
                                                     "state.4.dstate"));
  State state;
  const Recovery recovery = Load(*Open(), &state);
  EXPECT_EQ(recovery.generation, 4);
  EXPECT_THAT(recovery.log, ElementsAre("state.4.dstate: loaded"));
  EXPECT_EQ(state, (State{4, {{4, 1}}}));
}

TEST_P(StateStoreTest, ADamagedGenerationFallsBackToTheOneBefore) {
  Put(*Open(), {1, {}});
  Put(*Open(), {2, {}});
  const fs::path newest = folder_ / "state.2.dstate";
  std::string bytes = Bytes(newest);
  bytes[bytes.size() / 2] ^= 1;
  SetBytes(newest, bytes);
  State state;
  const Recovery recovery = Load(*Open(), &state);
  EXPECT_EQ(recovery.generation, 1);
  EXPECT_EQ(state.clock, 1);
  EXPECT_THAT(recovery.log, ElementsAre(HasSubstr("not loaded: offset 0x"),
                                        HasSubstr("state.1.dstate: loaded")));
}

TEST_P(StateStoreTest, TheGenerationThatWasLoadedOutlivesADamagedNewerOne) {
  Put(*Open(), {1, {}});
  Put(*Open(), {2, {}});
  SetBytes(folder_ / "state.2.dstate", "damaged");
  State state;
  {
    const auto store = Open();
    ASSERT_EQ(Load(*store, &state).generation, 1);
    Put(*store, {3, {}});
  }
  SetBytes(folder_ / "state.3.dstate", "damaged");
  EXPECT_EQ(Load(*Open(), &state).generation, 1);
}

TEST_P(StateStoreTest, NoGenerationFollowsTheLastNumber) {
  Put(*Open(), {1, {}});
  fs::rename(folder_ / "state.1.dstate",
             folder_ / "state.18446744073709551615.dstate");
  const auto store = Open();
  EXPECT_THAT(store->Begin().status(),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("state.18446744073709551615.dstate")));
  State state;
  EXPECT_EQ(Load(*store, &state).generation, UINT64_MAX);
}

TEST_P(StateStoreTest, AWholeStateMayBeginAsAJournal) {
  const auto store = Open();
  const auto sink = store->Begin();
  ASSERT_THAT(sink, IsOk());
  ASSERT_THAT(codec_.WriteWhole({1, {{1, 2}}}, **sink), IsOk());
  ASSERT_THAT(store->Publish(), IsOk());
  // The process may be killed before the sink gives its room back.
  State state;
  EXPECT_THAT(Load(*store, &state).log, ElementsAre("state.1.dstate: loaded"));
  EXPECT_EQ(state, (State{1, {{1, 2}}}));
}

TEST_P(StateStoreTest, ARefusedGenerationFallsBackToTheOneBefore) {
  Put(*Open(), {1, {}});
  Put(*Open(), {2, {}});
  State state;
  const auto recovery = Open()->Load([&](ByteSource& source) -> absl::Status {
    DS_RETURN_IF_ERROR(codec_.Read(source, &state));
    if (state.clock == 2) return absl::FailedPreconditionError("not this one");
    return absl::OkStatus();
  });
  ASSERT_THAT(recovery, IsOk());
  EXPECT_EQ(recovery->generation, 1);
  EXPECT_THAT(recovery->log,
              ElementsAre("state.2.dstate: not loaded: not this one",
                          "state.1.dstate: loaded"));
}

TEST_P(StateStoreTest, WhatIsNotPublishedIsNothing) {
  Put(*Open(), {1, {}});
  {
    const auto store = Open();
    const auto sink = store->Begin();
    ASSERT_THAT(sink, IsOk());
    ASSERT_THAT(codec_.WriteWhole({2, {}}, **sink), IsOk());
  }
  State state;
  EXPECT_EQ(Load(*Open(), &state).generation, 1);
  EXPECT_THAT(Open()->Publish(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_P(StateStoreTest, OneProcessHasAFolder) {
  const auto store = Open();
  StateStoreOptions options;
  options.directory = folder_.string();
  EXPECT_THAT(StateStore::Open(options).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("a folder of its own")));
}

TEST_P(StateStoreTest, AFullJournalAsksForANewGeneration) {
  StateStoreOptions options;
  options.directory = folder_.string();
  options.way = GetParam();
  options.max_bytes = 100;
  const auto store = StateStore::Open(options);
  ASSERT_THAT(store, IsOk());
  const auto sink = (*store)->Begin();
  ASSERT_THAT(sink, IsOk());
  EXPECT_THAT((*sink)->Write(std::string(100, 'x')), IsOk());
  EXPECT_THAT((*sink)->Write("x"),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("start a new generation")));
}

// A folder with generation 1, whole, and a journal of some rounds after it, as
// a process that is killed leaves them. Returns the states after each round.
std::vector<State> Rounds() {
  return {{10, {{1, 1}, {2, 2}}},
          {11, {{1, 1}, {2, 3}}},
          {12, {{2, 3}, {4, 4}}},
          {13, {}},
          {14, {{9, 9}}}};
}

TEST_P(StateStoreTest, AJournalCutAnywhereIsItsCompleteRounds) {
  const std::vector<State> states = Rounds();
  const auto store = Open();
  Put(*store, {1, {}});
  const auto sink = store->Begin();
  ASSERT_THAT(sink, IsOk());
  const auto writer = codec_.Writer(*sink);
  std::vector<uint64_t> ends;
  for (size_t i = 0; i < states.size(); ++i) {
    ASSERT_THAT(codec_.WriteRound(i == 0 ? nullptr : &states[i - 1], states[i],
                                  *writer),
                IsOk());
    ends.push_back((*sink)->size());
    if (i == 0) {
      ASSERT_THAT(store->Publish(), IsOk());
    }
  }
  // What is there while the process still runs is what a kill leaves.
  std::string bytes = Bytes(folder_ / "state.2.dstate");
  ASSERT_GE(bytes.size(), ends.back());
  bytes.resize(ends.back());
  const fs::path copy = folder_ / "copy";
  fs::create_directories(copy);
  const auto check = [&](const std::string& left, uint64_t whole,
                         const std::string& what) {
    fs::copy_file(folder_ / "state.1.dstate", copy / "state.1.dstate",
                  fs::copy_options::overwrite_existing);
    SetBytes(copy / "state.2.dstate", left);
    State state;
    const Recovery recovery = Load(*Open(copy), &state);
    size_t rounds = 0;
    while (rounds < ends.size() && ends[rounds] <= whole) ++rounds;
    ASSERT_EQ(recovery.generation, rounds == 0 ? 1 : 2) << what;
    ASSERT_EQ(state, rounds == 0 ? (State{1, {}}) : states[rounds - 1])
        << what;
  };
  for (uint64_t size = 1; size <= bytes.size(); ++size) {
    if (GetParam() == JournalWay::kAppend) {
      check(bytes.substr(0, size), size, absl::StrCat("cut at ", size));
      continue;
    }
    // A mapped journal has zeros there.
    check(bytes.substr(0, size) + std::string(100, '\0'),
          bytes.find_first_not_of('\0', size) == std::string::npos
              ? bytes.size()
              : bytes.find_first_not_of('\0', size),
          absl::StrCat("zeros from ", size));
  }
  // Stores in any order: each byte of the last round may be missing.
  for (uint64_t at = ends[3]; at < bytes.size(); ++at) {
    if (bytes[at] == '\0') continue;
    std::string torn = bytes;
    torn[at] = '\0';
    check(torn, ends[3], absl::StrCat("torn at ", at));
  }
}

// Histories of generations, rounds and crashes, against a model.
TEST_P(StateStoreTest, RandomHistoriesLoadWhatWasCompleteAtTheCrash) {
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](uint32_t n) { return random() % n; };
    const fs::path folder = folder_ / absl::StrCat(seed);
    fs::create_directories(folder);
    State state;
    uint64_t generation = 0;
    for (uint32_t lives = 1 + below(4); lives != 0; --lives) {
      auto store = Open(folder);
      State loaded;
      ASSERT_EQ(Load(*store, &loaded).generation, generation);
      ASSERT_EQ(loaded, state) << "seed " << seed;
      std::unique_ptr<DynamicStateWriter> writer;
      for (uint32_t step = below(8); step != 0; --step) {
        const State before = state;
        ++state.clock;
        for (uint32_t i = below(4); i != 0; --i) {
          state.entries[below(6)] = below(100);
        }
        if (below(3) == 0) state.entries.erase(below(6));
        if (writer != nullptr && below(4) != 0) {
          ASSERT_THAT(codec_.WriteRound(&before, state, *writer), IsOk());
          continue;
        }
        writer = nullptr;
        ++generation;
        if (below(2) == 0) {
          Put(*store, state);
          continue;
        }
        const auto sink = store->Begin();
        ASSERT_THAT(sink, IsOk());
        writer = codec_.Writer(*sink);
        ASSERT_THAT(codec_.WriteRound(nullptr, state, *writer), IsOk());
        ASSERT_THAT(store->Publish(), IsOk());
      }
      // The crash: a round that began, and a generation that did.
      if (writer != nullptr && below(2) == 0) {
        ASSERT_THAT(writer->BeginRound(*codec_.Root(99)), IsOk());
      } else if (below(2) == 0) {
        writer = nullptr;
        const auto sink = store->Begin();
        ASSERT_THAT(sink, IsOk());
        ASSERT_THAT((*sink)->Write("half a generation"), IsOk());
      }
    }
  }
}

// A process that writes rounds says so after each, and is killed.
TEST_P(StateStoreTest, SigkillLosesNoRoundThatWasWritten) {
  for (int kill_after = 1; kill_after <= 20; ++kill_after) {
    int pipe_fds[2];
    ASSERT_EQ(::pipe(pipe_fds), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store = Open();
      State state;
      Load(*store, &state);
      const auto sink = store->Begin();
      if (!sink.ok()) _exit(1);
      const auto writer = codec_.Writer(*sink);
      for (bool first = true; true; first = false) {
        const State before = state;
        ++state.clock;
        state.entries[state.clock % 5] = state.clock;
        const State* const old = first ? nullptr : &before;
        if (!codec_.WriteRound(old, state, *writer).ok() ||
            (first && !store->Publish().ok()) ||
            ::write(pipe_fds[1], &state.clock, sizeof(state.clock)) !=
                sizeof(state.clock)) {
          _exit(1);
        }
      }
    }
    ::close(pipe_fds[1]);
    uint64_t said = 0;
    for (int i = 0; i < kill_after; ++i) {
      ASSERT_EQ(::read(pipe_fds[0], &said, sizeof(said)),
                static_cast<ssize_t>(sizeof(said)));
    }
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    while (::read(pipe_fds[0], &said, sizeof(said)) ==
           static_cast<ssize_t>(sizeof(said))) {
    }
    ::close(pipe_fds[0]);
    State state;
    const Recovery recovery = Load(*Open(), &state);
    ASSERT_NE(recovery.generation, 0);
    // One round more may be complete and not said.
    EXPECT_GE(state.clock, said);
    EXPECT_LE(state.clock, said + 1);
    EXPECT_EQ(state.entries[state.clock % 5], state.clock);
  }
}

absl::StatusOr<std::unique_ptr<JournalSource>> SourceOf(
    const std::string& journal, const Limits& limits = {}) {
  return JournalSource::Create(
      [&journal] {
        return absl::StatusOr<std::unique_ptr<ByteSource>>(
            std::make_unique<StringSource>(journal));
      },
      limits);
}

TEST(JournalSourceTest, AsManyRoundsAsAreWrittenAreRead) {
  const Limits limits = StateStoreOptions::ForJournals();
  Codec codec;
  StringSink sink;
  const auto writer = codec.Writer(&sink, limits);
  const auto root = codec.Root(7);
  for (uint32_t round = 1; round <= limits.max_rounds; ++round) {
    ASSERT_THAT(writer->BeginRound(*root), IsOk());
    ASSERT_THAT(writer->EndRound(), IsOk());
  }
  const std::string journal = sink.written;
  EXPECT_THAT(writer->BeginRound(*root),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("start a new generation")));
  const auto source = SourceOf(journal, limits);
  ASSERT_THAT(source, IsOk());
  EXPECT_EQ((*source)->rounds(), limits.max_rounds);
  State state;
  EXPECT_THAT(codec.Read(**source, &state), IsOk());
  EXPECT_EQ(state.clock, 7);
}

TEST(JournalSourceTest, OnlyZerosMayFollowATrailer) {
  Codec codec;
  StringSink sink;
  ASSERT_THAT(codec.WriteWhole({1, {}}, sink), IsOk());
  const std::string room = sink.written + std::string(10000, '\0');
  EXPECT_THAT(SourceOf(room), IsOk());
  EXPECT_THAT(SourceOf(room + "x").status(),
              StatusIs(absl::StatusCode::kDataLoss,
                       HasSubstr("bytes follow the trailer")));
}

TEST(JournalSourceTest, RandomCrashesLeaveAPrefixOfTheRounds) {
  Codec codec;
  for (uint32_t seed = 1; seed <= 10000; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](uint32_t n) { return random() % n; };
    StringSink sink;
    const auto writer = codec.Writer(&sink);
    std::vector<State> states;
    std::vector<size_t> ends;
    for (uint32_t round = 1 + below(5); round != 0; --round) {
      State state = states.empty() ? State() : states.back();
      ++state.clock;
      for (uint32_t i = below(4); i != 0; --i) {
        state.entries[below(8)] = below(1000);
      }
      if (below(3) == 0) state.entries.erase(below(8));
      ASSERT_THAT(
          codec.WriteRound(states.empty() ? nullptr : &states.back(), state,
                           *writer),
          IsOk());
      states.push_back(state);
      ends.push_back(sink.written.size());
    }
    // Bytes from here on did not reach the file, or others are in their place.
    std::string left = sink.written;
    const size_t cut = below(static_cast<uint32_t>(left.size()) + 1);
    size_t rounds = 0;
    while (rounds < ends.size() && ends[rounds] <= cut) ++rounds;
    left.resize(cut);
    if (below(2) == 0) left += testing::Noise(below(200), seed);
    const auto source = SourceOf(left);
    if (rounds == 0) {
      ASSERT_FALSE(source.ok()) << "seed " << seed;
      continue;
    }
    ASSERT_THAT(source, IsOk()) << "seed " << seed;
    State state;
    ASSERT_THAT(codec.Read(**source, &state), IsOk()) << "seed " << seed;
    ASSERT_EQ(state, states[rounds - 1]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace devstate
