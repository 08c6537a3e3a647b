"""Streams are repeated by a rule while they are read, by whoever reads them."""

import copy
import gc
import itertools
import pickle
import re
import weakref
from collections import Counter
from functools import partial

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.utils.data import DataLoader, IterableDataset  # noqa: E402

from mlresample import ResamplingRule  # noqa: E402
from mlresample.tables import add_repeats  # noqa: E402
from mlresample.torch import RepeatStream  # noqa: E402

from .jobs import BATCH_SIZE, lines_of_the_guide, numbers_stream, run  # noqa: E402

N_SAMPLES = 300
RULE = ResamplingRule.from_counts(
    {"cat": 200, "dog": 40, "eel": 8}, cap=5, target_count=60, background=1.3
)


def labels_of(number):
    generator = np.random.RandomState(number)
    return [
        name for name, p in [("cat", 0.7), ("dog", 0.15), ("eel", 0.03)] if generator.rand() < p
    ]


SAMPLES = [{"id": i, "labels": labels_of(i)} for i in range(N_SAMPLES)]


def stream_of(source=SAMPLES, rule=RULE, *, labels="labels", key="id", epoch=None, **options):
    stream = RepeatStream(source, rule, labels=labels, key=key, **options)
    if epoch is not None:
        stream.set_epoch(epoch)
    return stream


def ids(items):
    return [item["id"] for item in items]


def loaded(stream, n_workers, **options):
    """Return a loader that hands on the items as they are."""
    return DataLoader(stream, batch_size=None, num_workers=n_workers, **options)


# -- what an epoch has -------------------------------------------------------------------------


@pytest.mark.parametrize("key", [int, "image {}".format], ids=["integers", "strings"])
def test_repeats_are_those_of_tables(key):
    samples = [{"id": key(sample["id"]), "labels": sample["labels"]} for sample in SAMPLES]
    for seed, epoch in [(0, 0), (3, 0), (0, 7)]:
        drawn = add_repeats(
            pa.Table.from_pylist(samples), RULE, "labels", key="id", seed=seed, epoch=epoch
        ).read_all()
        expected = dict(zip(drawn["id"].to_pylist(), drawn["repeats"].to_pylist(), strict=True))
        assert max(expected.values()) == 5
        assert Counter(ids(stream_of(samples, seed=seed, epoch=epoch))) == expected


def test_an_epoch_is_the_same_again_and_another_one_differs():
    first = ids(stream_of(epoch=2))
    assert ids(stream_of(epoch=2)) == first
    assert Counter(ids(stream_of(epoch=3))) != Counter(first)
    assert ids(stream_of(epoch=2, seed=1)) != first
    assert first != sorted(first)


@pytest.mark.parametrize("buffer_size", [1, 2, 7, 299, 300, 301, 1000])
def test_the_buffer_changes_the_order_alone(buffer_size):
    assert Counter(ids(stream_of(buffer_size=buffer_size))) == Counter(ids(stream_of()))


