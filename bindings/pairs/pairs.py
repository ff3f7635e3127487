# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Streams written by each implementation, read by each.

python3 pairs.py NAME=COMMAND... takes programs that answer requests as
docs/implementing.md has it ("The runner"). For each seed a random state of a random
schema is written by each of them and read by each; all have to read the same. The
last line is "N passed, N failed".
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import shlex
import struct
import subprocess
from typing import Any

import devstate
from devstate import table
from devstate.schema_loader import load_schema
from devstate.table import Cardinality, Field, Message
from generator.random_cases import random_message
from random_schema import ROOT, random_schema


class Program:
    """An implementation, running."""

    def __init__(self, name: str, command: str):
        self.name = name
        self._process = subprocess.Popen(
            shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Returns the answer to a request."""
        assert self._process.stdin and self._process.stdout
        text = json.dumps(request).encode()
        self._process.stdin.write(len(text).to_bytes(4, "little") + text)
        self._process.stdin.flush()
        size = self._process.stdout.read(4)
        if len(size) < 4:
            raise SystemExit(f"{self.name} ended: {request['do']}")
        found = self._process.stdout.read(int.from_bytes(size, "little"))
        answer: dict[str, Any] = json.loads(found)
        return answer

    def end(self) -> None:
        """Ends it, as a runner does."""
        assert self._process.stdin
        self._process.stdin.close()
        if self._process.wait() != 0:
            raise SystemExit(f"{self.name}: exit code {self._process.returncode}")


def random_state(schema: devstate.Schema, chance: random.Random) -> dict[str, Any]:
    """Returns a state as dump() takes it."""
    state = random_message(schema.root, chance, records=False)
    for item in schema.batches:
        assert item.message is not None
        count = chance.choice((0, 1, 2, 7, 40))
        rows = [
            random_message(item.message, chance, records=True) for _ in range(count)
        ]
        if rows:
            state[item.name] = rows
    return state


def comparable(message: Message, value: dict[str, Any]) -> dict[str, Any]:
    """Returns a value in JSON such that equal states are equal: one float has several
    texts."""

    def of_item(item: Field, value: Any) -> Any:
        if item.message is not None:
            return comparable(item.message, value)
        if item.type == table.FLOAT and not isinstance(value, str):
            return struct.pack("<f", value)
        return value

    found: dict[str, Any] = {}
    for name, given in value.items():
        item = message.by_name[name]
        if item.is_map:
            assert item.message is not None
            entry = item.message.by_name["value"]
            found[name] = {key: of_item(entry, given[key]) for key in given}
        elif item.cardinality is Cardinality.REPEATED:
            found[name] = [of_item(item, element) for element in given]
        else:
            found[name] = of_item(item, given)
    return found


def differences(programs: list[Program], seed: int) -> list[str]:
    """Returns what is wrong with the pairs of a seed."""
    chance = random.Random(f"pairs {seed}")
    descriptor_set = random_schema(chance)
    schema = load_schema(descriptor_set, root=ROOT)
    asked = {"schema": base64.b64encode(descriptor_set).decode(), "root": ROOT}
    state = random_state(schema, chance)
    stream = devstate.dumps(state, schema, check_annotations=False)
    request = {**asked, "stream": base64.b64encode(stream).decode()}

    wrong = []
    fingerprint = schema.fingerprint.hex()
    expected = None
    canonical = None
    for writer in programs:
        found = writer.answer({**asked, "do": "fingerprint"})
        if found.get("fingerprint") != fingerprint:
            wrong.append(f"{writer.name}: fingerprint {found}, expected {fingerprint}")
        written = writer.answer({**request, "do": "encode"})
        if "stream" not in written:
            wrong.append(f"{writer.name} does not write: {written}")
            continue
        # Written once more by one writer, equal states are equal bytes.
        reread = devstate.load(base64.b64decode(written["stream"]), schema=schema)
        again = devstate.dumps(reread, schema, check_annotations=False)
        canonical = canonical or again
        if again != canonical:
            wrong.append(f"{writer.name} writes another state than {programs[0].name}")
        for reader in programs:
            read = reader.answer({**request, **written, "do": "decode"})
            value = None
            if "value" in read:
                value = comparable(schema.root, read["value"])
                expected = expected or value
            if value is None or value != expected:
                wrong.append(f"{writer.name} to {reader.name}: {str(read)[:500]}")
    return wrong


def main() -> int:
    """Asks all of them about all seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="+", metavar="NAME=COMMAND")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first-seed", type=int, default=0)
    options = parser.parse_args()
    programs = [Program(*program.split("=", 1)) for program in options.programs]
    failed = 0
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for seed in seeds:
        wrong = differences(programs, seed)
        failed += bool(wrong)
        for text in wrong:
            print(f"seed {seed}: {text}")
    for program in programs:
        program.end()
    names = ", ".join(program.name for program in programs)
    print(f"{len(seeds)} random schemas, each pair of {names}")
    print(f"{len(seeds) - failed} passed, {failed} failed")
    return int(failed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
