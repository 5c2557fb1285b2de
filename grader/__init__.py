"""Builds, proves and grades the notebooks of the course."""

from importlib.metadata import version

__version__ = version("frameworks-inside")
