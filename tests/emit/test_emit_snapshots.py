"""What each output looks like, kept in snapshots/; ``UPDATE_SNAPSHOTS=1 pytest tests/emit`` writes them anew."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from diagnose.emit import emit, names, output
from diagnose.model import Report

SNAPSHOTS = Path(__file__).parent / "snapshots"


def same(text, name):
    path = SNAPSHOTS / name
    data = text.encode()
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_bytes(data)
    assert path.read_bytes().decode() == text


@pytest.mark.parametrize("name", names())
def test_report(name, report, context):
    same(emit(report, name, context), f"report.{name}{output(name).SUFFIX}")


@pytest.mark.parametrize("name", names())
def test_nasty(name, nasty, context):
    same(emit(nasty, name, context), f"nasty.{name}{output(name).SUFFIX}")


@pytest.mark.parametrize("name", names())
def test_changes(name, compared, context):
    same(emit(compared, name, context), f"changes.{name}{output(name).SUFFIX}")


@pytest.mark.parametrize("name", names())
def test_nasty_changes(name, nasty_compared, context):
    same(emit(nasty_compared, name, context), f"nasty-changes.{name}{output(name).SUFFIX}")


@pytest.mark.parametrize("name", names())
def test_nothing_found(name, context):
    same(emit(Report(), name, context), f"empty.{name}{output(name).SUFFIX}")


@pytest.mark.parametrize("name", ["full", "concise", "grouped"])
def test_colour(name, report, context):
    same(emit(report, name, replace(context, colour=True, hyperlinks=True, width=72)), f"colour.{name}.txt")


@pytest.mark.parametrize("name", ["full", "concise", "grouped"])
def test_colour_of_changes(name, compared, context):
    same(emit(compared, name, replace(context, colour=True, width=60)), f"colour-changes.{name}.txt")


def test_every_output_is_complete():
    assert " ".join(names()) == "azure concise full github gitlab grouped html json jsonl junit markdown sarif"
    for name in names():
        module = output(name)
        assert name == module.NAME
        assert module.TITLE
        assert module.SUFFIX.startswith(".")
    with pytest.raises(KeyError):
        output("context")


def test_no_snapshot_is_left_over():
    outputs = {f"{name}{output(name).SUFFIX}" for name in names()}
    for path in SNAPSHOTS.glob("[!.]*"):
        kind, rest = path.name.split(".", 1)
        assert kind in {"report", "nasty", "empty", "colour", "changes", "nasty-changes", "colour-changes"}
        assert rest in outputs
