# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""What people use: JSON, redaction, differences, the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import devstate
from devstate.__main__ import main


def test_json_is_that_of_protobuf(everything: devstate.Schema) -> None:
    scalars = {
        "i64": -5,
        "u64": 2**64 - 1,
        "real": 0.1,
        "wide_real": float("nan"),
        "data": b"\xff",
        "color": "BLUE",
        "flag": True,
    }
    data = devstate.dumps({"scalars": [scalars], "optionals": [{"u32": 0}]}, everything)
    assert json.loads(devstate.to_json(data)) == {
        "scalars": [
            {
                "i64": "-5",
                "u64": "18446744073709551615",
                "real": 0.1,
                "wide_real": "NaN",
                "data": "/w==",
                "color": "BLUE",
                "flag": True,
            }
        ],
        "optionals": [{"u32": 0}],
    }


def test_sensitive_fields_are_not_shown(bounds: devstate.Schema) -> None:
    row = {"secret": 5, "text": "ab", "wide_real": 1.0}
    data = devstate.dumps({"numbers": [row]}, bounds)
    shown = json.loads(devstate.to_json(data))["numbers"][0]
    assert shown["secret"] == "<redacted>" and shown["text"] == "ab"
    assert json.loads(devstate.to_json(data, redact=False))["numbers"][0]["secret"] == 5
    other = devstate.dumps({"numbers": [{**row, "secret": 4}]}, bounds)
    changes = devstate.diff(data, other)
    assert [(c.path, c.before) for c in changes] == [
        ("numbers[0].secret", "<redacted>")
    ]


def test_errors_do_not_show_sensitive_values(bounds: devstate.Schema) -> None:
    with pytest.raises(devstate.SaveError, match="has a value, allowed"):
        devstate.dumps({"numbers": [{"secret": 6}]}, bounds)


def test_diff_matches_records_by_their_key(fs: devstate.Schema) -> None:
    old = {"inodes": [{"id": 1, "root": {}}, {"id": 2, "refcount": 1}]}
    new = {"inodes": [{"id": 2, "refcount": 5}, {"id": 3}], "next_inode": 7}
    found = devstate.diff(devstate.dumps(old, fs), devstate.dumps(new, fs))
    assert [(c.path, c.before is None, c.after is None) for c in found] == [
        ("next_inode", False, False),
        ("inodes[1]", False, True),
        ("inodes[2].refcount", False, False),
        ("inodes[3]", True, False),
    ]


def test_states_of_two_schemas_are_not_compared(
    fs: devstate.Schema, everything: devstate.Schema
) -> None:
    with pytest.raises(devstate.SchemaError, match="different schemas"):
        devstate.diff(devstate.dumps({}, fs), devstate.dumps({}, everything))


def test_check_says_that_it_takes_the_command(tmp_path: Path) -> None:
    with pytest.raises(devstate.ToolError, match="not on PATH"):
        devstate.check(tmp_path / "a.proto", tmp_path / "b.proto", command="no-such")


def test_command_line(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tree / "tests/golden/fs_v3.dstate")
    assert main(["info", file]) == 0
    assert "devices.fs.v1 version 3" in capsys.readouterr().out
    assert main(["verify", "--deep", file]) == 0
    assert "whole" in capsys.readouterr().out
    assert main(["dump", file]) == 0
    assert json.loads(capsys.readouterr().out)["inodes"]
    cut = tmp_path / "cut.dstate"
    cut.write_bytes(Path(file).read_bytes()[:-1])
    assert main(["verify", str(cut)]) == 3
    assert "NO_TRAILER" in capsys.readouterr().err
    assert main(["dump", str(tmp_path / "missing")]) == 2
    done = subprocess.run([sys.executable, "-m", "devstate", "info", file], check=False)
    assert done.returncode == 0
