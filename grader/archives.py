"""Reads handed-in files out of folders and zip archives, whatever their makers put into them.

Nothing is unpacked: a file is a name, a time and bytes in memory, within limits. Where it is kept
is decided by who reads it, so that no name in an archive can lead anywhere.
"""

from __future__ import annotations

import os
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from lzma import LZMAError
from pathlib import Path
from struct import unpack_from
from typing import IO

from .errors import GraderError
from .restore import NOTEBOOK_MB

ENTRIES = 50_000
"""An archive with more entries is none of a class."""
READ_MB = 4000
"""So much is read of one archive; what follows is left out, and said so."""
_LITTER = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", ".git"}
_UNICODE_PATH = 0x7075  # Info-ZIP's extra field; Python 3.11 does not read it


@dataclass(frozen=True)
class File:
    """A file that was handed in: where it lay, when it was last changed, and what reads it.

    `when` is UTC without saying so, as nbgrader's times are; what an archive says has no zone.
    `read` raises GraderError where the file cannot be read, is damaged or too large.
    """

    source: Path
    parts: tuple[str, ...]
    when: datetime
    read: Callable[[], bytes]

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def place(self) -> str:
        """Return the path for people, without characters that a terminal would act on."""
        return printable("/".join(self.parts))


@dataclass(frozen=True)
class Left:
    """Something that is left where it is: where, and why with what to do about it."""

    place: str
    why: str


def printable(text: str) -> str:
    """Return text that is safe to print: a name out of an archive may hold anything."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def handed_in(path: Path, opened: ExitStack) -> Iterator[File | Left]:
    """Yield what lies in a folder or a zip archive, or the one file that is named.

    `opened` keeps archives open for the files that come out of them.
    """
    if path.is_dir():
        yield from _in_folder(path)
    elif not path.exists():
        raise GraderError(f"there is no {path}; name a folder, a zip archive or a notebook")
    elif zipfile.is_zipfile(path):
        yield from _in_archive(path, opened)
    elif path.suffix == ".ipynb":
        yield _plain(path, path.parent)
    else:
        raise GraderError(
            f"{path} is neither a folder nor a zip archive nor a notebook; unpack it, and name the "
            "folder"
        )


def _in_folder(root: Path) -> Iterator[File | Left]:
    for folder, subfolders, names in os.walk(root):  # which does not follow links
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        subfolders[:] = sorted(set(subfolders) - _LITTER - set(links))
        for name in sorted({*names, *links} - _LITTER):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file():
                place = printable(str(path.relative_to(root)))
                yield Left(place, "a link or no plain file: such are not followed")
            else:
                yield _plain(path, root)


def _plain(path: Path, root: Path) -> File:
    parts = tuple(map(_composed, path.relative_to(root).parts))

    def read() -> bytes:
        with path.open("rb") as file:
            return _within_limit(file)

    when = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    return File(root, parts, when, read)


def _in_archive(path: Path, opened: ExitStack) -> Iterator[File | Left]:
    try:
        archive = opened.enter_context(zipfile.ZipFile(path))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise GraderError(f"{path} is damaged ({error}); download it again") from error
    entries = archive.infolist()
    if len(entries) > ENTRIES:
        raise GraderError(f"{path} has {len(entries)} entries, more than {ENTRIES}: no class's")
    budget = _Budget(READ_MB << 20)
    for entry in entries:
        name = _decoded(entry)
        parts = tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        place = printable(name)
        if entry.is_dir() or not parts or _LITTER & set(parts):
            continue
        if name.startswith(("/", "\\")) or ".." in parts or parts[0].endswith(":"):
            yield Left(place, "its path leads out of the archive: nobody's download makes such")
        elif stat.S_ISLNK(entry.external_attr >> 16):
            yield Left(place, "a link: such are not followed")
        else:
            yield File(path, parts, _time(entry), _reader(archive, entry, budget))


@dataclass
class _Budget:
    """How many bytes may still be read of an archive."""

    left: int


def _reader(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, budget: _Budget
) -> Callable[[], bytes]:
    counted = False

    def read() -> bytes:
        nonlocal counted
        if budget.left <= 0 and not counted:
            raise GraderError(
                f"the archive unpacks to more than {READ_MB} MB; take it apart, and collect the "
                "parts"
            )
        if entry.flag_bits & 1:
            raise GraderError("it is locked with a password; unpack it by hand")
        try:
            with archive.open(entry) as file:
                data = _within_limit(file)
        except (zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError) as error:
            raise GraderError(f"it is damaged in the archive ({error}); download again") from error
        except (NotImplementedError, RuntimeError, ValueError) as error:
            raise GraderError(f"it cannot be unpacked ({error}); unpack it by hand") from error
        budget.left -= 0 if counted else len(data)
        counted = True
        return data

    return read


def _within_limit(file: IO[bytes]) -> bytes:
    """Read a file whose stated size may lie."""
    data = file.read((NOTEBOOK_MB << 20) + 1)
    if len(data) > NOTEBOOK_MB << 20:
        raise GraderError(
            f"it is larger than {NOTEBOOK_MB} MB, which grading does not read; ask for it without "
            "outputs"
        )
    return data


def _time(entry: zipfile.ZipInfo) -> datetime:
    try:
        return datetime(*entry.date_time)
    except ValueError:  # a month 0, say
        return datetime.min


def _composed(name: str) -> str:
    """Write a name as most systems do; macOS takes ü apart."""
    return unicodedata.normalize("NFC", name)


def _decoded(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name; UTF-8 even where the archive does not say that it is.

    Without the flag a name is in code page 437 by the standard, and in UTF-8 or a local code page
    by what programs do. A name in UTF-8 is no accident.
    """
    name = entry.filename
    if not entry.flag_bits & 0x800:
        try:
            name = _unicode_path(entry.extra) or name.encode("cp437").decode("utf-8")
        except (UnicodeError, ValueError):
            name = entry.filename
    return _composed(name.encode("utf-8", "replace").decode())


def _unicode_path(extra: bytes) -> str:
    """Find the UTF-8 name in an entry's extra fields: tag, length, version, checksum, name."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = unpack_from("<HH", extra, at)
        if tag == _UNICODE_PATH and length > 5:
            return extra[at + 9 : at + 4 + length].decode("utf-8")
        at += 4 + length
    return ""
