"""sweep.html of every sort of sweep: what is in it, that no text of a user becomes markup, that a browser draws it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from factory.sweep.labels import varied
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim, best_first
from factory.sweep.record import read_record
from factory.sweep.report.draw import draw_page
from factory.sweep.report.page import contents
from factory.sweep.report.ranked_jobs import RankedJobs, sample
from factory.sweep.report.tradeoffs import costs, front
from tests.commands import factory
from tests.report.pages import CHROMIUM, Tags, opened
from tests.sweep import made

LARGEST = 2_000_000  # bytes
HOSTILE = "</script><img src=x onerror=fail()>"
CURVE = made.curve(0.9, 0.3, 5)


def drawn(folder: Path) -> str:
    page = draw_page(read_record(folder))
    assert page is not None
    return page.read_text()


def sections(text: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', text)


def plots(text: str) -> int:
    return len(re.findall('class="plot', text))


@pytest.mark.slow
def test_sweep_page_of_five_hundred_jobs_has_at_most_two_megabytes(tmp_path: Path) -> None:
    text = drawn(made.many(tmp_path))
    assert len(text.encode()) <= LARGEST
    assert not re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", text)
    assert sections(text) == ["summary", "swept", "costs", "curves", "leaderboard", "failures", "commands"]
    assert "474 of 500" in text
    assert "120 of 474 trainings are drawn" in text


@pytest.mark.slow
def test_sweep_page_of_thousands_of_jobs_with_long_values_is_no_larger(tmp_path: Path) -> None:
    words = [f"a.key.that.is.long_{key}=a-value-that-is-rather-long-{{}}-{{}}" for key in range(12)]
    jobs = []
    for number in range(1500):
        job = made.job(tmp_path, number, *(word.format(number % 7, place) for place, word in enumerate(words)))
        metrics = {"loss": 1.0, "accuracy": number / 1500}
        made.ran(job, metrics, history=CURVE * 20, targets={"onnx": (1000 + number, 0.001), "litert": (9, 0.002)})
        jobs.append(job)
    text = drawn(made.sweep(tmp_path, jobs))
    assert len(text.encode()) <= LARGEST
    assert "500 of 1,500 jobs are drawn, the best 250 and a sample" in text
    assert "and 1,200 more in leaderboard.csv" in text


def test_sweep_page_of_one_job_has_curves_and_leaderboard(tmp_path: Path) -> None:
    job = made.ran(made.job(tmp_path, 0, "model=mlp"), {"loss": 0.3, "accuracy": 0.9}, history=CURVE)
    text = drawn(made.sweep(tmp_path, [job]))
    assert sections(text) == ["summary", "curves", "leaderboard", "commands"]
    assert plots(text) == 2


def test_sweep_page_without_deployment_has_no_latency_chart(tmp_path: Path) -> None:
    jobs = [
        made.ran(made.job(tmp_path, n, f"seed={n}"), {"loss": 1.0 - n / 10}, history=CURVE, seconds=n + 1)
        for n in range(4)
    ]
    text = drawn(made.sweep(tmp_path, jobs))
    assert "Nothing was deployed" in text
    assert "loss against time of the training" in text
    assert "against latency" not in text


def test_sweep_page_lists_equal_failures_once(tmp_path: Path) -> None:
    jobs = [made.job(tmp_path, 0, "a=1", fault="a: got 1; takes 2\nb: no"), made.job(tmp_path, 1, "a=2")]
    made.ran(jobs[1], {}, status="failed", error="train: the loss is nan", train=None)
    jobs += [made.job(tmp_path, 2, "a=3", train_key="1"), made.job(tmp_path, 3, "a=4"), made.job(tmp_path, 4, "a=5")]
    made.ran(jobs[4], {}, status="failed", error="train: the loss is nan", train=None)
    found = read_record(made.sweep(tmp_path, jobs, status="interrupted"))
    assert [(outcome.job.number, outcome.error) for outcome in found.outcomes] == [
        (0, "a: got 1; takes 2; b: no"),
        (1, "train: the loss is nan"),
        (2, "shares the training of job 1: train: the loss is nan"),
        (4, "train: the loss is nan"),
    ]
    shown = contents(found)
    assert shown["failures"]["rows"][1] == ["failed: train: the loss is nan", "job 1 a=2\njob 4 a=5"]
    assert shown["charts"] == []
    go_on = dict(shown["commands"])["Go on: what is done is kept, what failed is tried again"]
    assert go_on == f"python -m factory -m a=1,2 hydra.sweep.dir={tmp_path}"


def test_sweep_page_draws_identical_jobs_once_and_names_their_training(tmp_path: Path) -> None:
    jobs = [made.ran(made.job(tmp_path, n, f"seed={n}"), {"loss": 0.5 + n}, history=CURVE) for n in range(2)]
    jobs.append(made.job(tmp_path, 2, "seed=0", train_key="0", same_as=0))
    shown = contents(read_record(made.sweep(tmp_path, jobs)))
    assert [row[0] for row in shown["leaderboard"]["top"]] == [0, 2, 1]
    assert shown["leaderboard"]["top"][1][-1] == "as job 0"
    assert shown["shared"]["rows"] == [["job 0 seed=0", "job 2 seed=0"]]
    assert shown["swept"].title == "loss of 2 jobs"


def test_running_job_counts_as_not_ended_on_the_sweep_page(tmp_path: Path) -> None:
    jobs = [made.ran(made.job(tmp_path, 0, "a=1"), {"loss": 0.5}), made.job(tmp_path, 1, "a=2")]
    made.ran(jobs[1], {}, status="running", train=None)
    shown = contents(read_record(made.sweep(tmp_path, jobs, status="running")))
    assert next(tile for tile in shown["tiles"] if tile["label"] == "jobs done")["value"] == "1 of 2"


def test_sweep_page_is_drawn_when_no_job_has_ended(tmp_path: Path) -> None:
    text = drawn(made.sweep(tmp_path, [made.job(tmp_path, 0, "a=1")], status="interrupted"))
    assert sections(text) == ["summary", "commands"]
    assert "0 of 1" in text


def test_pruned_trial_counts_as_ended_and_not_failed_on_the_sweep_page(tmp_path: Path) -> None:
    jobs = [made.ran(made.job(tmp_path, n, f"model.dropout=0.{n}"), {"loss": 0.5}) for n in range(2)]
    made.ran(jobs[1], {}, status="pruned", error="hopeless", train=None)
    text = drawn(made.sweep(tmp_path, jobs))
    assert "<small>1 pruned</small>" in text
    assert "not ended" not in text and "1 failed" not in text


def ranked(*costs_and_values: tuple[float, float], aim: str = "accuracy") -> RankedJobs:
    jobs = [
        Outcome(
            Job(number, (f"seed={number}",), str(number)),
            "published",
            None,
            {aim: value},
            targets={"onnx": {"status": "passed", "bytes": 1, "milliseconds": cost}},
        )
        for number, (cost, value) in enumerate(costs_and_values)
    ]
    by = Aim("auto", "auto")
    found = RankedJobs.of(best_first(jobs, by), by, varied([job.job for job in jobs]))
    assert found is not None
    return found


def test_tradeoff_front_holds_the_jobs_that_no_other_beats_in_both() -> None:
    made_of = ranked((1.0, 0.5), (2.0, 0.9), (2.0, 0.8), (3.0, 0.9), (4.0, 0.95), (0.9, 0.4))
    latency = next(chart for chart in costs(made_of) if "latency" in chart.title)
    assert [(row[1], row[2]) for row in latency.rows] == [
        ("job 5 seed=5", "0.4"),
        ("job 0 seed=0", "0.5"),
        ("job 1 seed=1", "0.9"),
        ("job 4 seed=4", "0.95"),
    ]


def test_tradeoff_front_of_a_loss_descends() -> None:
    dots = [{"cost": cost, "value": value} for cost, value in ((1.0, 0.5), (2.0, 0.6), (3.0, 0.1))]
    assert front(ranked((1.0, 0.5), aim="loss"), dots) == [dots[0], dots[2]]


def test_far_worse_job_does_not_compress_the_axis_of_the_others() -> None:
    found = ranked(*((1.0, 0.9 + n / 1000) for n in range(20)), (1.0, 0.01))
    worst, best = found.ends
    assert (best, found.beyond) == (0.919, 1)
    assert 0.8 < worst < 0.9


def test_sample_of_jobs_keeps_the_best_half() -> None:
    jobs = ranked(*((1.0, 1 - n / 1000) for n in range(100))).jobs
    numbers = [job.job.number for job in sample(jobs, 20)]
    assert numbers[:10] == list(range(10))
    assert len(numbers) == len(set(numbers)) == 20
    assert numbers[-1] > 85


def hostile(folder: Path) -> Path:
    """Everything that a user types tries to be markup."""
    jobs = [made.job(folder, n, f"{HOSTILE}={HOSTILE}{n}", f"b=$ink{n}") for n in range(3)]
    for number, job in enumerate(jobs[:2]):
        made.ran(
            job,
            {HOSTILE: 0.5 + number},
            history=[{"epoch": 1, HOSTILE: 1.0, "loss": 2.0}, {"epoch": 2, HOSTILE: 1.0, "loss": 2.0}],
            targets={HOSTILE: (1000, 0.1)},
        )
    made.ran(jobs[2], {}, status="failed", error=HOSTILE, train=None)
    return made.sweep(folder, jobs, command=[HOSTILE], config_dir=HOSTILE)


def test_sweep_page_escapes_what_a_user_types(tmp_path: Path) -> None:
    text = drawn(hostile(tmp_path))
    assert "<img" not in text
    assert text.count("</script>") == 3


def test_report_of_a_sweep_prints_the_table_and_writes_the_page(tmp_path: Path) -> None:
    jobs = [made.ran(made.job(tmp_path, n, f"model.dropout=0.{n}"), {"loss": 0.5 + n}, history=CURVE) for n in range(2)]
    made.sweep(tmp_path, jobs)
    done = factory("report", str(tmp_path))
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == f"report: {tmp_path}/sweep.html"
    assert "0.5000" in done.out
    (tmp_path / "sweep.html").unlink()
    (tmp_path / "sweep.html" / "in the way").mkdir(parents=True)
    done = factory("report", str(tmp_path))
    assert (done.code, done.err) == (0, f"report: {tmp_path}: not written: Is a directory\n")


def test_unreadable_history_is_reported_and_the_sweep_page_still_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = made.ran(made.job(tmp_path, 0, "a=1"), {"loss": 0.5}, history=[{"epoch": 1, "loss": 0.1}])
    read = read_record(made.sweep(tmp_path, [job]))
    (tmp_path / "0" / "train" / "history.csv").write_bytes(b"epoch,loss\n\xff,1\n")
    assert draw_page(read) == tmp_path / "sweep.html"
    assert capsys.readouterr().err == f"{tmp_path}/0/train/history.csv: byte 11 is no UTF-8 text\n"


@pytest.mark.slow
def test_sweep_writes_its_page_and_report_writes_the_same_one(tmp_path: Path) -> None:
    words = ["data=diabetes", "optimizer=sgd", "train.backend=jax", "deploy=none", "train.epochs=2"]
    words += ["optimizer.learning_rate=1e-4,1e-3,1e30", "model.hidden=[8],[8]", f"hydra.sweep.dir={tmp_path}/sweep"]
    done = factory("-m", *words)
    assert done.code == 1, done.err
    page = tmp_path / "sweep" / "sweep.html"
    assert f"report: {page}" in done.out.splitlines()
    text = page.read_text()
    assert sections(text) == ["summary", "swept", "costs", "curves", "leaderboard", "failures", "shared", "commands"]
    page.unlink()
    assert factory("report", f"{tmp_path}/sweep").code == 1
    assert page.read_text() == text


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("folder", [made.many, hostile], ids=["many", "hostile"])
def test_a_browser_draws_every_chart_and_complains_of_nothing(folder: made.Make, dark: bool, tmp_path: Path) -> None:
    text = drawn(folder(tmp_path))
    seen = opened(str(CHROMIUM), tmp_path / "sweep.html", dark=dark, width=390 if dark else 1280)
    assert seen.console == []
    assert f'data-drawn="{plots(text)}"' in seen.dom
    assert len(re.findall(r'<svg[^>]*class="marks"', seen.dom)) == plots(text) >= 5
    tags = Tags()
    tags.feed(seen.dom)
    assert "svg" in tags.found
    assert "img" not in tags.found
