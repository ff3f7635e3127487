# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""The descriptors that come with the package are those of the tree."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from devstate.own_schema import FILE


def test_own_schema_is_that_of_the_tree() -> None:
    script = Path(__file__).resolve().parents[1] / "make_own_schema.py"
    spec = importlib.util.spec_from_file_location("make_own_schema", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.own_schema() == FILE.read_bytes(), f"run {script.name}"
