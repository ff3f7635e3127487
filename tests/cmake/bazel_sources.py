# Copyright 2026 The devstate authors
# SPDX-License-Identifier: Apache-2.0
"""Which sources the lists of CMake must have, by Bazel's dependency graph."""

from __future__ import annotations

from typing import Any

# From the element of a rule to what is compiled into it.
_INPUTS = ("srcs", "hdrs", "deps", "proto")

# Each tool's list and its target.
_TOOLS = {
    "COMMAND": "//cli:devstate",
    "COMPAT_TEST": "//compat/release:devstate-compat-test",
    "MANIFEST": "//compat/release:devstate-manifest",
    "PLUGIN": "//codegen:protoc-gen-devstate",
}

# The rooms whose unit tests CMake builds.
_TESTED = ("schema", "serializer", "transport", "compat", "backend", "third_party")

# Packages whose tests CMake builds with codecs of their own.
_STATE_TESTED = (
    "//backend/c",
    "//tests/c",
    "//tests/codegen",
    "//tests/golden",
    "//tests/serializer",
    "//tests/stream_cases",
)

# Public, and no part of the C++ library: what devices know, the C interface.
_NOT_OF_THE_LIBRARY = ("//backend/c:", "//devices/", "//tests/", "//third_party/")

# Other labels are libraries of the system and documents that are compiled in.
_SOURCES = (".cc", ".h", ".proto")


def _values(rule: Any, attribute: str) -> list[str]:
    for item in rule:
        if item.get("name") == attribute:
            labels = [label.get("value") for label in item]
            return labels or ([item.get("value")] if item.get("value") else [])
    return []


def _path(label: str) -> str:
    package, name = label[2:].split(":")
    return f"{package}/{name}" if package else name


class Graph:
    """The rules of a query's XML, by label."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self._rules = rules
        self._generated = {
            output.get("name")
            for rule in rules.values()
            for output in rule.findall("rule-output")
        }

    def closure(self, roots: list[str]) -> set[str]:
        """Returns the sources of the roots and of all that they stand on."""
        files = set()
        seen = set()
        waiting = list(roots)
        while waiting:
            label = waiting.pop()
            if label in seen:
                continue
            seen.add(label)
            rule = self._rules.get(label)
            if rule is not None:
                # A text that is compiled in is no source.
                if rule.get("class") == "genrule":
                    continue
                for attribute in _INPUTS:
                    waiting += _values(rule, attribute)
            elif (
                label.startswith("//")
                and label.endswith(_SOURCES)
                and label not in self._generated
            ):
                files.add(_path(label))
        return files

    def public_libraries(self) -> list[str]:
        """Returns what an author may depend on, but for what devices know.

        What is for tests alone is not installed.
        """
        return [
            label
            for label, rule in self._rules.items()
            if rule.get("class") == "cc_library"
            and "//visibility:public" in _values(rule, "visibility")
            and not label.startswith(_NOT_OF_THE_LIBRARY)
            and "true" not in _values(rule, "testonly")
        ]

    def unit_tests(self) -> list[str]:
        """Returns the tests of the library's rooms that read no files.

        What replaces functions of the C library is Bazel's alone.
        """
        return [
            label
            for label, rule in self._rules.items()
            if rule.get("class") == "cc_test"
            and label[2:].split(":")[0].split("/")[0] in _TESTED
            and not label.startswith("//backend/c:")
            and not _values(rule, "data")
            and not any("--wrap=" in option for option in _values(rule, "linkopts"))
        ]

    def state_tests(self) -> list[str]:
        """Returns the sources of the tests of generated codecs and of C.

        Those of headers alone need other languages than the rest. Fuzz targets
        need a corpus.
        """
        return sorted(
            _path(_values(rule, "srcs")[0])
            for label, rule in self._rules.items()
            if rule.get("class") == "cc_test"
            and label.split(":")[0] in _STATE_TESTED
            and not label.split(":")[1].startswith("headers_")
            and not label.endswith("_fuzz")
        )

    def vectorized(self) -> set[str]:
        """Returns the sources that are compiled with -O3."""
        return {
            _path(source)
            for rule in self._rules.values()
            if "-O3" in _values(rule, "copts")
            for source in _values(rule, "srcs")
            if source.endswith(".cc")
        }

    def lists(self) -> dict[str, set[str]]:
        """Returns the lists of cmake/sources.cmake by their names."""
        library = self.closure(self.public_libraries())
        # What the messages of batches import, for who compiles them.
        library.add("proto/devstate/columns.proto")
        tools = {name: self.closure([root]) for name, root in _TOOLS.items()}
        c_interface = self.closure(["//backend/c:plane"])
        judge = self.closure(["//backend/c:judge"])
        # What tools use, too, is not compiled twice.
        library |= c_interface & set().union(*tools.values())
        plane = c_interface & library
        c_interface -= library
        judge -= library | c_interface
        tools = {name: files - library for name, files in tools.items()}
        tests = self.unit_tests()
        mains = {
            _path(source)
            for test in tests
            for source in _values(self._rules[test], "srcs")
        }
        tested = self.closure(tests) - library - mains
        of_tools: set[str] = set().union(*tools.values())
        # The parts of the command are a library of their own, which tests link.
        common = {
            path
            for path in of_tools
            if sum(path in files for files in tools.values()) > 1
            or (path in tested and path not in tools["COMMAND"])
        }
        components = {name: files - common for name, files in tools.items()}
        components["C"] = c_interface
        components["JUDGE"] = judge
        components["LIBRARY"] = library - plane
        components["PLANE"] = plane
        components["TOOLS"] = common
        components["TESTING"] = tested - of_tools
        lists = {
            f"{component}_SOURCES": files for component, files in components.items()
        }
        lists["PUBLIC_HEADERS"] = {
            _path(header)
            for label in self.public_libraries()
            for header in _values(self._rules[label], "hdrs")
        }
        # A main() is beside it: libFuzzer has its own.
        lists["FUZZ_SOURCES"] = self.closure(["//backend:device_fuzz"]) - library
        lists["TESTS"] = mains
        lists["VECTORIZED_SOURCES"] = self.vectorized()
        return lists
