# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""This package as an implementation that the stream cases are run with.

python -m devstate.conformance answers requests on standard input until that ends
(docs/implementing.md, "The runner").
"""

from __future__ import annotations

import base64
import functools
import json
import sys
from typing import IO, Any

from .errors import DevstateError, StreamError
from .json_text import JsonMaker
from .reader import Stream
from .schema import Schema
from .schema_loader import load_schema
from .verify import verify
from .writer import dumps

_SIZE_BYTES = 4


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Returns the answer to a request."""
    action = request["do"]
    stream = base64.b64decode(request.get("stream", ""))
    schema = None
    try:
        if "schema" in request:
            schema = _schema(request["schema"], request["root"])
        if action == "verify":
            return _verify(stream)
        if action == "fingerprint":
            assert schema is not None
            return {
                "fingerprint": schema.fingerprint.hex(),
                "canonical": base64.b64encode(schema.canonical_form).decode(),
            }
        if action not in ("decode", "check", "encode"):
            return {"skipped": f"cannot do {action!r}"}
        checked = action == "check"
        with Stream(stream, schema=schema, check_annotations=checked) as opened:
            state = opened.load()
            if action == "encode":
                written = dumps(state, opened.schema, check_annotations=False)
                return {"stream": base64.b64encode(written).decode()}
            maker = JsonMaker(opened.schema, redact=False)
            return {"value": maker.message(opened.schema.root, state)}
    except StreamError as error:
        return _refused(error.reason, error.offset, error.chunk, error.message)
    except DevstateError as error:
        return {"error": str(error)}


# A runner asks for a few schemas, many times each.
@functools.lru_cache(maxsize=32)
def _schema(descriptor_set: str, root: str) -> Schema:
    return load_schema(base64.b64decode(descriptor_set), root=root)


def _verify(stream: bytes) -> dict[str, Any]:
    found = verify(stream)
    if found.ok:
        return {"whole": True}
    return _refused(found.reason, found.offset, found.chunk, found.message)


def _refused(reason: str, offset: int, chunk: int | None, text: str) -> dict[str, Any]:
    made: dict[str, Any] = {"refused": reason, "offset": offset, "text": text}
    if chunk is not None:
        made["chunk"] = chunk
    return made


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answers requests until there is none."""
    while size := requests.read(_SIZE_BYTES):
        text = requests.read(int.from_bytes(size, "little"))
        made = json.dumps(answer(json.loads(text))).encode()
        answers.write(len(made).to_bytes(_SIZE_BYTES, "little") + made)
        answers.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
