// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! These crates as an implementation that `devstate conformance --streams` is run with.

fn main() -> std::io::Result<()> {
    devstate_tests::conformance::serve(std::io::stdin().lock(), std::io::stdout().lock())
}
