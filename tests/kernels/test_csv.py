"""Columns of many records at once are those of the fields of each."""

from __future__ import annotations

from hypothesis import given, strategies as st

from flowlab._src.kernels import csv

texts = st.lists(st.text('a1", ;\n\r', max_size=8).map(str.encode), max_size=4)
plain = st.lists(st.lists(st.sampled_from([b"", b"1", b"ab"]), min_size=3, max_size=3).map(b",".join), max_size=5)


@given(
    texts | plain,
    st.sampled_from([b",", b";", b'"', b"\n"]),
    st.booleans(),
    st.sampled_from([[], [1], [0, 2]]),
    st.integers(1, 3),
)
def test_many_records_are_cut_as_one_by_one(records, delimiter, quotes, chosen, count):
    columns = csv.plain_columns(records, delimiter, quotes, chosen, count)
    if columns is not None:
        rows = [csv.fields_of(record, delimiter, quotes, chosen) for record in records]
        assert [list(column) for column in zip(*rows, strict=True)] == columns
        assert len(columns) == count


def test_plain_records_need_no_closer_look():
    assert csv.plain_columns([b"1,2,", b"3,,4"], b",", True, [], 3) == [[b"1", b"3"], [b"2", b""], [b"", b"4"]]
    assert csv.plain_columns([b"1,2", b"3", b"4,5,6"], b",", True, [], 2) is None
