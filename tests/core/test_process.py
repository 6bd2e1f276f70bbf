"""Child processes: spoken to in lines, and how they ended is said in words."""

from __future__ import annotations

from pathlib import Path

from factory.core.process import Child, cores, ending


def test_a_child_answers_the_lines_that_it_is_sent() -> None:
    child = Child("json.tool", "--json-lines", "--compact")
    child.send({"epoch": 1})
    child.send({"epoch": 2})
    child.end_input()
    assert list(child.read_lines()) == ['{"epoch":1}\n', '{"epoch":2}\n']
    assert (child.read_line(), child.wait()) == ("", 0)
    child.close()


def test_a_child_works_in_its_folder_with_its_variables(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text("import os; print(os.environ['TOLD'], os.getcwd())")
    child = Child("told", variables={"TOLD": "yes", "PYTHONPATH": str(tmp_path)}, folder=tmp_path)
    assert child.read_line() == f"yes {tmp_path}"
    child.wait()
    child.close()


def test_what_a_child_said_last_is_known_after_its_end() -> None:
    child = Child("json.tool")
    child.end_input()
    assert ending(child.wait()) == "ended with code 1"
    assert child.last_log_line().startswith("Expecting value")
    child.close()


def test_a_killed_child_is_said_to_be_killed_and_may_be_killed_and_spoken_to_again() -> None:
    child = Child("json.tool")
    child.kill()
    assert ending(child.wait()) == "was killed by SIGKILL"
    child.kill()
    child.send({"too": "late"})
    assert child.last_log_line() == "it said nothing"
    child.close()


def test_there_is_a_core_at_least() -> None:
    assert cores() >= 1
