"""The training script of the examples, as people run it: to the end, resumed, with mistakes."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("iterstrat", reason="iterative-stratification is not installed")
pytest.importorskip("PIL", reason="Pillow, which comes with matplotlib, is not installed")

from mlresample.datasets import make_multilabel_digits  # noqa: E402

from .ports import free_port  # noqa: E402

SCRIPT = Path(__file__).parents[2] / "examples" / "train_multilabel.py"


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location("train_multilabel", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(script, tmp_path_factory):
    """A demo of 100 images to train on and 50 to test with."""
    folder = tmp_path_factory.mktemp("digits")

    def fewer(n_samples, **options):
        return make_multilabel_digits(n_samples // 20, exponent=1.5, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(script, "make_multilabel_digits", fewer)
        with pytest.raises(SystemExit) as exit_info:
            script.main(["--demo", str(folder)])
    assert exit_info.value.code == 0
    return folder


@pytest.fixture
def arguments(data, tmp_path, monkeypatch):
    """Label file, images and options: two epochs of a tiny run, 12 steps in one process."""
    for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several may add up in any order
    options = {
        "--checkpoint": tmp_path / "checkpoint.pt",
        "--device": "cpu",
        "--size": 16,
        "--epochs": 2,
        "--batch-size": 16,
        "--workers": 0,
    }
    yield [data / "train.csv", data / "images", *(one for pair in options.items() for one in pair)]
    torch.set_num_threads(n_threads)


def run(script, *arguments):
    script.main(list(map(str, arguments)))


def load(path):
    return torch.load(path, weights_only=True)


def assert_same_training(one, other):
    assert one["step"] == other["step"]
    assert one["network"].keys() == other["network"].keys()
    for name, weights in one["network"].items():
        assert torch.equal(weights, other["network"][name]), name
    assert one["schedule"] == other["schedule"]
    assert one["thresholds"] == other["thresholds"]


def losses(printed):
    return [float(loss) for loss in re.findall(r"loss (\S+)", printed)]


def test_it_trains_and_saves_thresholds(script, arguments, tmp_path, capsys):
    run(script, *arguments, "--epochs", 5)
    printed = capsys.readouterr().out
    found = losses(printed)
    assert len(found) == 5
    assert found[-1] < found[0]
    assert "Held-out images, thresholds tuned" in printed
    saved = load(tmp_path / "checkpoint.pt")
    assert len(saved["thresholds"]) == len(saved["class_names"]) == 10
    assert max(map(abs, saved["offset"])) > 0  # of the plan and the weights
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_control_takes_as_many_steps_as_the_plan(script, arguments, data, tmp_path):
    held_out = ["--valid-labels", data / "test.csv", "--epochs", 1]
    run(script, *arguments, *held_out)
    n_steps = load(tmp_path / "checkpoint.pt")["step"]
    own = ["--checkpoint", tmp_path / "control.pt", "--loss-weights", "none"]
    run(script, *arguments, *held_out, "--control", *own)
    control = load(tmp_path / "control.pt")
    assert control["step"] == n_steps > 100 // 16
    assert control["offset"] == [0.0] * 10  # there is nothing to correct


@pytest.mark.parametrize("stop_after", [2, 6, 9])
def test_stopped_and_resumed_it_ends_with_the_same_weights(
    script, arguments, tmp_path, monkeypatch, capsys, stop_after
):
    class WithDropout(script.Network):
        def __init__(self, n_classes):
            super().__init__(n_classes)
            self.layers.insert(-1, torch.nn.Dropout(0.2))

    monkeypatch.setattr(script, "Network", WithDropout)
    run(script, *arguments)
    whole = load(tmp_path / "checkpoint.pt")
    assert whole["step"] == 12
    capsys.readouterr()
    stopped = [*arguments, "--checkpoint", tmp_path / "stopped.pt"]
    run(script, *stopped, "--stop-after", stop_after)
    assert load(tmp_path / "stopped.pt")["step"] == stop_after
    assert "Held-out" not in capsys.readouterr().out
    run(script, *stopped, "--resume")
    assert_same_training(load(tmp_path / "stopped.pt"), whole)


def test_finished_run_that_is_resumed_is_evaluated_again(script, arguments, tmp_path, capsys):
    run(script, *arguments)
    before = load(tmp_path / "checkpoint.pt")
    capsys.readouterr()
    run(script, *arguments, "--resume")
    printed = capsys.readouterr().out
    assert losses(printed) == []
    assert "Held-out images" in printed
    assert_same_training(load(tmp_path / "checkpoint.pt"), before)


def test_images_may_lie_in_folders_and_have_their_suffixes_in_the_file(script, tmp_path):
    for name in ("b.jpg", "c/d.PNG", "c/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = script.find_images(["b.jpg", "c/d", "b"], tmp_path)
    names = [Path(one).relative_to(tmp_path).as_posix() for one in found]
    assert names == ["b.jpg", "c/d.PNG", "b.jpg"]


def test_what_is_wrong_with_the_data_is_told_before_training(script, arguments, data, tmp_path):
    def error(labels=data / "train.csv", images=data / "images", *more):
        with pytest.raises(SystemExit) as exit_info:
            run(script, labels, images, *arguments[2:], *more)
        return exit_info.value.code

    labels = tmp_path / "labels.csv"
    text = (data / "train.csv").read_text()
    labels.write_text(text + "none,one\nnil,one\n")
    assert error(labels).endswith("has no image of 2 of 102 ids: none, nil")
    labels.write_text(text + "train-0003,one\n")
    assert "'train-0003' is also on line" in error(labels)
    assert "nix.csv" in error("nix.csv")
    assert error(images="nix") == "error: there is no folder nix."
    shared = error(data / "train.csv", data / "images", "--valid-labels", data / "train.csv")
    assert "100 ids are in both label files, such as train-0000" in shared
    assert "fewer images than --batch-size 999" in error(
        data / "train.csv", data / "images", "--batch-size", 999
    )
    assert not (tmp_path / "checkpoint.pt").exists()


def test_what_is_wrong_with_the_checkpoint_is_told(script, arguments):
    def error(*more):
        with pytest.raises(SystemExit) as exit_info:
            run(script, *arguments, *more)
        return exit_info.value.code

    assert "checkpoint.pt" in error("--resume")
    assert (
        error("--checkpoint", "nix/one.pt") == "error: there is no folder nix for the checkpoint."
    )
    run(script, *arguments, "--stop-after", 1)
    assert "--resume it, or name another" in error()
    assert "was trained with lr 0.003, which is 1.0 now" in error("--resume", "--lr", 1)
    assert "a sampler with seed=0" in error("--resume", "--seed", 1)
    assert "another plan, labels or parameters differ" in error("--resume", "--cap", 2)


# -- in two processes --------------------------------------------------------------------------


def launch(*arguments):
    """Run the script in two processes, as torchrun does; give what each printed."""
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    processes = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), *map(str, arguments)],
            env={**os.environ, **shared, "RANK": rank, "LOCAL_RANK": rank, "OMP_NUM_THREADS": "1"},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for rank in ("0", "1")
    ]
    printed = [process.communicate(timeout=240)[0] for process in processes]
    for process, text in zip(processes, printed, strict=True):
        assert process.returncode == 0, text
    return printed


def test_two_processes_whose_workers_fetch_ahead_are_stopped_and_resumed(arguments, tmp_path):
    whole, other = launch(*arguments, "--batch-size", 8)
    assert "Held-out images, thresholds tuned" in whole
    assert "Held-out" not in other
    stopped = [*arguments, "--batch-size", 8, "--checkpoint", tmp_path / "stopped.pt"]
    launch(*stopped, "--workers", 1, "--stop-after", 9)
    assert load(tmp_path / "stopped.pt")["step"] == 9
    resumed, _ = launch(*stopped, "--workers", 1, "--resume")
    assert_same_training(load(tmp_path / "stopped.pt"), load(tmp_path / "checkpoint.pt"))
    assert "resumed after step 9" in resumed
    whole = whole.replace("checkpoint.pt", "stopped.pt")
    assert resumed.partition("Held-out")[2] == whole.partition("Held-out")[2]
