"""What holds for every test: what is compiled once, what runs beside what, and what cannot run here.

With ``-n`` (pytest-xdist) whole files are dealt out to worker processes, the long ones first; without it nothing here
changes what pytest does.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from tests.report.pages import CHROMIUM

FIRST = (  # the files that take longest, so that none of them begins when all else has ended
    "execution/test_ray.py",
    "training/test_devices.py",
    "pipeline/test_runs.py",
    "export/test_targets.py",
    "sweep/test_search.py",
    "sweep/test_sweeps.py",
    "models/test_models.py",
    "models/test_applications.py",
    "diff/test_review.py",
    "config/test_config.py",
    "sweep/test_plan.py",
)
TOGETHER = {  # files that one worker runs, one after the other → why
    "execution/test_ray.py": "ports",  # asked for free, then opened by a server that is told them
    "tracking/test_mlflow.py": "ports",
    "tracking/test_broken.py": "ports",
    "report/test_report.py": "runs",  # the same trained runs
    "report/test_runs.py": "runs",
}
LEFT_OUT = pytest.StashKey[set[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEFT_OUT] = set()


@pytest.fixture(scope="session", autouse=True)
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """JAX compiles a program once for all runs of a test process; a run that asks for a cache of its own has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.mktemp("jax")))
        patch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        patch.setenv("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
        yield


# ---- side by side


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        """Whole files, and those of one group as if they were one."""

        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER.get(file_of(nodeid), file_of(nodeid))

    config.option.loadscopereorder = False  # it would put those with the most tests first
    return ByFile(config, log)


def file_of(nodeid: str) -> str:
    return nodeid.partition("::")[0].removeprefix("tests/")


# ---- left out


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: FIRST.index(file_of(item.nodeid)) if file_of(item.nodeid) in FIRST else len(FIRST))
    if CHROMIUM is None:
        without = [item for item in items if item.get_closest_marker("browser")]
        config.stash[LEFT_OUT].update(item.nodeid for item in without)
        items[:] = [item for item in items if item not in without]
        config.hook.pytest_deselected(items=without)


def pytest_collection_finish() -> None:
    """What is imported and collected stays: the collector of garbage need not look at it again, nor so often."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left out"] = sorted(session.config.stash[LEFT_OUT])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker left out is told by the process that speaks to the user."""
    node.config.stash[LEFT_OUT].update(getattr(node, "workeroutput", {}).get("left out", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[LEFT_OUT]:
        terminalreporter.section("not run: no Chromium on this machine", yellow=True)
        terminalreporter.write_line("\n".join(sorted(config.stash[LEFT_OUT])))
