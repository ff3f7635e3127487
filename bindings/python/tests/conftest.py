# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests share: the tree's schemas and streams."""

from __future__ import annotations

from pathlib import Path

import pytest

import devstate

TREE = Path(__file__).resolve().parents[3]
PROTO = TREE / "proto"


@pytest.fixture(scope="session")
def tree() -> Path:
    """Returns the top of the repository."""
    return TREE


@pytest.fixture(scope="session")
def everything() -> devstate.Schema:
    """Returns the schema with everything that a record can be made of."""
    folder = TREE / "tests" / "codegen"
    return devstate.load_schema(folder / "everything.proto", include=[folder, PROTO])


@pytest.fixture(scope="session")
def bounds() -> devstate.Schema:
    """Returns the schema with every value annotation."""
    folder = TREE / "tests" / "codegen"
    return devstate.load_schema(folder / "bounds.proto", include=[folder, PROTO])


@pytest.fixture(scope="session")
def fs() -> devstate.Schema:
    """Returns the newest schema of a file system device."""
    return devstate.load_schema(PROTO / "devices/fs/v1/fs.proto", include=[PROTO])


@pytest.fixture(scope="session")
def net() -> devstate.Schema:
    """Returns the newest schema of a network device."""
    return devstate.load_schema(PROTO / "devices/net/v1/net.proto", include=[PROTO])
