"""cc_library whose headers are included as "devstate/<path in this repository>"."""

def cc_library(hdrs = [], **kwargs):
    """Declares a native cc_library, its headers below the folder devstate/.

    The same include works in this repository, from another workspace and from
    an installation. A header in `srcs` is private to the target and keeps its
    path.

    Args:
      hdrs: as of the native rule.
      **kwargs: as of the native rule.
    """
    # No shared library of each library, which nothing links.
    kwargs.setdefault("linkstatic", True)
    if hdrs:
        kwargs = dict(kwargs, strip_include_prefix = "/", include_prefix = "devstate")
    native.cc_library(hdrs = hdrs, **kwargs)
