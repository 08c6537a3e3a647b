"""The parser and the entry point; errors are one line and exit status 2."""

import argparse
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from typing import Any, NoReturn

import mlresample
from mlresample._cli._commands import COMMANDS
from mlresample._cli._inputs import (
    FILE_OPTIONS,
    add_input_options,
    option_of,
    option_with_value,
)
from mlresample._cli._outputs import check_output, write_output
from mlresample._plan.repeats import ROUNDINGS
from mlresample._rule.parameters import RULE_CONSTRAINTS

_FILE_HELP = """
label files:
  CSV with a header, or JSON (.json, .jsonl): rows with an id and a list of labels ("Id,Target"
  with "16 0", or "A|B|C" with --separator "|"), or with an id and one column of 0 and 1 per class.
  Options name other layouts and columns to skip. COCO: a .json file. YOLO: a folder of images, a
  data.yaml, or a list of images with --labels FOLDER. Parquet, which may be larger than memory:
  files, folders and quoted patterns ('train/*.parquet'), with --labels COLUMN.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    arguments = _parse(argv)
    with warnings.catch_warnings(record=True) as caught, _interrupted_by_sigterm():
        warnings.simplefilter("always", UserWarning)
        try:
            check_output(arguments)
            output = COMMANDS[arguments.command](arguments)
            for warning in caught:  # before the figures, which they may put in doubt
                _print_message("warning", warning.message)
            write_output(output, arguments)
        except BrokenPipeError:  # the reader, such as head, has closed
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            _print_message(
                "error",
                f"{error.encoding} cannot encode {character!a}: write to a file by --output.",
            )
            return 2
        except (ImportError, MemoryError, OSError, OverflowError, ValueError) as error:
            _print_message("error", error)
            return 2
        except KeyboardInterrupt as interrupt:
            _print_message("error", "interrupted")
            return 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    return 0


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, without half files."""

    def interrupt(number: int, _: Any) -> NoReturn:
        raise KeyboardInterrupt(number)

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # only the main thread may, and only it is interrupted
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _print_message(kind: str, what: Any) -> None:
    if isinstance(what, OSError) and what.strerror:
        what = f"{what.filename}: {what.strerror}" if what.filename else what.strerror
    message = " ".join(str(what).split()) or type(what).__name__
    if sys.stderr is not None:  # None if it was closed; print would then take standard output
        with suppress(OSError):  # if nobody reads it, the exit status must do
            print(f"mlresample: {kind}: {with_options(message)}", file=sys.stderr)


_PARAMETERS = [*RULE_CONSTRAINTS, "class_multipliers", *FILE_OPTIONS]
_RENAMED = {"class_multipliers": "--class-multiplier"}
# Parameters where messages of the library name them: "The 'cap' parameter of ...", "cap=2", and
# "delimiter must be ...". Names with an underscore are no other word wherever they stand.
_NAMES = "|".join(_PARAMETERS)
_LONG_NAMES = "|".join(name for name in _PARAMETERS if "_" in name)
_VALUE = r"True|False|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\{[^{}]*\}|[\w+-]+(?:\.\w+)?"
_NAMED = re.compile(
    rf"^The '({_NAMES})' parameter of [\w.]+|^({_NAMES})(?= )|(?<![\w'\"/.-])(?:"
    rf"({_NAMES})=({_VALUE})|({_NAMES})=(?=[.;,:]?(?: |$))|({_LONG_NAMES})(?![\w'\"/]|\.\w))"
)


def with_options(message: str) -> str:
    """Replace the library's parameters by the options of the command line that set them."""

    def option(found: re.Match[str]) -> str:
        name, value = found[found.lastindex or 0], None
        if found[4]:
            name, value = found[3], found[4]
        if name in _RENAMED:
            return _RENAMED[name] + ("" if value is None else f" {value}")
        return option_of(name) if value is None else option_with_value(name, value)

    return _NAMED.sub(option, message)


# -- arguments ---------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser, commands = make_parser()
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        command = commands[arguments.command]
        options = [option for action in command._actions for option in action.option_strings]
        near = get_close_matches(unknown[0], options, n=1)
        hint = f": did you mean {near[0]}?" if near else ""
        command.error(f"unrecognized argument {unknown[0]}{hint}")
    return arguments


