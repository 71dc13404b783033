"""Nested structures, as TensorFlow flattens and packs them."""

from __future__ import annotations

import collections

import pytest
from hypothesis import given, strategies as st

from flowlab._src.util import nest

Pair = collections.namedtuple("Pair", "a b")

STRUCTURES = st.recursive(
    st.integers(),
    lambda parts: (
        st.lists(parts)
        | st.tuples(parts, parts)
        | st.dictionaries(st.text("abc"), parts)
        | st.builds(Pair, parts, parts)
    ),
    max_leaves=10,
)


@given(STRUCTURES)
def test_packing_the_flat_list_gives_the_structure_back(structure: object) -> None:
    assert nest.pack_sequence_as(structure, nest.flatten(structure)) == structure
    nest.assert_same_structure(structure, structure)


def test_dicts_are_flattened_by_key_and_keep_their_own_order() -> None:
    structure = {"b": 1, "a": [2, (3,)]}
    assert nest.flatten(structure) == [2, 3, 1]
    assert list(nest.pack_sequence_as(structure, [5, 6, 7])) == ["b", "a"]


def test_ordered_and_default_dicts_keep_their_types() -> None:
    ordered = collections.OrderedDict([("z", 1), ("y", 2)])
    assert nest.map_structure(lambda v: -v, ordered) == collections.OrderedDict([("z", -1), ("y", -2)])
    default = collections.defaultdict(list, a=1)
    assert nest.map_structure(lambda v: v + 1, default)["b"] == []


@pytest.mark.parametrize(
    ("first", "second", "error", "phrase"),
    [
        ([1, 2], [1, [2]], ValueError, 'Substructure "type=list str=[2]" is a sequence'),
        ([1, 2], [1, 2, 3], ValueError, "don't have the same number of elements"),
        ({"a": 1}, {"b": 1}, ValueError, "don't have the same set of keys"),
        ([1, 2], (1, 2), TypeError, "has type list, while second structure"),
        (Pair(1, 2), (1, 2), TypeError, "has type Pair, while second structure"),
    ],
)
def test_other_forms_are_told_apart(first: object, second: object, error: type, phrase: str) -> None:
    with pytest.raises(error) as caught:
        nest.assert_same_structure(first, second)
    assert "The two structures don't have the same nested structure." in str(caught.value)
    assert phrase in str(caught.value)


def test_types_of_sequences_may_be_left_open() -> None:
    nest.assert_same_structure([1, 2], (1, 2), check_types=False)


@pytest.mark.parametrize(
    ("structure", "flat", "error", "phrase"),
    [
        ([1, (2, 3)], [1, 2], ValueError, "Structure had 3 elements, but flat_sequence had 2 elements"),
        (1, [2, 3], ValueError, "However the input is a sequence"),
        ([1], 5, TypeError, "Attempted to pack value"),
    ],
)
def test_lists_that_do_not_fit(structure: object, flat: object, error: type, phrase: str) -> None:
    with pytest.raises(error, match=phrase.split("(", maxsplit=1)[0]):
        nest.pack_sequence_as(structure, flat)


def test_map_structure_refuses_what_it_cannot_call() -> None:
    with pytest.raises(TypeError, match="func must be callable"):
        nest.map_structure(5, [1])
    with pytest.raises(ValueError, match="at least one structure"):
        nest.map_structure(len)
    with pytest.raises(ValueError, match="Only valid keyword arguments"):
        nest.map_structure(len, [1], foo=3)
