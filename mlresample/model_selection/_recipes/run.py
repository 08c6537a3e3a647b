"""Train and score every recipe on every split, in parallel, and save what is finished."""

import time
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from mlresample.model_selection._recipes.data import Data, Split, seed_of
from mlresample.model_selection._recipes.models import Training, fit_and_score
from mlresample.model_selection._recipes.recipe import Recipe, is_estimator
from mlresample.model_selection._recipes.saved import SavedSplits
from mlresample.model_selection._recipes.scores import SCORES, score_split
from mlresample.model_selection._thresholds import tune_thresholds


class _Task(NamedTuple):
    recipe: Recipe
    split: Split


@dataclass(frozen=True)
class Runner:
    """What all trainings have in common."""

    data: Data
    training: Training
    seed: int
    models: dict[str, Any]
    model_name: str | None
    saved: SavedSplits | None

    def run(
        self, recipes: list[Recipe], splits: list[Split], *, n_jobs: int | None, verbose: int
    ) -> dict[str, Any]:
        """Return scores, growth and seconds of each recipe."""
        tasks = [_Task(recipe, split) for split in splits for recipe in recipes]
        paths = self._paths(tasks)
        found = {}
        if self.saved is not None:
            found = {i: self.saved.read(path) for i, path in enumerate(paths) if path.exists()}
        left = [i for i in range(len(tasks)) if i not in found]
        start = time.time()

        def finish(place: int, i: int) -> dict[str, Any]:
            result = self._result(tasks[i])
            if self.saved is not None:
                self.saved.write(paths[i], result)
            if verbose:
                _print_progress(tasks[i], result["seconds"], place, len(left), start)
            return result

        finished = Parallel(n_jobs=n_jobs)(
            delayed(finish)(place, i) for place, i in enumerate(left, start=1)
        )
        found |= zip(left, finished, strict=True)
        results = [found[i] for i in range(len(tasks))]
        of_recipes = {
            recipe.name: results[place :: len(recipes)] for place, recipe in enumerate(recipes)
        }
        return {
            "scores": {
                name: {
                    score: np.array([result["scores"][score] for result in of_recipe])
                    for score in SCORES
                }
                for name, of_recipe in of_recipes.items()
            },
            "growth": {name: _median(of, "growth") for name, of in of_recipes.items()},
            "seconds": {name: _median(of, "seconds") for name, of in of_recipes.items()},
        }

    def _result(self, task: _Task) -> dict[str, Any]:
        """Train and score a recipe on a split, tuning thresholds on its inner folds."""
        start = time.perf_counter()
        recipe, split = task
        data, model = self.data, self.models[recipe.name]
        place = split.repeat, split.fold
        thresholds = None
        if split.inner:
            held_out = np.empty((len(split.train), len(data.classes)))
            for i, (rows, rest) in enumerate(split.inner, start=1):
                held_out[rest], _ = fit_and_score(
                    recipe,
                    model,
                    data,
                    split.train[rows],
                    split.train[rest],
                    self.training,
                    seed_of(self.seed, *place, i),
                )
            thresholds = tune_thresholds(data.true[split.train], held_out, unknown=data.unknown)
        seed = seed_of(self.seed, *place, 0)
        probabilities, growth = fit_and_score(
            recipe, model, data, split.train, split.test, self.training, seed
        )
        scores = score_split(
            data.true[split.test],
            probabilities,
            thresholds,
            data.class_counts,
            data.is_rare,
            data.is_trained(split),
            data.unknown,
        )
        return {"scores": scores, "growth": growth, "seconds": time.perf_counter() - start}

    def _paths(self, tasks: list[_Task]) -> list[Any]:
        """Return the file of each task, named by all that its result depends on."""
        if self.saved is None:
            return [None] * len(tasks)
        data = self.data
        common = self.saved.hashes(
            {"X": data.X, "y": data.true, "classes": data.classes, "seed": self.seed}
        )
        paths = []
        for recipe, split in tasks:
            model = self.models[recipe.name]
            by_name = not is_estimator(model)
            own_name = recipe.name if recipe.model is not None else None
            made_of = {
                "split": split,
                "recipe": replace(recipe, name="", model=None),
                "model": (self.model_name, own_name) if by_name else model,
                "training": self.training if by_name else None,
            }
            paths.append(self.saved.path(common | self.saved.hashes(made_of)))
        return paths


def _median(results: list[dict[str, Any]], name: str) -> float:
    return float(np.median([result[name] for result in results]))


def _print_progress(task: _Task, seconds: float, place: int, n_tasks: int, start: float) -> None:
    split = task.split
    left = (time.time() - start) / place * (n_tasks - place)
    print(
        f"[compare_recipes] {place} of {n_tasks}: repeat {split.repeat + 1}, fold "
        f"{split.fold + 1}, {task.recipe.name!r}: {seconds:.1f} s; about {left:.0f} s left",
        flush=True,
    )
