"""Writes results as a Markdown table, as JSON, and between the markers of a document."""

import dataclasses
import json
import pathlib
import time

from . import machine

BEGIN, END = "<!-- figures: written by bench/run --write -->", "<!-- end of the figures -->"


def number(value):
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def cpu(seconds, unit):
    if seconds is None:
        return "–"
    factor, prefix = next(((factor, prefix) for factor, prefix in ((1, ""), (1e3, "m")) if seconds * factor >= 1), (1e6, "µ"))
    return f"{number(seconds * factor)} {prefix}s/{unit}"


def cold(figures):
    return number(figures.cold.value) if figures and figures.cold else "–"


def line(result):
    return " | ".join([
        f"| {result.row}", result.where or "–", result.work + (f" ({result.remark})" if result.remark else ""), result.unit,
        number(result.ours.value) if result.ours else "n/a", cold(result.ours), number(result.theirs.value) if result.theirs else "–", cold(result.theirs),
        result.peer or "–",
        number(result.ratio), str(result.target) if result.target else "–",
        {True: "yes", False: "no", None: "–"}[result.is_met],
        cpu(result.ours.cpu if result.ours else None, result.cpu_unit), cpu(result.theirs.cpu if result.theirs else None, result.cpu_unit)]) + " |"


HEAD = (
    "| row | where | work | unit | dftp | cold | peer | cold | peer's name | ratio | target | met | CPU, dftp | CPU, peer |\n"
    "|---|---|---|---|---:|---:|---:|---:|---|---:|---|---|---:|---:|")


def markdown(results, facts, rounds):
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return "\n".join([
        f"{time.strftime('%Y-%m-%d')}, {facts['processor']}, {facts['cores']} cores, {facts['memory']}, Linux {facts['kernel']}, {facts['file system']}; "
        f"load {facts['load']} at the start; congestion control {facts['congestion control']}. Medians of {rounds}; cold: the first five seconds, once.",
        f"{versions}.", "", HEAD, *map(line, results)]) + "\n"


def as_json(results, facts, rounds):
    def plain(result):
        fields = dataclasses.asdict(result)
        return {**fields, "target": result.target and str(result.target), "ratio": result.ratio, "met": result.is_met,
                "median": result.ours and result.ours.value, "peerMedian": result.theirs and result.theirs.value}
    return json.dumps({"time": int(time.time()), "machine": facts, "rounds": rounds, "results": [plain(result) for result in results]}, indent=1)


def save(text, data):
    """Saves both forms under bench/results, named by time; the newest also as latest."""
    folder = pathlib.Path(__file__).resolve().parent.parent / "results"
    folder.mkdir(exist_ok=True)
    for name in (time.strftime("%Y%m%d-%H%M%S"), "latest"):
        (folder / f"{name}.md").write_text(text)
        (folder / f"{name}.json").write_text(data)
    return folder / "latest.md"


def write_between_markers(document, text):
    old = pathlib.Path(document).read_text()
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{document} has no place for the figures: the lines {BEGIN} and {END}")
    pathlib.Path(document).write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


__all__ = ["markdown", "as_json", "save", "write_between_markers", "machine", "HEAD", "line"]
