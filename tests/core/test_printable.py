"""No text of a stranger acts on the terminal or on a reader of Markdown, whichever way it is shown."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factory.core.errors import ConfigError, TrainError, revive_error
from factory.core.files import write_json
from factory.core.markdown import block, code, words
from factory.core.markdown import table as markdown_table
from factory.core.printable import json_text, visible
from factory.core.terminal import Terminal, text
from factory.diff import render
from factory.diff.impact import Class
from factory.diff.layer_tables import Row
from factory.diff.review import Finding, Layers, Review
from factory.diff.tree_changes import Change
from factory.report import card, compare, live, pages, run_list, run_page, table
from factory.report.facts import Facts, embedded
from factory.sweep.outcome import Outcome
from factory.sweep.plan import Job
from factory.sweep.ranking import Aim
from factory.sweep.report import leaderboard
from factory.sweep.report.live import Screen
from tests.commands import factory
from tests.sweep import made

WORST = (
    "[/red]x",
    "[link=https://evil.example]here[/link]",
    ":boom:",
    "a\nfactory: all is well",
    "a\rb",
    "\x1b]0;title\x07",
    "\x9b2J",
    "\u202egnp.exe",
    "\u2028x",
    "\x7f\b\b",
    "\udc80",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "![a](https://evil.example/x.png)",
    "https://evil.example www.evil.example @someone #1",
    "``` a `b` ` |c|",
    "\\| a",
    "```\n# forged\n```",
    "</summary></details># forged",
    "---",
)
hostile = st.one_of(st.sampled_from(WORST), st.text(min_size=1, max_size=30))


def each_of_the_worst(test: Callable[..., None]) -> Callable[..., None]:
    for one in WORST:
        test = example(one)(test)
    return settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))(given(hostile)(test))


def harmless(shown: str) -> None:
    acting = {character for character in shown if not character.isprintable() and not character.isspace()}
    assert not acting
    assert not set(shown) & set("\r\t\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029")


def on_a_terminal(draw: Callable[[Terminal], Any]) -> str:
    console = Terminal(file=io.StringIO(), width=200)
    draw(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def summary(name: str) -> dict[str, Any]:
    """A run.json in which every text is this one."""
    timings = [{"name": "fit", "start": 0.0, "seconds": 1.0}]
    output = {"name": name, "shape": [2], "task": "classification", "labels": [name, name]}
    tensor = {"name": name, "dtype": name, "shape": [None]}
    trained = {
        **{"metrics": {name: 0.5}, "epochs": 1, "backend": name, "timings": timings, "parameters": 3},
        **{"rows": {"train": 1, "validation": 1}, "sha256": {"model.keras": name}},
        "signature": {"inputs": [tensor], "outputs": [tensor]},
        "data": {"inputs": [tensor], "outputs": [output], "fingerprint": name},
    }
    target = {"status": "failed", "backend": name, "published": None, "error": name, "attempts": []}
    said = {"status": name, "error": name, "overrides": [name], "platform": name, "python": name, "git": name}
    return {**said, "name": name, "train": trained, "targets": {name: target}, "versions": {"keras": name, name: name}}


def facts(name: str) -> Facts:
    tree = {
        **{"seed": 0, "train": {"batch_size": 1, "precision": name}, "deploy": {"target": {}}},
        **{"data": {"source": name}, "optimizer": {"name": name, name: name}},
    }
    nodes = [{"name": name, "kind": name, "shape": [3], "parameters": 3, "trainable": 3, "inside": 0, "from": []}]
    hydra = {"runtime": {"choices": {"data": name}}}
    return Facts(
        Path("run"), summary(name), tree, hydra, [], {}, {"nodes": nodes}, {name: summary(name)["targets"][name]}
    )


def review(name: str) -> Review:
    row = {"name": name, "kind": name, "shape": [3], "parameters": 1, "flops": 2}
    totals = dict.fromkeys(("parameters", "trainable", "flops"), (1, 2))
    verbs = [Change(name, "set", name, {name: name}), Change(name, "renamed", name, name)]
    verbs += [Change(name, "added", None, name), Change(name, "reordered", [name], [name])]
    return Review(
        (name, name),
        tuple(Finding(change, Class.retrain, (name,)) for change in verbs),
        (
            Layers((name, name), (Row("added", None, row),), totals),
            Layers((name,), note=name),
        ),
        {name: f"renamed from {name}", f"{name}2": "broken"},
        {name: (name,)},
        3,
        (name,),
    )


# ---- terminals


@each_of_the_worst
def test_text_is_one_line_that_can_be_read(name: str) -> None:
    harmless(visible(name))
    assert visible(visible(name)) == visible(name)
    assert json.loads(json_text({"a": name})) == {"a": name}
    harmless(json_text({name: name}))


def test_text_that_does_nothing_stays_as_it_is() -> None:
    assert visible("Größe 1\u00a0000 → 模型 [x] é") == "Größe 1\u00a0000 → 模型 [x] é"
    assert visible("a\x1b]0;t\x07\n\u202eb\udc80") == "a\\x1b]0;t\\x07\\n\\u202eb\\udc80"


@each_of_the_worst
def test_a_terminal_takes_strings_as_they_are(name: str) -> None:
    assert on_a_terminal(lambda console: console.say(name)) == f"{visible(name)}\n"
    assert on_a_terminal(lambda console: console.print(text(name), soft_wrap=True)) == f"{visible(name)}\n"
    cells = on_a_terminal(lambda console: console.print(compare.filled([name], [[name]])))
    assert cells.count(visible(name).strip()) >= 2
    harmless(cells)


@each_of_the_worst
def test_the_table_of_a_run(name: str) -> None:
    shown = on_a_terminal(lambda console: table.show(summary(name), console))
    harmless(shown)
    assert visible(name).strip() in shown


@each_of_the_worst
def test_a_run_while_it_runs(name: str) -> None:
    epoch = {"event": "epoch", "epoch": 1, "epochs": 2, "step": 1, "steps": 2, "elapsed": 1.0, "metrics": {name: 0.5}}
    target = {"event": "target", "target": name, "backend": name, "status": name, "error": name}

    def draw(console: Terminal) -> None:
        with live.Bar(console) as bar:
            bar.event(epoch)
            bar.event(target)
            console.print(bar.progress)

    shown = on_a_terminal(draw)
    harmless(shown)
    assert f"epoch 1/2  {visible(name)} 0.5" in shown


@each_of_the_worst
def test_a_sweep_while_it_runs_and_when_it_has_ended(name: str) -> None:
    jobs = [Job(number, (f"seed={number}", name), name) for number in range(2)]
    good = Outcome(jobs[0], "published", metrics={name: 0.5})
    bad = Outcome(jobs[1], "failed", name)

    def draw(console: Terminal) -> None:
        screen = Screen(console, jobs, Aim("auto", "auto"))
        screen.started(jobs[1])
        screen.ended(good)
        console.print(screen.render())
        screen.ended(bad)
        leaderboard.show([good, bad], Aim("auto", "auto"), console)

    harmless(on_a_terminal(draw))


@each_of_the_worst
def test_lists_and_comparisons(name: str) -> None:
    found = [run_list.Run(Path(name.replace("/", "")), summary(name), 0.0, 3)]
    versions = [run_list.Version(name, 1, {"metrics": {name: 0.5}}, name, (name,), 0.0, 3)]
    both = run_list.Found(found, versions, [])
    harmless(on_a_terminal(lambda console: run_list.show(both, console)))
    as_json = run_list.as_json(both)
    harmless(as_json)
    assert json.loads(as_json)["published"][0]["name"] == name


@each_of_the_worst
def test_a_review(name: str) -> None:
    harmless(on_a_terminal(lambda console: render.terminal(review(name), console)))
    as_json = render.as_json(review(name))
    harmless(as_json)
    assert json.loads(as_json)["changes"][0]["path"] == name


@each_of_the_worst
def test_an_error_is_as_many_lines_as_it_has_faults(name: str) -> None:
    error = ConfigError([name, "second"])
    assert str(error).splitlines() == [visible(name), "second"]
    again = revive_error("ConfigError", str(error))
    assert (type(again), again.problems) == (ConfigError, error.problems)
    assert str(TrainError(name)) == visible(name)


# ---- Markdown and pages


def rendered(markdown: str) -> list[str]:
    """What a reader's program makes of it, as kinds of tokens."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [child.type for token in tokens for child in (token, *(token.children or ()))]


