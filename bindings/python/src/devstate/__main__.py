# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""python -m devstate info|verify|dump FILE"""

from __future__ import annotations

import argparse
import sys

from .errors import DevstateError, StreamError, UnknownContent
from .reader import Stream
from .verify import verify

_EXIT_NEWER, _EXIT_UNREADABLE, _EXIT_DAMAGED = 1, 2, 3


def _info(options: argparse.Namespace) -> None:
    with Stream(options.file) as stream:
        header = stream.header
        for name, value in (
            ("device", header.device),
            ("schema", f"{header.schema} version {header.version}"),
            ("root message", header.root_message),
            ("writer", f"{header.writer} {header.writer_version}".strip()),
            ("features", ", ".join(header.used_features) or "none"),
            ("fingerprint", header.fingerprint.hex()),
            ("carries its schema", "yes" if header.has_schema else "no"),
        ):
            print(f"{name:<20}{value}")


def _verify(options: argparse.Namespace) -> int:
    found = verify(
        options.file,
        deep=options.deep,
        schema=options.schema,
        include=options.include,
    )
    if found.ok:
        counts = found.counts
        print(
            f"{options.file}: whole: {counts['chunks']} chunks, {counts['records']} "
            f"records, {counts['bytes']} bytes"
        )
        return 0
    chunk = "" if found.chunk is None else f"chunk {found.chunk}: "
    print(
        f"{options.file}: {found.reason}: offset {found.offset:#x}: {chunk}"
        f"{found.message}",
        file=sys.stderr,
    )
    return _EXIT_NEWER if found.reason == UnknownContent.reason else _EXIT_DAMAGED


def _dump(options: argparse.Namespace) -> None:
    with Stream(options.file, schema=options.schema, include=options.include) as stream:
        sys.stdout.write(stream.to_json(redact=not options.show_sensitive))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devstate")
    verbs = parser.add_subparsers(required=True)
    for name, run, text in (
        ("info", _info, "print what a stream says of itself"),
        ("verify", _verify, "check every checksum and count of a stream"),
        ("dump", _dump, "print a state as JSON"),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.add_argument("file")
        verb.set_defaults(run=run)
        if name == "info":
            continue
        verb.add_argument("--schema", help="a .proto file or a descriptor set")
        verb.add_argument(
            "-I", "--include", action="append", default=[], help="a folder of imports"
        )
        if name == "verify":
            verb.add_argument(
                "--deep", action="store_true", help="check columns and values, too"
            )
        else:
            verb.add_argument(
                "--show-sensitive", action="store_true", help="redact nothing"
            )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs a verb and returns the exit code.

    0 done or whole, 1 of a newer format or schema, 2 not readable, 3 damaged.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except StreamError as error:
        print(f"{options.file}: {error.reason}: {error}", file=sys.stderr)
        return _EXIT_NEWER if isinstance(error, UnknownContent) else _EXIT_DAMAGED
    except (DevstateError, OSError) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return _EXIT_UNREADABLE


if __name__ == "__main__":
    sys.exit(main())
