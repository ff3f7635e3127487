# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Implementations of the stream format that are wrong in one way each.

wrong_implementation.py HOW [PROGRAM]: says what PROGRAM says but for one thing.
"""

import json
import subprocess
import sys


def read(pipe):
    size = pipe.read(4)
    return pipe.read(int.from_bytes(size, "little")) if size else None


def write(pipe, text):
    pipe.write(len(text).to_bytes(4, "little") + text)
    pipe.flush()


def change(how, answer):
    if how == "takes everything" and "refused" in answer:
        return {"whole": True}
    if how == "another reason" and "refused" in answer:
        return {"refused": "NO_SUCH_REASON"}
    if how == "another value" and "value" in answer:
        return {"value": {**answer["value"], "u32": 77}}
    if how == "another stream" and "stream" in answer:
        return {"stream": answer["stream"][:-4]}
    if how == "another fingerprint" and "fingerprint" in answer:
        return {**answer, "fingerprint": "00" * 32}
    if how == "skips" and "stream" in answer:
        return {"skipped": "it does not write"}
    return answer


def main():
    how, program = sys.argv[1:]
    if how == "talks":
        print("ready")
        return
    right = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    while (text := read(sys.stdin.buffer)) is not None:
        if how == "ends" and json.loads(text)["do"] == "encode":
            break
        write(right.stdin, text)
        answer = change(how, json.loads(read(right.stdout)))
        write(sys.stdout.buffer, json.dumps(answer).encode())
    right.stdin.close()
    right.wait()


main()
