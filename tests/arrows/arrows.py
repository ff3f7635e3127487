# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Which room may use which, and what in Bazel's graph breaks that."""

import os
import re
import xml.etree.ElementTree

_LIBRARY = ("proto", "schema", "serializer", "compat")
_ALL = _LIBRARY + (
    "codegen",
    "devices",
    "foreign",
    "transport/io",
    "transport/vfio",
    "transport/vhost_user",
    "transport/virtqueue",
    "recovery",
    "backend",
    "conformance",
    "proxy",
)

# What each room may use beside itself and third_party: rooms, or single
# targets. A new room is one more line.
ALLOWED = {
    # The rules of a back-end's build test the schemas.
    "proto": ("//codegen:devstate.bzl",),
    "schema": ("proto",),
    # The rules of a back-end's build make a fuzz target of its device.
    "codegen": ("proto", "schema", "//fuzz:fuzz.bzl"),
    "serializer": ("proto", "schema"),
    "transport/io": ("//serializer:byte_stream",),
    "transport/vfio": ("transport/io",),
    "transport/vhost_user": ("transport/io", "//serializer:byte_stream"),
    "transport/virtqueue": ("transport/io", "transport/vhost_user"),
    # The document of the rules is what `devstate explain` prints.
    "compat": ("proto", "schema", "serializer", "//docs:compat_rules"),
    # The rules of a back-end's build make the codecs.
    "devices": _LIBRARY + ("codegen",),
    # Containers are files: they are read where a state lies in them. A format
    # without a portable schema has one of its own.
    "foreign": _LIBRARY + ("codegen", "devices", "transport/io"),
    "recovery": _LIBRARY
    + ("devices", "transport/io", "transport/vhost_user", "transport/virtqueue"),
    "backend": _LIBRARY + ("devices", "transport/io", "transport/vhost_user"),
    "conformance": _LIBRARY + ("transport/io", "transport/vhost_user"),
    "proxy": _LIBRARY + ("devices", "foreign", "transport/io", "transport/vhost_user"),
    "cli": _ALL,
    # The demo runs the command with an example.
    "examples": _ALL + ("//cli:devstate_demo",),
    "tests": _ALL,
    "bindings": ("proto",),
    "docs": (),
    # What fuzz targets of every room stand on.
    "fuzz": ("proto", "serializer"),
}


def room_of(label, root=""):
    """Returns the room of a label, None outside of this repository.

    The rooms are the directories beneath `root`, itself a directory such as
    "tests/arrows/fixture". What lies outside of it belongs to no room.
    """
    prefix = f"//{root}/" if root else "//"
    if not label.startswith(prefix):
        return None
    package = label[len(prefix) :].split(":")[0]
    # Files of the top-level directory, the licence for instance.
    if not package:
        return None
    parts = package.split("/")
    # The one directory with rooms of its own.
    return "/".join(parts[:2] if parts[0] == "transport" else parts[:1])


def _is_for_tests(rule):
    if rule.get("class").endswith("_test"):
        return True
    return any(
        item.get("name") == "testonly" and item.get("value") in ("true", "1")
        for item in rule.findall("boolean")
    )


def _inputs(rule):
    """The labels that a rule uses, what it only has at run time included."""
    inputs = {item.get("name") for item in rule.findall("rule-input")}
    for attribute in rule:
        if attribute.get("name") != "visibility":
            inputs |= {label.get("value") for label in attribute.iter("label")}
    return inputs


def read_rules(path):
    """Returns the rules of a query's XML, a map from label to element."""
    with open(path, encoding="utf-8") as file:
        # Bazel says XML 1.1, which no parser in Python's library reads.
        text = file.read().split("?>", 1)[1]
    root = xml.etree.ElementTree.fromstring(text)
    return {rule.get("name"): rule for rule in root.findall("rule")}


def forbidden_arrows(rules, root="", allowed=None):
    """Returns one line for each input that a rule's room may not use."""
    allowed = ALLOWED if allowed is None else allowed
    found = []
    for label, rule in sorted(rules.items()):
        room = room_of(label, root)
        if room not in allowed:
            found.append(f"{label}: the room {room} is not in arrows.py")
            continue
        if _is_for_tests(rule):
            continue
        for used in sorted(_inputs(rule)):
            other = room_of(used, root)
            if other in (None, "third_party", room):
                continue
            if other not in allowed[room] and used not in allowed[room]:
                found.append(f"{label} uses {used}: {room} may not use {other}")
    return found


def forbidden_loads(tree):
    """Returns one line for each .bzl file of a room that loads what it may not.

    Bazel's graph has rules only, not the files that declare them.
    """
    found = []
    for package in sorted(find_packages(tree)):
        folder = os.path.join(tree, package)
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".bzl"):
                continue
            label = f"//{package}:{name}"
            room = room_of(label)
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                loaded = re.findall(r'^load\("([^"]+)"', file.read(), re.MULTILINE)
            for used in loaded:
                other = room_of(used)
                if other in (None, "third_party", room):
                    continue
                if other not in ALLOWED[room] and used not in ALLOWED[room]:
                    found.append(f"{label} loads {used}: {room} may not use {other}")
    return found


def reached_from(rules, root):
    """Returns the labels of all that a rule stands on, in other repositories too."""
    reached = set()
    waiting = [root]
    while waiting:
        label = waiting.pop()
        if label in reached:
            continue
        reached.add(label)
        if label in rules:
            waiting += _inputs(rules[label])
    return reached


def find_packages(tree):
    """Returns the packages of the rooms in a source tree."""
    packages = set()
    for directory, below, files in os.walk(tree):
        package = os.path.relpath(directory, tree)
        is_tree = package == "."
        if not is_tree and ("WORKSPACE" in files or package == "third_party"):
            below.clear()
            continue
        if package == "tests/arrows/fixture":
            below.clear()
            continue
        # bazel-bin and the like are links and are not followed.
        below[:] = [name for name in below if not name.startswith(".")]
        if not is_tree and {"BUILD", "BUILD.bazel"} & set(files):
            packages.add(package)
    return packages
