"""Rules for a back-end's build: the codec of its schema, its manifest, its test."""

load("//fuzz:fuzz.bzl", "fuzz_test")

_PROTOC = attr.label(
    default = "@com_google_protobuf//:protoc",
    executable = True,
    allow_single_file = True,
    cfg = "host",
)

def _import_path(ctx, proto):
    """Returns how other files import the schema's one file."""
    if len(proto.direct_sources) != 1:
        fail("%s: the proto_library must have exactly one source, the file of the root message" % ctx.label)
    source = proto.direct_sources[0]
    import_path = source.path
    for prefix in [proto.proto_source_root + "/", ctx.bin_dir.path + "/"]:
        if import_path.startswith(prefix):
            import_path = import_path[len(prefix):]
    return import_path

# What the plugin makes of x.proto in each language: x and these, by output group.
_GENERATED = {
    "c": {
        "header": ".devstate-c.h",
        "code": ".devstate-c.c",
    },
    "cpp": {
        "header": ".devstate.h",
        "code": ".devstate.cc",
        "columns": "_columns.proto",
    },
}

def _devstate_codegen_impl(ctx):
    proto = ctx.attr.proto[ProtoInfo]
    import_path = _import_path(ctx, proto)
    base = "/" + import_path[:-len(".proto")]
    suffixes = _GENERATED[ctx.attr.language]
    groups = {
        group: ctx.actions.declare_file(ctx.attr.folder + base + suffix)
        for group, suffix in suffixes.items()
    }
    out = groups["header"].path[:-len(base + suffixes["header"])]

    args = ctx.actions.args()
    args.add("--plugin=protoc-gen-devstate=" + ctx.executable._plugin.path)
    args.add("--devstate_out=lang=%s,root=%s:%s" % (ctx.attr.language, ctx.attr.root, out))
    args.add_all(proto.transitive_proto_path, format_each = "-I%s")
    args.add(import_path)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = proto.transitive_sources,
        tools = [ctx.executable._plugin],
        outputs = groups.values(),
        mnemonic = "DevstateCodegen",
        progress_message = "Generating devstate codec of %s" % ctx.attr.root,
    )
    return [
        DefaultInfo(files = depset(groups.values())),
        OutputGroupInfo(**{
            group: depset([file])
            for group, file in groups.items()
        }),
    ]

_devstate_codegen = rule(
    implementation = _devstate_codegen_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "root": attr.string(mandatory = True),
        "folder": attr.string(mandatory = True),
        "language": attr.string(mandatory = True, values = _GENERATED.keys()),
        "_protoc": _PROTOC,
        "_plugin": attr.label(
            default = Label("//codegen:protoc-gen-devstate"),
            executable = True,
            cfg = "host",
        ),
    },
)

def _generate(name, proto, root, language, testonly):
    """Declares NAME_GROUP for each generated file and returns their folder."""
    folder = name + ".gen"
    _devstate_codegen(
        name = name + "_codegen",
        proto = proto,
        root = root,
        folder = folder,
        language = language,
        testonly = testonly,
        visibility = ["//visibility:private"],
    )
    for group in _GENERATED[language]:
        native.filegroup(
            name = name + "_" + group,
            srcs = [name + "_codegen"],
            output_group = group,
            testonly = testonly,
            visibility = ["//visibility:private"],
        )
    return folder

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
    folder = _generate(name, proto, root, "cpp", kwargs.get("testonly", False))
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

def devstate_c_library(name, proto, root, **kwargs):
    """Generates and compiles the structs and tables of one root message, for C.

    For a.proto imported as x/a.proto it makes the header "x/a.devstate-c.h"
    (structs, enums, typed functions over devstate/devstate.h) and the target
    NAME, a cc_library of it, whose sources are C99.

    Args:
      name: name of the cc_library.
      proto: label of a proto_library with one source, the root's file.
      root: full name of the root message, package included.
      **kwargs: handed to the cc_library: visibility, testonly, tags.
    """
    folder = _generate(name, proto, root, "c", kwargs.get("testonly", False))
    native.cc_library(
        name = name,
        srcs = [name + "_code"],
        hdrs = [name + "_header"],
        includes = [folder],
        copts = ["-std=c99"],
        deps = [Label("//backend/c")],
        **kwargs
    )

