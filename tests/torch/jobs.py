"""Training jobs of one or several processes, each in a framework, and a function that runs them.

A job trains on a dataset whose items are their numbers, and reports the items that its process
got, epoch by epoch or by name.
"""

import importlib
import itertools
import json
import os
import textwrap
import warnings
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist

import mlresample.torch
from mlresample import ResamplingRule
from mlresample.torch import (
    DistributedRepeatSampler,
    RepeatSampler,
    RepeatStream,
    ResampledDataset,
)

from .processes import finish, start

N_EPOCHS = 3
BATCH_SIZE = 2
MULTIPLIERS = [1.0] * 12 + [1.5] * 4 + [2.5] * 4  # 28 of 20 samples


class Numbers(torch.utils.data.Dataset):
    def __len__(self):
        return len(MULTIPLIERS)

    def __getitem__(self, index):
        return {"x": torch.tensor([float(index)])}


class Model(torch.nn.Module):
    """A model that remembers its inputs."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(1, 1)
        self.seen = []

    def forward(self, x):
        self.seen += x.flatten().int().tolist()
        return {"loss": self.linear(x).square().mean()}

    def take(self):
        """Return the inputs since the last call."""
        seen, self.seen = self.seen, []
        return seen


def loader(sampler, options, kind=torch.utils.data.DataLoader):
    return kind(
        Numbers(),
        batch_size=BATCH_SIZE,
        sampler=sampler,
        num_workers=options.get("num_workers", 0),
    )


def ddp(options, report):
    """Train with plain DDP, each rank on its share."""
    dist.init_process_group("gloo")
    distributed = DistributedRepeatSampler(MULTIPLIERS, seed=options.get("seed", 0))
    chosen = RepeatSampler(MULTIPLIERS) if options.get("wrong") else distributed
    batches = loader(chosen, options)
    model = Model()
    parallel = torch.nn.parallel.DistributedDataParallel(model)
    for epoch in range(N_EPOCHS):
        chosen.set_epoch(epoch)
        for batch in batches:
            parallel(batch["x"])["loss"].backward()
        report(model.take())


def lines_of_the_guide(name):
    """Return a block of code of the guide's page on frameworks."""
    page = Path(__file__).parents[2] / "docs" / "guide" / "frameworks.rst"
    block = page.read_text(encoding="utf-8").partition(f":name: {name}\n\n")[2]
    lines = itertools.takewhile(lambda line: line[:1] in ("", " "), block.splitlines())
    return textwrap.dedent("\n".join(lines))


def guide(options, report):
    """Run the guide's lines for a framework."""
    name = options["name"]
    model = Model()

    def train(loader):
        for batch in loader:
            model(batch["x"])
        report(model.take())

    names = {**vars(torch.utils.data), **vars(mlresample.torch), "torch": torch, "train": train}
    names |= {"plan": MULTIPLIERS, "dataset": Numbers(), "n_epochs": N_EPOCHS}
    names |= {"batch_size": BATCH_SIZE, "model": model}
    if name == "lightning":
        names["lightning"] = importlib.import_module("lightning")
    if name == "accelerate":
        names["accelerator"] = importlib.import_module("accelerate").Accelerator(cpu=True)
    exec(lines_of_the_guide(name), names)
    if name == "lightning":
        lightning(options, report, names["Data"]())


def ranks(options, report):
    """Check samplers of two ranks that agree, or do not."""
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    for sampler in (
        DistributedRepeatSampler(MULTIPLIERS),
        DistributedRepeatSampler(MULTIPLIERS, seed=rank),
        DistributedRepeatSampler(MULTIPLIERS[rank:] + [1.0] * rank),
        DistributedRepeatSampler(MULTIPLIERS, num_replicas=2, rank=0),
    ):
        try:
            report(sampler.check_ranks())
        except ValueError as error:
            report(str(error))


def stateful(options, report):
    """Use torchdata's StatefulDataLoader, stopped in the middle of an epoch and resumed."""
    from torchdata.stateful_dataloader import StatefulDataLoader

    distributed = int(os.environ["WORLD_SIZE"]) > 1
    if distributed:
        dist.init_process_group("gloo")
    state_file = Path(options["state"].format(rank=os.environ["RANK"]))

    def make():
        kind = DistributedRepeatSampler if distributed else RepeatSampler
        sampler = kind(MULTIPLIERS, seed=3)
        return sampler, loader(sampler, options, StatefulDataLoader)

    sampler, batches = make()
    start = 0
    if options.get("resume"):
        saved = torch.load(state_file)
        batches.load_state_dict(saved["loader"])
        start = saved["epoch"]
    model = Model()
    step = 0
    for epoch in range(start, N_EPOCHS):
        sampler.set_epoch(epoch)
        for batch in batches:
            model(batch["x"])
            step += 1
            if step == options.get("stop_after"):
                torch.save({"loader": batches.state_dict(), "epoch": epoch}, state_file)
                report(model.take())
                return
        report(model.take())
        if options.get("stop_after_epoch") == epoch:
            torch.save({"loader": batches.state_dict(), "epoch": epoch + 1}, state_file)
            return


