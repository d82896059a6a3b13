"""The command that started a run, where the log tells it, and what the trainer's command looks like elsewhere."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from diagnose.errors import DiagnoseError
from diagnose.model import UNKNOWN, Place, Run
from diagnose.patterns import lazy
from diagnose.records import dataclass, replace
from diagnose.sources import Source, lines
from diagnose.text.escape import line as one_line

LOOKED_AT = 400
"""Lines at the head of a log in which a command is looked for."""
LONGEST = 600
PROMPT = r"(?:[!%$>]\s*|\+\s+|[^\s$#]*[$#]\s+|(?:command|cmd|running|executing)\s*[:=]\s*)?"
COMMAND = lazy(
    rf"^\s*{PROMPT}((?:[A-Z][A-Z0-9_]*=\S+\s+)*(?:\S*/)?"
    r"(?:python[\d.]*\s+(?:-m\s+\S+|-\w\s+|\S+\.py)(?=\s|$).*"
    r"|(?:torchrun|accelerate\s+launch|deepspeed|srun|bash|sh|\./\S+\.sh)\s+\S.*"
    r"|yolo\s+(?:task=\S+\s+|detect\s+|segment\s+|classify\s+|pose\s+)*(?:mode=)?train\b.*"
    r"|darknet\s+detector\s+train\s+\S.*))$",
    re.IGNORECASE,
)
OF_YOLOV5 = "python train.py --hyp {file}"
TEMPLATES = (
    ("ultralytics", "yolo train cfg={file}"),
    ("yolov5", OF_YOLOV5),
    ("yolox", "python tools/train.py -f {file}"),
    ("mm", "python tools/train.py {file}"),
    ("openmm", "python tools/train.py {file}"),
    ("lightning", "python train.py fit --config {file}"),
)
ANY = "<your training command> {file}"
OPTIONS = {
    "weights": "--weights",
    "cfg": "--cfg",
    "data": "--data",
    "epochs": "--epochs",
    "batch_size": "--batch-size",
    "imgsz": "--img",
}
"""What YOLOv5 is told on its command line and writes to opt.yaml, which it does not read again."""
SPELT = {"--batch-size": "--batch(?:-size)?", "--img": "--img(?:-?size|sz)?"}
STATED = lazy(r"^(\w+): *([^\s#]+) *(?:#.*)?$", re.MULTILINE)
HYP, OPT = "hyp.yaml", "opt.yaml"


@dataclass(frozen=True, slots=True)
class Command:
    """How to start a run.

    Attributes:
        text: the command as logged, or a template with ``{file}`` for the config.
        place: the line of the log; None for a template.
        config: the file that the run itself was started with, where it stands beside it.
    """

    text: str
    place: Place | None = None
    config: str = ""

    def with_file(self, file: str) -> str:
        """Return the command for a config file; the user puts it in where the logged command does not show how."""
        if self.place is None:
            return self.text.replace("{file}", file or self.config or "<config>")
        for option in ("--hyp", "--config", "--cfg", "--config-file", "-f"):
            pattern = re.compile(rf"({re.escape(option)}[ =])\S+")
            if file and pattern.search(self.text):
                return pattern.sub(lambda match: match[1] + file, self.text, count=1)
        return self.text

    def with_files(self, files: Mapping[str, str]) -> str:
        """Return the command for the files of one run with their texts: what stands in an opt.yaml becomes options."""
        if not files:
            return self.with_file("")
        options = [path for path in files if path.endswith(OPT)]
        config = next((path for path in files if path.endswith(HYP)), next(iter(files)))
        yolov5 = self.text.startswith(OF_YOLOV5) or " --hyp" in self.text
        if not yolov5 or not options:
            return self.with_file(config)
        base = Command(OF_YOLOV5) if self.place is None else self
        text = base.with_file("" if config in options else config)
        return with_options(text, {key: value for path in options for key, value in STATED.findall(files[path])})


def with_options(text: str, values: Mapping[str, str]) -> str:
    """Return a command of YOLOv5 with these values of its opt.yaml in place of those it has."""
    for key, option in OPTIONS.items():
        value = values.get(key, "").strip("'\"")
        if not value or value == "null":
            continue
        told = f"{option} {shlex.quote(value)}"
        there = re.compile(rf"{SPELT.get(option, option)}[ =]\S+")
        found = there.search(text)
        text = f"{text[: found.start()]}{told}{text[found.end() :]}" if found else f"{text} {told}"
    return text


def command_of(run: Run, framework: str, sources: Iterable[Source]) -> Command:
    """Return the command that the head of the log shows, else the usual one of its trainer as a template."""
    for source in sources:
        if b"\0" in source.head[:4096]:
            continue
        try:
            for line in lines(source):
                if line.number > LOOKED_AT:
                    break
                match = COMMAND.match(line.text[:LONGEST])
                if match and ("train" in match[1].lower() or "main" in match[1].lower() or "fit" in match[1].lower()):
                    return Command(one_line(match[1]), Place(source.path, line.number, text=one_line(line.text[:300])))
        except DiagnoseError:
            continue
    names = (framework.lower(), run.format.lower())
    found = next((text for key, text in TEMPLATES for name in names if name.startswith(key)), ANY)
    if found == OF_YOLOV5 and run.segments:
        stated = run.segments[-1].config.settings
        known = {key: str(stated[key].value) for key in OPTIONS if key in stated and stated[key].value is not UNKNOWN}
        found = with_options(found, known)
        return Command(found, None, next((one.place.path for key, one in stated.items() if key.startswith("hyp.")), ""))
    return Command(found)


def elsewhere(command: Command, path: str) -> Command:
    """Return a command with its line in a named file."""
    return replace(command, place=replace(command.place, path=path)) if command.place else command
