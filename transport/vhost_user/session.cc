// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0
//
// The table is written out in full, although a few rules made it. So every pair
// can be looked up, and a test compares the table with that of docs/session.md.

#include "devstate/transport/vhost_user/session.h"

namespace devstate::vhost_user {
namespace {

constexpr SessionActions kNone = 0;

// Short names for the table's sake.
constexpr SessionState kUnnegotiated = SessionState::kUnnegotiated;
constexpr SessionState kUnnegotiatedRunning =
    SessionState::kUnnegotiatedRunning;
constexpr SessionState kRunning = SessionState::kRunning;
constexpr SessionState kIdle = SessionState::kIdle;
constexpr SessionState kPreparing = SessionState::kPreparing;
constexpr SessionState kSaving = SessionState::kSaving;
constexpr SessionState kLoading = SessionState::kLoading;
constexpr SessionState kAwaitingData = SessionState::kAwaitingData;
constexpr SessionState kSaved = SessionState::kSaved;
constexpr SessionState kLoaded = SessionState::kLoaded;
constexpr SessionState kFailed = SessionState::kFailed;
constexpr SessionState kCheckingSave = SessionState::kCheckingSave;
constexpr SessionState kCheckingLoad = SessionState::kCheckingLoad;
constexpr SessionState kCommitting = SessionState::kCommitting;

struct Row {
  SessionStep steps[kSessionEvents];
};

// One row a state, one line an event, in the order of the enums. Four rules
// made it:
//  1. SET_DEVICE_STATE_FD is accepted only when bit 19 is negotiated and all
//     rings are stopped.
//  2. A newer SET_DEVICE_STATE_FD, a started ring, a lost negotiation or a lost
//     connection abandons the transfer: cancel, discard, and fail what is still
//     owed.
//  3. Nothing is applied before CHECK_DEVICE_STATE. Whatever was staged and not
//     committed is discarded.
//  4. Whatever fails, the next state accepts a SET_DEVICE_STATE_FD.
// Completions that no current work can have sent are ignored.
// A commit cannot be interrupted. kCancel then only drops its completion, and
// kDiscard comes to nothing if the commit succeeds.
constexpr Row kTable[kSessionStates] = {
    // kUnnegotiated
    {{
        /* kNegotiated */ {kIdle, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kNone},
        /* kRingsStarted */ {kUnnegotiatedRunning, kNone},
        /* kRingsStopped */ {kUnnegotiated, kNone},
        /* kSetSave */ {kUnnegotiated, kRefuseSet},
        /* kSetSaveStored */ {kUnnegotiated, kRefuseSet},
        /* kSetLoad */ {kUnnegotiated, kRefuseSet},
        /* kSetLoadStored */ {kUnnegotiated, kRefuseSet},
        /* kSetUnfit */ {kUnnegotiated, kRefuseSet},
        /* kWorkOk */ {kUnnegotiated, kNone},
        /* kWorkFailed */ {kUnnegotiated, kNone},
        /* kCheck */ {kUnnegotiated, kFailCheck},
        /* kDeadline */ {kUnnegotiated, kNone},
        /* kDisconnected */ {kUnnegotiated, kNone},
    }},
    // kUnnegotiatedRunning
    {{
        /* kNegotiated */ {kRunning, kNone},
        /* kNotNegotiated */ {kUnnegotiatedRunning, kNone},
        /* kRingsStarted */ {kUnnegotiatedRunning, kNone},
        /* kRingsStopped */ {kUnnegotiated, kNone},
        /* kSetSave */ {kUnnegotiatedRunning, kRefuseSet},
        /* kSetSaveStored */ {kUnnegotiatedRunning, kRefuseSet},
        /* kSetLoad */ {kUnnegotiatedRunning, kRefuseSet},
        /* kSetLoadStored */ {kUnnegotiatedRunning, kRefuseSet},
        /* kSetUnfit */ {kUnnegotiatedRunning, kRefuseSet},
        /* kWorkOk */ {kUnnegotiatedRunning, kNone},
        /* kWorkFailed */ {kUnnegotiatedRunning, kNone},
        /* kCheck */ {kUnnegotiatedRunning, kFailCheck},
        /* kDeadline */ {kUnnegotiatedRunning, kNone},
        /* kDisconnected */ {kUnnegotiated, kNone},
    }},
    // kRunning
    {{
        /* kNegotiated */ {kRunning, kNone},
        /* kNotNegotiated */ {kUnnegotiatedRunning, kNone},
        /* kRingsStarted */ {kRunning, kNone},
        /* kRingsStopped */ {kIdle, kNone},
        /* kSetSave */ {kRunning, kRefuseSet},
        /* kSetSaveStored */ {kRunning, kRefuseSet},
        /* kSetLoad */ {kRunning, kRefuseSet},
        /* kSetLoadStored */ {kRunning, kRefuseSet},
        /* kSetUnfit */ {kRunning, kRefuseSet},
        /* kWorkOk */ {kRunning, kNone},
        /* kWorkFailed */ {kRunning, kNone},
        /* kCheck */ {kRunning, kFailCheck},
        /* kDeadline */ {kRunning, kNone},
        /* kDisconnected */ {kUnnegotiated, kNone},
    }},
    // kIdle
    {{
        /* kNegotiated */ {kIdle, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kNone},
        /* kRingsStarted */ {kRunning, kNone},
        /* kRingsStopped */ {kIdle, kNone},
        /* kSetSave */ {kSaving, kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kStart},
        /* kSetLoad */ {kLoading, kStart | kAcceptSet},
        /* kSetLoadStored */ {kAwaitingData, kAcceptSet},
        /* kSetUnfit */ {kIdle, kRefuseSet},
        /* kWorkOk */ {kIdle, kNone},
        /* kWorkFailed */ {kIdle, kNone},
        /* kCheck */ {kIdle, kFailCheck},
        /* kDeadline */ {kIdle, kNone},
        /* kDisconnected */ {kUnnegotiated, kNone},
    }},
    // kPreparing
    {{
        /* kNegotiated */ {kPreparing, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kFailOpenSet | kCancel},
        /* kRingsStarted */ {kRunning, kFailOpenSet | kCancel},
        /* kRingsStopped */ {kPreparing, kNone},
        /* kSetSave */ {kSaving, kFailOpenSet | kCancel | kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kFailOpenSet | kCancel | kStart},
        /* kSetLoad */ {kLoading, kFailOpenSet | kCancel | kStart | kAcceptSet},
        /* kSetLoadStored */
        {kAwaitingData, kFailOpenSet | kCancel | kAcceptSet},
        /* kSetUnfit */ {kIdle, kFailOpenSet | kCancel | kRefuseSet},
        /* kWorkOk */ {kSaved, kAcceptSet},
        /* kWorkFailed */ {kIdle, kRefuseSet},
        /* kCheck */ {kIdle, kFailOpenSet | kCancel | kFailCheck},
        /* kDeadline */ {kIdle, kCancel | kRefuseSet},
        /* kDisconnected */ {kUnnegotiated, kFailOpenSet | kCancel},
    }},
    // kSaving
    {{
        /* kNegotiated */ {kSaving, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kCancel},
        /* kRingsStarted */ {kRunning, kCancel},
        /* kRingsStopped */ {kSaving, kNone},
        /* kSetSave */ {kSaving, kCancel | kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kCancel | kStart},
        /* kSetLoad */ {kLoading, kCancel | kStart | kAcceptSet},
        /* kSetLoadStored */ {kAwaitingData, kCancel | kAcceptSet},
        /* kSetUnfit */ {kIdle, kCancel | kRefuseSet},
        /* kWorkOk */ {kSaved, kNone},
        /* kWorkFailed */ {kFailed, kNone},
        /* kCheck */ {kCheckingSave, kNone},
        /* kDeadline */ {kFailed, kCancel},
        /* kDisconnected */ {kUnnegotiated, kCancel},
    }},
    // kLoading
    {{
        /* kNegotiated */ {kLoading, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kCancel | kDiscard},
        /* kRingsStarted */ {kRunning, kCancel | kDiscard},
        /* kRingsStopped */ {kLoading, kNone},
        /* kSetSave */ {kSaving, kCancel | kDiscard | kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kCancel | kDiscard | kStart},
        /* kSetLoad */ {kLoading, kCancel | kDiscard | kStart | kAcceptSet},
        /* kSetLoadStored */ {kAwaitingData, kCancel | kDiscard | kAcceptSet},
        /* kSetUnfit */ {kIdle, kCancel | kDiscard | kRefuseSet},
        /* kWorkOk */ {kLoaded, kNone},
        /* kWorkFailed */ {kFailed, kDiscard},
        /* kCheck */ {kCheckingLoad, kNone},
        /* kDeadline */ {kFailed, kCancel | kDiscard},
        /* kDisconnected */ {kUnnegotiated, kCancel | kDiscard},
    }},
    // kAwaitingData
    {{
        /* kNegotiated */ {kAwaitingData, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kCancel},
        /* kRingsStarted */ {kRunning, kCancel},
        /* kRingsStopped */ {kAwaitingData, kNone},
        /* kSetSave */ {kSaving, kCancel | kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kCancel | kStart},
        /* kSetLoad */ {kLoading, kCancel | kStart | kAcceptSet},
        /* kSetLoadStored */ {kAwaitingData, kCancel | kAcceptSet},
        /* kSetUnfit */ {kIdle, kCancel | kRefuseSet},
        /* kWorkOk */ {kAwaitingData, kNone},
        /* kWorkFailed */ {kAwaitingData, kNone},
        /* kCheck */ {kCheckingLoad, kStart},
        /* kDeadline */ {kAwaitingData, kNone},
        /* kDisconnected */ {kUnnegotiated, kCancel},
    }},
    // kSaved
    {{
        /* kNegotiated */ {kSaved, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kNone},
        /* kRingsStarted */ {kRunning, kNone},
        /* kRingsStopped */ {kSaved, kNone},
        /* kSetSave */ {kSaving, kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kStart},
        /* kSetLoad */ {kLoading, kStart | kAcceptSet},
        /* kSetLoadStored */ {kAwaitingData, kAcceptSet},
        /* kSetUnfit */ {kIdle, kRefuseSet},
        /* kWorkOk */ {kSaved, kNone},
        /* kWorkFailed */ {kSaved, kNone},
        /* kCheck */ {kIdle, kPassCheck},
        /* kDeadline */ {kSaved, kNone},
        /* kDisconnected */ {kUnnegotiated, kNone},
    }},
    // kLoaded
    {{
        /* kNegotiated */ {kLoaded, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kDiscard},
        /* kRingsStarted */ {kRunning, kDiscard},
        /* kRingsStopped */ {kLoaded, kNone},
        /* kSetSave */ {kSaving, kDiscard | kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kDiscard | kStart},
        /* kSetLoad */ {kLoading, kDiscard | kStart | kAcceptSet},
        /* kSetLoadStored */ {kAwaitingData, kDiscard | kAcceptSet},
        /* kSetUnfit */ {kIdle, kDiscard | kRefuseSet},
        /* kWorkOk */ {kLoaded, kNone},
        /* kWorkFailed */ {kLoaded, kNone},
        /* kCheck */ {kCommitting, kCommit},
        /* kDeadline */ {kLoaded, kNone},
        /* kDisconnected */ {kUnnegotiated, kDiscard},
    }},
    // kFailed
    {{
        /* kNegotiated */ {kFailed, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kNone},
        /* kRingsStarted */ {kRunning, kNone},
        /* kRingsStopped */ {kFailed, kNone},
        /* kSetSave */ {kSaving, kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kStart},
        /* kSetLoad */ {kLoading, kStart | kAcceptSet},
        /* kSetLoadStored */ {kAwaitingData, kAcceptSet},
        /* kSetUnfit */ {kIdle, kRefuseSet},
        /* kWorkOk */ {kFailed, kNone},
        /* kWorkFailed */ {kFailed, kNone},
        /* kCheck */ {kIdle, kFailCheck},
        /* kDeadline */ {kFailed, kNone},
        /* kDisconnected */ {kUnnegotiated, kNone},
    }},
    // kCheckingSave
    {{
        /* kNegotiated */ {kCheckingSave, kNone},
        /* kNotNegotiated */ {kUnnegotiated, kFailOpenCheck | kCancel},
        /* kRingsStarted */ {kRunning, kFailOpenCheck | kCancel},
        /* kRingsStopped */ {kCheckingSave, kNone},
        /* kSetSave */
        {kSaving, kFailOpenCheck | kCancel | kStart | kAcceptSet},
        /* kSetSaveStored */ {kPreparing, kFailOpenCheck | kCancel | kStart},
        /* kSetLoad */
        {kLoading, kFailOpenCheck | kCancel | kStart | kAcceptSet},
        /* kSetLoadStored */
        {kAwaitingData, kFailOpenCheck | kCancel | kAcceptSet},
        /* kSetUnfit */ {kIdle, kFailOpenCheck | kCancel | kRefuseSet},
        /* kWorkOk */ {kIdle, kPassCheck},
        /* kWorkFailed */ {kIdle, kFailCheck},
        /* kCheck */ {kIdle, kFailOpenCheck | kCancel | kFailCheck},
        /* kDeadline */ {kIdle, kCancel | kFailCheck},
        /* kDisconnected */ {kUnnegotiated, kFailOpenCheck | kCancel},
    }},
    // kCheckingLoad
    {{
        /* kNegotiated */ {kCheckingLoad, kNone},
        /* kNotNegotiated */
        {kUnnegotiated, kFailOpenCheck | kCancel | kDiscard},
        /* kRingsStarted */ {kRunning, kFailOpenCheck | kCancel | kDiscard},
        /* kRingsStopped */ {kCheckingLoad, kNone},
        /* kSetSave */
        {kSaving, kFailOpenCheck | kCancel | kDiscard | kStart | kAcceptSet},
        /* kSetSaveStored */
        {kPreparing, kFailOpenCheck | kCancel | kDiscard | kStart},
        /* kSetLoad */
        {kLoading, kFailOpenCheck | kCancel | kDiscard | kStart | kAcceptSet},
        /* kSetLoadStored */
        {kAwaitingData, kFailOpenCheck | kCancel | kDiscard | kAcceptSet},
        /* kSetUnfit */
        {kIdle, kFailOpenCheck | kCancel | kDiscard | kRefuseSet},
        /* kWorkOk */ {kCommitting, kCommit},
        /* kWorkFailed */ {kIdle, kDiscard | kFailCheck},
        /* kCheck */ {kIdle, kFailOpenCheck | kCancel | kDiscard | kFailCheck},
        /* kDeadline */ {kIdle, kCancel | kDiscard | kFailCheck},
        /* kDisconnected */
        {kUnnegotiated, kFailOpenCheck | kCancel | kDiscard},
    }},
    // kCommitting
    {{
        /* kNegotiated */ {kCommitting, kNone},
        /* kNotNegotiated */
        {kUnnegotiated, kFailOpenCheck | kCancel | kDiscard},
        /* kRingsStarted */ {kRunning, kFailOpenCheck | kCancel | kDiscard},
        /* kRingsStopped */ {kCommitting, kNone},
        /* kSetSave */
        {kSaving, kFailOpenCheck | kCancel | kDiscard | kStart | kAcceptSet},
        /* kSetSaveStored */
        {kPreparing, kFailOpenCheck | kCancel | kDiscard | kStart},
        /* kSetLoad */
        {kLoading, kFailOpenCheck | kCancel | kDiscard | kStart | kAcceptSet},
        /* kSetLoadStored */
        {kAwaitingData, kFailOpenCheck | kCancel | kDiscard | kAcceptSet},
        /* kSetUnfit */
        {kIdle, kFailOpenCheck | kCancel | kDiscard | kRefuseSet},
        /* kWorkOk */ {kIdle, kPassCheck},
        /* kWorkFailed */ {kIdle, kDiscard | kFailCheck},
        /* kCheck */ {kIdle, kFailOpenCheck | kCancel | kDiscard | kFailCheck},
        /* kDeadline */ {kIdle, kCancel | kDiscard | kFailCheck},
        /* kDisconnected */
        {kUnnegotiated, kFailOpenCheck | kCancel | kDiscard},
    }},
};

}  // namespace

SessionStep StepOf(SessionState state, SessionEvent event) {
  return kTable[static_cast<int>(state)].steps[static_cast<int>(event)];
}

absl::string_view SessionStateName(SessionState state) {
  constexpr absl::string_view kNames[kSessionStates] = {
      "unnegotiated",  "unnegotiated, running",
      "running",       "idle",
      "preparing",     "saving",
      "loading",       "awaiting data",
      "saved",         "loaded",
      "failed",        "checking save",
      "checking load", "committing"};
  return kNames[static_cast<int>(state)];
}

absl::string_view SessionEventName(SessionEvent event) {
  constexpr absl::string_view kNames[kSessionEvents] = {
      "negotiated", "not negotiated",  "rings started", "rings stopped",
      "SET save",   "SET save stored", "SET load",      "SET load stored",
      "SET unfit",  "work ok",         "work failed",   "CHECK",
      "deadline",   "disconnected"};
  return kNames[static_cast<int>(event)];
}

std::string SessionActionNames(SessionActions actions) {
  constexpr const char* kNames[] = {
      "fail open SET", "fail open CHECK", "cancel",     "discard",
      "start",         "commit",          "accept SET", "refuse SET",
      "pass CHECK",    "fail CHECK"};
  std::string text;
  for (int bit = 0; bit < 10; ++bit) {
    if ((actions & (1 << bit)) == 0) continue;
    if (!text.empty()) text += ", ";
    text += kNames[bit];
  }
  return text.empty() ? "nothing" : text;
}

bool HasTransferDeadline(SessionState state) {
  return state == kPreparing || state == kSaving || state == kLoading;
}

bool HasCheckDeadline(SessionState state) {
  return state == kCheckingSave || state == kCheckingLoad ||
         state == kCommitting;
}

bool OwesReply(SessionState state) {
  return state == kPreparing || HasCheckDeadline(state);
}

}  // namespace devstate::vhost_user
