"""The training script of the examples, as people run it: to the end, resumed, with mistakes."""

import csv
import errno
import importlib.util
import io
import json
import re
import shlex
import signal
import sys
import time
from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("PIL", reason="Pillow, which comes with matplotlib, is not installed")

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402
from PIL import Image  # noqa: E402

from mlresample.datasets import make_multilabel_digits  # noqa: E402

from .processes import finish, run_script, start  # noqa: E402

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "train_multilabel.py"


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location("train_multilabel", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Write 100 images to train on and 50 to test with."""
    folder = tmp_path_factory.mktemp("digits")
    (folder / "images").mkdir()
    for subset, n_images in [("train", 100), ("test", 50)]:
        X, y, names = make_multilabel_digits(n_images, subset=subset, exponent=1.5, random_state=0)
        lines = ["Id,Target"]
        for i, (pixels, row) in enumerate(zip(X, y, strict=True)):
            lines.append(f"{subset}-{i:04}," + " ".join(names[c] for c in row.nonzero()[0]))
            Image.fromarray(pixels[0]).save(folder / "images" / f"{subset}-{i:04}.png")
        (folder / f"{subset}.csv").write_text("\n".join(lines) + "\n")
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
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield ["train", data / "train.csv", data / "images", *chain.from_iterable(options.items())]
    torch.set_num_threads(n_threads)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def run(script, *arguments):
    script.main(list(map(str, arguments)))


def stop_in(script, step):
    """Return a context in which the script gets a signal in this step, counted from its start."""
    context, n_steps = pytest.MonkeyPatch(), iter(range(1, step + 1))
    entropy = script.binary_cross_entropy_with_logits

    def interrupted(*args, **options):
        if next(n_steps) == step:
            signal.raise_signal(signal.SIGTERM)
        return entropy(*args, **options)

    context.setattr(script, "binary_cross_entropy_with_logits", interrupted)
    return context


def run_until(script, step, *arguments):
    context = stop_in(script, step)
    try:
        with pytest.raises(SystemExit) as exit_info:
            run(script, *arguments)
    finally:
        context.undo()
    assert exit_info.value.code == 128 + signal.SIGTERM


def read_csv(path):
    return list(csv.DictReader(path.read_text().splitlines()))


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
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.pt", "checkpoint.scores.csv"}
    rows = read_csv(tmp_path / "checkpoint.scores.csv")
    assert len(rows) == 5 * 10  # epochs and classes
    assert rows[-1]["epoch"] == "5"
    assert 0 <= float(rows[-1]["average_precision"]) <= 1


@pytest.mark.parametrize(("stop_in_step", "n_tuned"), [(4, 0), (10, 1), (None, 2)])
def test_every_checkpoint_predicts(script, arguments, data, tmp_path, stop_in_step, n_tuned):
    held_out = ["--valid-labels", data / "test.csv"]
    if stop_in_step is None:
        run(script, *arguments, *held_out)
    else:
        run_until(script, stop_in_step, *arguments, *held_out)
    saved = load(tmp_path / "checkpoint.pt")
    assert saved["epoch"] == n_tuned
    assert (saved["thresholds"] == [0.5] * 10) == (n_tuned == 0)
    output = tmp_path / "labels.csv"
    command = ["predict", tmp_path / "checkpoint.pt", data / "images", "--output", output]
    run(script, *command, "--probabilities", "--workers", 0, "--device", "cpu")
    table = read_csv(output)
    assert [row["id"] for row in table[:2]] == ["test-0000", "test-0001"]  # as in train.csv
    assert len(table) == 150
    network = script.small_network(10).eval()
    network.load_state_dict(saved["network"])
    images = script.Images(
        [data / "images" / f"{row['id']}.png" for row in table], np.zeros((150, 10)), 16
    )
    pixels = torch.stack([images[i][0] for i in range(150)]).float() / 255
    with torch.no_grad():
        logits = network((pixels - 0.5) / 0.25)
    labels = [
        " ".join(saved["class_names"][c] for c in row.nonzero()[:, 0])
        for row in logits.sigmoid() >= torch.tensor(saved["thresholds"])
    ]
    assert [row["labels"] for row in table] == labels
    found = [[float(row[name]) for name in saved["class_names"]] for row in table]
    corrected = (logits + torch.tensor(saved["offset"])).sigmoid()
    np.testing.assert_allclose(found, corrected, rtol=1e-4, atol=1e-6)
    before = output.read_bytes()
    with pytest.raises(SystemExit, match=re.escape(f"{output} exists: name another --output")):
        script.main([str(argument) for argument in [*command, "--workers", 0]])
    assert output.read_bytes() == before


def test_no_label_file_is_overwritten_by_scores(script, arguments, data, tmp_path):
    labels = tmp_path / "mine.scores.csv"
    labels.write_bytes((data / "train.csv").read_bytes())
    command = ["train", labels, *arguments[2:], "--checkpoint", tmp_path / "mine.pt"]
    with pytest.raises(SystemExit, match=r"mine\.scores\.csv exists: name another --checkpoint"):
        script.main(list(map(str, command)))
    assert labels.read_bytes() == (data / "train.csv").read_bytes()
    assert not (tmp_path / "mine.pt").exists()


def test_ids_of_predictions_end_as_those_of_the_labels(script, arguments, data, tmp_path):
    text = (data / "train.csv").read_text()
    (tmp_path / "labels.csv").write_text(re.sub(r"(?m)^(train-\d+)", r"\1.png", text))
    checkpoint, output = tmp_path / "endings.pt", tmp_path / "predictions.csv"
    command = ["train", tmp_path / "labels.csv", *arguments[2:], "--epochs", 1]
    run(script, *command, "--checkpoint", checkpoint)
    command = ["predict", checkpoint, data / "images", "--output", output]
    run(script, *command, "--workers", 0, "--device", "cpu")
    assert [row["id"] for row in read_csv(output)[:2]] == ["test-0000.png", "test-0001.png"]


def test_offset_takes_copies_out_of_the_odds_where_images_have_one_class(
    script, arguments, data, tmp_path
):
    labels = ["one"] * 30 + ["two"] * 10  # the plan shows 30 and 20
    rows = [f"train-{i:04},{label}" for i, label in enumerate(labels)]
    (tmp_path / "labels.csv").write_text("\n".join(["Id,Target", *rows]))
    (tmp_path / "valid.csv").write_text("Id,Target\ntest-0000,one\n")
    run(
        script,
        *(
            "train",
            tmp_path / "labels.csv",
            *arguments[2:],
            "--valid-labels",
            tmp_path / "valid.csv",
        ),
        *("--loss-weights", "none", "--epochs", 1),
    )
    # The odds of the second class were 10 to 30 and became 20 to 30.
    expected = [np.log(2), -np.log(2)]
    np.testing.assert_allclose(load(tmp_path / "checkpoint.pt")["offset"], expected)


def test_control_takes_as_many_steps_as_the_plan(script, arguments, data, tmp_path, capsys):
    held_out = ["--valid-labels", data / "test.csv", "--epochs", 1]
    run(script, *arguments, *held_out)
    n_steps = load(tmp_path / "checkpoint.pt")["step"]
    control_options = ["--checkpoint", tmp_path / "control.pt", "--loss-weights", "none"]
    run(script, *arguments, *held_out, "--control", *control_options)
    control = load(tmp_path / "control.pt")
    assert control["step"] == n_steps > 100 // 16
    assert control["offset"] == [0.0] * 10  # there is nothing to correct
    printed = capsys.readouterr().out
    assert "Control: random images are repeated, as many as at cap 4." in printed
    assert "leaves the data unchanged" not in printed
    assert f"from step 0 of {n_steps}" in printed


@pytest.mark.parametrize("step", [2, 6, 9])
def test_stopped_and_resumed_it_ends_with_the_same_weights(
    script, arguments, tmp_path, monkeypatch, capsys, step
):
    small_network = script.small_network

    def with_dropout(n_classes):
        return small_network(n_classes).insert(-1, torch.nn.Dropout(0.2))

    monkeypatch.setattr(script, "small_network", with_dropout)
    run(script, *arguments)
    whole = load(tmp_path / "checkpoint.pt")
    assert whole["step"] == 12
    capsys.readouterr()
    stopped = [*arguments, "--checkpoint", tmp_path / "stopped.pt"]
    run_until(script, step, *stopped)
    assert load(tmp_path / "stopped.pt")["step"] == step
    assert "Held-out" not in capsys.readouterr().out
    run(script, *stopped, "--resume")
    assert_same_training(load(tmp_path / "stopped.pt"), whole)
    csv_files = [tmp_path / "stopped.scores.csv", tmp_path / "checkpoint.scores.csv"]
    assert len({path.read_text() for path in csv_files}) == 1


@pytest.mark.parametrize("n_workers", [0, 1])
def test_images_on_the_device_are_trained_on_in_the_order_of_the_loader(
    script, arguments, tmp_path, n_workers
):
    on_device = ["--images-on-device", "--workers", n_workers]
    run(script, *arguments)
    whole = load(tmp_path / "checkpoint.pt")
    stopped = [*arguments, "--checkpoint", tmp_path / "stopped.pt"]
    run_until(script, 2, *stopped, *on_device)
    run_until(script, 2, *stopped, "--resume")  # some steps with a loader between
    run(script, *stopped, *on_device, "--resume")
    assert_same_training(load(tmp_path / "stopped.pt"), whole)


def test_disk_that_is_full_is_told_and_the_last_checkpoint_stays(
    script, arguments, tmp_path, monkeypatch
):
    run(script, *arguments)
    whole = load(tmp_path / "checkpoint.pt")
    stopped = [*arguments, "--checkpoint", tmp_path / "stopped.pt", "--checkpoint-every", 2]
    write_bytes, n_files = Path.write_bytes, iter(range(10))

    def full_in_the_third(path, content):
        if next(n_files) == 2:
            write_bytes(path, content[:100])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_bytes(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(script.Path, "write_bytes", full_in_the_third)
        with pytest.raises(SystemExit) as exit_info:
            run(script, *stopped)
    assert exit_info.value.code.endswith(
        "stopped.pt: No space left on device; it stays as it was."
    )
    assert load(tmp_path / "stopped.pt")["step"] == 4
    assert not list(tmp_path.glob("*.partial"))
    run(script, *stopped, "--resume")
    assert_same_training(load(tmp_path / "stopped.pt"), whole)


def test_parquet_coco_and_yolo_files_train_as_the_table_does(script, arguments, data, tmp_path):
    lines = (data / "train.csv").read_text().splitlines()[1:]
    ids, cells = zip(*(line.split(",") for line in lines), strict=True)
    names = sorted({name for cell in cells for name in cell.split()})
    run(script, *arguments, "--checkpoint", tmp_path / "table.pt", "--epochs", 1)
    categories = [{"id": c, "name": name} for c, name in enumerate(names)]
    annotations, images = [], []
    folder = tmp_path / "yolo" / "images"
    folder.mkdir(parents=True)
    for i, (name, cell) in enumerate(zip(ids, cells, strict=True)):
        images.append({"id": i, "file_name": f"{name}.png"})
        classes = [names.index(label) for label in cell.split()]
        annotations += [{"image_id": i, "category_id": c, "id": 0} for c in classes]
        (folder / f"{name}.png").symlink_to(data / "images" / f"{name}.png")
        boxes = "".join(f"{c} 0.5 0.5 0.1 0.1\n" for c in classes)
        (folder / f"{name}.txt").write_text(boxes)
    folder.with_name("labels").mkdir()
    for path in folder.glob("*.txt"):
        path.rename(folder.with_name("labels") / path.name)
    annotations = [{**row, "id": i} for i, row in enumerate(annotations)]
    coco = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "coco.json").write_text(json.dumps(coco))
    lists = pa.table({"id": ids, "labels": [cell.split() for cell in cells]})
    pq.write_table(lists, tmp_path / "lists.parquet")
    weights = load(tmp_path / "table.pt")["network"]
    beside = [data / "images"]
    ways = {tmp_path / "lists.parquet": beside, tmp_path / "coco.json": beside, folder: []}
    for labels, more in ways.items():
        checkpoint = tmp_path / f"{labels.name}.pt"
        options = [*arguments[3:], "--checkpoint", checkpoint, "--epochs", 1]
        run(script, "train", labels, *more, *options)
        found = load(checkpoint)["network"]
        assert all(torch.equal(found[name], weights[name]) for name in weights), labels


def test_weights_of_other_classes_are_taken_but_for_their_last_layer(script, tmp_path):
    given = script.make_network("small", 7)
    torch.save(given.state_dict(), tmp_path / "weights.pt")
    network = script.make_network("small", 10, tmp_path / "weights.pt")
    *others, weight, bias = network.state_dict().items()
    assert all(torch.equal(value, given.state_dict()[name]) for name, value in others)
    assert (weight[1].shape[0], bias[1].shape[0]) == (10, 10)
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(RuntimeError, match="Missing key"):
        script.make_network("small", 10, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="neither small nor in an installed timm"):
        script.make_network("resnet9999", 10)


def test_a_network_is_that_of_the_library_named_before_it(script, tmp_path, monkeypatch):
    (tmp_path / "timm.py").write_text(
        "def is_model(name): return name == 'net'\n"
        "def create_model(name, num_classes): return 'timm', name, num_classes\n"
    )
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision/__init__.py").touch()
    (tmp_path / "torchvision/models.py").write_text(
        "def list_models(): return ['net', 'other']\n"
        "def get_model(name, num_classes): return 'torchvision', name, num_classes\n"
    )
    for name in ("timm", "torchvision", "torchvision.models"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert script.make_network("net", 5) == ("timm", "net", 5)
    assert script.make_network("timm:net", 5) == ("timm", "net", 5)
    assert script.make_network("torchvision:net", 5) == ("torchvision", "net", 5)
    assert script.make_network("other", 5) == ("torchvision", "other", 5)
    for name in ("timm:other", "elsewhere:net", "else.where:net"):
        with pytest.raises(ValueError, match="neither small nor in an installed timm"):
            script.make_network(name, 5)
    for name in ("timm", "torchvision", "torchvision.models"):
        sys.modules.pop(name)


def test_tensorboard_gets_the_average_precision_of_each_class(
    script, arguments, tmp_path, monkeypatch
):
    found = {}

    class SummaryWriter:
        def __init__(self, folder):
            self.folder = folder

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def add_scalar(self, name, value, step):
            found[self.folder.name, name, step] = value

    stub = SimpleNamespace(SummaryWriter=SummaryWriter)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", stub)
    run(script, *arguments, "--tensorboard", tmp_path / "board")
    with (tmp_path / "checkpoint.scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(found) == 2 * 11
    for row in rows:
        value = found["board", f"average precision/{row['class']}", int(row["epoch"])]
        assert value == float(row["average_precision"] or "nan") or np.isnan(value)
    of_last = [float(row["average_precision"] or "nan") for row in rows if row["epoch"] == "2"]
    assert found["board", "average precision", 2] == pytest.approx(np.nanmean(of_last))


def test_tensorboard_that_is_missing_is_told_before_training(
    script, arguments, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(SystemExit, match="tensorboard"):
        run(script, *arguments, "--tensorboard", tmp_path / "board")
    assert not (tmp_path / "checkpoint.pt").exists()


def test_mixed_precision_trains(script, arguments, tmp_path, capsys):
    run(script, *arguments, "--amp", "--channels-last", "--epochs", 5)
    found = losses(capsys.readouterr().out)
    assert found[-1] < found[0]
    assert load(tmp_path / "checkpoint.pt")["network"]["0.weight"].dtype == torch.float32


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
    monkeypatch.setattr(signal, "SIGTERM", number)
    capsys.readouterr()
    run_until(script, 8, *interrupted)
    printed = capsys.readouterr().out
    assert "are tuned after epoch 1" in printed
    *_, last = printed.splitlines()
    again = ["python", "-W", "error", "train.py", *interrupted, "--resume"]
    assert shlex.split(last) == again
    assert load(tmp_path / "with space.pt")["step"] == 8
    script.main(again[4:])
    assert_same_training(load(tmp_path / "with space.pt"), whole)


def test_what_is_wrong_with_the_data_is_told_before_training(script, arguments, data, tmp_path):
    def error(labels=data / "train.csv", images=data / "images", *more):
        with pytest.raises(SystemExit) as exit_info:
            run(script, "train", labels, images, *arguments[3:], *more)
        return exit_info.value.code

    labels = tmp_path / "labels.csv"
    text = (data / "train.csv").read_text()
    labels.write_text(text + "none,one\nnil,one\n")
    assert error(labels).endswith("has no image for 2 of 102 ids: none, nil.")
    labels.write_text(text + "train-0003,one\n")
    assert "'train-0003' is also on line" in error(labels)
    assert "nix.csv" in error("nix.csv")
    assert "nix" in error(images="nix")
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
    labels = tmp_path / "labels.csv"
    with pytest.raises(SystemExit) as exit_info:
        run(script, "train", labels, tmp_path, *arguments[3:], "--workers", *more)
    assert exit_info.value.code.startswith(f"error: cannot read the image {bad}: {reason}")


def test_loss_that_diverges_is_an_error(script, arguments):
    with pytest.raises(SystemExit, match="logits that are not finite; lower --lr"):
        run(script, *arguments, "--lr", 1e9)


@pytest.mark.parametrize("name", ["epochs", "batch-size", "size", "lr", "checkpoint-every"])
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
    run_until(script, 1, *arguments)
    assert "--resume it, or name another" in error()
    assert "was trained with lr 0.003, which is 1.0 now" in error("--resume", "--lr", 1)
    assert "a sampler with seed=0" in error("--resume", "--seed", 1)
    assert "another plan: labels or parameters differ" in error("--resume", "--cap", 2)


def test_progress_is_shown_on_a_terminal_only(script, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    seconds = iter(range(100))
    monkeypatch.setattr(script.time, "perf_counter", lambda: next(seconds))
    options = SimpleNamespace(rank=0, world_size=2)
    shown = "\repoch 3 [################    ] 5/6, 2 images/s, 33% of the time waiting for them"
    for stream, expected in [(Terminal(), shown), (io.StringIO(), "")]:
        monkeypatch.setattr(sys, "stderr", stream)
        batches = iter(script.Progress([[range(3)]] * 6, "epoch 3", options, done=4))
        assert [next(batches), next(batches)] == [[range(3)]] * 2
        assert stream.getvalue().rstrip() == expected


# -- in several processes ----------------------------------------------------------------------


def launch(n_processes, folder, *arguments):
    """Start the script in several processes, as torchrun does."""
    folder.mkdir(exist_ok=True)
    return start(n_processes, folder, run_script, SCRIPT, list(map(str, arguments)))


def test_two_processes_whose_workers_fetch_ahead_are_stopped_and_resumed(arguments, tmp_path):
    folder = tmp_path / "printed"

    def run_two(*arguments):
        return finish(launch(2, folder, *arguments), folder)

    whole, other = run_two(*arguments, "--batch-size", 8)
    assert "Held-out images, thresholds tuned" in whole
    assert "Held-out" not in other
    stopped = [*arguments, "--batch-size", 8, "--checkpoint", tmp_path / "stopped.pt"]
    killed = launch(2, folder, *stopped, "--workers", 1, "--checkpoint-every", 1)
    while not (tmp_path / "stopped.pt").exists() or load(tmp_path / "stopped.pt")["step"] < 7:
        assert killed[0].is_alive(), (folder / "rank0.txt").read_text()
        time.sleep(0.01)
    for process in killed:
        process.kill()
    finish(killed, folder, exitcode=-signal.SIGKILL)
    step = load(tmp_path / "stopped.pt")["step"]
    resumed, _ = run_two(*stopped, "--workers", 1, "--resume")
    assert_same_training(load(tmp_path / "stopped.pt"), load(tmp_path / "checkpoint.pt"))
    assert f"from step {step}" in resumed
    whole = whole.replace("checkpoint.pt", "stopped.pt")
    assert resumed.partition("Held-out")[2] == whole.partition("Held-out")[2]


def test_interruption_of_one_process_stops_all_even_those_without_held_out_images(
    arguments, data, tmp_path
):
    rows = (data / "test.csv").read_text().splitlines()
    (tmp_path / "valid.csv").write_text("\n".join(rows[:3]))
    held_out = ["--valid-labels", tmp_path / "valid.csv", "--epochs", 1000]
    folder = tmp_path / "printed"
    processes = launch(3, folder, *arguments, *held_out)
    printed = folder / "rank0.txt"
    while not printed.exists() or "epoch   1" not in printed.read_text():
        assert processes[0].is_alive(), printed.read_text()
        time.sleep(0.01)
    processes[1].terminate()  # SIGTERM
    first, *others = finish(processes, folder, exitcode=128 + signal.SIGTERM)
    assert first.splitlines()[-1].endswith("--resume"), first
    assert not any(others)
    saved = load(tmp_path / "checkpoint.pt")
    assert 0 < saved["epoch"] <= saved["step"]
