"""One optimiser step and how its work reaches the device: operation by operation, or on CUDA as one recorded graph.

A step of a small model is some hundred short operations, each of which the host launches for longer than a GPU computes it. A CUDA graph is
recorded once and launched as one. What changes from step to step without the random numbers, which the graph draws on by itself, lies in
tensors on the device; whatever else a step reads has been recorded as it was, and another setting takes another graph.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from playground.runs.tasks import Task

WARM, WORTH = 20, 300
"""Steps with the same settings before they are recorded, and steps still to come for which that is worth while."""
TOLERANCE = 0.01
"""By how much of its length what two steps change may differ, recorded and not: additions come in another order, and Adam divides small
gradients by small ones."""


class Graph(Protocol):
    """Recorded work on the device."""

    def replay(self) -> None:
        """Does it again."""


class Steps:
    """Makes the steps of a training, operation by operation. `weights` are those that are trained, `averages` their moving averages."""

    def __init__(
        self, model: nn.Module, task: Task, optimizer: torch.optim.Optimizer, averages: Sequence[Tensor], generator: torch.Generator
    ) -> None:
        self.model, self.task, self.optimizer, self.generator = model, task, optimizer, generator
        self.weights: list[Tensor] = optimizer.param_groups[0]["params"]
        self.averages = list(averages)
        self.terms: tuple[str, ...] = ()

    def take(self, rate: float, fresh: float, left: int) -> Tensor:
        """One step with the learning rate `rate`, after which the weights count `fresh` in the averages; `left` are to come. Returns the
        total loss and its terms, (1 + len(terms),), which nobody has waited for."""
        self.optimizer.param_groups[0]["lr"] = rate
        losses = self._descend()
        self._average(fresh)
        return losses

    @torch.no_grad()
    def _average(self, fresh: float) -> None:
        torch._foreach_lerp_(self.averages, self.weights, fresh)

    def _descend(self) -> Tensor:
        loss = self.task.loss(self.model, self.task.batch(self.generator), self.generator)
        self.optimizer.zero_grad()
        loss.total.backward()
        if self.task.config.gradient_clip > 0:
            nn.utils.clip_grad_norm_(self.weights, self.task.config.gradient_clip)
        self.optimizer.step()
        self.terms = tuple(loss.terms)
        return torch.stack([loss.total.detach(), *loss.terms.values()])


class RecordedSteps(Steps):
    """The same steps, of which `record` makes a graph once they are all alike. The graph is kept if it does to the weights what the operations
    do, one by one; where it does not, or cannot be recorded, a warning says so, and nothing is lost."""

    def __init__(self, *parts: Any, record: Callable[[Callable[[], None], torch.Generator], Graph] | None = None) -> None:
        super().__init__(*parts)
        self.record = record or record_on_cuda
        device = self.weights[0].device
        self.rate, self.fresh, self.losses = (torch.zeros((), device=device) for _ in range(3))
        self.optimizer.param_groups[0]["lr"] = self.rate
        self.graph: Graph | None = None
        self.settings, self.alike, self.refused = self.task.config, 0, False

    def take(self, rate: float, fresh: float, left: int) -> Tensor:
        if self.settings is not self.task.config or not self.task.steps_are_alike:
            self.settings, self.alike, self.graph = self.task.config, 0, None
        self.alike += 1
        if self.graph is None and self.alike > WARM and left >= WORTH and not self.refused:
            self._try_to_record(rate, fresh)
        self._set(rate, fresh)
        if self.graph is None:
            self._work()
        else:
            self.graph.replay()
        return self.losses.clone()

    def _set(self, rate: float, fresh: float) -> None:
        self.rate.fill_(rate)
        self.fresh.fill_(fresh)

    def _work(self) -> None:
        """All that a graph holds."""
        self.losses = self._descend()
        with torch.no_grad():
            change = torch._foreach_sub(self.weights, self.averages)
            torch._foreach_mul_(change, self.fresh)
            torch._foreach_add_(self.averages, change)

    def _try_to_record(self, rate: float, fresh: float) -> None:
        """Records a graph and compares two steps of it, with different rates, with two that are not recorded; then all is as it was before."""
        before = self._state()
        wanted = self._two(self._work, rate, fresh)
        self._restore(before)
        self.optimizer.zero_grad()
        try:
            graph = self.record(self._work, self.generator)
            self._restore(before)
            found = self._two(graph.replay, rate, fresh)
            if not all(float((a - b).norm()) <= TOLERANCE * float(b.norm()) for a, b in zip(found, wanted)):
                raise RuntimeError("its steps are not those of the operations that it was made of")
            self.graph = graph
        except RuntimeError as error:
            self.refused = True
            warnings.warn(
                f"The steps of this training are launched operation by operation: no graph was recorded ({error}).", stacklevel=1
            )
        self._restore(before)

    def _two(self, work: Callable[[], None], rate: float, fresh: float) -> list[Tensor]:
        """The losses of two steps, and how far they have moved weights, averages and moments."""
        start, losses = [x.clone() for x in self._moved()], []
        for share in (1.0, 0.5):
            self._set(share * rate, share * fresh)
            work()
            losses.append(self.losses.clone())
        way = [(after - before).flatten() for after, before in zip(self._moved(), start)]
        n = len(self.weights)
        return [*losses, *(torch.cat(some) for some in (way[:n], way[n : 2 * n], way[2 * n :]))]

    def _moved(self) -> list[Tensor]:
        moments = (self.optimizer.state[weight] for weight in self.weights)
        return [*(weight.detach() for weight in self.weights), *self.averages, *(x for kept in moments for x in kept.values())]

    def _state(self) -> tuple[list[Tensor], Tensor]:
        return [x.clone() for x in self._moved()], self.generator.get_state()

    @torch.no_grad()
    def _restore(self, state: tuple[list[Tensor], Tensor]) -> None:
        kept, random = state
        for now, before in zip(self._moved(), kept):
            now.copy_(before)
        self.generator.set_state(random)


def record_on_cuda(work: Callable[[], None], generator: torch.Generator) -> Graph:
    """`work` as a CUDA graph that goes on with the random numbers of `generator`. Raises `RuntimeError` where something in it cannot be
    recorded, such as a number that the host waits for."""
    graph = torch.cuda.CUDAGraph()
    graph.register_generator_state(generator)
    torch.cuda.synchronize()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        work()
    return graph
