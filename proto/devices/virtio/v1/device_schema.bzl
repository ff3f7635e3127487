"""The package of a device type's portable schema."""

load("//codegen:devstate.bzl", "devstate_compat_test")

def device_schema(type, root, virtio = ["vring"]):
    """Declares the schema TYPE.proto, what was released of it, and the test of both.

    Makes the targets
      TYPE_proto   a proto_library of the schema in use;
      released     what was released, which no change may touch: each version in
                   a folder of its own, with all that it imports;
      compat_test  fails if the schema is not fit to follow the released ones.

    Args:
      type: the device type, "net".
      root: full name of the root message.
      virtio: the files of proto/devices/virtio/v1 that it imports, without
        their suffix.
    """
    native.exports_files(
        ["BUILD.bazel"],
        visibility = ["//tests/arrows:__pkg__"],
    )
    native.exports_files(
        [type + ".proto"],
        visibility = ["//:__subpackages__"],
    )
    native.proto_library(
        name = type + "_proto",
        srcs = [type + ".proto"],
        strip_import_prefix = "/proto",
        visibility = ["//visibility:public"],
        deps = [
            "//proto/devices/virtio/v1:%s_proto" % file
            for file in virtio
        ] + ["//proto/devstate:options_proto"],
    )
    native.filegroup(
        name = "released",
        srcs = native.glob(["released/**/*.proto"]),
        visibility = ["//visibility:public"],
    )
    devstate_compat_test(
        name = "compat_test",
        size = "small",
        proto = ":%s_proto" % type,
        released = [":released"],
        root = root,
    )
