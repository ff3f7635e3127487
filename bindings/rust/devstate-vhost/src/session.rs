// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! The session of docs/session.md: what may follow what. It has no file descriptor, no thread and
//! no clock. Its rules are written down here as rules; a test compares each pair of state and
//! event with the document's table.

/// Where a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Unnegotiated,
    UnnegotiatedRunning,
    Running,
    Idle,
    /// Of a save into a stored channel of ours.
    Preparing,
    Saving,
    Loading,
    AwaitingData,
    Saved,
    Loaded,
    Failed,
    CheckingSave,
    CheckingLoad,
    Committing,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Negotiated,
    NotNegotiated,
    RingsStarted,
    RingsStopped,
    SetSave,
    /// Into a stored channel of ours.
    SetSaveStored,
    SetLoad,
    SetLoadStored,
    SetUnfit,
    WorkOk,
    WorkFailed,
    Check,
    Deadline,
    Disconnected,
}

/// What to do, in the order of the bits.
pub(crate) type Actions = u16;
pub(crate) const FAIL_OPEN_SET: Actions = 1 << 0;
pub(crate) const FAIL_OPEN_CHECK: Actions = 1 << 1;
pub(crate) const CANCEL: Actions = 1 << 2;
pub(crate) const DISCARD: Actions = 1 << 3;
pub(crate) const START: Actions = 1 << 4;
pub(crate) const COMMIT: Actions = 1 << 5;
pub(crate) const ACCEPT_SET: Actions = 1 << 6;
pub(crate) const REFUSE_SET: Actions = 1 << 7;
pub(crate) const PASS_CHECK: Actions = 1 << 8;
pub(crate) const FAIL_CHECK: Actions = 1 << 9;

/// What gives a transfer up: rule 2 of the document.
fn leave(state: State) -> Actions {
    use State::*;
    match state {
        Preparing => FAIL_OPEN_SET | CANCEL,
        Saving | AwaitingData => CANCEL,
        Loading => CANCEL | DISCARD,
        Loaded => DISCARD,
        CheckingSave => FAIL_OPEN_CHECK | CANCEL,
        CheckingLoad | Committing => FAIL_OPEN_CHECK | CANCEL | DISCARD,
        _ => 0,
    }
}

/// Returns the next state and what to do.
pub(crate) fn step(state: State, event: Event) -> (State, Actions) {
    use Event as E;
    use State::*;
    let negotiated = !matches!(state, Unnegotiated | UnnegotiatedRunning);
    match event {
        E::Negotiated => match state {
            Unnegotiated => (Idle, 0),
            UnnegotiatedRunning => (Running, 0),
            _ => (state, 0),
        },
        E::NotNegotiated => match state {
            Running => (UnnegotiatedRunning, 0),
            _ if negotiated => (Unnegotiated, leave(state)),
            _ => (state, 0),
        },
        E::RingsStarted if negotiated => (Running, leave(state)),
        E::RingsStarted => (UnnegotiatedRunning, 0),
        E::RingsStopped => match state {
            Running => (Idle, 0),
            UnnegotiatedRunning => (Unnegotiated, 0),
            _ => (state, 0),
        },
        E::Disconnected => (Unnegotiated, leave(state)),
        E::SetSave | E::SetSaveStored | E::SetLoad | E::SetLoadStored | E::SetUnfit => {
            set(state, event)
        }
        E::Check => match state {
            Saving => (CheckingSave, 0),
            Loading => (CheckingLoad, 0),
            AwaitingData => (CheckingLoad, START),
            Saved => (Idle, PASS_CHECK),
            Loaded => (Committing, COMMIT),
            Unnegotiated | UnnegotiatedRunning | Running => (state, FAIL_CHECK),
            Idle | Failed => (Idle, FAIL_CHECK),
            Preparing | CheckingSave | CheckingLoad | Committing => {
                (Idle, leave(state) | FAIL_CHECK)
            }
        },
        E::WorkOk => match state {
            Preparing => (Saved, ACCEPT_SET),
            Saving => (Saved, 0),
            Loading => (Loaded, 0),
            CheckingSave | Committing => (Idle, PASS_CHECK),
            CheckingLoad => (Committing, COMMIT),
            _ => (state, 0),
        },
        E::WorkFailed => match state {
            Preparing => (Idle, REFUSE_SET),
            Saving => (Failed, 0),
            Loading => (Failed, DISCARD),
            CheckingSave => (Idle, FAIL_CHECK),
            CheckingLoad | Committing => (Idle, DISCARD | FAIL_CHECK),
            _ => (state, 0),
        },
        E::Deadline => match state {
            Preparing => (Idle, CANCEL | REFUSE_SET),
            Saving => (Failed, CANCEL),
            Loading => (Failed, CANCEL | DISCARD),
            CheckingSave => (Idle, CANCEL | FAIL_CHECK),
            CheckingLoad | Committing => (Idle, CANCEL | DISCARD | FAIL_CHECK),
            _ => (state, 0),
        },
    }
}

