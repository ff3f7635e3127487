# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the cases of conformance/streams. See README.md there."""
