"""What every test run keeps to: nothing is skipped but for want of a GPU, npm or a real vLLM, and skips are counted."""

import gc
import os
from collections import Counter

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, is_hypothesis_test, settings

# Fixtures that several modules use, each started once at most.
from tests.fakes.borg import first_repository, repository  # noqa: F401
from tests.fakes.certificates import authority  # noqa: F401
from tests.fakes.chroma_server import chroma, database, own_chroma, shared_chroma  # noqa: F401
from tests.fakes.gpm_rig import gpm_rig  # noqa: F401
from tests.fakes.gpu_machine import gpu_machine  # noqa: F401
from tests.fakes.gpu_rig import gpu_rig  # noqa: F401
from tests.fakes.http_replay import replay  # noqa: F401
from tests.fakes.nvml_library import nvml_library  # noqa: F401
from tests.fakes.rag_path import services  # noqa: F401
from tests.fakes.supervised import state  # noqa: F401
from tests.fakes.users_rig import users_rig  # noqa: F401
from tests.fakes.vllm_server import vllm  # noqa: F401

# Every run tries the same cases, so that a red run is red again; `RAGPULSE_HYPOTHESIS=thorough` looks for new ones.
# None is judged by the time it takes, which on a busy machine says nothing.
_UNTIMED = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", _UNTIMED, derandomize=True, max_examples=100)
settings.register_profile("thorough", _UNTIMED, max_examples=2000)
settings.load_profile(os.environ.get("RAGPULSE_HYPOTHESIS", "same"))

_LONGEST = ("test_story.py", "test_rules.py")  # the one waits, the other works
_MAY_SKIP = ("GPU:", "npm:", "vLLM:")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew from what the code says now")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker pytest-cov measures twice, one upon the other: what stops the upper one would only bring back the
    lower one, which nobody reads. Without the lower one, `no_cover` does what it says.
    """
    if hasattr(session.config, "workerinput") and (lower := Coverage.current()) is not None:
        lower.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest is begun first and runs beside everything else: begun late, it would run on alone."""
    items.sort(key=lambda item: _LONGEST.index(item.path.name) if item.path.name in _LONGEST else len(_LONGEST))
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            # The hundredth case costs twice as much under coverage and tells it nothing new.
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """What thousands of tests hold as long as the run lasts is not looked through by every garbage collection of it."""
    gc.collect()
    gc.freeze()


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else str(report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line with the number of skips by reason, also when there is none."""
    reasons = Counter(_reason(report) for report in terminalreporter.getreports("skipped"))
    listed = ", ".join(f"{count} × {reason}" for reason, count in reasons.items()) or "none"
    terminalreporter.write_line(f"skipped by reason: {listed}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skip for any other reason is a hole in the proof: it fails the run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    forbidden = [
        report.nodeid
        for report in (reporter.getreports("skipped") if reporter else ())
        if not _reason(report).startswith(_MAY_SKIP)
    ]
    if forbidden:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nskipped without an allowed reason ({', '.join(_MAY_SKIP)}): {', '.join(forbidden)}")
