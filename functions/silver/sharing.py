"""Sharing each order's commitments over its items, and its items over its commitments."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lakehouse.engine.money import Units
from lakehouse.engine.rateio import share
from lakehouse.engine.segments import Index, Segments, rows_by


@dataclass(frozen=True)
class Items:
    """The items of every order, at least one each, ordered by (order, ``item_id``).

    Attributes
    ----------
    segments : Segments
        One per order.
    value, quantity : numpy int64, shape (items,)
        Cents, and the number of goods.
    """

    segments: Segments
    value: Units
    quantity: Index


@dataclass(frozen=True)
class Dues:
    """The commitments of every order, at least one each, ordered by (order, ``pagamento_id``).

    Attributes
    ----------
    segments : Segments
        One per order.
    value, foreign : numpy int64, shape (dues,)
        Cents, and hundredths of the currency of origin.
    sharing_order : numpy int64, shape (dues,)
        The same rows, each order's sorted by (``parcela_atual``, ``pagamento_id``): first in line for a unit left over.
    """

    segments: Segments
    value: Units
    foreign: Units
    sharing_order: Index


class Shares(NamedTuple):
    """One row per order, item and commitment, sorted in that order.

    Attributes
    ----------
    item, due : numpy int64, shape (rows,)
        Rows of `Items` and `Dues`.
    value, foreign, item_value, quantity : numpy int64, shape (rows,)
        The row's share of the commitment's value and foreign value, and of the item's value and quantity.
    """

    item: Index
    due: Index
    value: Units
    foreign: Units
    item_value: Units
    quantity: Index


def share_orders(items: Items, dues: Dues) -> Shares:
    """Pair every order's items with its commitments, and share each over the other.

    A single item bears its order's whole commitments, and a single commitment its order's whole items. All other orders
    of the same shape (number of items, number of commitments) are one dense block, shared at once.
    """
    rows = Segments.of_counts(items.segments.counts * dues.segments.counts)
    order, place = rows.groups, rows.positions
    item_place, due_place = np.divmod(place, dues.segments.counts[order])
    item, due = items.segments.starts[order] + item_place, dues.segments.starts[order] + due_place
    value, foreign = dues.value[due], dues.foreign[due]
    item_value, quantity = items.value[item], items.quantity[item]

    several = np.flatnonzero((items.segments.counts > 1) | (dues.segments.counts > 1))
    for orders in _by_shape(several, items.segments.counts, dues.segments.counts):
        n_items, n_dues = items.segments.counts[orders[0]], dues.segments.counts[orders[0]]
        its_items = items.segments.starts[orders, None] + np.arange(n_items)
        its_dues = dues.sharing_order[dues.segments.starts[orders, None] + np.arange(n_dues)]
        due_offset = its_dues - dues.segments.starts[orders, None]
        cell = rows.starts[orders, None, None] + np.arange(n_items)[:, None] * n_dues + due_offset[:, None, :]

        if n_items > 1:
            weight = items.value[its_items][:, None, :]
            value[cell] = share(dues.value[its_dues], weight).swapaxes(1, 2)
            foreign[cell] = share(dues.foreign[its_dues], weight).swapaxes(1, 2)
        if n_dues > 1:
            weight = dues.value[its_dues][:, None, :]
            item_value[cell] = share(items.value[its_items], weight)
            quantity[cell] = share(items.quantity[its_items], weight)
    return Shares(item, due, value, foreign, item_value, quantity)


def _by_shape(orders: Index, n_items: Index, n_dues: Index) -> list[Index]:
    """Return orders grouped by their shape."""
    if not len(orders):
        return []
    most = int(n_dues.max()) + 1
    shape = n_items[orders] * most + n_dues[orders]
    in_order = rows_by(shape, int(shape.max()) + 1)
    return np.split(orders[in_order], np.flatnonzero(np.diff(shape[in_order])) + 1)
