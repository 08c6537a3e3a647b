"""The training script of the examples, as people run it: to the end, resumed, with mistakes."""

import importlib.util
import io
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("PIL", reason="Pillow, which comes with matplotlib, is not installed")

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from mlresample.datasets import make_multilabel_digits  # noqa: E402

from .ports import free_port  # noqa: E402

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "train_multilabel.py"


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location("train_multilabel", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(script, tmp_path_factory):
    """Write a demo of 100 images to train on and 50 to test with."""
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
    """Return label file, images and options of a tiny run: two epochs, 12 steps in one process."""
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
    yield [data / "train.csv", data / "images", *chain.from_iterable(options.items())]
    torch.set_num_threads(n_threads)


def run(script, *arguments):
    script.main(list(map(str, arguments)))


def load(path):
    return torch.load(path, weights_only=True)


def assert_same_training(first, second):
    assert first["step"] == second["step"]
    assert first["network"].keys() == second["network"].keys()
    for name, weights in first["network"].items():
        assert torch.equal(weights, second["network"][name]), name
    assert first["schedule"] == second["schedule"]
    assert first["thresholds"] == second["thresholds"]


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


def predict_as_the_guide(script, folder, monkeypatch):
    """Run the code of the guide's last section beside a checkpoint; return its names."""
    page = (ROOT / "docs" / "guide" / "first.rst").read_text(encoding="utf-8")
    code = page.rpartition(".. code-block:: python\n")[2]
    monkeypatch.setitem(sys.modules, "train_multilabel", script)
    monkeypatch.chdir(folder)
    names = {}
    exec(textwrap.dedent(code), names)
    return names


@pytest.mark.parametrize(("stop_after", "tuned_after"), [(4, 0), (10, 8), (16, 16)])
def test_every_checkpoint_predicts_by_the_code_of_the_guide(
    script, arguments, data, tmp_path, monkeypatch, stop_after, tuned_after
):
    held_out = ["--valid-labels", data / "test.csv"]
    run(script, *arguments, *held_out, "--stop-after", stop_after)
    (tmp_path / "digits").symlink_to(data)
    names = predict_as_the_guide(script, tmp_path, monkeypatch)
    assert names["predicted"].shape == names["probability"].shape == (50, 10)
    saved = load(tmp_path / "checkpoint.pt")
    assert saved["thresholds_step"] == tuned_after
    assert (saved["thresholds"] == [0.5] * 10) == (tuned_after == 0)
    if stop_after == 16:  # two epochs of eight steps, and all images of test.csv
        torch.testing.assert_close(names["logits"], saved["logits"])


def test_offset_takes_copies_out_of_the_odds_where_images_have_one_class(
    script, arguments, data, tmp_path
):
    labels = ["one"] * 30 + ["two"] * 10  # the plan shows 30 and 20
    rows = [f"train-{i:04},{label}" for i, label in enumerate(labels)]
    (tmp_path / "labels.csv").write_text("\n".join(["Id,Target", *rows]))
    (tmp_path / "valid.csv").write_text("Id,Target\ntest-0000,one\n")
    run(
        script,
        *(tmp_path / "labels.csv", *arguments[1:], "--valid-labels", tmp_path / "valid.csv"),
        *("--loss-weights", "none", "--epochs", 1),
    )
    # The odds of the second class were 10 to 30 and became 20 to 30.
    expected = [np.log(2), -np.log(2)]
    np.testing.assert_allclose(load(tmp_path / "checkpoint.pt")["offset"], expected)


def test_network_sees_floats_from_0_to_1(script, arguments, monkeypatch):
    seen = []

    class Watched(script.Network):
        def forward(self, images):
            seen.append((images.dtype, float(images.min()), float(images.max())))
            return super().forward(images)

    monkeypatch.setattr(script, "Network", Watched)
    run(script, *arguments, "--stop-after", 1)
    assert seen == [(torch.float32, 0.0, 1.0)]


def test_control_takes_as_many_steps_as_the_plan(script, arguments, data, tmp_path):
    held_out = ["--valid-labels", data / "test.csv", "--epochs", 1]
    run(script, *arguments, *held_out)
    n_steps = load(tmp_path / "checkpoint.pt")["step"]
    control_options = ["--checkpoint", tmp_path / "control.pt", "--loss-weights", "none"]
    run(script, *arguments, *held_out, "--control", *control_options)
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


@pytest.mark.parametrize("n_workers", [0, 1])
def test_images_on_the_device_are_trained_on_in_the_order_of_the_loader(
    script, arguments, tmp_path, n_workers
):
    on_device = ["--images-on-device", "--workers", n_workers]
    run(script, *arguments)
    whole = load(tmp_path / "checkpoint.pt")
    stopped = [*arguments, "--checkpoint", tmp_path / "stopped.pt"]
    run(script, *stopped, *on_device, "--stop-after", 2)
    run(script, *stopped, "--resume", "--stop-after", 4)  # some steps with a loader between
    run(script, *stopped, *on_device, "--resume")
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_saves_and_prints_the_command_that_goes_on(
    script, arguments, tmp_path, monkeypatch, capsys, number
):
    run(script, *arguments)
    whole = load(tmp_path / "checkpoint.pt")
    interrupted = [*map(str, arguments), "--checkpoint", str(tmp_path / "with space.pt")]
    monkeypatch.setattr(sys, "argv", ["train.py", *interrupted])
    monkeypatch.setattr(sys, "orig_argv", ["python", "-W", "error", "train.py", *interrupted])
    losses = iter([False] * 7 + [True])
    entropy = script.binary_cross_entropy_with_logits

    def interrupted_in_step_8(*args, **options):
        if next(losses):
            signal.raise_signal(number)
        return entropy(*args, **options)

    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with monkeypatch.context() as patch:
        patch.setattr(script, "binary_cross_entropy_with_logits", interrupted_in_step_8)
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            script.main()
    assert exit_info.value.code == 128 + number
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    printed = capsys.readouterr().out
    assert "its thresholds were tuned after step 6" in printed
    *_, last = printed.splitlines()
    again = ["python", "-W", "error", "train.py", *interrupted, "--resume"]
    assert shlex.split(last) == again
    assert load(tmp_path / "with space.pt")["step"] == 8
    script.main(again[4:])
    assert_same_training(load(tmp_path / "with space.pt"), whole)


def test_images_may_lie_in_folders_and_have_their_suffixes_in_the_file(script, tmp_path):
    for name in ("b.jpg", "c/d.PNG", "c/d.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = script.find_images(["c/d", "b.jpg"], tmp_path)
    names = [Path(path).relative_to(tmp_path).as_posix() for path in found]
    assert names == ["c/d.PNG", "b.jpg"]


def test_ids_and_images_must_match_one_to_one(script, tmp_path):
    for name in ("a.jpg", "a.png", "b.jpg"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=r"id a is .*a\.jpg or .*a\.png: write ids with suff"):
        script.find_images(["b", "a"], tmp_path)
    with pytest.raises(ValueError, match=r"ids b and b\.jpg are the same image, "):
        script.find_images(["b", "a.png", "b.jpg"], tmp_path)
    found = script.find_images(["a.png", "a.jpg", "b"], tmp_path)
    assert [Path(path).name for path in found] == ["a.png", "a.jpg", "b.jpg"]


def test_what_is_wrong_with_the_data_is_told_before_training(script, arguments, data, tmp_path):
    def error(labels=data / "train.csv", images=data / "images", *more):
        with pytest.raises(SystemExit) as exit_info:
            run(script, labels, images, *arguments[2:], *more)
        return exit_info.value.code

    labels = tmp_path / "labels.csv"
    text = (data / "train.csv").read_text()
    labels.write_text(text + "none,one\nnil,one\n")
    assert error(labels).endswith("has no image for 2 of 102 ids: none, nil")
    labels.write_text(text + "train-0003,one\n")
    assert "'train-0003' is also on line" in error(labels)
    assert "nix.csv" in error("nix.csv")
    assert error(images="nix") == "error: there is no folder nix."
    shared = error(data / "train.csv", data / "images", "--valid-labels", data / "train.csv")
    assert "100 images are in both label files: " in shared
    assert "fewer images than --batch-size 999" in error(
        data / "train.csv", data / "images", "--batch-size", 999
    )
    labels.write_text("Id,Target\ntrain-0000,one\ntrain-0001,two\n")
    assert error(labels).endswith("labels.csv has 2 images, and a fifth is held out.")
    labels.write_text("Id,Target\n" + "".join(f"train-{i:04},one\n" for i in range(20)))
    assert error(labels).endswith("labels.csv has only one class, one: add the others.")
    assert not (tmp_path / "checkpoint.pt").exists()


@pytest.mark.parametrize("more", [("0",), ("1",), ("1", "--images-on-device")])
@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (None, "cannot identify image file"),
        (np.full((9, 9), 999, dtype=np.uint16), "pixels of mode I;16 must be scaled to 8 bits"),
    ],
)
def test_image_that_cannot_be_read_is_named(
    script, arguments, data, tmp_path, pixels, reason, more
):
    rows = (data / "train.csv").read_text().splitlines()
    (tmp_path / "labels.csv").write_text("\n".join(rows[:41]))
    for i in range(40):
        (tmp_path / f"train-{i:04}.png").symlink_to(data / "images" / f"train-{i:04}.png")
    bad = tmp_path / "train-0007.png"
    bad.unlink()
    bad.touch()
    if pixels is not None:
        Image.fromarray(pixels).save(bad)
    with pytest.raises(SystemExit) as exit_info:
        run(script, tmp_path / "labels.csv", tmp_path, *arguments[2:], "--workers", *more)
    assert exit_info.value.code.startswith(f"error: cannot read the image {bad}: {reason}")


