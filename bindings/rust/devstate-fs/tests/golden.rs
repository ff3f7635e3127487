// Copyright 2026 The devstate authors
// SPDX-License-Identifier: Apache-2.0

//! States of another implementation, with whichever zstd the crate is built.

use devstate::Error;
use devstate_fs::v1::*;

/// All that a state holds, in words.
#[derive(Default, PartialEq, Debug)]
struct Words(Vec<String>);

impl FsStateVisitor for Words {
    fn root(&mut self, root: FsState) -> Result<(), Error> {
        self.0.push(format!("{root:?}"));
        Ok(())
    }
    fn inodes(&mut self, batch: &InodesBatch<'_>) -> Result<(), Error> {
        self.0.extend(batch.iter().map(|row| format!("{row:?}")));
        Ok(())
    }
    fn handles(&mut self, batch: &HandlesBatch<'_>) -> Result<(), Error> {
        self.0.extend(batch.iter().map(|row| format!("{row:?}")));
        Ok(())
    }
    fn mount_paths(&mut self, batch: &MountPathsBatch<'_>) -> Result<(), Error> {
        self.0.extend(batch.iter().map(|row| format!("{row:?}")));
        Ok(())
    }
}

fn read(name: &str) -> Result<Words, Error> {
    let path = format!("{}/../../../tests/golden/{name}.dstate", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::File::open(path)?;
    let mut words = Words::default();
    FsState::read(file, &Default::default(), &mut words)?;
    Ok(words)
}

#[test]
fn raw_and_compressed_streams_hold_the_same_state() {
    let raw = read("py_fs_raw").expect("a state");
    assert!(raw.0.len() > 100);
    let compressed = read("py_fs_zstd");
    if cfg!(any(feature = "zstd", feature = "ruzstd")) {
        assert!(compressed.expect("a state") == raw);
    } else {
        let error = compressed.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("built without zstd"), "{error}");
    }
}
