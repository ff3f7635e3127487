# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Every case of conformance/streams, asked as a runner would ask."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import devstate
from devstate.conformance import answer

from .conftest import TREE

FOLDER = TREE / "conformance" / "streams"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text().splitlines()]


SCHEMAS = {row["name"]: row for row in lines("schemas.jsonl")}
CASES = lines("cases.jsonl")


def request_of(case: dict[str, Any], action: str) -> dict[str, Any]:
    request = {"do": action}
    if "stream" in case:
        request["stream"] = case["stream"]
    schema = SCHEMAS[case["schema"]] if "schema" in case else case
    if "descriptor_set" in schema:
        request["schema"] = schema["descriptor_set"]
        request["root"] = schema["root"]
    return request


def comparable(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(
    "group", sorted({case["name"].split("/")[0] for case in CASES})
)
def test_cases(group: str) -> None:
    wrong = []
    asked = 0
    for case in CASES:
        if case["name"].split("/")[0] != group:
            continue
        for action in case["do"]:
            asked += 1
            found = answer(request_of(case, action))
            if not is_right(case, action, found):
                wrong.append((case["name"], action, found))
    assert asked and not wrong


def is_right(case: dict[str, Any], action: str, found: dict[str, Any]) -> bool:
    if "refuse" in case:
        return found.get("refused") in case["refuse"]
    if action == "verify":
        return found == {"whole": True}
    if action == "fingerprint":
        return found == {k: case[k] for k in ("fingerprint", "canonical")}
    if action == "encode":
        # What was written is read as what it was written of.
        again = {**request_of(case, "decode"), "stream": found["stream"]}
        found = answer(again)
    if "value" not in case:
        return "value" in found
    return comparable(found.get("value")) == comparable(case["value"])


def test_kit_is_large_and_its_names_are_its_own() -> None:
    assert len(CASES) >= 1000
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_program_answers_requests_until_they_end() -> None:
    case = next(case for case in CASES if case["name"] == "golden/fs_v3")
    requests = b""
    for action in ("decode", "verify", "other"):
        text = json.dumps(request_of(case, action)).encode()
        requests += len(text).to_bytes(4, "little") + text
    done = subprocess.run(
        [sys.executable, "-m", "devstate.conformance"],
        input=requests,
        stdout=subprocess.PIPE,
        check=True,
    )
    answers = []
    rest = done.stdout
    while rest:
        size = int.from_bytes(rest[:4], "little")
        answers.append(json.loads(rest[4 : 4 + size]))
        rest = rest[4 + size :]
    assert answers[0]["value"] == case["value"]
    assert answers[1] == {"whole": True}
    assert "skipped" in answers[2]


def test_generator_makes_the_files_of_the_kit() -> None:
    package = str(Path(devstate.__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "generator", "--check"],
        cwd=FOLDER,
        env={**os.environ, "PYTHONPATH": package},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_streams_of_the_kit_are_those_of_the_tree() -> None:
    case = next(case for case in CASES if case["name"] == "golden/fs_small")
    file = TREE / "tests" / "golden" / "fs_small.dstate"
    assert base64.b64decode(case["stream"]) == file.read_bytes()
    assert devstate.verify(file)
