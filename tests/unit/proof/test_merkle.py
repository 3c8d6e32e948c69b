"""The tree of RFC 6962. Two oracles: pymerkle, and the definition of the RFC written down as it stands there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from robo.errors import InfrastructureError
from robo.proof.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

CT_ENTRIES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Roots of the first n entries: the test data of Certificate Transparency."""
CT_INCLUSION_0_OF_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
CT_CONSISTENCY_6_TO_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]


class Leaves:
    """Leaves in memory, with what the RFC says of them."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves
        self.known: dict[tuple[int, int], bytes] = {}

    @classmethod
    def numbered(cls, size: int) -> Leaves:
        return cls([leaf_hash(b"%d" % number) for number in range(size)])

    def mth(self, low: int, high: int) -> bytes:
        """RFC 6962, 2.1."""
        if high - low <= 1:
            return self.leaves[low] if high > low else EMPTY
        if (low, high) not in self.known:
            middle = low + split(high - low)
            self.known[low, high] = node_hash(self.mth(low, middle), self.mth(middle, high))
        return self.known[low, high]

    def path(self, index: int, low: int, high: int) -> list[bytes]:
        """RFC 6962, 2.1.1."""
        if high - low == 1:
            return []
        middle = low + split(high - low)
        if index < middle:
            return [*self.path(index, low, middle), self.mth(middle, high)]
        return [*self.path(index, middle, high), self.mth(low, middle)]

    def subproof(self, old: int, low: int, high: int, *, whole: bool) -> list[bytes]:
        """RFC 6962, 2.1.2."""
        if old == high:
            return [] if whole else [self.mth(low, high)]
        middle = low + split(high - low)
        if old <= middle:
            return [*self.subproof(old, low, middle, whole=whole), self.mth(middle, high)]
        return [*self.subproof(old, middle, high, whole=False), self.mth(low, middle)]

    def node(self, level: int, index: int) -> bytes:
        return self.mth(index << level, (index + 1) << level)


def split(width: int) -> int:
    k = 1
    while 2 * k < width:
        k *= 2
    return k


def flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")


def altered(path: list[bytes], bit: int) -> list[bytes]:
    at, within = divmod(bit, 256)
    return [*path[:at], flipped(path[at], within), *path[at + 1 :]]


TREE = Leaves.numbered(700)
SIZES = st.integers(1, 700)


def test_the_roots_of_certificate_transparency_come_out() -> None:
    frontier, roots = Frontier(), [EMPTY.hex()]
    for entry in CT_ENTRIES:
        frontier.append(leaf_hash(entry))
        roots.append(frontier.root().hex())
    assert roots == CT_ROOTS


def test_the_proofs_of_certificate_transparency_come_out_and_verify() -> None:
    leaves = Leaves([leaf_hash(entry) for entry in CT_ENTRIES])
    inclusion, consistency = inclusion_proof(0, 8, leaves.node), consistency_proof(6, 8, leaves.node)
    assert [each.hex() for each in inclusion] == CT_INCLUSION_0_OF_8
    assert [each.hex() for each in consistency] == CT_CONSISTENCY_6_TO_8
    roots = [bytes.fromhex(root) for root in CT_ROOTS]
    assert verify_inclusion(leaves.leaves[0], 0, 8, inclusion, roots[8])
    assert verify_consistency(6, 8, consistency, roots[6], roots[8])


def test_pymerkle_finds_the_same_roots_and_the_same_proofs() -> None:
    other = InmemoryTree(algorithm="sha256")
    frontier = Frontier()
    for number in range(130):
        other.append_entry(b"%d" % number)
        frontier.append(TREE.leaves[number])
        assert other.get_root() == frontier.root() == TREE.mth(0, number + 1)
    for size in (1, 2, 3, 63, 64, 65, 127, 128, 129, 130):
        for index in range(size):
            theirs = other.prove_inclusion(index + 1, size)
            assert inclusion_proof(index, size, TREE.node) == theirs.path[1:]
            theirs.verify(TREE.leaves[index], tree_root(size, TREE.node))
        for old in range(1, size + 1):
            other.prove_consistency(old, size).verify(TREE.mth(0, old), tree_root(size, TREE.node))


def test_every_proof_of_every_size_is_the_rfc_s_and_verifies() -> None:
    for size in range(1, 66):
        root = TREE.mth(0, size)
        assert tree_root(size, TREE.node) == root
        for index in range(size):
            path = inclusion_proof(index, size, TREE.node)
            assert path == TREE.path(index, 0, size)
            assert verify_inclusion(TREE.leaves[index], index, size, path, root)
        for old in range(1, size + 1):
            proof = consistency_proof(old, size, TREE.node)
            assert proof == TREE.subproof(old, 0, size, whole=True)
            assert verify_consistency(old, size, proof, TREE.mth(0, old), root)


def test_every_bit_of_every_small_proof_counts() -> None:
    for size in range(1, 10):
        root = TREE.mth(0, size)
        for index in range(size):
            path, leaf = inclusion_proof(index, size, TREE.node), TREE.leaves[index]
            for bit in range(256 * len(path)):
                assert not verify_inclusion(leaf, index, size, altered(path, bit), root)
        for old in range(1, size):
            proof, before = consistency_proof(old, size, TREE.node), TREE.mth(0, old)
            for bit in range(256 * len(proof)):
                assert not verify_consistency(old, size, altered(proof, bit), before, root)


@given(st.data(), SIZES)
def test_an_inclusion_proof_holds_for_its_entry_place_and_tree_only(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    path, leaf, root = inclusion_proof(index, size, TREE.node), TREE.leaves[index], TREE.mth(0, size)
    assert path == TREE.path(index, 0, size)
    assert verify_inclusion(leaf, index, size, path, root)
    bit = data.draw(st.integers(0, 255))
    assert not verify_inclusion(flipped(leaf, bit), index, size, path, root)
    assert not verify_inclusion(leaf, index, size, path, flipped(root, bit))
    assert not verify_inclusion(leaf, index, size, [*path, root], root)
    assert not any(verify_inclusion(leaf, other, size, path, root) for other in (-1, size, size + index))
    if path:
        assert not verify_inclusion(
            leaf, index, size, altered(path, data.draw(st.integers(0, 256 * len(path) - 1))), root
        )
        assert not verify_inclusion(leaf, index, size, path[:-1], root)
        assert not verify_inclusion(leaf, index, size, path[1:], root)
        other = data.draw(st.integers(0, size - 1).filter(lambda each: each != index))
        assert not verify_inclusion(leaf, other, size, path, root)


@given(st.data(), SIZES)
def test_a_consistency_proof_holds_for_its_two_trees_only(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    proof, before, after = consistency_proof(old, new, TREE.node), TREE.mth(0, old), TREE.mth(0, new)
    assert verify_consistency(old, new, proof, before, after)
    bit = data.draw(st.integers(0, 255))
    assert not verify_consistency(old, new, proof, flipped(before, bit), after)
    assert not verify_consistency(old, new, proof, before, flipped(after, bit))
    assert not verify_consistency(old, new, [*proof, after], before, after)
    assert not verify_consistency(new, old - 1, proof, before, after)
    if proof:
        assert not verify_consistency(
            old, new, altered(proof, data.draw(st.integers(0, 256 * len(proof) - 1))), before, after
        )
        assert not verify_consistency(old, new, proof[:-1], before, after)
        assert not verify_consistency(old, new, [], before, after)
        assert not verify_consistency(old, old, proof, before, before)


def test_an_empty_tree_is_the_beginning_of_every_tree_and_of_no_other_root() -> None:
    root = TREE.mth(0, 5)
    assert consistency_proof(0, 5, TREE.node) == []
    assert verify_consistency(0, 5, [], EMPTY, root)
    assert verify_consistency(0, 0, [], EMPTY, EMPTY)
    assert not verify_consistency(0, 5, [], root, root)
    assert not verify_consistency(0, 0, [], EMPTY, root)
    assert not verify_consistency(0, 5, [root], EMPTY, root)


@given(SIZES, st.integers(0, 300))
def test_a_frontier_that_was_written_down_goes_on_as_if_it_had_not_been(size: int, more: int) -> None:
    more = min(more, 700 - size)
    frontier = Frontier()
    for leaf in TREE.leaves[:size]:
        frontier.append(leaf)
    again = Frontier.from_bytes(size, bytes(frontier))
    for leaf in TREE.leaves[size : size + more]:
        again.append(leaf)
    assert (again.size, again.root()) == (size + more, TREE.mth(0, size + more))


def test_the_nodes_to_be_kept_are_those_over_256_leaves() -> None:
    frontier = Frontier()
    kept = [node for leaf in TREE.leaves for node in frontier.append(leaf)]
    assert kept == [(1, 0, TREE.mth(0, 256)), (1, 1, TREE.mth(256, 512))]


@pytest.mark.parametrize(("size", "joined"), [(3, bytes(32)), (1, bytes(31)), (0, bytes(32))])
def test_hashes_that_are_not_of_that_size_are_no_frontier(size: int, joined: bytes) -> None:
    with pytest.raises(InfrastructureError, match=f"not the hashes of a log of {size} entries"):
        Frontier.from_bytes(size, joined)


def test_what_a_log_has_not_reached_it_cannot_prove() -> None:
    with pytest.raises(InfrastructureError, match="a log of 7 entries proves nothing about 8"):
        inclusion_proof(7, 7, TREE.node)
    with pytest.raises(InfrastructureError, match="a log of 7 entries proves nothing about 9"):
        consistency_proof(9, 7, TREE.node)


def test_what_is_not_32_bytes_long_is_no_hash() -> None:
    """Two vectors of transparency-dev/merkle: an empty leaf under an empty root, a root that is another text."""
    assert not verify_inclusion(b"", 0, 1, [], b"")
    assert not verify_consistency(0, 1, [], EMPTY, b"another")
    left, right = TREE.leaves[:2]
    assert not verify_inclusion(left + right[:1], 0, 2, [right[1:]], TREE.mth(0, 2))


def test_a_proof_too_long_or_too_short_for_the_size_is_refused_even_where_its_root_was_made_for_it() -> None:
    a, b, c, d, more = TREE.leaves[:5]
    assert verify_inclusion(a, 0, 2, [b], node_hash(a, b))
    assert not verify_inclusion(a, 0, 1, [b], node_hash(b, a))
    assert not verify_inclusion(a, 0, 2, [], a)
    left = node_hash(a, b)
    old, new = node_hash(left, c), node_hash(left, node_hash(c, d))
    assert verify_consistency(3, 4, [c, d, left], old, new)
    assert not verify_consistency(3, 4, [c, d, left, more], node_hash(more, old), node_hash(more, new))
    assert not verify_consistency(3, 4, [c], c, c)


def test_an_entry_cannot_pass_for_a_node() -> None:
    left, right = TREE.leaves[:2]
    assert leaf_hash(b"\1" + left + right) != node_hash(left, right) != leaf_hash(left + right)
