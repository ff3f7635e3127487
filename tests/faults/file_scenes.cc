// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/faults/file_scenes.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "devstate/backend/load_report_file.h"
#include "devstate/third_party/absl_compat/status_macros.h"

namespace devstate::faults {
namespace {

using ::devstate::test::disk::DiskStateWriter;

absl::Status Put(StateStore& store, const Disk& disk) {
  return store.Put([&disk](ByteSink& sink) { return Write(disk, sink); });
}

// What a store gives.
struct Loaded {
  absl::Status status;
  Disk disk;
  std::string log;
};

Loaded Load(StateStore& store) {
  Loaded loaded;
  const auto recovery = store.Load([&loaded](ByteSource& source) {
    return Read(source, StateStoreOptions::ForJournals(), &loaded.disk);
  });
  loaded.status = recovery.status();
  if (recovery.ok()) loaded.log = absl::StrJoin(recovery->log, "\n");
  return loaded;
}

// A journal, round after round.
class Journal {
 public:
  absl::Status Begin(StateStore& store) {
    DS_ASSIGN_OR_RETURN(JournalSink * sink, store.Begin());
    WriterOptions options = DiskWriterOptions();
    options.limits = StateStoreOptions::ForJournals();
    options.use_second_thread = false;
    writer_.emplace(sink, options);
    return absl::OkStatus();
  }
  absl::Status Add(const Disk& before, const Disk& after) {
    return WriteRound(before, after, *writer_);
  }
  void End() { writer_.reset(); }

 private:
  std::optional<DiskStateWriter> writer_;
};

}  // namespace

std::string StoreScene::name() const {
  return way_ == JournalWay::kAppend ? "store, journal appended"
                                     : "store, journal mapped";
}

absl::StatusOr<std::unique_ptr<StateStore>> StoreScene::Open(
    const Folder& folder) const {
  StateStoreOptions options;
  options.directory = folder.path();
  options.way = way_;
  options.max_bytes = 4 << 20;
  return StateStore::Open(options);
}

Outcome StoreScene::Run(const Fault& fault) {
  // What the store holds after each step that goes well.
  const Disk oldest = MakeDisk(1, 8);
  const std::vector<Disk> disks = {MakeDisk(2, 8), MakeDisk(3, 8),
                                   MakeDisk(4, 8), MakeDisk(5, 10),
                                   MakeDisk(6, 12)};
  const Folder folder;
  {
    const auto store = Open(folder);
    if (!store.ok() || !Put(**store, oldest).ok() ||
        !Put(**store, disks[0]).ok()) {
      std::abort();
    }
  }
  Outcome out;
  const Holdings holdings;
  size_t held = 0;
  {
    Journal journal;
    std::unique_ptr<StateStore> store;
    const auto step = [&](const absl::Status& status) {
      out.Note(status);
      if (status.ok()) ++held;
      return status.ok();
    };
    Arm(fault);
    {
      const As as(Role::kAlone);
      auto opened = Open(folder);
      out.Note(opened.status());
      Loaded loaded;
      if (opened.ok()) {
        store = *std::move(opened);
        loaded = Load(*store);
        out.Note(loaded.status);
        // After its last byte every file is empty. What this process lacks is
        // no reason for another state.
        const bool other = fault.error == kLastByte
                               ? loaded.disk == oldest || loaded.disk == Disk()
                               : loaded.disk == oldest &&
                                     fault.error != EMFILE &&
                                     fault.error != ENOMEM;
        out.Expect(!loaded.status.ok() || loaded.disk == disks[0] ||
                       (other && Names(fault, loaded.log)),
                   absl::StrCat("an older state is loaded for a reason that is "
                                "told: ",
                                loaded.log));
      }
      out.ok = store != nullptr && loaded.status.ok() &&
               step(Put(*store, disks[1])) && step([&] {
                 DS_RETURN_IF_ERROR(journal.Begin(*store));
                 DS_RETURN_IF_ERROR(journal.Add(Disk(), disks[2]));
                 return store->Publish();
               }()) &&
               step(journal.Add(disks[2], disks[3])) &&
               step(journal.Add(disks[3], disks[4]));
    }
    Disarm();
    out.reached = Reached();
    journal.End();
    const auto holds = [&](const Disk& disk) {
      return disk == disks[held] ||
             (!out.ok && held + 1 < disks.size() && disk == disks[held + 1]);
    };
    if (store != nullptr) {
      const Loaded now = Load(*store);
      out.Expect(now.status.ok() && holds(now.disk),
                 absl::StrCat("the store holds what it has taken: ", now.log));
      if (!out.ok) out.Expect(Put(*store, disks[0]).ok(), "it goes on");
    }
    const bool put = store != nullptr && !out.ok;
    store = nullptr;
    const auto again = Open(folder);
    out.Expect(again.ok(), "it opens again");
    if (again.ok()) {
      const Loaded now = Load(**again);
      out.Expect(
          now.status.ok() && (put ? now.disk == disks[0] : holds(now.disk)),
          absl::StrCat("what was taken is there: ", now.log));
      out.Expect(Put(**again, disks[1]).ok() && Load(**again).disk == disks[1],
                 "the next one goes well");
    }
  }
  for (const std::string& name : folder.Names()) {
    out.Expect(absl::EndsWith(name, ".dstate"),
               absl::StrCat("no file is left over: ", name));
  }
  const std::string more = holdings.More();
  out.Expect(more.empty(), absl::StrCat("nothing is left open: ", more));
  return out;
}

Outcome ReportScene::Run(const Fault& fault) {
  const Folder folder;
  const std::string file = folder.File("report");
  const auto content = [&file] {
    std::ifstream in(file);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  if (!WriteLoadReport("old", file, -1).ok()) std::abort();
  const Holdings holdings;
  Outcome out;
  Arm(fault);
  {
    const As as(Role::kAlone);
    const absl::Status status = WriteLoadReport("new", file, -1);
    out.Note(status);
    out.ok = status.ok();
  }
  Disarm();
  out.reached = Reached();
  out.Expect(content() == (out.ok ? "new\n" : "old\n"),
             "a report is replaced as a whole");
  out.Expect(folder.Names().size() == 1, "no file is left over");
  const std::string more = holdings.More();
  out.Expect(more.empty(), absl::StrCat("nothing is left open: ", more));
  out.Expect(WriteLoadReport("next", file, -1).ok() && content() == "next\n",
             "the next one goes well");
  return out;
}

}  // namespace devstate::faults
