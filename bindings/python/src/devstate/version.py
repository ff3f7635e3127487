# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The version of the package, which is that of devstate."""

__version__ = "0.2.0"
