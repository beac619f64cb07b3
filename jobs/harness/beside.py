"""Writes that do not wait for each other: at small sizes most of a write is planning, on one core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
# One plans while another writes; more would only crowd the driver.
_AT_ONCE = 3


def beside(works: Sequence[Callable[[], T]]) -> list[T]:
    """Does all works, some at a time; returns what they returned, in order.

    When one fails no other begins, those that have begun end, and the first failure in order is raised.

    >>> beside([lambda: 1, lambda: 2])
    [1, 2]
    """
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        futures = [pool.submit(work) for work in works]
        try:
            return [future.result() for future in futures]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