def _descriptor_set(ctx, proto):
    """Declares the schema and all that it imports, in one file, with places."""
    out = ctx.actions.declare_file(ctx.label.name + ".schema.binpb")
    args = ctx.actions.args()
    args.add("--include_imports")
    args.add("--include_source_info")
    args.add("--descriptor_set_out", out)
    args.add_all(proto.transitive_proto_path, format_each = "-I%s")
    args.add(_import_path(ctx, proto))
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = proto.transitive_sources,
        outputs = [out],
        mnemonic = "DevstateSchema",
        progress_message = "Reading the schema of %s" % ctx.label,
    )
    return out

def _devstate_manifest_impl(ctx):
    schema = _descriptor_set(ctx, ctx.attr.proto[ProtoInfo])
    args = ctx.actions.args()
    args.add("--schema", schema)
    args.add("--root", ctx.attr.root)
    args.add_all(ctx.files.released, before_each = "--released")
    args.add("--implementation", ctx.attr.implementation)
    args.add("--version-text", ctx.attr.version)
    args.add_all(ctx.attr.loads, before_each = "--loads")
    args.add_all(ctx.attr.saves, before_each = "--saves")
    args.add("--include", "/".join(
        [part for part in [ctx.label.package, ctx.outputs.header.basename] if part],
    ))
    args.add("--manifest-out", ctx.outputs.manifest)
    args.add("--header-out", ctx.outputs.header)
    args.add("--source-out", ctx.outputs.source)
    ctx.actions.run(
        executable = ctx.executable._writer,
        arguments = [args],
        inputs = depset([schema] + ctx.files.released),
        outputs = [ctx.outputs.manifest, ctx.outputs.header, ctx.outputs.source],
        mnemonic = "DevstateManifest",
        progress_message = "Writing the manifest %s" % ctx.label,
    )
    return [DefaultInfo(files = depset([ctx.outputs.manifest]))]

_devstate_manifest = rule(
    implementation = _devstate_manifest_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "root": attr.string(mandatory = True),
        "released": attr.label_list(allow_files = True),
        "implementation": attr.string(mandatory = True),
        "version": attr.string(mandatory = True),
        "loads": attr.string_list(),
        "saves": attr.string_list(),
        "manifest": attr.output(mandatory = True),
        "header": attr.output(mandatory = True),
        "source": attr.output(mandatory = True),
        "_protoc": _PROTOC,
        "_writer": attr.label(
            default = Label("//compat/release:devstate-manifest"),
            executable = True,
            cfg = "host",
        ),
    },
)

def devstate_manifest(
        name,
        proto,
        root,
        implementation,
        version,
        released = [],
        loads = [],
        saves = [],
        **kwargs):
    """Writes what a back-end can load and save (docs/manifests.md).

    It makes NAME.manifest, which `devstate check --from --to` reads, and a
    cc_library NAME with the header "NAME.h" beside it, whose function
    <Root>Manifest() returns the same text.

    Args:
      name: name of the cc_library.
      proto: label of a proto_library with one source, the root's file.
      root: full name of the root message, package included.
      implementation: name of the back-end, as its streams carry it.
      version: version of the back-end, as its streams carry it.
      released: the released schemas: .proto files with what they import, or
        descriptor sets.
      loads: released versions that the back-end loads with steps of its own;
        what the rules alone let it load needs no mention.
      saves: released versions that the back-end can be told to save.
      **kwargs: handed to all targets: visibility, testonly, tags.
    """
    outs = [name + extension for extension in [".manifest", ".h", ".cc"]]
    _devstate_manifest(
        name = name + "_manifest",
        proto = proto,
        root = root,
        implementation = implementation,
        version = version,
        released = released,
        loads = [str(number) for number in loads],
        saves = [str(number) for number in saves],
        manifest = outs[0],
        header = outs[1],
        source = outs[2],
        **kwargs
    )
    native.cc_library(
        name = name,
        srcs = [outs[2]],
        hdrs = [outs[1]],
        deps = [Label("//third_party/absl:strings")],
        **kwargs
    )

