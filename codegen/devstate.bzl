"""devstate_cc_library: the C++ codec of a schema, generated in its own build."""

def _devstate_codegen_impl(ctx):
    proto = ctx.attr.proto[ProtoInfo]
    if len(proto.direct_sources) != 1:
        fail("%s: the proto_library must have exactly one source, the file of the root message" % ctx.label)
    source = proto.direct_sources[0]
    root = proto.proto_source_root
    import_path = source.path
    for prefix in [root + "/", ctx.bin_dir.path + "/"]:
        if import_path.startswith(prefix):
            import_path = import_path[len(prefix):]
    base = import_path[:-len(".proto")]
    folder = ctx.attr.folder
    header = ctx.actions.declare_file(folder + "/" + base + ".devstate.h")
    code = ctx.actions.declare_file(folder + "/" + base + ".devstate.cc")
    columns = ctx.actions.declare_file(folder + "/" + base + "_columns.proto")
    out = header.path[:-len("/" + base + ".devstate.h")]

    args = ctx.actions.args()
    args.add("--plugin=protoc-gen-devstate=" + ctx.executable._plugin.path)
    args.add("--devstate_out=root=%s:%s" % (ctx.attr.root, out))
    args.add_all(proto.transitive_proto_path, format_each = "-I%s")
    args.add(import_path)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = proto.transitive_sources,
        tools = [ctx.executable._plugin],
        outputs = [header, code, columns],
        mnemonic = "DevstateCodegen",
        progress_message = "Generating devstate codec of %s" % ctx.attr.root,
    )
    return [
        DefaultInfo(files = depset([header, code, columns])),
        OutputGroupInfo(
            header = depset([header]),
            code = depset([code]),
            columns = depset([columns]),
        ),
    ]

_devstate_codegen = rule(
    implementation = _devstate_codegen_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "root": attr.string(mandatory = True),
        "folder": attr.string(mandatory = True),
        "_protoc": attr.label(
            default = "@com_google_protobuf//:protoc",
            executable = True,
            allow_single_file = True,
            cfg = "host",
        ),
        "_plugin": attr.label(
            default = Label("//codegen:protoc-gen-devstate"),
            executable = True,
            cfg = "host",
        ),
    },
)

def devstate_cc_library(name, proto, root, **kwargs):
    """Generates and compiles the codec of one root message.

    For a.proto imported as x/a.proto it makes the header "x/a.devstate.h" (row
    structs, column builders and readers, typed writer and reader, the schema's
    constants), and the targets
      NAME                a cc_library of it, which also has "x/a.pb.h";
      NAME_columns_proto  a proto_library of the derived x/a_columns.proto, for
                          readers in other languages.

    Args:
      name: name of the cc_library.
      proto: label of a proto_library with one source, the root's file.
      root: full name of the root message, package included.
      **kwargs: handed to the cc_library: visibility, testonly, tags.
    """
    folder = name + ".gen"
    _devstate_codegen(
        name = name + "_codegen",
        proto = proto,
        root = root,
        folder = folder,
        testonly = kwargs.get("testonly", False),
        visibility = ["//visibility:private"],
    )
    for group in ["header", "code", "columns"]:
        native.filegroup(
            name = name + "_" + group,
            srcs = [name + "_codegen"],
            output_group = group,
            testonly = kwargs.get("testonly", False),
            visibility = ["//visibility:private"],
        )
    native.cc_proto_library(
        name = name + "_cc_proto",
        deps = [proto],
        testonly = kwargs.get("testonly", False),
        visibility = ["//visibility:private"],
    )
    native.cc_library(
        name = name,
        srcs = [name + "_code"],
        hdrs = [name + "_header"],
        includes = [folder],
        deps = [
            name + "_cc_proto",
            Label("//serializer:generated_code"),
        ],
        **kwargs
    )
    native.proto_library(
        name = name + "_columns_proto",
        srcs = [name + "_columns"],
        strip_import_prefix = folder,
        deps = [Label("//proto/devstate:columns_proto")],
        **kwargs
    )
