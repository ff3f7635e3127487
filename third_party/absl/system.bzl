"""Which libraries the system's Abseil is split into: each release has others."""

def _system_abseil_impl(repository_ctx):
    found = repository_ctx.execute(
        ["find", "/usr/lib", "-maxdepth", "2", "-name", "libabsl_*.so"],
    )
    libraries = [
        path.split("/")[-1][len("lib"):-len(".so")]
        for path in found.stdout.splitlines()
    ]
    repository_ctx.file("BUILD", "")
    repository_ctx.file("libraries.bzl", "LIBRARIES = %r\n" % sorted(libraries))

# Has libraries.bzl with LIBRARIES, names as for the linker's -l.
system_abseil = repository_rule(
    implementation = _system_abseil_impl,
    local = True,
)
