"""Every package of the rooms. The test fails if one is missing here."""

PACKAGES = [
    "backend/devices",
    "codegen",
    "docs",
    "examples/fs_backend",
    "proto/devices/blk/v1",
    "proto/devices/fs/v1",
    "proto/devices/net/v1",
    "proto/devices/virtio/v1",
    "proto/devstate",
    "serializer",
    "tests/arrows",
    "tests/bench",
    "tests/codegen",
    "tests/golden",
    "tests/serializer",
]
