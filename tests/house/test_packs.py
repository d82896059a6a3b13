"""What a wheel carries ready-made says the same as the files that it was made from."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark
from lark.exceptions import UnexpectedInput

from diagnose import assets, foreseen, packs, parsers
from diagnose.language import functions, parse
from diagnose.language.parse import Node
from diagnose.language.template import plain
from diagnose.logs import formats
from diagnose.names import slips
from diagnose.reader import RunBuilder, gates, required, sieve, uniform
from diagnose.rules import builtin, from_mapping
from diagnose.scan import Gate, LineParser, Pack, Shapes, powers
from diagnose.sources import from_bytes

FIXTURES = Path(__file__).parents[2] / "fixtures"
TRIED = ["keras/restore_epoch_1.log", "keras/k2_nan.log", "mmengine/zero_metric", "plain", "ultralytics"]


@pytest.fixture(scope="session")
def made() -> dict[str, str]:
    return {name.removesuffix(".json"): text for name, text in packs.build()}


@pytest.fixture(scope="session")
def shipped(made: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``_assets`` as in a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("rules", "grammars", "templates"):
        (folder / name).symlink_to(assets.root() / name)
    for name, text in made.items():
        file = folder / "packed" / (name if name.endswith(".jsonl") else f"{name}.json")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def in_wheel(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(assets, "root", lambda: shipped)
    kept = (builtin, parsers.parser, parsers.tables, foreseen.pack, required.required, uniform.is_uniform, gates.gate)
    for one in kept:
        one.cache_clear()
    yield
    for one in kept:
        one.cache_clear()


def test_functions_are_where_they_are_found(made: dict[str, str]) -> None:
    assert json.loads(made["functions"]) == functions.homes()


def grammars() -> list[str]:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in assets.grammar_folder().glob("*.lark")}
    return sorted(name for name, text in texts.items() if packs.START.search(text))


def lines() -> list[str]:
    samples = [sample for format in formats().values() for sample in format.SAMPLES if isinstance(sample, str)]
    logs = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(FIXTURES.rglob("*.log"))[::7]]
    return sorted({line for text in [*samples, *logs] for line in text.splitlines()})


def read(parser: Lark, text: str) -> object:
    try:
        return parser.parse(text)
    except UnexpectedInput as error:
        return type(error), error.pos_in_stream


@pytest.mark.usefixtures("in_wheel")
def test_rules_and_expressions_survive() -> None:
    rules = builtin()
    assert len(rules) > 200
    with pytest.raises(AttributeError):  # read when it is asked for
        object.__getattribute__(rules[0], "title")
    lines = assets.packed_lines("expressions")
    trees = dict(zip(map(json.loads, lines[::2]), lines[1::2], strict=True))
    for rule in rules:
        assert from_mapping(assets.load(rule.path), rule.path) == rule
        for text in (rule.when, *rule.lets.values()):
            assert parse(text) == Node.prepared(json.loads(trees[text]), text)
    assert rules[0].cases
    assert pickle.loads(pickle.dumps(rules[1])) == rules[1]


@pytest.mark.parametrize("name", ["", "keras", "yolov5", "of nobody"])
@pytest.mark.usefixtures("in_wheel")
def test_words_of_frameworks_survive(name: str) -> None:
    assert slips._words.__wrapped__(name) == slips.words(name)


def test_tables_survive(made: dict[str, str]) -> None:
    paths = list(assets.tables())
    assert {path.name for path in paths} >= {"metrics.yaml", "events.yaml"}
    for path in paths:
        assert json.loads(made[assets.table_name(path)]) == assets.load(path)


@pytest.mark.usefixtures("in_wheel")
@pytest.mark.parametrize("name", grammars())
def test_compiled_grammars_read_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = parsers.compiled(name)
    monkeypatch.setattr(parsers, "compiled", lambda *_, **__: pytest.fail("compiled anew"))
    packed = parsers.parser(name)
    for line in lines():
        assert read(packed, line) == read(fresh, line), line


@pytest.mark.usefixtures("in_wheel")
@pytest.mark.parametrize("name", grammars())
def test_tables_of_grammars_read_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = LineParser(parsers.stamped_tables(name)["tables"])
    monkeypatch.setattr(parsers, "compiled", lambda *_, **__: pytest.fail("compiled anew"))
    packed = LineParser(parsers.tables(name))
    for line in lines()[::3]:
        assert packed(line) == fresh(line), line


@pytest.mark.usefixtures("in_wheel")
def test_tables_of_another_grammar_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "packed", lambda _: {"stamp": "", "tables": None})
    assert parsers.tables("keras")["rows"]


def test_what_was_foreseen_is_what_is_worked_out(made: dict[str, str]) -> None:
    required_of = json.loads(made["required"])
    assert len(required_of) > 50
    for pattern, groups in required_of.items():
        assert groups == json.loads(json.dumps(required.worked_out(pattern)))
    gates_of = json.loads(made["gates"])
    assert len(gates_of) > 3
    for key, (texts, *table) in gates_of.items():
        assert gates.worked_out(*json.loads(key)) == [texts]
        assert gates.unpacked(texts, *table).table() == Gate(texts).table()
    for pattern, parts in json.loads(made["sieves"]).items():
        assert parts == sieve.worked_out(pattern)
    uniform_of = json.loads(made["uniform"])
    assert len(uniform_of) > 40
    for pattern, found in uniform_of.items():
        assert found is uniform.worked_out(pattern)
    assert json.loads(made["powers"]) == {"table": powers.worked_out()}


@pytest.mark.usefixtures("in_wheel")
@pytest.mark.parametrize("name", ["mmengine", "mmcv", "yolo-txt", "yolo-csv"])
def test_gates_of_a_wheel_are_not_built(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "worked_out", lambda *_: pytest.fail("built anew"))
    format = formats()[name]
    source = from_bytes("sample", format.SAMPLES[0].encode())
    format.read(source, RunBuilder("sample", name))


def shapes(made: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in made.items() if name.startswith("shapes/")}


def test_templates_are_learned_alike_everywhere(made: dict[str, str]) -> None:
    """The build has no numpy, and other tests have filled what this process remembers."""
    code = """
