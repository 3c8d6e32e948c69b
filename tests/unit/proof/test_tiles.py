"""Tiles and bundles: where they lie, and roots and proofs made from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robo.errors import InfrastructureError
from robo.proof.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from robo.proof.tiles import WIDTH, node_reader, pack, tile_path, tiles_of, unpack
from tests.unit.proof.test_merkle import TREE, Leaves


def test_a_tile_lies_where_the_specification_puts_it() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(1, 0, 17) == "tile/1/000.p/17"
    assert tile_path(None, 273, 112) == "tile/entries/273.p/112"


def test_70000_entries_take_the_tiles_that_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    assert [(level, width) for level, _, width in tiles if width < WIDTH] == [(0, 112), (1, 17), (2, 1)]
    assert [sum(1 for each in tiles if each[0] == level) for level in (0, 1, 2)] == [274, 2, 1]
    assert list(tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles_of(0)) == []


class Kept:
    """Leaves and nodes as a store keeps them: what `Frontier.append` gave, and how often each tile was read."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.levels: dict[int, list[bytes]] = {0: leaves}
        self.read: list[tuple[int, int]] = []
        frontier = Frontier()
        for leaf in leaves:
            for level, _, node in frontier.append(leaf):
                self.levels.setdefault(level, []).append(node)
        self.root = frontier.root()

    def tile(self, level: int, index: int) -> list[bytes]:
        self.read.append((level, index))
        return self.levels.get(level, [])[index * WIDTH : (index + 1) * WIDTH]


SMALL = Kept(TREE.leaves)


@given(st.integers(1, 700), st.data())
def test_roots_and_proofs_come_from_tiles_as_from_leaves(size: int, data: st.DataObject) -> None:
    node = node_reader(SMALL.tile)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    assert tree_root(size, node) == TREE.mth(0, size)
    assert inclusion_proof(index, size, node) == TREE.path(index, 0, size)
    assert consistency_proof(old, size, node) == TREE.subproof(old, 0, size, whole=True)


def test_in_a_log_of_three_levels_a_proof_reads_few_tiles_each_once() -> None:
    leaves = Leaves.numbered(66_000).leaves
    kept = Kept(leaves)
    assert [len(kept.levels[level]) for level in (0, 1, 2)] == [66_000, 257, 1]
    path = inclusion_proof(65_999, 66_000, node_reader(kept.tile))
    assert verify_inclusion(leaves[65_999], 65_999, 66_000, path, kept.root)
    assert len(kept.read) == len(set(kept.read)) <= 6
    node = node_reader(kept.tile)
    proof = consistency_proof(700, 66_000, node)
    assert verify_consistency(700, 66_000, proof, tree_root(700, node), kept.root)


def test_a_tile_that_is_cut_says_which() -> None:
    with pytest.raises(InfrastructureError, match="a tile cannot be read: it holds too few hashes") as caught:
        tree_root(512, node_reader(lambda level, index: SMALL.tile(level, index)[:1]))
    assert caught.value.place == "tile/1/000"


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_a_bundle_holds_its_entries(entries: list[bytes]) -> None:
    bundle = pack(entries)
    assert unpack(bundle) == entries


@given(st.lists(st.binary(max_size=80), min_size=1, max_size=5), st.data())
def test_a_bundle_that_is_cut_within_an_entry_is_refused(entries: list[bytes], data: st.DataObject) -> None:
    bundle = pack(entries)
    cut = len(bundle) - data.draw(st.integers(1, len(entries[-1]) + 1))
    with pytest.raises(InfrastructureError, match="a bundle of entries cannot be read: it is cut"):
        unpack(bundle[:cut], "tile/entries/000")
