// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! fuzz_loop [--executions N] [--first N] [--target NAME] [--write-corpus FOLDER]
//!
//! Runs the fuzz targets on mutations of their corpus. Execution number i is the same every time,
//! so a failure is found again with --target NAME --first i --executions 1.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;

use devstate_tests::fuzz::{Target, TARGETS};

/// xorshift64*: all that mutations need.
struct Random(u64);

impl Random {
    fn of(execution: u64) -> Self {
        Random((execution + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end.max(1)
    }
}

const EDGES: [u8; 12] = [0, 1, 2, 3, 5, 7, 8, 0x0a, 0x12, 0x7f, 0x80, 0xff];

fn mutated(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut data = corpus[random.below(corpus.len())].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(data.len());
        if data.is_empty() {
            data.push(random.next() as u8);
            continue;
        }
        match random.below(8) {
            0 => data[at] ^= 1 << random.below(8),
            1 => data[at] = EDGES[random.below(EDGES.len())],
            2 => data[at] = data[at].wrapping_add(random.below(5) as u8).wrapping_sub(2),
            3 => data.truncate(at),
            4 => data.insert(at, EDGES[random.below(EDGES.len())]),
            5 => {
                data.remove(at);
            }
            6 => {
                // A piece of itself once more.
                let end = (at + 1 + random.below(16)).min(data.len());
                let piece = data[at..end].to_vec();
                let to = random.below(data.len());
                data.splice(to..to, piece);
            }
            _ => {
                // A piece of another.
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len());
                let end = (from + random.below(64)).min(other.len());
                let over = (at + end - from).min(data.len());
                data.splice(at..over, other[from..end].iter().copied());
            }
        }
    }
    data
}

fn run(target: &Target, first: u64, executions: u64) -> bool {
    let corpus = (target.corpus)();
    let mut good = true;
    for execution in first..first + executions {
        // The corpus itself comes first.
        let data = match corpus.get(execution as usize) {
            Some(data) => data.clone(),
            None => mutated(&corpus, &mut Random::of(execution)),
        };
        if catch_unwind(AssertUnwindSafe(|| (target.run)(&data))).is_err() {
            println!("{}: execution {execution} fails", target.name);
            good = false;
        }
    }
    println!("{}: {executions} executions from {} inputs", target.name, corpus.len());
    good
}

fn write_corpus(target: &Target, folder: &Path) -> std::io::Result<()> {
    let folder = folder.join(target.name);
    std::fs::create_dir_all(&folder)?;
    for (i, data) in (target.corpus)().iter().enumerate() {
        std::fs::write(folder.join(i.to_string()), data)?;
    }
    Ok(())
}

fn main() -> ExitCode {
    let usage = "usage: fuzz_loop [--executions N] [--first N] [--target NAME] \
                 [--write-corpus FOLDER]";
    let (mut first, mut executions, mut name, mut folder) = (0, 5000, None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next();
        let number = value.as_ref().and_then(|value| value.parse().ok());
        match (argument.as_str(), number, value) {
            ("--executions", Some(number), _) => executions = number,
            ("--first", Some(number), _) => first = number,
            ("--target", _, Some(value)) => name = Some(value),
            ("--write-corpus", _, Some(value)) => folder = Some(value),
            _ => {
                eprintln!("{usage}");
                return ExitCode::from(2);
            }
        }
    }
    let mut good = true;
    for target in TARGETS.iter().filter(|t| name.as_ref().is_none_or(|name| name == t.name)) {
        if let Some(folder) = &folder {
            if let Err(error) = write_corpus(target, Path::new(folder)) {
                eprintln!("{folder}: {error}");
                return ExitCode::from(2);
            }
        } else {
            good &= run(target, first, executions);
        }
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
