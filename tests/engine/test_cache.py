"""What is kept of logs between calls: the same run comes back, or none."""

import json
import os
import re
import threading
from collections.abc import MutableMapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from diagnose import api, logs
from diagnose.engine.cache import Cache, Store, codec, kept
from diagnose.engine.cache.codec import CannotKeepError, decode, encode
from diagnose.engine.inputs import walk
from diagnose.errors import DiagnoseError
from diagnose.model import UNKNOWN, Config, Event, Fact, Place, Run, Segment, Series, Setting
from diagnose.model.events import Events
from diagnose.sources import open_source

FIXTURES = Path(__file__).parents[2] / "fixtures"
CURVE = "epoch,loss,val_loss\n" + "".join(f"{n},{2 / n:.4f},{2.1 / n:.4f}\n" for n in range(1, 13))


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to the last bit and in all their types."""
    if isinstance(one, MutableMapping) and not isinstance(one, dict):  # made of a dump when it is looked at
        one = dict(one)
    if isinstance(one, Events):  # some are made of lines
        one = list(one)
    if type(one) is not type(other) and not (isinstance(one, Series) and isinstance(other, Series)):
        return False
    if is_dataclass(one):
        return all(same(getattr(one, item.name), getattr(other, item.name)) for item in fields(one))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes() and other.flags.writeable
    return one == other if not isinstance(one, float) else one.hex() == other.hex()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "a.csv"
    file.write_text(CURVE)
    return file


class TestCodec:
    def test_every_fixture_comes_back(self) -> None:
        number = 0
        for file in walk(FIXTURES):
            try:
                source = open_source(file)
                run = logs.read(source) if source.head and source.size < 200_000 else None
            except DiagnoseError:
                continue
            if run is not None:
                assert same(run, decode(encode(run))), file
                number += 1
        assert number > 50

    def test_odd_values(self) -> None:
        odd = {"a": [1, 2.5, float("inf"), -0.0, None, True, (1, ("x",))], "b": {}, "\ud800": 10**40, "c": UNKNOWN}
        place = Place("a\n.log", 3, 2, "\0text")
        column = np.array([1.0, np.nan])
        segment = Segment(
            "é", 0, "a", 1, 2, {"loss": Series("loss", "Loss", "a", column, column, column, np.array([1, 2]))}
        )
        segment.events.append(Event("oom", place, odd))
        segment.facts["x"] = Fact("x", odd, place)
        segment.config = Config({"lr": Setting("lr", UNKNOWN, place, "1e-4", (3, 7))}, framework="keras")

        again = decode(encode(Run("a", "text", [segment], ["a"])))

        assert same(again, Run("a", "text", [segment], ["a"]))
        assert again.segments[0].facts["x"].value["c"] is UNKNOWN

    @pytest.mark.parametrize("value", [{1: 2}, {codec.TAG: 1}, object(), np.float64(1), b"x", {1, 2}, np.array(["a"])])
    def test_what_would_come_back_otherwise_is_not_kept(self, value: object) -> None:
        with pytest.raises(CannotKeepError):
            encode(Run("a", "text", [Segment("", 0, "a", 1, 1, events=[Event("oom", Place("a"), {"x": value})])]))

    @pytest.mark.parametrize(
        "data", [b"", b"[]\n1\n", b"[]\n[]\n", b'[["<f8",9]]\n{}\n', b'[["|O",1]]\n{}\n' + b"0" * 8]
    )
    def test_what_is_none(self, data: bytes) -> None:
        with pytest.raises((ValueError, KeyError, TypeError, IndexError)):
            decode(data)


class TestStore:
    def test_damage_is_no_entry(self, store: Store) -> None:
        key = "ab" * 32
        store.save(key, b"content")
        (file,) = (store.folder / "1").glob("*/*")
        whole = file.read_bytes()

        assert store.load(key) == b"content"
        for damaged in (b"", whole[:-1], whole[:20], whole[:-1] + b"x", b"x" + whole[1:]):
            file.write_bytes(damaged)
            assert store.load(key) is None
        store.save(key, b"content")
        assert store.load(key) == b"content"

    def test_the_oldest_go(self, tmp_path: Path) -> None:
        store = Store(tmp_path, bound=10_000)
        for number in range(20):
            store.save(f"{number:02x}" * 32, b"x" * 1000)
            file = tmp_path / "1" / f"{number:02x}" / (f"{number:02x}" * 31)
            os.utime(file, (number, number))
        store.tidy()

        assert store.usage()[1] <= 8000
        assert store.load("13" * 32) is not None
        assert store.load("00" * 32) is None

    def test_drafts_of_killed_processes_go(self, store: Store) -> None:
        store.save("ab" * 32, b"x")
        draft = store.folder / "1" / "ab" / "cd.77.new"
        draft.write_bytes(b"half")
        store.tidy()
        assert draft.exists()
        os.utime(draft, (1, 1))
        store.tidy()

        assert not draft.exists()
        assert store.usage()[0] == 1

    def test_only_entries_are_deleted(self, store: Store) -> None:
        store.save("ab" * 32, b"x")
        (store.folder / "mine.txt").write_text("mine")

        assert store.clean()[0] == 1
        assert (store.folder / "mine.txt").exists()
        assert store.usage() == (0, 0)

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        store = Store(tmp_path / "file" / "cache")
        store.save("ab" * 32, b"x")

        assert store.load("ab" * 32) is None
        assert store.usage() == (0, 0)

    def test_many_at_once(self, store: Store) -> None:
        wrong = []

        def work() -> None:
            for number in range(50):
                store.save("ab" * 32, b"x" * 10_000)
                if store.load("ab" * 32) not in (b"x" * 10_000, None):
                    wrong.append(number)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert wrong == []


class TestCache:
    def test_a_log_is_read_once(self, store: Store, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first = Cache(store).read(open_source(log))
        monkeypatch.setattr(logs, "read", None)

        assert same(first, Cache(store).read(open_source(log)))
        assert Cache(store).detect(open_source(log)) == "keras-csv"

    @pytest.mark.parametrize("change", ["content", "name", "format", "code"])
    def test_whatever_counts_makes_it_another(
        self, store: Store, log: Path, monkeypatch: pytest.MonkeyPatch, change: str
    ) -> None:
        Cache(store).read(open_source(log))
        read, calls = logs.read, []
        monkeypatch.setattr(logs, "read", lambda *args: calls.append(args) or read(*args))
        if change == "content":
            log.write_text(CURVE.replace("2.1", "2.2"))
        if change == "name":
            log = log.rename(log.with_name("b.csv"))
        if change == "code":
            monkeypatch.setattr(kept, "_stamp", lambda: b"another")
        Cache(store).read(open_source(log), "keras-csv" if change == "format" else "")

        assert len(calls) == 1

    def test_a_companion_is_heeded(self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = tmp_path / "results.csv"
        log.write_text(CURVE)
        Cache(store).read(open_source(log))
        monkeypatch.setattr(logs.formats()["keras-csv"], "COMPANIONS", ("args.yaml",), raising=False)
        monkeypatch.setattr(logs.formats()["keras-csv"], "companion", lambda *_: None, raising=False)
        (tmp_path / "args.yaml").write_text("lr: 1\n")
        read, calls = logs.read, []
        monkeypatch.setattr(logs, "read", lambda *args: calls.append(args) or read(*args))
        Cache(store).read(open_source(log))

        assert len(calls) == 1

    def test_configs_and_large_logs_are_not_kept(self, store: Store, tmp_path: Path) -> None:
        config, large = tmp_path / "a.yaml", tmp_path / "b.csv"
        config.write_text("lr0: 0.1\nmomentum: 0.9\nepochs: 10\noptimizer: SGD\n")
        large.write_text(CURVE + "".join(f"{epoch},1,1\n" for epoch in range(13, 150_000)))
        for file in (config, large):
            assert Cache(store).read(open_source(file)) is not None

        assert store.usage() == (0, 0)


def test_lint_says_the_same(diagnose_cli: Any, tmp_path: Path) -> None:
    """Cold, warm, several processes, damaged."""
    lint = ("lint", *sorted((FIXTURES / "keras").glob("k2_*")), "--isolated", "--output-format", "json")
    said = [diagnose_cli(*lint, *args) for args in (["--no-cache"], [], [], ["--jobs", "2"])]
    for file in (tmp_path / "xdg" / "diagnose" / "1").glob("*/*"):
        file.write_bytes(file.read_bytes()[:-3])
    said.append(diagnose_cli(*lint))

    assert len({(result.exit_code, result.stdout, result.stderr) for result in said}) == 1
    assert json.loads(said[0].stdout)["files"]


def test_info_and_clean(diagnose_cli: Any, log: Path, tmp_path: Path) -> None:
    diagnose_cli("lint", log)
    info = json.loads(diagnose_cli("cache", "info", "--output-format", "json").stdout)
    assert info["entries"] >= 1  # the run, and in a checkout what was made of grammars
    assert info["folder"] == str(tmp_path / "xdg" / "diagnose")

    assert re.search(rf": {info['entries']} files? deleted", diagnose_cli("cache", "clean").stdout)
    assert "entries: 0" in diagnose_cli("cache", "info").stdout


@pytest.mark.parametrize("how", [["--no-cache"], {"DIAGNOSE_NO_CACHE": "1"}])
def test_not_wanted(diagnose_cli: Any, log: Path, tmp_path: Path, how: Any) -> None:
    args, env = (how, {}) if isinstance(how, list) else ([], how)
    diagnose_cli("lint", log, *args, **env)

    assert not (tmp_path / "xdg").exists()


def test_another_folder(diagnose_cli: Any, log: Path, tmp_path: Path) -> None:
    (tmp_path / "diagnose.toml").write_text("cache-dir = 'kept'\n")
    diagnose_cli("lint", log)
    assert (tmp_path / "kept" / "CACHEDIR.TAG").exists()
    diagnose_cli("lint", log, DIAGNOSE_CACHE_DIR="other")
    assert (tmp_path / "other" / "1").exists()


def test_python_keeps_nothing(log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    api.lint(log)

    assert not (tmp_path / "xdg").exists()


@pytest.fixture
def diagnose_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    from click.testing import CliRunner

    from diagnose.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    for name in ("DIAGNOSE_CACHE_DIR", "DIAGNOSE_NO_CACHE", "DIAGNOSE_JOBS"):
        monkeypatch.delenv(name, raising=False)
    return lambda *args, **env: CliRunner(env=env).invoke(main, [str(arg) for arg in args], prog_name="diagnose")
