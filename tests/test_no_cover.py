"""A test that is marked `no_cover` pays nothing for the measuring of coverage: nothing looks on while it runs."""

import sys

import pytest


@pytest.mark.no_cover
def test_nothing_traces_what_is_not_to_be_covered() -> None:
    assert sys.gettrace() is None
