"""Lines of a source by the scan engine are those of ``sources.lines``, whatever the source is."""

import bz2
import gzip
import lzma
import random

import pytest
import zstandard

from diagnose.errors import SourceError
from diagnose.reader import LineGrammar
from diagnose.scan import ENOUGH, Condition, Gate, Shapes, Walk, blocks, lines
from diagnose.sources import from_bytes
from diagnose.sources import lines as every_line

BAR = "".join(f"\r{step:>4}/900 [=>...] - loss: {1 / step:.4f}" for step in range(1, 901))
KERAS = f"Epoch 1/2\n{BAR}\nEpoch 2/2\r\n{BAR}\b\b\b\b\r900/900 [====] - val_loss: 0.5\n"
TEXTS = {
    "empty": b"",
    "a newline": b"\n",
    "no newline": b"loss: 1\nloss: 2",
    "blank lines": b"\n\nloss: 1\n \n\t\n\r\n\x00\n\x08\n",
    "crlf": b"loss: 1\r\nloss: 2\r\r\nend\r\n",
    "bars": KERAS.encode(),
    "bars only": BAR.encode(),
    "colours": "\x1b[1m 1/9\x1b[0m ━━\r\x1b[1m 2/9\x1b[0m ━━━\r\x1b[2K\x1b[1A 3/9 x\n".encode(),
    "bom": "\ufeffloss: 1\nloss: é\n".encode(),
    "utf-16": "loss: 1\nloss: é\r2/3 [\r3/3 [\n".encode("utf-16"),
    "latin": "dur\xe9e: 3\n1/9 [\xe9\r2/9 [\xe9\r\n".encode("cp1252"),
    "chinese": "损失: 训练损失训练损失 1\n1/9 训\r2/9 训\n".encode("gb18030"),
    "broken": b"loss: \xff\xfe 1\n1/9 [\xff\r2/9 [\xc3\r3/9 [\n" + b"fine\n" * 300,
    "blocks": b"".join(b"line %d of many, and some more text behind it\n" % number for number in range(60_000)),
    "long": b"a" * 3_000_000 + b"\n" + b"b" * 2_500_000,
}
PACKED = {"gzip": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress, "zstd": zstandard.compress}


@pytest.fixture(params=["kernel", "pure"])
def _engine(request, monkeypatch):
    from diagnose.scan.engine import kernel_problem

    if request.param == "kernel" and kernel_problem():
        pytest.skip(kernel_problem())
    monkeypatch.setenv("DIAGNOSE_ENGINE", request.param)


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("data", TEXTS.values(), ids=list(TEXTS))
class TestLines:
    def test_lines_are_those_of_sources(self, data):
        source = from_bytes("a.log", data)

        assert list(lines(source)) == list(every_line(source))

    def test_a_walk_without_templates_and_gate_yields_every_line(self, data):
        source = from_bytes("a.log", data)
        walk = Walk(source, Shapes("none"), None)

        assert list(walk) == list(every_line(source))
        assert walk.seen == max((line.number for line in every_line(source)), default=0)

    def test_a_gate_drops_only_lines_without_its_texts(self, data):
        source = from_bytes("a.log", data)
        walked = list(Walk(source, Shapes("none"), Gate(["loss", "xyz"])))

        whole = list(every_line(source))
        assert [line for line in whole if "loss" in line.text.lower()] == [
            line for line in walked if "loss" in line.text.lower()
        ]
        assert set(walked) <= set(whole)


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("pack", PACKED.values(), ids=list(PACKED))
def test_packed_sources_are_read_alike(pack):
    source = from_bytes("a.log", pack(TEXTS["blocks"] + TEXTS["bars"]))

    assert list(lines(source)) == list(every_line(source))


@pytest.mark.usefixtures("_engine")
def test_the_limit_holds():
    source = from_bytes("a.log", gzip.compress(TEXTS["blocks"]), limit=100_000)

    with pytest.raises(SourceError, match="larger"):
        list(lines(source))


@pytest.mark.usefixtures("_engine")
def test_states_cut_by_blocks_fold_alike(monkeypatch):
    monkeypatch.setattr(blocks, "CHUNK", 100)
    chance = random.Random(4)
    for _ in range(30):
        text = "".join(
            chance.choices(
                ["\r", "\b\b", "\n", "1/9 [=", " 12/90 [==>", "\x1b[1m3/9\x1b[0m ━", "Epoch 2/5", "━", " "], k=200
            )
        )
        source = from_bytes("a.log", text.encode())

        assert list(lines(source)) == list(every_line(source))


@pytest.mark.parametrize("chunk", [17, 100, 1 << 16])
def test_states_of_a_line_are_lines_apart(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their texts are those of ``sources.lines``, to the blank, and so are their numbers."""
    monkeypatch.setattr(blocks, "CHUNK", chunk)
    source = from_bytes(
        "console.log",
        b"start\n\r  0%|          | 0/2 [00:00<?, ?it/s]\r  1/9  2G: 50%|#    | 1/2 \r  1/9  2G: 100%|##| 2/2\t \x00 \n"
        b"\rabcd 1\rabcd 2\nabcd 3\b\b\bEpoch 4\n\r\nend\r\n",
    )
    walk = Walk(source, Shapes("keras"), None, apart=True)
    walk.full = lambda _: None

    assert [line for line in walk if line.text] == [line for line in every_line(source) if line.text]


@pytest.mark.usefixtures("_engine")
def test_a_walk_tells_whether_rows_wait():
    grammar = LineGrammar("keras")
    for number in range(2 * ENOUGH):
        grammar.parse(f"Epoch {number}/99")
    walk = Walk(from_bytes("a.log", b"Epoch 1/99\nEpoch 2/99\nend\n"), grammar.shapes, Gate(["Epoch", "end"]))
    waiting = []
    for line in walk:
        if line.number == 1:
            walk.enable([*grammar.shapes.parts_of(walk.template)], Condition())
        waiting.append(bool(walk.holding()))

    assert waiting == [False, True]
    assert walk.take(max(walk.enabled))
    assert not walk.holding()
