#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# What each pair of released schemas means for states is as it was when they were
# released, and between the back-ends of the releases, which have nothing but
# their manifests, it is the same.

set -eu
released=proto/devices/fs/v1/released
cli/devstate matrix $released | sed 's/ *$//' > "$TEST_TMPDIR/matrix"
diff - "$TEST_TMPDIR/matrix" <<'END'
devices.fs.v1, written \ read
          v1          v2          v3
  v1      identical   defaulted   converted
  v2      conditional identical   converted
  v3      conditional conditional identical
END

# A state of version 2 that has a receive mode is one of version 1 as well.
cli/devstate matrix proto/devices/net/v1/released | sed 's/ *$//' \
  > "$TEST_TMPDIR/matrix"
diff - "$TEST_TMPDIR/matrix" <<'END'
devices.net.v1, written \ read
          v1          v2
  v1      identical   defaulted
  v2      lossy       identical
END

backends=examples/fs_backend
"$backends/fs_backend_v1" --print-manifest > "$TEST_TMPDIR/v1.manifest"
"$backends/fs_backend" --print-manifest > "$TEST_TMPDIR/v3.manifest"
"${backends}_alt/fs_backend_alt" --print-manifest > "$TEST_TMPDIR/alt.manifest"

# check FROM TO EXIT_CODE LINE
check() {
  code=0
  cli/devstate check --direction migration --from "$TEST_TMPDIR/$1.manifest" \
    --to "$TEST_TMPDIR/$2.manifest" > "$TEST_TMPDIR/report" || code=$?
  cat "$TEST_TMPDIR/report"
  [ "$code" = "$3" ]
  grep -q "$4" "$TEST_TMPDIR/report"
}
check v1 v3 0 'converted'
check v3 v1 4 'conditional'
check v3 alt 0 'identical'
check alt v3 0 'identical'