def numbers_stream(**options):
    """Return a stream that repeats every fifth of 200 numbers 2.5 times, and others 1.5 times."""
    rule = ResamplingRule.from_counts([1, 1, 1], class_multipliers=[1.0, 1.5, 2.5])
    labels = [0, 2, 0, 1, 0]
    return RepeatStream(range(200), rule, labels=lambda x: labels[x % 5], key=int, **options)


def stream(options, report):
    """Read a stream in persistent workers, save a state in an epoch; or resume from the state."""
    from torchdata.stateful_dataloader import StatefulDataLoader

    dist.init_process_group("gloo")
    state_file = Path(options["state"].format(rank=os.environ["RANK"]))
    numbers = numbers_stream(
        buffer_size=20, split="stream", batch_size=BATCH_SIZE, n_batches=options["n_batches"]
    )
    batches = StatefulDataLoader(numbers, BATCH_SIZE, num_workers=2, persistent_workers=True)
    start = 0
    if options.get("resume"):
        start, state = torch.load(state_file)
        batches.load_state_dict(state)
    for epoch in range(start, N_EPOCHS):
        numbers.set_epoch(epoch)
        given = []
        for batch in batches:
            given.append(batch.tolist())
            if (epoch, len(given)) == (1, options.get("save_after")):
                torch.save((epoch, batches.state_dict()), state_file)
        report([given, numbers.counts()])


def lightning(options, report, data=None):
    """Train with Lightning, which leaves a DistributedSampler unchanged."""
    import lightning
    from lightning.pytorch.plugins.environments import LightningEnvironment

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = Model()

        def training_step(self, batch):
            return self.model(batch["x"])["loss"]

        def on_train_epoch_end(self):
            report(self.model.take())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.01)

    class Data(lightning.LightningDataModule):
        def train_dataloader(self):
            is_distributed = world_size > 1 and not options.get("wrong")
            kind = DistributedRepeatSampler if is_distributed else RepeatSampler
            batches = loader(kind(MULTIPLIERS), options)
            if options.get("batch_sampler"):
                sampler = torch.utils.data.BatchSampler(batches.sampler, BATCH_SIZE, False)
                batches = torch.utils.data.DataLoader(Numbers(), batch_sampler=sampler)
            return batches

    world_size = int(os.environ["WORLD_SIZE"])
    trainer = lightning.Trainer(
        accelerator="cpu",
        devices=world_size,
        strategy="ddp" if world_size > 1 else "auto",
        plugins=[LightningEnvironment()],
        use_distributed_sampler=options.get("use_distributed_sampler", True),
        max_epochs=N_EPOCHS,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Module(), datamodule=data or Data())


