"""The port of an agent without sources; a test module takes it as a pytest plugin."""

import logging
import time
from collections.abc import Iterator

import pytest

from exporters.about import About
from exporters.answers import answers
from exporters.page import Page
from tests.fakes.agent_server import RawClient, serving


@pytest.fixture
def port(caplog: pytest.LogCaptureFixture) -> Iterator[int]:
    """Whatever a client sends, nothing of it is logged."""
    with caplog.at_level(logging.DEBUG), serving(answers(About("alpha"), Page(time.monotonic), list)) as port:
        yield port
        with RawClient(port) as another:
            assert another.ask().status_code == 200, "the agent lives on"
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []
