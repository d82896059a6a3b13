"""Blocks of lines in the text logs of the OpenMMLab family: environment, config dump, state-dict report."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from diagnose.configs.openmmlab import config_facts
from diagnose.model import Setting
from diagnose.patterns import lazy
from diagnose.reader.builder import RunBuilder
from diagnose.sources import Line

LONGEST_DUMP = 20_000
"""Lines of a config dump."""
FAMILY = {"MMEngine": 0, "MMDetection": 1, "MMDetection3D": 1, "MMSegmentation": 1, "MMPose": 1, "MMPretrain": 1,
          "MMClassification": 1, "MMAction2": 1, "MMRotate": 1, "MMYOLO": 1, "MMCV": 2}  # fmt: skip
"""Packages that make up the framework, and their order in the fact."""


DETECTED = lazy(r"\| class +\| gts +\| dets +\| recall +\| ap +\|\s*$")
"""The head of the table that an evaluation of VOC prints: a row for each class."""
DETECTED_ROW = lazy(r"\|[^|]+\| *(\d+) *\| *(\d+) *\| *(\d+(?:\.\d+)?|nan) *\| *[\d.nan]+ *\|\s*$")
DETECTED_START = "| class "
DETECTIONS, RECALL = "dets", "mean recall"
"""What the sum of a column, and the mean of another, are called."""


@dataclass(slots=True)
class Detected:
    """What the table of one evaluation holds: boxes found, and the recall of each class that has objects."""

    line: int
    found: float = 0.0
    recalls: list[float] = field(default_factory=list)

    def take(self, text: str) -> None:
        """Take a row of the table; others hold no class."""
        row = DETECTED_ROW.match(text)
        if row is None:
            return
        self.found += float(row[2])
        if row[3] != "nan" and float(row[1]):
            self.recalls.append(float(row[3]))


class Blocks:
    """Reads what stands between two stamped lines: environment, config dump, state-dict report."""

    def __init__(self, build: RunBuilder) -> None:
        """Report to *build*."""
        self._build = build
        self._kind = ""
        self._lines: list[Line] = []
        self._rules = 0
        self.sessions = 0
        self.detected: Detected | None = None
        self._table = Detected(0)

    @property
    def is_open(self) -> bool:
        """Whether the lines that come belong to a block."""
        return bool(self._kind)

    def open(self, kind: str, line: Line) -> None:
        """Begin a block (``environment``, ``config`` or ``mismatch``) below a stamped line."""
        self.close()
        self._kind, self._lines, self._rules = kind, [line], 0

    def feed(self, line: Line) -> bool:
        """Take a line without a stamp; return whether it belongs to the open block."""
        text = line.text
        if text.startswith(DETECTED_START) and DETECTED.match(text):
            self.open("detected", line)
            # With several thresholds of overlap there is a table for each: the first one counts.
            self._table = Detected(line.number)
            return True
        if not self._kind:
            return False
        if self._kind == "detected":
            if not text.startswith(("|", "+")):
                self.close()
                return False
            self._table.take(text)
            return True
        if self._kind == "environment":
            if re.fullmatch(r"-{20,}\s*", text):
                self._rules += 1
                if self._rules == 1:
                    begin_session(self._build, self._lines[0])
                    self.sessions += 1
            if self._rules == 0 and text.strip():
                self._kind = ""  # a blank record that opened nothing
                return False
            state_environment(self._build, text, line.number)
            if self._rules >= 2:
                self.close()
            return True
        if self._kind == "config" and _ends_dump(text, blank_above=not self._lines[-1].text.strip()):
            self.close()
            return False
        if self._kind == "mismatch" and not re.match(r"\s*$|.*state_dict|.*size mismatch|\s|[+|]", text):
            self.close()
            return False
        self._lines.append(line)
        if len(self._lines) > LONGEST_DUMP:
            self.close()
        return True

    def close(self) -> str:
        """End the open block and report what it held; return its kind, empty if none was open."""
        kind, self._kind = self._kind, ""
        if kind == "config" and len(self._lines) > 1:
            first = self._lines[1].number
            from diagnose.configs.python_config import read_printed_config

            # A dropped physical line would shift all lines below it: keep the numbers.
            rows = [""] * (self._lines[-1].number - first + 1)
            for line in self._lines[1:]:
                rows[line.number - first] = line.text
            reading = read_printed_config("\n".join(rows), self._build.path, first_line=first)
            state_config(self._build, reading.settings)
        elif kind == "mismatch":
            self._mismatch()
        elif kind == "detected" and self.detected is None:
            self.detected = self._table
        return kind

    def evaluated(self, split: str, epoch: float | None) -> None:
        """Report the table above the record of an evaluation, if there was one."""
        table, self.detected = self.detected, None
        if table is None or not split:
            return
        values = [(DETECTIONS, f"{split}/{DETECTIONS}", table.found)]
        if table.recalls:
            values.append((RECALL, f"{split}/recall", sum(table.recalls) / len(table.recalls)))
        for printed, name, value in values:
            known = self._build.column(name)
            if known is None or known.printed == printed:
                self._build.point(printed, value, table.line, epoch=epoch, name=name)

    def _mismatch(self) -> None:
        missing = unexpected = mismatched = 0
        quoted: list[str] = []
        for line in self._lines[1:]:
            head, _, names = line.text.strip().partition(":")
            count = sum(1 for name in names.split(",") if name.strip())
            if head.startswith("size mismatch"):
                mismatched += 1
            elif head.startswith("missing key"):
                missing += count
            elif head.startswith("unexpected key"):
                unexpected += count
            else:
                continue
            quoted.append(line.text.strip())
        self._build.event(
            "state_dict_mismatch",
            self._lines[0].number,
            self._lines[0].text.strip(),
            missing=missing,
            unexpected=unexpected,
            mismatched=mismatched,
            message="; ".join(quoted)[:400],
        )


def begin_session(build: RunBuilder, line: Line) -> None:
    """A program start: what follows is a segment of its own."""
    build.close()
    for name in ("steps_per_epoch", "val_steps"):
        build.forget(name)
    build.start(line.number)
    build.event("session_start", line.number, line.text.strip())


def _ends_dump(text: str, *, blank_above: bool) -> bool:
    if re.match(r"Traceback \(most|<<<<<<<|=======|>>>>>>>|srun: |slurmstepd", text):
        return True
    # mmcv before 1.0 dumps the file itself, with its name, comments and blank lines.
    return (
        blank_above and bool(text) and not re.match(r"[\s\])}#'\"]|\w+\s*=|(import|from|with|del|if|for) |_base_", text)
    )


ENVIRONMENT = lazy(r"\s*(GPU [\d,]+|[A-Za-z_][\w .]*): (.*)")


def state_environment(build: RunBuilder, text: str, line: int) -> None:
    """State what one line of the environment block says."""
    found = ENVIRONMENT.match(text)
    if not found:
        return
    key, value = found[1].strip(), found[2].strip()
    if key == "Python":
        build.fact("python", value.split(" ")[0], line, text)
    elif re.match(r"GPU 0\b", key):
        build.fact("device", value, line, text)
    elif key == "CUDA available" and value == "False":
        build.fact("device", "cpu", line, text)
    elif key == "GPU number" and re.fullmatch(r"[0-9]{1,6}", value) and int(value):
        build.fact("devices", float(value), line, text)
    elif key == "seed" and re.fullmatch(r"[0-9]{1,12}", value):
        build.fact("seed", float(value), line, text)
    elif key in FAMILY:
        known = build.known("framework")
        words = str(known.value).split(", ") if known else []
        words = [word for word in words if word.split(" ")[0] != key] + [f"{key} {value}"]
        words.sort(key=lambda word: FAMILY.get(word.split(" ")[0], 9))
        build.fact("framework", ", ".join(words), line, text)


def state_config(build: RunBuilder, settings: dict[str, Setting], *, at: int = 0) -> None:
    """Add the settings of a config dump and the facts that follow from them; *at* is its one line, if it is one."""
    for setting in settings.values():
        build.setting(setting.key, setting.value, at or setting.place.line, setting.place.text)
    for fact in config_facts(settings):
        build.fact(fact.name, fact.value, at or fact.place.line, fact.place.text)
    state_batch(build)


def state_batch(build: RunBuilder) -> None:
    """State the batch of one optimizer update once devices and the batch of one device are known."""
    one, devices, accumulate = (build.known(name) for name in ("batch_size_per_device", "devices", "accumulate"))
    if one is not None and devices is not None:
        times = accumulate.value if accumulate is not None else 1
        build.fact("batch_size", one.value * devices.value * times, one.place.line, one.place.text)
