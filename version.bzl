"""The version of devstate, for everything that shows or packages it."""

VERSION = "0.2.0"