def test_loss_that_diverges_is_an_error(script, arguments):
    with pytest.raises(SystemExit, match="logits that are not finite; lower --lr"):
        run(script, *arguments, "--lr", 1e9)


@pytest.mark.parametrize("name", ["epochs", "batch-size", "size", "lr", "stop-after"])
def test_numbers_of_0_are_refused(script, arguments, capsys, name):
    with pytest.raises(SystemExit):
        run(script, *arguments, f"--{name}", 0)
    assert f"--{name} must be above 0, got 0" in capsys.readouterr().err


def test_what_is_wrong_with_the_checkpoint_is_told(script, arguments, tmp_path):
    def error(*more):
        with pytest.raises(SystemExit) as exit_info:
            run(script, *arguments, *more)
        return exit_info.value.code

    assert "checkpoint.pt" in error("--resume")
    assert (
        error("--checkpoint", "nix/one.pt") == "error: there is no folder nix for the checkpoint."
    )
    (tmp_path / "nonsense.pt").write_text("nonsense")
    torch.save({"weights": 1}, tmp_path / "other.pt")
    for name in ("nonsense.pt", "other.pt"):
        found = error("--resume", "--checkpoint", tmp_path / name)
        assert found.endswith(f"{name} is no checkpoint of this script.")
    run(script, *arguments, "--stop-after", 1)
    assert "--resume it, or name another" in error()
    assert "was trained with lr 0.003, which is 1.0 now" in error("--resume", "--lr", 1)
    assert "a sampler with seed=0" in error("--resume", "--seed", 1)
    assert "another plan: labels or parameters differ" in error("--resume", "--cap", 2)


