"""The package of a device type: codec, checks, and the test of the checks."""

load("//:cc.bzl", "cc_library")
load("//codegen:devstate.bzl", "devstate_cc_library")

def device_type(type, root, pieces = False, rate_limiter = False, rings = True, deps = []):
    """Declares what there is for the states of one device type.

    Makes the targets
      TYPE_state       the codec of the portable state, built where it is used;
      check_TYPE       the semantic checks, check_TYPE.h and .cc;
      check_TYPE_test  their test, which starts from TYPE_state.txtpb;
      example_state    that file, a state that breaks no rule.

    Args:
      type: the device type, "vsock".
      root: full name of the root message.
      pieces: whether the state has values in pieces.
      rate_limiter: whether the state has a rate limiter.
      rings: whether the state has rings.
      deps: what else the checks need.
    """
    native.exports_files(
        ["BUILD.bazel"],
        visibility = ["//tests/arrows:__pkg__"],
    )
    proto = "//proto/devices/%s/v1:%s_proto" % (type, type)
    devstate_cc_library(
        name = type + "_state",
        proto = proto,
        root = root,
        # It takes longer to compile than all the rest.
        tags = ["manual"],
        visibility = ["//visibility:public"],
    )
    native.cc_proto_library(
        name = type + "_cc_proto",
        visibility = ["//:__subpackages__"],
        deps = [proto],
    )
    cc_library(
        name = "check_" + type,
        srcs = ["check_%s.cc" % type],
        hdrs = ["check_%s.h" % type],
        visibility = ["//:__subpackages__"],
        deps = [
            ":%s_cc_proto" % type,
            "//devices/rules:broken_rules",
            "//devices/rules:device_type",
            "//third_party/absl:strings",
            "@com_google_protobuf//:protobuf",
        ] + ([
            "//devices/virtio:check_rings",
            "//devices/virtio:ring_messages",
        ] if rings else []) +
        (["//devices/virtio:check_pieces"] if pieces else []) +
        (["//devices/virtio:check_rate_limiter"] if rate_limiter else []) +
        deps,
    )
    native.filegroup(
        name = "example_state",
        srcs = [type + "_state.txtpb"],
        visibility = ["//:__subpackages__"],
    )
    native.cc_test(
        name = "check_%s_test" % type,
        size = "small",
        srcs = ["check_%s_test.cc" % type],
        data = [":example_state"],
        deps = [
            ":check_" + type,
            ":%s_cc_proto" % type,
            "//devices/rules:check_testing",
            "//third_party/gtest:gtest_main",
        ],
    )
