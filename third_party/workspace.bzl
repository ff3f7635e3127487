"""External repositories of devstate: all of them live in this tree or in the system's /usr."""

load("//third_party/absl:system.bzl", "system_abseil")

def devstate_dependencies(devstate_path = ""):
    """Declares the repositories that devstate's BUILD files and rules expect.

    Args:
      devstate_path: where devstate's tree lies as seen from the calling
        workspace, with a trailing slash; empty inside devstate itself.
    """

    system_abseil(name = "system_abseil")

    # Bazel 4 downloads these three unless a workspace defines them.
    for name in ["rules_cc", "rules_java", "remote_coverage_tools"]:
        native.local_repository(
            name = name,
            path = devstate_path + "third_party/" + name,
        )

    # The default --proto_compiler and --proto_toolchain_for_cc of Bazel are
    # labels of this repository, so proto_library and cc_proto_library work
    # without flags.
    native.new_local_repository(
        name = "com_google_protobuf",
        path = "/usr",
        build_file = "@devstate//third_party:protobuf.BUILD",
    )
