"""The whole body of a request that brings files. The browser hands over every part of it but what is in the files, so
the files that were given to its fields are read here, once more, if they are still what they were."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of all files of one request: more goes the browser's way."""
_HEAD: Final = re.compile(
    rb'\r\nContent-Disposition: form-data; [^\r\n]*filename="([^"\r\n]*)"(?:\r\n[^\r\n]+)*\r\n\r\n$'
)
"""The head of a part, at the end of what stands before a file (RFC 7578; names as the HTML standard writes them)."""
_WRITTEN: Final = {"%22": '"', "%0D": "\r", "%0A": "\n"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it was when a field was given it: `size` in bytes, `changed` in nanoseconds."""

    path: Path
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file as it is now. Raises `OSError`."""
        seen = path.stat()
        return cls(path, seen.st_size, seen.st_mtime_ns)

    def content(self) -> bytes | None:
        """What is in it; None when it is another one by now, or cannot be read."""
        try:
            content = self.path.read_bytes()
            return content if self == Paper.of(self.path) and len(content) == self.size else None
        except OSError:
            return None


class Papers:
    """The files that fields of a session were given since its last item."""

    def __init__(self) -> None:
        self._given: set[Paper] = set()

    def give(self, files: Iterable[str]) -> None:
        """A field is given these files. One that cannot be looked at is left to the browser."""
        for file in files:
            try:
                self._given.add(Paper.of(Path(file)))
            except OSError:
                continue

    def clear(self) -> None:
        """The item is over."""
        self._given.clear()

    def body_of(self, request: Mapping[str, Any]) -> bytes | None:
        """The body of a held request; None when nobody can tell all of it. Reads files."""
        if not request.get("hasPostData"):
            return b""
        entries = request.get("postDataEntries")
        if not entries:
            return None
        body = bytearray()
        for entry in entries:
            part = base64.b64decode(entry["bytes"]) if "bytes" in entry else self._file(bytes(body))
            if part is None:
                return None
            body += part
        return bytes(body)

    def _file(self, before: bytes) -> bytes | None:
        """What is in the file whose part begins here; None unless exactly one of that name was given."""
        head = _HEAD.search(before)
        if head is None:
            return None
        name = head[1].decode("utf-8", "replace")
        for written, sign in _WRITTEN.items():
            name = name.replace(written, sign)
        found = [paper for paper in self._given if paper.path.name == name]
        if len(found) != 1 or sum(paper.size for paper in self._given) > LARGEST:
            return None
        return found[0].content()
