# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Prints the bytes of fs_small.dstate with a comment for each part.

docs/stream_format.md holds the output; //tests/golden:dump_test compares them.
A dump for people, not a reader: it verifies nothing.
"""

import struct
import sys

NUMBERS = {1: "kind", 2: "encoding", 3: "base", 4: "step", 5: "width",
           6: "data", 7: "values"}
KINDS = ["", "UNSIGNED", "SIGNED", "FLOAT", "DOUBLE", "BYTES", "TEXT"]
ENCODINGS = ["PLAIN", "CONSTANT", "SEQUENCE", "RUN_LENGTH", "BYTE",
             "DELTA_BYTE", "FIXED", "DICTIONARY"]

NUMBER = {"name": "NumberColumn", "fields": NUMBERS}
BYTES = {"name": "BytesColumn", "fields": {1: "kind", 2: "layout",
                                           3: ("lengths", NUMBER), 4: "data"}}


def columns(name, fields):
    return {"name": name, "fields": fields}


def occurrences(name, values):
    return {"name": name, "fields": {1: ("occurrences", NUMBER),
                                     2: ("values", values)}}


EMPTY = columns("Inode_RootColumns", {})
PATH = columns("Inode_PathColumns", {1: ("parent", NUMBER), 2: ("name", BYTES)})
HANDLE = columns("FileHandleColumns", {
    1: ("mount_id", NUMBER), 2: ("type", NUMBER), 3: ("handle", BYTES)})
PAYLOADS = {
    4: columns("InodeColumns", {
        1: ("id", NUMBER), 2: ("refcount", NUMBER),
        3: ("root", occurrences("Inode_RootOccurrences", EMPTY)),
        4: ("path", occurrences("Inode_PathOccurrences", PATH)),
        5: ("lost", occurrences("Inode_LostOccurrences", EMPTY)),
        6: ("full_path", occurrences("BytesOccurrences", BYTES)),
        7: ("handle", occurrences("FileHandleOccurrences", HANDLE)),
        8: ("verification_handle",
            occurrences("FileHandleOccurrences", HANDLE)),
        9: ("mode", NUMBER), 10: ("ino", NUMBER)}),
    5: columns("OpenHandleColumns", {
        1: ("id", NUMBER), 2: ("inode", NUMBER), 3: ("flags", NUMBER)}),
    6: columns("MountPathColumns", {1: ("mount_id", NUMBER),
                                    2: ("path", BYTES)}),
}
SESSION = columns("Session", {1: "writeback_cache"})
ROOT = columns("FsState", {1: ("session", SESSION), 2: "next_inode",
                           3: "next_handle"})
WRITER = columns("Implementation", {1: "name", 2: "version"})
HEADER = columns("StreamHeader", {
    1: "device", 2: "schema", 3: "schema_version", 4: "min_reader",
    5: "root_message", 6: ("writer", WRITER), 8: "fingerprint"})
TRAILER = columns("StreamTrailer", {
    1: "chunks", 2: "records", 3: "decoded_bytes", 4: "stored_bytes",
    5: "digest"})


class Dump:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def line(self, size, comment, depth=0):
        """Prints `size` bytes, 8 a line, the comment beside the first."""
        comment = "  " * depth + comment
        for start in range(0, size, 8):
            part = self.data[self.at + start:self.at + min(start + 8, size)]
            text = f"{self.at + start:04x}  {part.hex(' '):<23}"
            print(f"{text}  {comment}".rstrip())
            comment = ""
        self.at += size

    def number(self, layout, name):
        (value,) = struct.unpack_from(layout, self.data, self.at)
        size = struct.calcsize(layout)
        shown = f"0x{value:016x}" if size == 8 else value
        self.line(size, f"{name} = {shown}")
        return value

    def varint(self, at):
        value = shift = 0
        while True:
            byte = self.data[at]
            value |= (byte & 127) << shift
            at += 1
            shift += 7
            if byte < 128:
                return value, at

    def message(self, end, schema, depth):
        while self.at < end:
            tag, at = self.varint(self.at)
            field = schema["fields"][tag >> 3]
            name = field if isinstance(field, str) else field[0]
            if tag & 7 == 0:
                value, at = self.varint(at)
                shown = {"kind": KINDS, "encoding": ENCODINGS}.get(name)
                self.line(at - self.at,
                          f"{name} = {shown[value] if shown else value}", depth)
            elif tag & 7 == 1:
                self.line(at - self.at + 8, name, depth)
            else:
                size, at = self.varint(at)
                if isinstance(field, str):
                    value = self.data[at:at + size]
                    shown = ""
                    if name not in ("data", "values", "fingerprint"):
                        shown = f' = "{value.decode()}"'
                    self.line(at - self.at + size, name + shown, depth)
                else:
                    self.line(at - self.at, f"{name}: {field[1]['name']}",
                              depth)
                    self.message(at + size, field[1], depth + 1)

    def run(self):
        self.line(8, "magic")
        self.number("<H", "format_version")
        self.number("<H", "reserved")
        header_size = self.number("<I", "header_size")
        self.number("<Q", "header_checksum")
        self.number("<Q", "prefix_checksum, over the 24 bytes above")
        print("\n      StreamHeader")
        self.message(self.at + header_size, HEADER, 0)
        while self.at < len(self.data):
            kind = self.data[self.at]
            print(f"\n      Chunk: {['', 'root', 'batch', 'trailer'][kind]}")
            self.line(1, f"type = {kind}")
            self.number("<B", "codec")
            self.number("<H", "flags")
            self.number("<I", "sequence")
            field = self.number("<I", "field")
            self.number("<I", "records")
            stored = self.number("<I", "stored_size")
            self.number("<I", "decoded_size")
            self.number("<Q", "payload_checksum")
            self.number("<Q", "header_checksum, over the 32 bytes above")
            schema = {1: ROOT, 3: TRAILER}.get(kind) or PAYLOADS[field]
            print(f"      {schema['name']}")
            self.message(self.at + stored, schema, 0)


with open(sys.argv[1], "rb") as file:
    Dump(file.read()).run()
