"""The command that started a run, where the log tells it, and what the trainer's command looks like elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from diagnose.errors import DiagnoseError
from diagnose.model import Place, Run
from diagnose.sources import Source, lines
from diagnose.text.escape import line as one_line

LOOKED_AT = 400
"""Lines at the head of a log in which a command is looked for."""
LONGEST = 600
PROMPT = r"(?:[!%$>]\s*|\+\s+|[^\s$#]*[$#]\s+|(?:command|cmd|running|executing)\s*[:=]\s*)?"
COMMAND = re.compile(
    rf"^\s*{PROMPT}((?:[A-Z][A-Z0-9_]*=\S+\s+)*(?:\S*/)?"
    r"(?:python[\d.]*\s+(?:-m\s+\S+|-\w\s+|\S+\.py)(?=\s|$).*"
    r"|(?:torchrun|accelerate\s+launch|deepspeed|srun|bash|sh|\./\S+\.sh)\s+\S.*"
    r"|yolo\s+(?:task=\S+\s+|detect\s+|segment\s+|classify\s+|pose\s+)*(?:mode=)?train\b.*"
    r"|darknet\s+detector\s+train\s+\S.*))$",
    re.IGNORECASE,
)
TEMPLATES = (
    ("ultralytics", "yolo train cfg={file}"),
    ("yolov5", "python train.py --hyp {file}"),
    ("yolox", "python tools/train.py -f {file}"),
    ("mm", "python tools/train.py {file}"),
    ("openmm", "python tools/train.py {file}"),
    ("lightning", "python train.py fit --config {file}"),
)
ANY = "<your training command> {file}"


@dataclass(frozen=True, slots=True)
class Command:
    """How to start a run.

    Attributes:
        text: the command as logged, or a template with ``{file}`` for the config.
        place: the line of the log; None for a template.
    """

    text: str
    place: Place | None = None

    def with_file(self, file: str) -> str:
        """Return the command for a config file; the user puts it in where the logged command does not show how."""
        if self.place is None:
            return self.text.replace("{file}", file or "<config>")
        for option in ("--hyp", "--config", "--cfg", "--config-file", "-f"):
            pattern = re.compile(rf"({re.escape(option)}[ =])\S+")
            if file and pattern.search(self.text):
                return pattern.sub(lambda match: match[1] + file, self.text, count=1)
        return self.text


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
    return Command(found)


def elsewhere(command: Command, path: str) -> Command:
    """Return a command with its line in a named file."""
    return replace(command, place=replace(command.place, path=path)) if command.place else command
