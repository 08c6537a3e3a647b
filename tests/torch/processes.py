"""Groups of processes, each a fork of one that has imported what takes longer than their jobs."""

import multiprocessing
import os
import random
import runpy
import socket
import sys
import time

IMPORTS = [  # of which those that are not installed are passed over
    *("mlresample.torch", "torch._dynamo"),  # the latter is imported by optimizers
    *("lightning", "accelerate", "transformers.trainer", "torchdata.stateful_dataloader"),
]


def start(n_processes, folder, target, *arguments):
    """Start the ranks of a group, as torchrun does; each prints to a file in `folder`."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(IMPORTS)
    group = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    group |= {"WORLD_SIZE": str(n_processes), "OMP_NUM_THREADS": "1"}
    processes = []
    for rank in range(n_processes):
        environment = group | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        process = forks.Process(
            target=_begin, args=(folder, environment, target, arguments), name=f"rank{rank}"
        )
        process.start()
        processes.append(process)
    return processes


def finish(processes, folder, exitcode=0):
    """Return what each process has printed."""
    end = time.monotonic() + 240
    try:
        for process in processes:
            process.join(timeout=max(0, end - time.monotonic()))
    finally:
        for process in processes:
            process.kill()
    printed = [(folder / f"{process.name}.txt").read_text() for process in processes]
    for process, text in zip(processes, printed, strict=True):
        assert process.exitcode == exitcode, text
    return printed


def run_script(path, arguments):
    """Run a script as the program of this process."""
    sys.argv = [str(path), *arguments]
    sys.orig_argv = [sys.executable, *sys.argv]
    runpy.run_path(str(path), run_name="__main__")


def _begin(folder, environment, target, arguments):
    name = multiprocessing.current_process().name
    printed = os.open(folder / f"{name}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    os.environ.update(environment)
    multiprocessing.set_start_method(None, force=True)  # of loaders' workers: the usual one
    sys.modules["torch"].set_num_threads(1)
    target(*arguments)


def free_port():
    """Choose a port that none listens at, below those that connections take for themselves."""
    for port in random.sample(range(15_000, 30_000), 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise OSError("no port is free")
