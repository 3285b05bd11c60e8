"""Tables whose text is dictionaries, against the same tables of plain text."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.engine.dictionaries import compacted, replaced, stacked
from lakehouse.engine.money import narrow

texts = st.lists(st.none() | st.sampled_from("abcde"), max_size=12).map(lambda values: pa.array(values, pa.string()))


def wider(text: pa.Array, before: list[str]) -> pa.DictionaryArray:
    """Encode a column over a dictionary that begins with other values."""
    values = pa.array(
        [*before, *(value for value in dict.fromkeys(text.to_pylist()) if value is not None)], pa.string()
    )
    indices = [None if value is None else values.to_pylist().index(value) for value in text.to_pylist()]
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), values)


@given(texts, st.lists(st.sampled_from("xyza"), unique=True))
def test_a_compacted_column_is_as_its_text_is_encoded(text: pa.Array, before: list[str]) -> None:
    found = compacted(wider(text, before))
    assert found.equals(text.dictionary_encode())
    assert compacted(found) is found


@given(texts, texts)
def test_tables_put_together_hold_what_they_held(above: pa.Array, below: pa.Array) -> None:
    amounts = [pa.array([Decimal(n) for n in range(len(each))], pa.decimal128(18, 2)) for each in (above, below)]
    encoded = pa.table({"text": above.dictionary_encode(), "key": above, "amount": narrow(amounts[0])})
    plain = pa.table({"text": below, "key": below, "amount": amounts[1]})
    both = stacked(encoded, plain)
    assert both.schema == encoded.schema
    expected = [*above.to_pylist(), *below.to_pylist()]
    assert both["text"].to_pylist() == both["key"].to_pylist() == expected
    assert both["amount"].to_pylist() == [Decimal(n) for each in (above, below) for n in range(len(each))]


@given(texts, st.data())
def test_rows_take_the_places_of_others(text: pa.Array, data: st.DataObject) -> None:
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text))), bool)
    others = pa.array(data.draw(st.lists(st.none() | st.sampled_from("aexy"), min_size=len(text))), pa.string())
    others = others.slice(0, int(mask.sum()))

    def amounts(of: pa.Array) -> pa.Array:
        return pa.array([None if each is None else Decimal(ord(each)) for each in of.to_pylist()], pa.decimal128(18, 2))

    encoded = pa.table({"text": text.dictionary_encode(), "key": text, "amount": narrow(amounts(text))})
    plain = pa.table({"text": others, "key": others, "amount": amounts(others)})
    found = replaced(encoded, mask, plain)
    assert found.schema == encoded.schema
    remaining = iter(others.to_pylist())
    expected = [
        next(remaining) if is_other else own for own, is_other in zip(text.to_pylist(), mask.tolist(), strict=True)
    ]
    assert found["text"].to_pylist() == found["key"].to_pylist() == expected
    assert found["amount"].to_pylist() == amounts(pa.array(expected, pa.string())).to_pylist()
