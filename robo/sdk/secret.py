"""A secret that can be used and not shown."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A named secret with its parts (`username`, `password`, …). It cannot be printed, pickled, copied or serialised;
    `reveal` is the only way to a part, called at the place that types it."""

    __slots__ = ("_parts", "name")

    def __init__(self, name: str, **parts: str) -> None:
        self.name = name
        self._parts = parts

    def reveal(self, part: str) -> str:
        """The text of one part, to be handed to the application at once and kept nowhere."""
        return self._parts[part]

    def parts(self) -> tuple[str, ...]:
        return tuple(self._parts)

    def without(self, part: str) -> Secret:
        """The same, without one of its parts."""
        return Secret(self.name, **{name: text for name, text in self._parts.items() if name != part})

    def with_part(self, part: str, text: str) -> Secret:
        """The same, with one part more."""
        return Secret(self.name, **{**self._parts, part: text})

    def __repr__(self) -> str:
        return f"Secret({self.name!r}, ***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(f"the secret {self.name!r} cannot be copied or serialised")

    __reduce_ex__ = __getstate__ = __copy__ = __deepcopy__ = __iter__ = __getitem__ = _refuse
