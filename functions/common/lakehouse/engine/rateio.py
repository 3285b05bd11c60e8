"""Rateio: sharing a whole over weights by the largest-remainder method, so that the shares always add up to it."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lakehouse.engine.money import Units, mul_div

_SAFE_SUM: Final = float(2**61)


def share(total: Units, weight: npt.NDArray[Any]) -> Units:
    """Share each total over the last axis of its weights, in whole units.

    A share is ``total * weight // sum(weights)``; the units left over go one each to the largest remainders, ties
    to the lowest position. Where all weights are zero they count as equal.

    Parameters
    ----------
    total : numpy int64, shape (...)
        Not negative; cents or pieces.
    weight : numpy int64, shape (..., k), k >= 1
        Not negative, each segment's elements in the order that breaks ties. Leading axes broadcast with ``total``.

    Returns
    -------
    numpy int64, shape (..., k)
        ``share(...).sum(-1) == total``, exactly, for every total and weight that fits int64.
    """
    size = weight.shape[-1]
    if size == 1:
        return np.broadcast_to(total[..., None], np.broadcast_shapes((*total.shape, 1), weight.shape)).copy()
    if weight.size and float(weight.max()) * size >= _SAFE_SUM:
        weight = weight.astype(object)
    whole = weight.sum(-1, keepdims=True)
    weight = np.where(whole == 0, 1, weight)
    whole = np.where(whole == 0, size, whole)
    if size == 2:
        # The most common size: both remainders are the same, or add up to the whole, so the first is rounded half-up.
        first, remainder = mul_div(total, weight[..., 0], whole[..., 0])
        first = (first + (remainder >= whole[..., 0] - remainder)).astype(np.int64)
        return np.stack([first, total - first], axis=-1)
    shares, remainder = mul_div(total[..., None], weight, whole)
    left = total - shares.sum(-1)
    return np.asarray(shares + (_rank_largest_first(remainder) < left[..., None]), np.int64)


def _rank_largest_first(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return each value's place on the last axis, largest first, ties by position."""
    order = np.argsort(-values, axis=-1, kind="stable")
    rank = np.empty(values.shape, np.int64)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(values.shape[-1]), values.shape), axis=-1)
    return rank
