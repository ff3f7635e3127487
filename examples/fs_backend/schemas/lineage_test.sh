#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# The schema in use passes lint against all released ones, and what each pair of
# them means for states is as it was when they were released.

set -eu
released=examples/fs_backend/schemas
cli/devstate lint proto/devices/fs/v1/fs.proto --against $released
cli/devstate matrix $released | sed 's/ *$//' | tee "$TEST_TMPDIR/matrix"
diff - "$TEST_TMPDIR/matrix" <<'END'
devices.fs.v1, written \ read
          v1          v2          v3
  v1      identical   defaulted   converted
  v2      conditional identical   converted
  v3      conditional conditional identical
END
