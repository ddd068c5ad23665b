"""When the model is trained, and what is said when that fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher import training
from tests.launcher.conftest import Project, until

FILES = [
    "bot/config.yml",
    "bot/domain/intents.yml",
    "bot/components/embedders.py",
    "data/nlu/affirm.yml",
    "data/rules/people.yml",
    "catalogue/content/services/care.yml",
]


@pytest.fixture
def ingredients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project of which a model could be made."""
    for name in (
        *FILES,
        "requirements/engine.txt",
        "requirements/service.txt",
        "bot/models/tienviitta-0.tar.gz",
        "catalogue/recommend.py",
        "actions/turn.py",
        "api/main.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.setattr(training, "ROOT", tmp_path)
    return tmp_path


INGREDIENTS = ["requirements/engine.txt", *FILES]


@pytest.mark.parametrize("name", INGREDIENTS)
def test_the_fingerprint_changes_when_an_ingredient_changes(ingredients: Path, name: str) -> None:
    before = training.fingerprint()

    (ingredients / name).write_text("other")

    assert training.fingerprint() != before


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.unlink(), id="removed"),
        pytest.param(lambda path: path.rename(path.with_name(f"a-{path.name}")), id="renamed"),
        pytest.param(lambda path: path.with_name("new.yml").touch(), id="joined by another"),
    ],
)
def test_the_fingerprint_changes_with_the_files_that_there_are(
    ingredients: Path, name: str, change: Callable[[Path], object]
) -> None:
    before = training.fingerprint()

    change(ingredients / name)

    assert training.fingerprint() != before


@pytest.mark.parametrize(
    "name",
    [
        "requirements/service.txt",
        "bot/models/tienviitta-0.tar.gz",
        "bot/models/notes.yml",
        "bot/components/__pycache__/embedders.cpython-310.pyc",
        "catalogue/recommend.py",
        "actions/turn.py",
        "api/main.py",
        "data/nlu/affirm.yml~",
    ],
)
def test_the_fingerprint_does_not_change_with_anything_else(ingredients: Path, name: str) -> None:
    before = training.fingerprint()

    path = ingredients / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("other")
    os.utime(ingredients / "bot" / "config.yml", (0, 0))

    assert training.fingerprint() == before


def test_content_that_moves_from_one_file_to_another_is_a_change(ingredients: Path) -> None:
    one, two = ingredients / "data/nlu/affirm.yml", ingredients / "data/rules/people.yml"
    before = training.fingerprint()
    first, second = one.read_text(), two.read_text()

    one.write_text(second)
    two.write_text(first)

    assert training.fingerprint() != before


def test_it_trains_once_and_again_after_a_change(project: Project) -> None:
    models = project.root / "bot" / "models"

    first = project.run("train")
    [trained] = models.iterdir()
    second = project.run("train")
    project.edit("data/rules/people.yml", lambda text: text + "\n# changed\n")
    third = project.run("train")

    assert (first.returncode, second.returncode, third.returncode) == (0, 0, 0)
    assert "trained in" in first.stdout
    assert "trained in" not in second.stdout
    assert f"the model is bot/models/{trained.name}" in second.stdout
    assert "trained in" in third.stdout
    assert len(list(models.iterdir())) == 2


def test_two_at_once_train_once(project: Project) -> None:
    project.edit("bot/config.yml", lambda text: text + "\n  - name: Brief\n")

    both = [project.start("train") for _ in range(2)]
    said = [process.communicate(timeout=300)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], said
    assert (project.root / "trainings").read_text() == "one\n"
    assert sum("trained in" in output for output in said) == 1


def test_old_models_are_removed(project: Project) -> None:
    models = project.root / "bot" / "models"
    models.mkdir()
    for age in range(5):
        old = models / f"tienviitta-{age:012}.tar.gz"
        old.touch()
        os.utime(old, (1000 - age, 1000 - age))
    (models / "mine.tar.gz").touch()

    assert project.run("train").returncode == 0

    names = {path.name for path in models.iterdir()}
    assert {"mine.tar.gz", f"tienviitta-{0:012}.tar.gz", f"tienviitta-{1:012}.tar.gz"} < names
    assert len(names) == 4


@pytest.mark.parametrize("command", ["train", "run"])
def test_a_failed_training_is_one_line(project: Project, command: str) -> None:
    project.edit("bot/config.yml", lambda text: text + "\n  - name: NoSuchComponent\n")

    ended = project.run(command)

    assert ended.returncode == 1
    [said] = [line for line in ended.stdout.splitlines() if ": training the model, " not in line]
    assert said.startswith("tienviitta: the training failed: ")
    assert "there is no component NoSuchComponent" in said
    assert "training.log" in said
    assert not list((project.root / "bot").glob("models/*"))
    assert not project.living()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_training_ends_with_its_launcher(project: Project, how: signal.Signals) -> None:
    project.edit("bot/config.yml", lambda text: text + "\n  - name: Slow\n")
    launcher = project.start("train")
    assert until((project.root / "training-began").exists)
    assert len(project.living()) == 2

    os.kill(launcher.pid, how)
    output, _ = launcher.communicate(timeout=300)

    assert launcher.returncode == (-how if how == signal.SIGKILL else 130)
    assert "Traceback" not in output
    assert until(lambda: not project.living())