@pytest.mark.parametrize(
    ("n_cores", "n_processes", "n_workers", "n_threads"),
    [(8, 1, 3, 5), (8, 2, 3, 1), (2, 1, 1, 1), (1, 1, 4, 1), (4, 1, 0, 4)],
)
def test_threads_are_the_cores_that_workers_leave(
    script, arguments, monkeypatch, n_cores, n_processes, n_workers, n_threads
):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: n_cores)
    counts = []
    monkeypatch.setattr(torch, "set_num_threads", counts.append)
    options = SimpleNamespace(workers=n_workers, local_world_size=n_processes)
    script.share_cores(options, torch.device("cpu"))
    assert counts == [n_threads]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")  # the user's choice
    script.share_cores(options, torch.device("cpu"))
    assert counts == [n_threads]


def test_progress_is_shown_on_a_terminal_only(script, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    seconds = iter(range(100))
    monkeypatch.setattr(script.time, "monotonic", lambda: next(seconds))
    options = SimpleNamespace(rank=0)
    for stream, expected in [(Terminal(), "\repoch 3: 5 of 6 batches"), (io.StringIO(), "")]:
        monkeypatch.setattr(sys, "stderr", stream)
        batches = script.show_progress(range(6), "epoch 3", options, done=4)
        assert [next(batches), next(batches)] == [0, 1]
        batches.close()  # leaves an empty line
        assert stream.getvalue().rstrip("\r ") == expected


# -- in several processes ----------------------------------------------------------------------


def start(n_processes, *arguments):
    """Start the script in several processes, as torchrun does."""
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "OMP_NUM_THREADS": "1"}
    shared |= {"WORLD_SIZE": str(n_processes)}
    return [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), *map(str, arguments)],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for rank in range(n_processes)
    ]


def finish(processes, returncode=0):
    """Return what each process has printed."""
    printed = [process.communicate(timeout=240)[0] for process in processes]
    for process, text in zip(processes, printed, strict=True):
        assert process.returncode == returncode, text
    return printed


def launch(*arguments):
    return finish(start(2, *arguments))


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


def test_interruption_of_one_process_stops_all_even_those_without_held_out_images(
    arguments, data, tmp_path
):
    rows = (data / "test.csv").read_text().splitlines()
    (tmp_path / "valid.csv").write_text("\n".join(rows[:3]))
    held_out = ["--valid-labels", tmp_path / "valid.csv", "--epochs", 1000]
    processes = start(3, *arguments, *held_out)
    before = ""
    for line in processes[0].stdout:
        before += line
        if line.startswith("epoch   1"):
            processes[1].send_signal(signal.SIGTERM)
            break
    printed, *others = finish(processes, returncode=128 + signal.SIGTERM)
    assert printed.splitlines()[-1].endswith("--resume"), before
    assert not any(others)
    saved = load(tmp_path / "checkpoint.pt")
    assert 0 < saved["thresholds_step"] <= saved["step"]