@given(st.integers(2, 40), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_copies_of_a_sample_stand_apart(n_copies, seed):
    """Of 200 items that 100 samples have, those of one that has R are some 200 / R apart."""
    rule = ResamplingRule.from_counts(
        {"cat": 1, "eel": 1}, class_multipliers=[1, n_copies], cap=n_copies
    )
    samples = [(i, ["eel"] if i % 50 == 0 else ["cat"]) for i in range(200)]
    items = list(
        RepeatStream(
            samples,
            rule,
            labels=lambda sample: sample[1],
            key=lambda sample: sample[0],
            seed=seed,
            buffer_size=100,
        )
    )
    n_items = 98 + 2 * n_copies
    for number in (0, 50, 100, 150):
        places = [i for i, (key, _) in enumerate(items) if key == number]
        assert len(places) == n_copies
        # In the block, cats are spread at random, and the other eel has as many copies.
        assert np.diff(places).min() > 0.4 * n_items / n_copies - 4


def test_neighbors_are_different_samples():
    items = ids(stream_of(buffer_size=100))
    assert all(first != second for first, second in itertools.pairwise(items))


def test_only_two_blocks_of_samples_are_in_memory():
    class Sample:
        def __init__(self, number):
            self.number = number

    alive = weakref.WeakSet()

    def source(epoch):
        for number in range(5000):
            sample = Sample(number)
            alive.add(sample)
            yield sample

    rule = ResamplingRule.from_counts({0: 1}, class_multipliers=[1.5], cap=2)
    stream = RepeatStream(
        source, rule, labels=lambda s: 0, key=lambda s: s.number, buffer_size=100
    )
    most = max(len(alive) for _ in stream)
    assert 100 < most <= 202


def test_a_source_may_be_a_function_of_the_epoch_or_be_told_the_epoch():
    def source(epoch):
        return iter(SAMPLES[: 10 * (epoch + 1)])

    assert {*ids(stream_of(source, epoch=1))} == {*range(20)}

    class Source:
        epoch = 0

        def set_epoch(self, epoch):
            self.epoch = epoch

        def __iter__(self):
            return source(self.epoch)

    assert {*ids(stream_of(Source(), epoch=2))} == {*range(30)}


def test_labels_may_be_single_arrays_or_tensors():
    rule = ResamplingRule.from_counts({0: 1, 5: 1}, class_multipliers=[1, 3], cap=3)
    for labels in [5, [5], (0, 5), {5}, np.array([0, 5]), torch.tensor([5]), np.int64(5)]:
        stream = RepeatStream([1], rule, labels=lambda _, found=labels: found, key=int)
        assert list(stream) == [1, 1, 1], labels
    nothing = stream_of([{"id": 1, "labels": []}], rule)
    assert ids(nothing) == [1]


# -- marks and weights ---------------------------------------------------------------------------


def test_the_first_of_a_sample_is_no_copy_and_others_are():
    seen = set()
    for item in stream_of(buffer_size=50, return_is_copy=True):
        assert item["is_copy"] == (item["id"] in seen)
        seen.add(item["id"])


def test_items_that_change_do_not_change_their_copies():
    items = []
    for item in stream_of(buffer_size=1):
        assert "changed" not in item
        item["changed"] = True
        items.append(item)
    assert len(items) > N_SAMPLES


def test_weights_of_a_sample_sum_to_the_growth():
    sums = Counter()
    for item in stream_of(return_weight=True, growth=1.5):
        assert item["weight"].dtype == torch.float32
        sums[item["id"]] += item["weight"].item()
    assert len(sums) == N_SAMPLES
    assert np.allclose([*sums.values()], 1.5)


def test_marks_and_weights_are_further_elements_of_a_tuple():
    rule = ResamplingRule.from_counts({0: 1}, class_multipliers=[2], cap=2)
    options = {"labels": lambda s: 0, "return_is_copy": True, "return_weight": True}
    pairs = RepeatStream([(7, "x")], rule, key=lambda s: s[0], **options)
    assert list(pairs) == [(7, "x", False, 0.5), (7, "x", True, 0.5)]
    numbers = RepeatStream([7], rule, key=lambda s: s, **options)
    assert list(numbers) == [(7, False, 0.5), (7, True, 0.5)]


# -- workers and ranks ---------------------------------------------------------------------------


class SplitSource(IterableDataset):
    """A source that gives each worker and rank its own samples."""

    def __init__(self, rank=0, n_ranks=1):
        self.rank, self.n_ranks = rank, n_ranks

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        number, n_workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        share = self.rank * n_workers + number
        return iter(SAMPLES[share :: self.n_ranks * n_workers])


@pytest.mark.parametrize("split", ["source", "stream"])
def test_workers_give_the_epoch_together_and_hear_of_the_next_one(split):
    stream = stream_of(
        SplitSource() if split == "source" else SAMPLES, split=split, buffer_size=40
    )
    batches = loaded(stream, 2, persistent_workers=True)
    for epoch in [0, 1, 5]:
        stream.set_epoch(epoch)
        expected = Counter(ids(stream_of(epoch=epoch)))
        assert Counter(ids(batches)) == expected
        counts = {"epoch": epoch, "n_items": expected.total()}
        assert stream.counts() == counts | {"n_again": 0, "n_dropped": 0, "n_unfinished": 0}


@pytest.mark.parametrize("split", ["source", "stream"])
@pytest.mark.parametrize("n_workers", [0, 2])
def test_two_ranks_give_the_epoch_together_but_for_what_is_counted(split, n_workers):
    expected = Counter(ids(stream_of(epoch=3)))
    for n_batches in [20, 24, 30]:  # of 8; an epoch has about 24.5 per rank
        given, counts = Counter(), Counter()
        for rank in range(2):
            stream = stream_of(
                SplitSource(rank, 2) if split == "source" else SAMPLES,
                split=split,
                num_replicas=2,
                rank=rank,
                batch_size=8,
                n_batches=n_batches,
                epoch=3,
                buffer_size=30,
            )
            batches = list(DataLoader(stream, 8, num_workers=n_workers, collate_fn=ids))
            assert [len(batch) for batch in batches] == [8] * n_batches
            assert len(stream) == 8 * n_batches
            given.update(itertools.chain(*batches))
            counts.update(stream.counts())
        missing, again = (expected - given).total(), (given - expected).total()
        assert counts["n_items"] == 16 * n_batches
        assert counts["n_again"] == again
        if n_batches == 20:
            assert counts["n_unfinished"] > 0
            assert 0 < counts["n_dropped"] <= missing
        if n_batches == 30:
            assert counts["n_unfinished"] == counts["n_dropped"] == missing == 0
            assert again > 30


def test_lines_of_the_guide_give_the_epochs():
    given = []
    names = {"source": SplitSource(), "rule": RULE, "batch_size": 8, "n_batches": 60}
    names |= {"n_epochs": 2, "RepeatStream": RepeatStream}
    names["DataLoader"] = partial(DataLoader, collate_fn=ids)
    names["train"] = lambda loader: given.append([*itertools.chain(*loader)])
    exec(lines_of_the_guide("stream"), names)
    assert [len(items) for items in given] == [480, 480]
    for epoch, items in enumerate(given):
        assert not Counter(ids(stream_of(epoch=epoch))) - Counter(items)


def test_order_and_draw_follow_from_what_is_given_alone():
    first = ids(loaded(stream_of(split="stream", buffer_size=20), 2))
    assert ids(loaded(stream_of(split="stream", buffer_size=20), 2)) == first
    assert ids(pickle.loads(pickle.dumps(stream_of(epoch=4)))) == ids(stream_of(epoch=4))


def test_a_pass_without_set_epoch_is_the_same_again_with_a_warning():
    stream = stream_of()
    first = ids(stream)
    with pytest.warns(UserWarning, match="Epoch 0 of this RepeatStream begins again"):
        assert ids(stream) == first
    stream.set_epoch(0)
    assert ids(stream) == first


# -- resuming ------------------------------------------------------------------------------------


class StatefulSource:
    """A source that continues where it was, and counts what is read."""

    def __init__(self):
        self.n_read = 0
        self.position = self.begin = 0

    def __iter__(self):
        self.position, self.begin = self.begin, 0
        while self.position < N_SAMPLES:
            self.n_read += 1
            self.position += 1
            yield SAMPLES[self.position - 1]

    def state_dict(self):
        return {"position": self.position}

    def load_state_dict(self, state):
        self.begin = state["position"]


@pytest.mark.parametrize("make", [lambda: SAMPLES, StatefulSource], ids=["replayed", "stateful"])
@pytest.mark.parametrize("split", [None, "stream"])
def test_a_stream_resumes_at_any_position(make, split):
    options = {"buffer_size": 25, "split": split, "batch_size": 9, "n_batches": 60}
    if split is not None:
        options |= {"num_replicas": 3, "rank": 1}
    else:
        options |= {"batch_size": None, "n_batches": None}
    whole = ids(stream_of(make(), epoch=2, **options))
    for position in [0, 1, 24, 25, 26, 60, len(whole) // 2, len(whole) - 1, len(whole)]:
        running = stream_of(make(), epoch=2, **options)
        first = ids(itertools.islice(running, position))
        state = pickle.loads(pickle.dumps(running.state_dict()))
        resumed = stream_of(make(), **options)
        resumed.load_state_dict(state)
        assert resumed.state_dict() == state
        assert first + ids(resumed) == whole
        # The next pass is of the whole epoch.
        resumed.set_epoch(2)
        assert ids(resumed) == whole


def test_a_source_with_a_state_is_read_from_near_the_position_on():
    running = stream_of(StatefulSource(), buffer_size=10)
    first = [next(iterator) for iterator in [iter(running)] for _ in range(250)]
    n_given = max(ids(first))
    source = StatefulSource()
    resumed = stream_of(source, buffer_size=10)
    resumed.load_state_dict(running.state_dict())
    sources = []
    copied = copy.deepcopy

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copy, "deepcopy", lambda found: sources.append(copied(found)) or sources[-1])
        list(resumed)
    assert source.n_read == 0
    assert sources[0].n_read <= N_SAMPLES - n_given + 20


def test_another_epoch_than_that_of_the_state_starts_at_its_beginning():
    running = stream_of(epoch=2)
    next(iter(running))
    resumed = stream_of()
    resumed.load_state_dict(running.state_dict())
    assert resumed.epoch == 2
    resumed.set_epoch(3)
    assert ids(resumed) == ids(stream_of(epoch=3))
    resumed = stream_of(epoch=3)
    resumed.load_state_dict(running.state_dict())
    assert ids(resumed) == ids(stream_of(epoch=3))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"seed": 1}, "seed=0"),
        ({"buffer_size": 2}, "buffer_size=1000"),
        ({"rule": ResamplingRule.from_counts({"cat": 1})}, "rule="),
        ({"batch_size": 2, "n_batches": 2}, "batch_size=None"),
        ({"unseen": 1.0}, "unseen=None"),
    ],
)
def test_a_state_of_another_stream_is_refused(options, name):
    state = stream_of().state_dict()
    with pytest.raises(ValueError, match=f"The state is of a stream with {name}"):
        stream_of(**options).load_state_dict(state)
    with pytest.raises(ValueError, match="has no 'n_again'"):
        stream_of().load_state_dict({k: v for k, v in state.items() if k != "n_again"})