import json, sys
sys.modules["numpy"] = None
from diagnose import packs
print(json.dumps({name.removesuffix(".json"): text for name, text in packs.build() if name.startswith("shapes/")}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=FIXTURES.parent,
        env=os.environ | {"PYTHONHASHSEED": "7", "DIAGNOSE_ENGINE": "pure"},
    )
    assert json.loads(done.stdout) == shapes(made)
    assert {"shapes/mmengine", "shapes/keras", "shapes/ultralytics"} <= set(shapes(made))


def test_templates_say_what_lark_says(made: dict[str, str]) -> None:
    known = 0
    for name, text in shapes(made).items():
        read = LineParser(parsers.tables(name.partition("/")[2]))
        templates = Shapes(name, pack=Pack(json.loads(text)["pack"]))
        for line in lines():
            found = templates.match(line)
            if found is not None:
                known += 1
                kind, tokens = read(line) or ("", ())
                assert (kind, tuple((one, line[start:end]) for one, start, end in tokens)) == (found[0].kind, found[1])
    assert known > 200


@pytest.mark.parametrize("damage", [{"templates": {}}, {"templates": {}, "habits": [[1]]}])
def test_damaged_packs_are_refused(damage: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        Pack(damage)


def test_damaged_templates_are_left_out() -> None:
    whole = ["kind", ["loss: ", [2, 255, 0]], ["NUMBER", -1, 6, 0, 0]]
    known = [["kind"], ["kind", ["a\n"], []], ["kind", [[9, 0, 0]], []], ["kind", ["a"], ["X", 5, 0, 0, 0]], whole]
    pack = Pack({"templates": {"loss: 0": known}, "habits": []})
    assert [template.kind for template in pack.take("loss: 12")] == ["kind"]
    assert list(pack.take("loss: 12")) == []


@pytest.mark.usefixtures("in_wheel")
def test_positions_are_known_where_they_are_asked_for() -> None:
    assert parsers.parser("condition", positions=True).parse("1 +\n2 * 3").meta.end_line == 2


@pytest.mark.usefixtures("in_wheel")
@pytest.mark.parametrize("other", [{"lark": "0.9"}, {"texts": {}}])
def test_what_was_compiled_from_something_else_is_not_used(
    other: dict[str, object], made: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = {**json.loads(made["grammars/keras"]), "data": None, **other}
    monkeypatch.setattr(assets, "packed", lambda _: stale)
    assert parsers.parser("keras").options.parser == "lalr"


@pytest.mark.parametrize("name", grammars())
def test_packs_know_no_place(name: str, made: dict[str, str]) -> None:
    assert str(assets.grammar_folder()) not in made[f"grammars/{name}"]


LINT = """
import sys
from pathlib import Path
from diagnose import assets
if sys.argv[1]:
    assets.root = lambda: Path(sys.argv[1])
from diagnose.cli.main import main
try:
    main(["lint", "--isolated", "--no-cache", "--output-format", "json", *sys.argv[2:]])
finally:
    sys.stderr.write(" ".join(sys.modules))
"""
NEEDLESS = {
    "yaml", "lark", "diagnose.api.fleet.crew", "diagnose.configs.directives", "diagnose.engine.baseline",
    "diagnose.engine.cache", "diagnose.engine.grouping", "diagnose.engine.merge", "diagnose.engine.ready",
    "diagnose.engine.review", "diagnose.rules.check", "diagnose.scan.literals", "diagnose.scan.pure",
    "diagnose.settings.keys",
}  # fmt: skip
"""What one log in a folder without settings does not need."""


def lint(root: str, *paths: str) -> tuple[object, str]:
    done = subprocess.run(
        [sys.executable, "-c", LINT, root, *paths], capture_output=True, text=True, cwd=FIXTURES, check=False
    )
    return json.loads(done.stdout), done.stderr


def test_a_wheel_finds_what_a_checkout_finds(shipped: Path) -> None:
    assert lint(str(shipped), *TRIED)[0] == lint("", *TRIED)[0]


@pytest.mark.parametrize("path", TRIED)
def test_logs_are_linted_without_lark(path: str, shipped: Path) -> None:
    assert "lark" not in lint(str(shipped), path)[1].split()


def test_a_log_is_linted_without_what_it_does_not_need(shipped: Path) -> None:
    assert NEEDLESS & {*lint(str(shipped), TRIED[0])[1].split()} == set()


def test_formats_are_told_apart_without_parsers() -> None:
    code = "import sys; from diagnose.logs import formats; formats(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=FIXTURES.parent, check=True)
    assert not {"yaml", "lark", "jinja2", "tomllib", "diagnose.configs.python_config"} & set(done.stdout.split())


def test_marks_are_looked_for_without_modules(shipped: Path) -> None:
    code = """
import sys
from pathlib import Path
from diagnose import assets
assets.root = lambda: Path(sys.argv[1])
from diagnose.logs import detect
from diagnose.sources import open_source
print(detect(open_source(Path(sys.argv[2]))).NAME, *sorted(sys.modules))
"""
    command = [sys.executable, "-c", code, str(shipped), str(FIXTURES / "keras" / "restore_epoch_1.log")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=FIXTURES.parent, check=True)
    name, *modules = done.stdout.split()
    assert name == "keras"
    assert not {"diagnose.reader.yolo_console", "diagnose.logs.lightning_console", "diagnose.scan.pure"} & {*modules}


def test_templates_survive() -> None:
    lines = json.loads(json.dumps(list(packs.templates())))
    packed = dict(zip(lines[::2], lines[1::2], strict=True))
    texts = {text for rule in builtin() for text in rule.texts() if "{" in text}
    assert {*texts, *packs.advice().values()} == packed.keys()
    for text, tree in packed.items():
        assert tree == plain(text)
