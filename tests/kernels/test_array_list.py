"""The list of a TensorArray: versions that share a store, each seeing what it is made of and nothing else."""

import numpy as np

from flowlab._src.kernels.array_list import ArrayList


def contents(array):
    return dict(array.items())


def test_many_arrays_at_once_are_one_version():
    empty = ArrayList(4)
    one = empty.having(1, "b")
    more = one.having_rows([0, 2], ["a", "c"])
    assert contents(empty) == {}
    assert contents(one) == {1: "b"}
    assert contents(more) == {1: "b", 0: "a", 2: "c"}
    assert more.size == 4
    assert more.having_rows([3, 2], ["d", "again"]) is None
    other = one.having_rows([0, 9], ["x", "far"])  # from a version that is not the newest
    assert contents(other) == {1: "b", 0: "x", 9: "far"}
    assert other.size == 10
    assert contents(more) == {1: "b", 0: "a", 2: "c"}


def test_a_list_with_nothing_but_one_gradient():
    both = ArrayList(2).having(0, "element").having(("g", 0), "gradient").having(("h", 1), "other")
    only = both.only("g")
    assert contents(only) == {("g", 0): "gradient"}
    assert only.only("g") is only
    assert contents(both.only("nobody's")) == {}
    assert contents(only.having(("g", 1), "more").only("g")) == {("g", 0): "gradient", ("g", 1): "more"}
    assert contents(only) == {("g", 0): "gradient"}
    assert len(contents(both)) == 3


def test_lists_add_up_position_by_position():
    one = ArrayList(2).having(("g", 0), np.float32(1)).having(("g", 1), np.float32(2))
    two = ArrayList(2).having(("g", 1), np.float32(3))
    assert contents(one + two) == {("g", 0): 1, ("g", 1): 5}
    assert contents((one + two).only("g")) == {("g", 0): 1, ("g", 1): 5}
    assert one + 0.0 is not None
    assert contents(one) == {("g", 0): 1, ("g", 1): 2}
