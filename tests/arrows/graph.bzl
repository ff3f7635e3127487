"""A package's rules and their direct inputs, as Bazel itself sees them."""

def package_graph(name, packages, **kwargs):
    """Writes the rules of `packages` with all their inputs as XML to `name`.

    A genquery sees no further than its scope and takes no wildcards. The BUILD
    file of a package is enough of a scope to list the package's rules, those
    that macros made included, with the labels in their attributes. So no target
    can be forgotten, and whoever adds one changes nothing here.

    Args:
      name: the target and its output.
      packages: the packages, each of which lets this one see its BUILD file.
      **kwargs: handed to the genquery: visibility.
    """
    build_files = ["//%s:BUILD.bazel" % package for package in packages]
    native.genquery(
        name = name,
        testonly = True,
        expression = "kind(rule, siblings(%s))" % " + ".join(build_files),
        opts = ["--output=xml"],
        scope = build_files,
        **kwargs
    )