@each_of_the_worst
def test_words_code_and_blocks_mean_nothing_in_markdown(name: str) -> None:
    for markdown in (f"a {words(name)} b", f"a {code(name)} b", markdown_table(["a"], [[words(name)], [code(name)]])):
        kinds = rendered(markdown)
        assert not {*kinds} & {"html_inline", "html_block", "link_open", "image", "heading_open", "fence"}, markdown
        harmless(markdown)
    (fence,) = MarkdownIt().parse(block(name, "sh"))
    assert (fence.type, fence.info) == ("fence", "sh")
    assert rendered(markdown_table(["a", "b"], [[code(name), code(name)]])).count("td_open") == 2


@each_of_the_worst
def test_a_review_in_markdown(name: str) -> None:
    markdown = render.markdown(review(name))
    harmless(markdown)
    assert not {*rendered(markdown)} & {"link_open", "image", "fence"}
    ours = [line for line in markdown.splitlines() if line.startswith(("<", "#"))]
    assert len(ours) == 6  # the marker, the headline, two architectures with an end each
    shown = [token for token in MarkdownIt("commonmark").enable("table").parse(markdown) if token.type == "html_block"]
    assert all("<img" not in token.content and "<script" not in token.content for token in shown)


@each_of_the_worst
def test_a_model_card(name: str) -> None:
    written = pages.text("model_card.md", card.contents(facts(name)))
    harmless(written)
    header, markdown = written.removeprefix("---\n").split("\n---\n", 1)
    assert yaml.safe_load(header)["library_name"] == "keras"
    assert not {*rendered(markdown)} & {"html_inline", "html_block", "link_open", "image"}
    assert rendered(markdown).count("heading_open") == 8


