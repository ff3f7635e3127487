#!/bin/bash
# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs `devstate demo` with the back-end that was built beside it.

exec cli/devstate_demo demo --backend "$PWD/examples/fs_backend/fs_backend" "$@"