fn set(state: State, event: Event) -> (State, Actions) {
    use State::*;
    if matches!(state, Unnegotiated | UnnegotiatedRunning | Running) {
        return (state, REFUSE_SET);
    }
    let (next, actions) = match event {
        Event::SetSave => (Saving, START | ACCEPT_SET),
        Event::SetSaveStored => (Preparing, START),
        Event::SetLoad => (Loading, START | ACCEPT_SET),
        Event::SetLoadStored => (AwaitingData, ACCEPT_SET),
        _ => (Idle, REFUSE_SET),
    };
    (next, leave(state) | actions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const STATES: [(&str, State); 14] = [
        ("unnegotiated", State::Unnegotiated),
        ("unnegotiated, running", State::UnnegotiatedRunning),
        ("running", State::Running),
        ("idle", State::Idle),
        ("preparing", State::Preparing),
        ("saving", State::Saving),
        ("loading", State::Loading),
        ("awaiting data", State::AwaitingData),
        ("saved", State::Saved),
        ("loaded", State::Loaded),
        ("failed", State::Failed),
        ("checking save", State::CheckingSave),
        ("checking load", State::CheckingLoad),
        ("committing", State::Committing),
    ];
    const EVENTS: [(&str, Event); 14] = [
        ("negotiated", Event::Negotiated),
        ("not negotiated", Event::NotNegotiated),
        ("rings started", Event::RingsStarted),
        ("rings stopped", Event::RingsStopped),
        ("SET save", Event::SetSave),
        ("SET save stored", Event::SetSaveStored),
        ("SET load", Event::SetLoad),
        ("SET load stored", Event::SetLoadStored),
        ("SET unfit", Event::SetUnfit),
        ("work ok", Event::WorkOk),
        ("work failed", Event::WorkFailed),
        ("CHECK", Event::Check),
        ("deadline", Event::Deadline),
        ("disconnected", Event::Disconnected),
    ];
    const ACTIONS: [(&str, Actions); 10] = [
        ("fail open SET", FAIL_OPEN_SET),
        ("fail open CHECK", FAIL_OPEN_CHECK),
        ("cancel", CANCEL),
        ("discard", DISCARD),
        ("start", START),
        ("commit", COMMIT),
        ("accept SET", ACCEPT_SET),
        ("refuse SET", REFUSE_SET),
        ("pass CHECK", PASS_CHECK),
        ("fail CHECK", FAIL_CHECK),
    ];

    fn find<T: Copy>(name: &str, all: &[(&str, T)]) -> T {
        all.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name:?}")).1
    }

    /// The rows of the document, by the names of state and event.
    fn table() -> BTreeMap<(String, String), (State, Actions)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/session.md");
        let text = std::fs::read_to_string(path).expect(path);
        let (_, text) = text.split_once("## The table").expect("the table");
        // What follows has a table of its own.
        let (text, _) = text.split_once("\n## ").unwrap_or((text, ""));
        let mut state = String::new();
        let mut rows = BTreeMap::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("### ") {
                state = name.to_owned();
            }
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            if cells.len() != 3 || cells[0] == "event" || cells[0].starts_with('-') {
                continue;
            }
            let actions = cells[2].split(", ").filter(|name| *name != "-");
            let actions = actions.map(|name| find(name, &ACTIONS)).fold(0, |all, one| all | one);
            let row = (find(cells[1], &STATES), actions);
            assert!(rows.insert((state.clone(), cells[0].to_owned()), row).is_none());
        }
        assert!(rows.len() > 100, "{}", rows.len());
        rows
    }

    #[test]
    fn every_pair_is_that_of_the_document() {
        let mut rows = table();
        for (state_name, state) in STATES {
            for (event_name, event) in EVENTS {
                let row = rows.remove(&(state_name.to_owned(), event_name.to_owned()));
                let expected = row.unwrap_or((state, 0));
                assert_eq!(step(state, event), expected, "{state_name}: {event_name}");
            }
        }
        assert!(rows.is_empty(), "{rows:?}");
    }
}
