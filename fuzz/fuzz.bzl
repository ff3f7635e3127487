"""Fuzz targets that run as tests."""

def fuzz_test(name, srcs, corpus, deps, mutator = None, mutations = 2000, size = "small", **kwargs):
    """Declares a test that replays a corpus and mutations of it.

    docs/fuzzing.md tells how to build the same sources with libFuzzer and AFL++.

    Args:
      name: the test.
      srcs: define LLVMFuzzerTestOneInput().
      corpus: files, each of which is one input, and folders of such files.
      deps: of the sources.
      mutator: "stream" if an input is a stream, "wire" if it is a protobuf
        message. Checksums and lengths stay right then.
      mutations: how many there are of each file. They are the same every time.
      size: as any test's.
      **kwargs: as any test's.
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs,
        args = ["--mutations=%d" % mutations] + ["$(rootpaths %s)" % file for file in corpus],
        data = corpus,
        deps = deps + ([
            Label("//fuzz:%s_mutator_hook" % mutator),
        ] if mutator else []) + select({
            str(Label("//fuzz:afl")): [Label("//fuzz:afl_main")],
            str(Label("//fuzz:libfuzzer")): [Label("//fuzz:libfuzzer_main")],
            "//conditions:default": [Label("//fuzz:replay_main")],
        }),
        **kwargs
    )