def _devstate_compat_test_impl(ctx):
    schema = _descriptor_set(ctx, ctx.attr.proto[ProtoInfo])
    words = [
        "--root",
        ctx.attr.root,
        "--upgrade",
        ctx.attr.upgrade,
        "--downgrade",
        ctx.attr.downgrade,
        "--schema",
        schema.short_path,
    ]
    for released in ctx.files.released:
        words += ["--released", released.short_path]
    if ctx.file.waivers:
        words += ["--waivers", ctx.file.waivers.short_path]
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        script,
        "#!/bin/sh\nexec " + " ".join([
            "'%s'" % word.replace("'", "'\\''")
            for word in [ctx.executable._runner.short_path] + words
        ]) + " \"$@\"\n",
        is_executable = True,
    )
    runfiles = ctx.runfiles(
        files = [schema] + ctx.files.released + ctx.files.waivers,
    ).merge(ctx.attr._runner[DefaultInfo].default_runfiles)
    return [DefaultInfo(executable = script, runfiles = runfiles)]

_LEVELS = [
    "identical",
    "compatible",
    "defaulted",
    "converted",
    "lossy",
    "conditional",
    "refused",
]

devstate_compat_test = rule(
    implementation = _devstate_compat_test_impl,
    doc = """Fails if a schema is not fit for release after the released ones.

The schema is linted after the released versions and compared with each of them
in both directions. The test prints each finding that fails it: rule, path and
remedy (docs/compat_rules.md).""",
    attrs = {
        "proto": attr.label(
            mandatory = True,
            providers = [ProtoInfo],
            doc = "A proto_library with one source, the root's file.",
        ),
        "root": attr.string(
            mandatory = True,
            doc = "Full name of the root message, package included.",
        ),
        "released": attr.label_list(
            mandatory = True,
            allow_empty = False,
            allow_files = True,
            doc = "The released schemas: .proto files with what they import, " +
                  "or descriptor sets.",
        ),
        "waivers": attr.label(
            allow_single_file = True,
            doc = "Findings that are known and accepted.",
        ),
        "upgrade": attr.string(
            default = "converted",
            values = _LEVELS,
            doc = "The worst verdict that passes for the schema's reading of " +
                  "released states.",
        ),
        "downgrade": attr.string(
            default = "conditional",
            values = _LEVELS,
            doc = "The worst verdict that passes for released readers of the " +
                  "schema's states.",
        ),
        "_protoc": _PROTOC,
        "_runner": attr.label(
            default = Label("//compat/release:devstate-compat-test"),
            executable = True,
            cfg = "target",
        ),
    },
    test = True,
)

def _devstate_corpus_impl(ctx):
    schema = _descriptor_set(ctx, ctx.attr.proto[ProtoInfo])
    out = ctx.actions.declare_directory(ctx.label.name)
    args = ctx.actions.args()
    args.add("corpus")
    args.add("--schema", schema)
    args.add("--root", ctx.attr.root)
    args.add("-o", out.path)
    ctx.actions.run(
        executable = ctx.executable._devstate,
        arguments = [args],
        inputs = [schema],
        outputs = [out],
        mnemonic = "DevstateCorpus",
        progress_message = "Writing states of %s" % ctx.attr.root,
    )
    return [DefaultInfo(
        files = depset([out]),
        runfiles = ctx.runfiles(files = [out]),
    )]

_devstate_corpus = rule(
    implementation = _devstate_corpus_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "root": attr.string(mandatory = True),
        "_protoc": _PROTOC,
        "_devstate": attr.label(
            default = Label("//cli:devstate"),
            executable = True,
            cfg = "host",
        ),
    },
)

def devstate_fuzz_test(name, schema, root, device, mutations = 50, **kwargs):
    """Fuzzes what a device does with states that it loads (docs/fuzzing.md).

    Starts from the states of `devstate corpus` and mutations of each. With
    --config=libfuzzer the target has libFuzzer's main().

    Args:
      name: the test.
      schema: label of a proto_library with one source, the root's file.
      root: full name of the root message, package included.
      device: a cc_library whose source has DEVSTATE_FUZZ_DEVICE().
      mutations: how many there are of each state. They are the same every time.
      **kwargs: as any test's.
    """
    _devstate_corpus(
        name = name + "_corpus",
        testonly = True,
        proto = schema,
        root = root,
        visibility = ["//visibility:private"],
    )
    fuzz_test(
        name = name,
        srcs = [],
        corpus = [":" + name + "_corpus"],
        mutations = mutations,
        deps = [
            device,
            Label("//backend:device_fuzz"),
        ],
        **kwargs
    )
