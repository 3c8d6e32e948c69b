"""The Merkle tree of RFC 6962 (section 2.1): its root, its proofs, and their verification (RFC 9162, section 2.1).

A leaf is `SHA-256(0x00 || entry)`, a node `SHA-256(0x01 || left || right)`: no entry can pass for a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

from robo.errors import InfrastructureError

HASH_SIZE: Final = 32
EMPTY: Final = sha256(b"").digest()
"""The root of a tree without entries."""
TILE_HEIGHT: Final = 8
"""Levels between the hashes that are kept: leaves, nodes over 256 of them, nodes over 65 536 (C2SP tlog-tiles)."""

Node = Callable[[int, int], bytes]
"""(level, index): the hash of the complete subtree of `2**level` leaves whose first leaf is `index * 2**level`."""


def leaf_hash(entry: bytes) -> bytes:
    """The leaf of an entry's bytes."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The node over two subtrees."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """All that appending needs of a tree: the roots of its complete subtrees, largest first, one a bit of `size`."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count() or any(len(each) != HASH_SIZE for each in self.hashes):
            raise InfrastructureError(
                "RB633",
                "these are not the hashes of a log of %(size)s entries",
                remedy="the head of the log is damaged: verify the log, then restore the store",
                size=size,
            )

    @classmethod
    def from_bytes(cls, size: int, joined: bytes) -> Frontier:
        """The frontier that `bytes(frontier)` wrote. `InfrastructureError` RB633 when it is not of that size."""
        return cls(size, [joined[at : at + HASH_SIZE] for at in range(0, len(joined), HASH_SIZE)])

    def __bytes__(self) -> bytes:
        return b"".join(self.hashes)

    def append(self, leaf: bytes) -> Sequence[tuple[int, int, bytes]]:
        """Add a leaf; the nodes it completes that are kept in tiles: (tile level ≥ 1, index in that level, hash)."""
        kept: tuple[tuple[int, int, bytes], ...] = ()
        hashes, carry, level = self.hashes, self.size, 0
        while carry & 1:
            leaf = node_hash(hashes.pop(), leaf)
            carry >>= 1
            level += 1
            if not level % TILE_HEIGHT:
                kept += ((level // TILE_HEIGHT, carry, leaf),)
        hashes.append(leaf)
        self.size += 1
        return kept

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        if not self.hashes:
            return EMPTY
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def tree_root(size: int, node: Node) -> bytes:
    """The root of the first `size` leaves (RFC 6962, 2.1: MTH)."""
    return _range(0, size, node) if size else EMPTY


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The path of leaf `index` in the tree of `size` leaves (RFC 6962, 2.1.1). RB633 where there is no such leaf."""
    if not 0 <= index < size:
        raise _no_proof(index + 1, size)
    path, low, high = [], 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, node))
            high = middle
        else:
            path.append(_range(low, middle, node))
            low = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """What shows that the tree of `new` leaves begins with that of `old` (RFC 6962, 2.1.2). RB633 where it cannot."""
    if not 0 <= old <= new:
        raise _no_proof(old, new)
    proof: list[bytes] = []
    low, high = 0, new
    while old not in {0, high}:
        middle = low + _split(high - low)
        if old <= middle:
            proof.append(_range(middle, high, node))
            high = middle
        else:
            proof.append(_range(low, middle, node))
            low = middle
    if low:
        proof.append(_range(low, high, node))
    return proof[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` shows that `leaf` is number `index` of the tree of that size and root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *path):
        return False
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with that of `old` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new or not _are_hashes(old_root, new_root, *proof):
        return False
    if old in {0, new}:
        return not proof and old_root == (new_root if old else EMPTY) and (new > 0 or new_root == EMPTY)
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not proof:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_SIZE for value in values)


def _split(width: int) -> int:
    """The largest power of two below `width`: where RFC 6962 parts a tree."""
    return 1 << ((width - 1).bit_length() - 1)


def _range(low: int, high: int, node: Node) -> bytes:
    """The hash over leaves `low` to `high`, a range that RFC 6962's parting arrives at: complete parts are aligned."""
    width = high - low
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return node(level, low >> level)
    split = _split(width)
    return node_hash(_range(low, low + split, node), _range(low + split, high, node))


def _no_proof(reached: int, size: int) -> InfrastructureError:
    return InfrastructureError(
        "RB633",
        "a log of %(size)s entries proves nothing about %(reached)s",
        remedy="ask for a size that the log has reached",
        reached=reached,
        size=size,
    )
