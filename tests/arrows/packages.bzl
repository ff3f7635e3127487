"""Every package of the rooms. The test fails if one is missing here."""

PACKAGES = [
    "backend",
    "backend/devices",
    "cli",
    "codegen",
    "compat",
    "examples/fs_backend",
    "examples/session_embedding",
    "proto/devices/blk/v1",
    "proto/devices/fs/v1",
    "proto/devices/net/v1",
    "proto/devices/virtio/v1",
    "proto/devstate",
    "serializer",
    "tests/arrows",
    "tests/bench",
    "tests/cli",
    "tests/foreign",
    "tests/qemu",
    "tests/transfer",
    "transport",
]