@each_of_the_worst
def test_a_page(name: str) -> None:
    assume("\udc80" not in name)  # what YAML and files cannot hold is not drawn, which is said
    page = pages.text("report.html", {"style": "", "script": "", "vega": None, **run_page.contents(facts(name))})
    harmless(page)
    assert "<img" not in page
    assert page.count("<script") == page.count("</script") == 2


@each_of_the_worst
def test_json_inside_a_page_does_not_end_its_script(name: str) -> None:
    held = embedded([{"title": name}])
    assert "<" not in held
    assert json.loads(held) == [{"title": name}]


# ---- by the command line


def test_list_of_a_hostile_folder(tmp_path: Path) -> None:
    write_json(tmp_path / "a" / "run.json", {"status": "failed", "name": "a\x1b]0;owned\x07\n\u202eb"})
    measured = {"status": "trained", "name": "m", "train": made.trained({"[/red]x": 0.5}, 1, 1.0)}
    write_json(tmp_path / "[b]\x1b[2J" / "run.json", measured)
    done = factory("list", str(tmp_path))
    assert done.code == 0
    harmless(done.out)
    harmless(done.err)
    assert done.err.startswith(f"{tmp_path}/a/run.json: name: got 'a\\x1b]0;owned\\x07\\n\\u202eb'; takes letters, ")
    assert "[b]\\x1b[2J" in done.out
    assert "[/red]x 0.5000" in done.out


def test_a_forged_key_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "forged.yaml").write_text('kind: mlp\nhidden: [3]\n"x\\n\\e[2Jall is well": 1\n')
    done = factory("check", "--config-dir", str(tmp_path), "model=forged")
    assert done.code == 2
    (line,) = done.err.splitlines()
    assert line.startswith("model.x\\n\\x1b[2Jall is well: unknown key; takes ")


def test_a_config_that_is_printed_turns_nothing_around(tmp_path: Path) -> None:
    (tmp_path / "tracker").mkdir()
    (tmp_path / "tracker" / "turned.yaml").write_text("kind: mlflow\nuri: 'a\u202eb'\n", encoding="utf-8")
    done = factory("--config-dir", str(tmp_path), "--cfg", "job", "tracker=turned")
    assert (done.code, done.err) == (0, "")
    assert "uri: a\\u202eb\n" in done.out


@pytest.mark.slow
def test_a_metric_may_be_called_anything(tmp_path: Path) -> None:
    metric = "train.metrics=[{CategoricalAccuracy: {name: '[/red]x'}}]"
    words = ("train.backend=jax", "train.epochs=1", "deploy=none", metric, f"hydra.run.dir={tmp_path}/run")
    done = factory(*words, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "[/red]x " in done.out
    assert "[/red]x " in factory("list", ".", cwd=tmp_path).out
