"""Rows, and how two programs are measured: in turn, by medians."""

import dataclasses
import statistics
import time
import typing


@dataclasses.dataclass(frozen=True)
class Sample:
    """One figure, and the server's CPU seconds for a unit of the work; None if unknown."""
    value: float
    cpu: float | None = None


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    measure: typing.Callable[[], Sample]
    # The first sample after the server's start; the usual work if that takes some seconds anyway.
    cold: typing.Callable[[], Sample] | None = None


@dataclasses.dataclass(frozen=True)
class Target:
    """A bound on our figure, or on its ratio to the peer's."""
    bound: float
    at_least: bool = False
    of_ratio: bool = True

    def __str__(self):
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{' of the peer’s' if self.of_ratio else ''}"

    def is_met(self, ours, ratio):
        figure = ratio if self.of_ratio else ours
        return None if figure is None else figure >= self.bound if self.at_least else figure <= self.bound


@dataclasses.dataclass
class Figures:
    """The samples of one program, and its cold sample."""
    samples: list[Sample]
    cold: Sample | None = None

    @property
    def value(self):
        return statistics.median(sample.value for sample in self.samples)

    @property
    def cpu(self):
        known = [sample.cpu for sample in self.samples if sample.cpu is not None]
        return statistics.median(known) if known else None


@dataclasses.dataclass
class Result:
    """A line of the table."""
    row: str
    work: str
    unit: str
    ours: Figures | None
    peer: str = ""
    theirs: Figures | None = None
    target: Target | None = None
    cpu_unit: str = ""
    remark: str = ""
    where: str = ""

    @property
    def ratio(self):
        return self.ours.value / self.theirs.value if self.ours and self.theirs and self.theirs.value else None

    @property
    def is_met(self):
        return self.target.is_met(self.ours.value, self.ratio) if self.target and self.ours else None


def turn_about(contenders, rounds, warm_up=True, warm_seconds=0):
    """
    Measures each program right after its start, warms it up, and then measures the programs in turn, every other round in the opposite order.
    Returns the figures by name.
    """
    samples = {contender.name: [] for contender in contenders}
    cold = {}
    if warm_up:
        for contender in contenders:
            started = time.perf_counter()
            cold[contender.name] = (contender.cold or contender.measure)()
            while time.perf_counter() - started < warm_seconds:
                contender.measure()
    for turn in range(rounds):
        for contender in contenders[:: 1 if turn % 2 == 0 else -1]:
            samples[contender.name].append(contender.measure())
    return {name: Figures(found, cold.get(name)) for name, found in samples.items()}


def against(row, work, unit, figures, targets, cpu_unit="", where=""):
    """A table line for each peer of "dftp"; `targets` has the peers' names as keys."""
    return [
        Result(row, work, unit, figures["dftp"], name, theirs, targets.get(name), cpu_unit, where=where)
        for name, theirs in figures.items() if name != "dftp"]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
