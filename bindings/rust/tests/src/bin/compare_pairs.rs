// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! Compares the verdicts and conversions of these crates with those of the C++ implementation,
//! whose `pair_cases` writes what is read from standard input. The last line is
//! "N passed, N failed".

use std::io::BufRead;
use std::process::ExitCode;

use devstate_tests::pairs::{compare_case, Counts};

fn main() -> ExitCode {
    let mut counts = Counts::default();
    let (mut passed, mut failed) = (0, 0);
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        match compare_case(&line, &mut counts) {
            Ok(()) => passed += 1,
            Err(error) => {
                failed += 1;
                println!("{error}");
            }
        }
    }
    // Cases that only pass or only fail would prove little.
    if counts.loaded == 0 || counts.refused == 0 {
        println!("not enough cases");
        failed += 1;
    }
    println!(
        "{} states loaded, {} refused, {} with another unit",
        counts.loaded, counts.refused, counts.unscaled
    );
    println!("{passed} passed, {failed} failed");
    ExitCode::from(u8::from(failed > 0))
}
