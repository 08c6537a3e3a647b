"""A callback for the Hugging Face Trainer; needs transformers."""

from typing import Any

from transformers import TrainerCallback


class SetEpochCallback(TrainerCallback):
    """Set the epoch of a sampler, for the Hugging Face Trainer.

    A Trainer in several processes that resumes in the middle of an epoch does not call
    ``set_epoch`` of its sampler, which would then repeat epoch 0.

    Parameters
    ----------
    sampler : RepeatSampler
        The sampler of the Trainer's training data.

    Examples
    --------
    >>> from mlresample.torch import RepeatSampler
    >>> from mlresample.torch.transformers import SetEpochCallback
    >>> callback = SetEpochCallback(RepeatSampler([1.0, 2.0]))
    """

    def __init__(self, sampler: Any) -> None:
        self.sampler = sampler

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Set the sampler's epoch to that of the Trainer.

        Parameters
        ----------
        args : TrainingArguments
            Not used.
        state : TrainerState
            Its `epoch` is set.
        control : TrainerControl
            Not used.
        **kwargs
            Not used.
        """
        self.sampler.set_epoch(int(state.epoch))
