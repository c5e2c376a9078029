"""The version, as it was installed."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("striate")
except PackageNotFoundError:
    # A checkout that is on the path without being installed.
    __version__ = "0+unknown"