def make_parser() -> tuple[argparse.ArgumentParser, dict[str, Any]]:
    """Make the parser of all commands, and return it with that of each command."""
    parser = _Parser(
        prog="mlresample",
        description="Resampling for long-tail multi-label data: what it costs, what it achieves.",
    )
    parser.add_argument("--version", action="version", version=mlresample.__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    report = _command(commands, "report", "how imbalanced label files are, side by side")
    report.add_argument(
        "files", nargs="*", metavar="FILE", help="label files; without one, a built-in example"
    )
    compare = _command(commands, "compare", "what each cap costs and achieves")
    _add_grid(compare)
    plan = _command(commands, "plan", "what one plan costs and achieves, class by class")
    _add_rule(plan)
    explore = _command(
        commands,
        "explore",
        "a page with a slider for each parameter; the options set where they start",
    )
    _add_parameters(explore)
    explore.add_argument("--class-multiplier", action="append", help=argparse.SUPPRESS)
    resample = _command(
        commands,
        "resample",
        "the ids of a resampled epoch, for a training loop; for YOLO, a list of images; for "
        "Parquet, the rows",
    )
    _add_rule(resample)
    _add_draw(resample)
    annotate = _command(
        commands, "annotate", "what to label next: what each class lacks, and quotas per batch"
    )
    _add_annotation(annotate)
    split = _command(commands, "split", "multi-label stratified folds")
    split.add_argument("--folds", type=int, default=5, help="number of folds (5)")
    split.add_argument(
        "--groups", metavar="COLUMN", help="column of group ids; each group stays in one fold"
    )
    _add_seed(split)
    for command in (compare, plan, explore, resample):
        command.add_argument(
            "files", nargs="+", metavar="FILE", help="label file, or Parquet files of one table"
        )
    for command in (split, annotate):
        command.add_argument("files", nargs=1, metavar="FILE", help="label file")
    for command in (report, compare, plan, explore, resample, annotate, split):
        add_input_options(command)
    for command in (report, compare, plan, annotate):
        _add_outputs(command, "json", "html")
    for command in (resample, split):
        _add_outputs(command, "json")
    _add_outputs(explore)
    return parser, commands.choices


def _command(commands: Any, name: str, summary: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=_FILE_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return command


_KINDS_HELP = {"json": "JSON, for programs", "html": "HTML, one page with pictures"}


def _add_outputs(command: argparse.ArgumentParser, *kinds: str) -> None:
    group = command.add_argument_group("output")
    one_of = group.add_mutually_exclusive_group() if kinds else group
    for kind in kinds:
        one_of.add_argument(f"--{kind}", action="store_true", help=_KINDS_HELP[kind])
    group.add_argument(
        "--output",
        metavar="FILE",
        help="file to write; its extension sets the format (standard output)",
    )


_RULE_HELP = {
    "cap": "largest multiplier (4); inf for none",
    "floor": "smallest multiplier (1); below 1, some samples of common classes are left out",
    "target_count": "count that rare classes are raised towards (median): median, mean, max, a "
    "count, or a share of the samples such as 0.05",
    "power": "1 for inverse frequency, 0.5 for its square root (1)",
    "epoch_size": "number of samples in an epoch, or its ratio to the data, such as 1.2; the "
    "target count is chosen to meet it",
    "background": "multiplier of samples without a class (1); 0 leaves them out",
}


def _add_rule(command: argparse.ArgumentParser) -> None:
    group = _add_parameters(command, by_class=["target_count"])
    group.add_argument(
        "--class-multiplier",
        action="append",
        metavar="CLASS=X",
        help="multiplier of one class, instead of the rule; all others have 1; may be repeated",
    )


def _add_parameters(command: argparse.ArgumentParser, by_class: Sequence[str] = ()) -> Any:
    group = command.add_argument_group("the rule, as in mlresample.plan_resampling")
    _add_instance_aware(group)
    for name, description in _RULE_HELP.items():
        each = name in by_class
        group.add_argument(
            option_of(name),
            type=_only_number,
            action="append" if each else "store",
            metavar="X or CLASS=X" if each else "X",
            help=description + ("; or for one class, and may be repeated" if each else ""),
        )
    return group


def _add_grid(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("values to combine, separated by commas")
    _add_instance_aware(group, const=[True])
    for name, description in _RULE_HELP.items():
        group.add_argument(option_of(name), type=_numbers, metavar="X,...", help=description)


def _add_instance_aware(group: Any, const: Any = True) -> None:
    group.add_argument(
        "--instance-aware",
        action="store_const",
        const=const,
        help="go by the shares of samples and of instances; with --instances",
    )


def _add_draw(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("the draw")
    group.add_argument(
        "--rounding",
        choices=sorted(ROUNDINGS),
        help="how fractions become whole repeats (stratified)",
    )
    group.add_argument("--shuffle", action="store_true", help="put the ids in random order")
    each = group.add_mutually_exclusive_group()
    each.add_argument(
        "--repeats", action="store_true", help="write each id once, with how often it is seen"
    )
    each.add_argument("--keys", action="store_true", help="for Parquet, write the keys alone")
    group.add_argument("--epoch", type=int, metavar="N", help="for Parquet, epoch to draw (0)")
    _add_seed(group)


def _add_annotation(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("the plan, as in mlresample.annotation.plan_annotation")
    group.add_argument(
        "--until",
        required=True,
        action="append",
        type=_only_number,
        metavar="X or CLASS=X",
        help="images that each class should have: a count, median, mean, max, or a share of the "
        "samples such as 0.05; or for one class, and may be repeated",
    )
    group.add_argument(
        "--batch", required=True, type=_number, metavar="N", help="images per batch"
    )
    group.add_argument(
        "--batches", type=_number, metavar="N", help="number of batches (as many as it takes)"
    )
    group.add_argument(
        "--hit-rate",
        type=_number,
        metavar="X",
        help="share of the images picked for a class that do carry it (1)",
    )
    group.add_argument(
        "--copies",
        type=_number,
        metavar="X",
        help="how many images one image may stand for, like the cap of a plan (1)",
    )
    group.add_argument(
        "--since", metavar="FILE", help="label file at the start, to report progress since then"
    )


def _add_seed(command: Any) -> None:
    command.add_argument(
        "--random-state", type=int, default=0, metavar="SEED", help="seed of the random draw (0)"
    )


def _number(text: str) -> Any:
    """Convert text to an integer or a float if it is one, else keep it, such as "median"."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _only_number(text: str) -> Any:
    if "," in text:
        raise argparse.ArgumentTypeError("must be one value; mlresample compare takes several")
    return _number(text)


def _numbers(text: str) -> list[Any]:
    return [_number(part.strip()) for part in text.split(",")]