def test_a_state_of_a_longer_source_is_refused():
    running = stream_of(buffer_size=10)
    list(running)
    resumed = stream_of(SAMPLES[:15], buffer_size=10)
    resumed.load_state_dict(running.state_dict())
    with pytest.raises(ValueError, match=r"at least \d+ samples for this reader, and .* has 15"):
        list(resumed)


# -- bad input -----------------------------------------------------------------------------------


def sample(**fields):
    return [{"id": 7, "labels": ["cat"]} | fields]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: stream_of(iter(SAMPLES)), "pass a function of the epoch that returns it"),
        (lambda: stream_of(3), "source must be an iterable of samples or a function"),
        (lambda: stream_of(rule={"cat": 2}), "rule must be a ResamplingRule, got dict"),
        (lambda: stream_of(key=3), "key must be a function of a sample or the name of a field"),
        (lambda: stream_of(split="both"), "split must be 'source', 'stream' or None"),
        (lambda: stream_of(seed=-1), "seed must be an integer from 0"),
        (lambda: stream_of(buffer_size=0), "buffer_size must be an integer from 1 to"),
        (lambda: stream_of(batch_size=0, n_batches=1), "batch_size must be an integer from 1"),
        (lambda: stream_of(n_batches=3), "batch_size and n_batches must be set together"),
        (lambda: stream_of(unseen=7.0), "unseen must be from 0 to cap=5"),
        (lambda: stream_of(epoch=-1), "epoch must be an integer from 0"),
        (lambda: stream_of(rank=0), "num_replicas and rank must be set together"),
        (lambda: stream_of(num_replicas=2, rank=2), "rank must be an integer from 0 to 1"),
        (lambda: stream_of(num_replicas=2, rank=0), "batch_size and n_batches are required"),
        (lambda: stream_of(return_weight=True, growth=0), "growth must be a number above 0"),
        (
            lambda: stream_of(
                rule=ResamplingRule.from_counts({"cat": 1}, background=0.5), return_weight=True
            ),
            "The rule has a multiplier of 0.5, so that epochs leave out samples",
        ),
        (
            lambda: list(
                stream_of(num_replicas=2, rank=0, batch_size=1, n_batches=1),
            ),
            "pass split='source' if the source gives each its own samples",
        ),
        (lambda: len(stream_of()), "has a length only if n_batches is set"),
        (
            lambda: list(stream_of([1])),
            "key='id' must be a field of each sample, got one of type int w",
        ),
        (lambda: list(stream_of(key="key")), "dict with fields 'id', 'labels'"),
        (lambda: list(stream_of(sample(id=None))), "key must return an integer of 64 bits"),
        (lambda: list(stream_of(sample(id=1.0))), "for each sample, got 1.0"),
        (lambda: list(stream_of(sample(id=True))), "for each sample, got True"),
        (lambda: list(stream_of(sample(id=2**63))), "got 9223372036854775808"),
        (
            lambda: list(stream_of(sample() + sample(id="a"))),
            "only integers or only strings, got both",
        ),
        (
            lambda: list(stream_of(sample(labels=None))),
            "labels must return a list of classes for each sample, got None",
        ),
        (lambda: list(stream_of(sample(labels=["yak"]))), "key 7 has the class 'yak'"),
        (lambda: list(stream_of(sample(labels=[1.0]))), "labels must be strings or integers"),
        (lambda: list(stream_of(sample(labels=[True]))), "labels must be strings or integers"),
        (
            lambda: list(
                stream_of(
                    sample(labels=np.array([0, 1, 0])),
                    ResamplingRule.from_counts([3, 2, 1]),
                )
            ),
            "got 3 numbers that are 0 or 1 for the sample with key 7",
        ),
        (
            lambda: list(stream_of([], batch_size=1, n_batches=1)),
            "Rank 0, worker 0 has no samples to fill its batches with",
        ),
        (
            lambda: list(stream_of([{"is_copy": 1} | SAMPLES[0]], return_is_copy=True)),
            "An item already has a key 'is_copy'",
        ),
    ],
)
def test_bad_input_is_told(call, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        call()


def test_workers_without_a_split_are_refused():
    with pytest.raises(ValueError, match="1 rank with 2 workers each read this stream"):
        list(loaded(stream_of(), 2))


def test_unseen_is_the_multiplier_of_classes_that_the_rule_does_not_know():
    assert len(list(stream_of(sample(labels=["yak"]), unseen=4))) == 4


# -- what others make of streams -----------------------------------------------------------------


def hugging_face(rank=0, n_ranks=1):
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    node = pytest.importorskip("datasets.distributed", reason="datasets is not installed")
    stream = datasets.Dataset.from_list(SAMPLES).to_iterable_dataset(num_shards=8)
    return stream if n_ranks == 1 else node.split_dataset_by_node(stream, rank, n_ranks)


def web_dataset(folder, rank=0, n_ranks=1):
    wds = pytest.importorskip("webdataset", reason="webdataset is not installed")
    for shard in range(8):
        path = folder / f"{shard}.tar"
        if not path.exists():
            with wds.TarWriter(str(path)) as writer:
                for found in SAMPLES[shard::8]:
                    writer.write({"__key__": f"{found['id']}", "json": found})

    def of_rank(urls):
        return itertools.islice(urls, rank, None, n_ranks)

    urls = str(folder / "{0..7}.tar")
    stream = wds.WebDataset(urls, nodesplitter=of_rank, shardshuffle=False).decode()
    return stream.map(lambda found: found["json"])


@pytest.mark.frameworks
@pytest.mark.filterwarnings("ignore:unclosed file")  # of webdataset
@pytest.mark.parametrize("make", ["hugging face", "webdataset"])
def test_ranks_and_workers_of_other_streams_give_the_epochs(make, tmp_path):
    make = hugging_face if make == "hugging face" else partial(web_dataset, tmp_path)
    given, counts = [Counter() for _ in range(3)], [Counter() for _ in range(3)]
    for rank in range(2):
        options = {"num_replicas": 2, "rank": rank, "batch_size": 8, "n_batches": 30}
        stream = stream_of(make(rank, 2), split="source", buffer_size=20, **options)
        batches = DataLoader(stream, 8, num_workers=2, persistent_workers=True, collate_fn=ids)
        for epoch in range(3):
            stream.set_epoch(epoch)
            found = list(batches)
            assert [len(batch) for batch in found] == [8] * 30
            given[epoch].update(itertools.chain(*found))
            counts[epoch].update(stream.counts())
    for epoch in range(3):
        expected = Counter(ids(stream_of(epoch=epoch)))
        assert not expected - given[epoch]
        assert (given[epoch] - expected).total() == counts[epoch]["n_again"] > 0
    gc.collect()  # what webdataset has not closed, as long as its warning is ignored


@pytest.mark.frameworks
@pytest.mark.filterwarnings("ignore:'set_vital' is deprecated", "ignore:unclosed file")
@pytest.mark.parametrize("n_workers", [0, 2])
@pytest.mark.parametrize("make", ["list", "hugging face", "webdataset"])
def test_a_stateful_loader_resumes_on_the_next_sample(make, n_workers, tmp_path):
    loaders = pytest.importorskip(
        "torchdata.stateful_dataloader", reason="torchdata is not installed"
    )
    split = None if n_workers == 0 else "stream" if make == "list" else "source"
    make = {"hugging face": hugging_face, "webdataset": partial(web_dataset, tmp_path)}.get(
        make, lambda: SAMPLES
    )

    def train(stop=None, state=None, begin=0):
        """Return the items of each batch, and where it stopped the loader's state."""
        stream = stream_of(make(), split=split, buffer_size=20)
        batches = loaders.StatefulDataLoader(stream, 8, num_workers=n_workers, collate_fn=ids)
        if state is not None:
            batches.load_state_dict(state)
        given = []
        for epoch in range(begin, 3):
            stream.set_epoch(epoch)
            for batch in batches:
                given.append(batch)
                if len(given) == stop:
                    return given, batches.state_dict(), epoch
            if stop == f"after {epoch}":
                return given, batches.state_dict(), epoch + 1
        return given

    whole = train()
    first_epoch, *_ = train(stop="after 0")
    assert Counter(itertools.chain(*first_epoch)) == Counter(ids(stream_of()))
    for stop in [7, len(first_epoch), "after 0"]:
        first, state, epoch = train(stop)
        assert first + train(state=pickle.loads(pickle.dumps(state)), begin=epoch) == whole, stop
    gc.collect()


@pytest.mark.frameworks
@pytest.mark.parametrize("n_batches", [60, 80])  # of 2; an epoch has about 70 per rank
def test_ranks_of_a_process_group_give_the_epochs_and_resume(n_batches, tmp_path):
    pytest.importorskip("torchdata", reason="torchdata is not installed")
    options = {"n_batches": n_batches, "state": str(tmp_path / "state{rank}")}
    ranks, _ = run("stream", tmp_path, save_after=23, **options)
    epochs = list(zip(*ranks, strict=True))
    assert len(epochs) == 3
    draws = []
    for epoch, parts in enumerate(epochs):
        batches = [batch for found, _ in parts for batch in found]
        assert [len(found) for found, _ in parts] == [n_batches] * 2
        assert {len(batch) for batch in batches} == {BATCH_SIZE}
        counts = Counter()
        for _, of_rank in parts:
            assert of_rank["epoch"] == epoch
            counts.update(of_rank)
        numbers = numbers_stream()
        numbers.set_epoch(epoch)
        expected, given = Counter(numbers), Counter(itertools.chain(*batches))
        draws.append(frozenset(expected.items()))
        missing, again = (expected - given).total(), (given - expected).total()
        assert counts["n_again"] == again
        if n_batches == 80:
            assert counts["n_unfinished"] == counts["n_dropped"] == missing == 0 < again
        else:
            assert 0 < counts["n_dropped"] <= missing
    assert len({*draws}) == 3
    resumed, _ = run("stream", tmp_path, resume=True, **options)
    for whole, rest in zip(ranks, resumed, strict=True):
        (batches, counts), last = whole[1:]
        assert rest == [[batches[23:], counts], last]


@pytest.mark.frameworks
def test_streams_that_split_themselves_by_workers_are_not_split_again():
    with pytest.raises(ValueError, match="splits itself by workers"):
        list(loaded(stream_of(hugging_face(), split="stream"), 2))
