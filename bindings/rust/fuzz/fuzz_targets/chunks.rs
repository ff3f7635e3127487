// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| devstate_tests::fuzz::chunks(data));