def lightning_resumed(options, report):
    """Train with Lightning, and resume from each of the checkpoints."""
    import lightning
    from lightning.pytorch.callbacks import ModelCheckpoint
    from lightning.pytorch.plugins.environments import LightningEnvironment
    from torchdata.stateful_dataloader import StatefulDataLoader

    kind = {"plain": torch.utils.data.DataLoader, "stateful": StatefulDataLoader}[
        options["loader"]
    ]
    folder = Path(options["checkpoints"])
    world_size = int(os.environ["WORLD_SIZE"])
    make_sampler = DistributedRepeatSampler if world_size > 1 else RepeatSampler

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = Model()

        def training_step(self, batch):
            return self.model(batch["x"])["loss"]

        def train_dataloader(self):
            sampler = make_sampler(MULTIPLIERS)
            if options.get("set_epoch"):
                loop = self.trainer.fit_loop
                epoch, batch = loop.epoch_progress.current, loop.epoch_loop.batch_progress
                sampler.set_epoch(epoch.ready if batch.is_last_batch else epoch.processed)
            return loader(sampler, options, kind)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.01)

    def fit(checkpoint=None):
        every_step = ModelCheckpoint(
            folder / "steps", "{step}", every_n_train_steps=1, save_top_k=-1
        )
        every_epoch = ModelCheckpoint(
            folder / "epochs", "{step}", save_on_train_epoch_end=True, save_top_k=-1
        )
        module = Module()
        trainer = lightning.Trainer(
            accelerator="cpu",
            devices=world_size,
            strategy="ddp" if world_size > 1 else "auto",
            plugins=[LightningEnvironment()],
            max_epochs=N_EPOCHS,
            logger=False,
            callbacks=[every_step, every_epoch] if checkpoint is None else [],
            enable_checkpointing=checkpoint is None,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(module, ckpt_path=checkpoint, weights_only=False)
        return module.model

    report(["whole", fit().seen])
    n_batches = len(RepeatSampler(MULTIPLIERS)) // BATCH_SIZE // world_size
    for step in [n_batches - 1, n_batches, n_batches + 1]:
        report([f"step {step}", fit(folder / "steps" / f"step={step}.ckpt").seen])
    for step in [n_batches, 2 * n_batches]:
        report([f"epoch {step}", fit(folder / "epochs" / f"step={step}.ckpt").seen])


def accelerate_resumed(options, report):
    """Train in one process of accelerate, stopped after some steps and resumed."""
    from accelerate import Accelerator, skip_first_batches
    from accelerate.utils import DataLoaderConfiguration

    is_stateful = options["stateful"]
    configuration = DataLoaderConfiguration(use_stateful_dataloader=is_stateful)
    accelerator = Accelerator(cpu=True, dataloader_config=configuration)
    n_batches = len(RepeatSampler(MULTIPLIERS)) // BATCH_SIZE

    def train(start=0, stop=None, state=None):
        model = Model()
        batches = accelerator.prepare(loader(RepeatSampler(MULTIPLIERS), options))
        if state is not None:
            batches.load_state_dict(state)
        step = start
        for epoch in range(start // n_batches, N_EPOCHS):
            batches.set_epoch(epoch)
            n_skipped = 0 if is_stateful else step - epoch * n_batches
            for batch in skip_first_batches(batches, n_skipped) if n_skipped else batches:
                model(batch["x"])
                step += 1
                if step == stop:
                    return batches.state_dict() if is_stateful else None
        return model

    report(["whole", train().seen])
    for step in [3, n_batches, n_batches + 5, 2 * n_batches - 1, 2 * n_batches]:
        report([f"step {step}", train(step, state=train(stop=step)).seen])


def accelerate(options, report):
    """Train with accelerate, which shards any sampler."""
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    view = options.get("view")
    if view:
        batches = torch.utils.data.DataLoader(
            ResampledDataset(Numbers(), MULTIPLIERS),
            batch_size=BATCH_SIZE,
            shuffle=True,
            num_workers=options.get("num_workers", 0),
        )
    elif options.get("wrong"):
        batches = loader(DistributedRepeatSampler(MULTIPLIERS), options)
    else:
        batches = loader(RepeatSampler(MULTIPLIERS), options)
    model = Model()
    prepared, optimizer, batches = accelerator.prepare(
        model, torch.optim.SGD(model.parameters(), 0.01), batches
    )
    for epoch in range(N_EPOCHS):
        batches.set_epoch(epoch)
        for batch in batches:
            accelerator.backward(prepared(batch["x"])["loss"])
            optimizer.step()
        report(model.take())


def training_arguments(options):
    from transformers import TrainingArguments

    return TrainingArguments(
        output_dir=options["output"],
        num_train_epochs=N_EPOCHS,
        per_device_train_batch_size=BATCH_SIZE,
        dataloader_num_workers=options.get("num_workers", 0),
        use_cpu=True,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        logging_strategy="no",
        remove_unused_columns=False,
    )


def trainer(options, report):
    """Train by the guide's lines or on a view, stopped in the middle of an epoch and resumed."""
    from transformers import Trainer, TrainerCallback

    class Report(TrainerCallback):
        def on_epoch_end(self, args, state, control, **kwargs):
            report(model.take())

        def on_step_end(self, args, state, control, **kwargs):
            if state.global_step == options.get("stop_after"):
                control.should_save = control.should_training_stop = True

    model, arguments = Model(), training_arguments(options)
    if options.get("view"):
        view = ResampledDataset(Numbers(), MULTIPLIERS)
        trainer = Trainer(model, arguments, train_dataset=view)
    else:
        names = {"Trainer": Trainer, "TrainerCallback": TrainerCallback}
        names |= {"RepeatSampler": RepeatSampler, "plan": MULTIPLIERS, "dataset": Numbers()}
        names |= {"model": model, "arguments": arguments}
        if options.get("wrong"):
            rank = int(os.environ["RANK"])
            names["RepeatSampler"] = partial(DistributedRepeatSampler, num_replicas=2, rank=rank)
        exec(lines_of_the_guide("trainer"), names)
        trainer = names["trainer"]
    trainer.add_callback(Report())
    trainer.train(resume_from_checkpoint=options.get("resume"))


# -- running them ------------------------------------------------------------------------------


def run(job, folder, n_processes=2, **options):
    """Return what each rank reported, the items by epoch, and what the processes printed."""
    folder.mkdir(exist_ok=True)
    processes = start(n_processes, folder, work, job, folder, options)
    printed = finish(processes, folder)
    ranks = [json.loads((folder / f"{process.name}.json").read_text()) for process in processes]
    return ranks, "\n".join(printed)


def work(job, folder, options):
    """Do a job, and write what it reports to a file."""
    warnings.simplefilter("default")
    reported = []
    globals()[job](options, reported.append)
    (folder / f"rank{os.environ['RANK']}.json").write_text(json.dumps(reported))
    if dist.is_initialized():  # or its threads race with the end of the interpreter
        dist.barrier()
        dist.destroy_process_group()
