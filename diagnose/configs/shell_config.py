"""Command lines in shell scripts, Slurm scripts and Makefiles: the options that a training is started with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from diagnose.configs.files import Files
from diagnose.configs.literals import plain_value
from diagnose.configs.reading import Reading, Remark
from diagnose.configs.shell_words import Scanner, Word
from diagnose.configs.tree import MOST, Text
from diagnose.model import UNKNOWN, Setting
from diagnose.patterns import lazy
from diagnose.records import dataclass, field

LARGEST = 1 << 17
"""Characters; scripts are short."""
MOST_WORDS = 5000
"""Words of one command."""
OPTION = lazy(r"--?([A-Za-z_][\w.\-/:]*)(=)?")
OVERRIDE = lazy(r"(?:\+{1,2}|~)?([A-Za-z_][\w./@-]*)=")
YACS = lazy(r"[A-Z][A-Z0-9_]*(\.[A-Z0-9_]+)+")
NEGATIVE = lazy(r"-(\d|\.\d)")
SCRIPT = lazy(r"\S+\.py")
PYTHON = lazy(r"(?:\S*/)?python[\d.]*")
LAUNCHERS = frozenset({"torchrun", "accelerate", "deepspeed", "srun", "mpirun", "mpiexec", "horovodrun"})
TOOLS = frozenset({"yolo", "fairseq-train", "fairseq-hydra-train", "llamafactory-cli", "axolotl", "composer", "mim",
                   "otx", "tune", "autotrain", "nnUNetv2_train", "paddleocr", "rasa", "litgpt"})  # fmt: skip
"""Trainers with a command of their own."""
TRAINING = lazy(r"train|tune|fit|main|run|experiment|sft|dpo|launch", re.IGNORECASE)
CONTAINERS = frozenset({"cfg_options", "options", "opts", "set", "override", "overrides", "config_overrides"})
"""Options of which the values are overrides: ``--cfg-options a.b=1 c=2``."""
SBATCH = lazy(r"^#SBATCH[ \t]+--([\w-]+)(?:[= \t]+([^\s#]+))?", re.MULTILINE)
QUOTES = frozenset("'\"")
TARGET = lazy(r"^[\w./%-]+(?: [\w./%-]+)*\s*:(?!=).*\n\t", re.MULTILINE)


@dataclass(slots=True)
class Command:
    """One command of a script that starts a training.

    Attributes:
        name: the script or tool that it runs.
        line: where it stands.
        reading: its options as settings.
    """

    name: str
    line: int
    reading: Reading = field(default_factory=Reading)


def read_shell_config(text: str, path: str, files: Files | None = None) -> Reading:
    """Return the options of the training that a script starts; of several, those of the last.

    ``--batch-size=16`` and ``--batch-size 16`` become ``batch_size``, ``key=value`` and ``+key=value`` become ``key``,
    an option without a value is true, one with several values is a list; the script is ``script``, what is neither an
    option nor an override is ``argument.0``, options of the launcher have its name (``torchrun.nproc_per_node``).
    Variables are put in where the script assigns them, also by default (``${LR:-0.1}``). What commands print, arguments
    of the script and variables that a branch or loop assigns are unknown.

    Args:
        text: the script.
        path: its name.
        files: not needed: nothing else is read.

    Raises:
        SourceError: if the script is too large.
    """
    commands = shell_commands(text, path)
    return commands[-1].reading if commands else Reading()


def shell_commands(text: str, path: str) -> list[Command]:
    """Return every command of a script that starts a training, in the order of the script.

    Raises:
        SourceError: if the script is too large.
    """
    source = Text(text, path, LARGEST)
    requested = [_setting(source, f"sbatch.{_key(found[1])}", _word(source, found, 2), found.start())
                 for found in SBATCH.finditer(text)]  # fmt: skip
    commands: list[Command] = []
    for words in Scanner(text, make=bool(TARGET.search(text))).commands():
        command = _command(words, source)
        if command is None:
            continue
        for setting in requested:
            command.reading.settings.setdefault(setting.key, setting)
        commands.append(command)
    named = [command for command in commands if TRAINING.search(command.name)]
    return named or commands


def _word(source: Text, found: re.Match[str], group: int) -> Word | None:
    """Return what a pattern has found as a word; None if the group is empty."""
    start, end = found.span(group)
    return Word([(source.text[at], at) for at in range(start, end)], start, end) if start >= 0 else None


def _command(words: list[Word], source: Text) -> Command | None:
    """Return the command if it runs a Python script, a module, or a trainer."""
    if len(words) > MOST_WORDS:
        raise source.fault(f"no command line: more than {MOST_WORDS} words", words[0].start, "name the script itself")
    for index, word in enumerate(words):
        text = word.text
        if SCRIPT.fullmatch(text) and not text.startswith("-") and "=" not in text and index:
            name, after = text, index + 1
        elif text == "-m" and index and len(words) > index + 1 and PYTHON.fullmatch(words[index - 1].text):
            if words[index + 1].text.startswith(("torch.distributed", "accelerate.commands", "pip", "venv")):
                continue
            name, after = words[index + 1].text, index + 2
        elif index == 0 and text.rpartition("/")[2] in TOOLS:
            name, after = text, 1
        else:
            continue
        command = Command(name.rpartition("/")[2], source.line(words[0].start))
        taker = _Taker(source, command.reading)
        ahead = list(takewhile(lambda word: not PYTHON.fullmatch(word.text), words[:index]))
        launcher = ahead[0].text.rpartition("/")[2] if ahead else ""
        if launcher in LAUNCHERS:
            taker.take(ahead[1:], f"{launcher}.")
        taker.add("script", words[after - 1], words[after - 1].start)
        taker.take(words[after:], "")
        return command
    return None


class _Taker:
    def __init__(self, source: Text, reading: Reading) -> None:
        self.source, self.reading = source, reading
        self.count = 0

    def take(self, words: list[Word], prefix: str) -> None:
        """Add the options among the words."""
        at = 0
        while at < len(words) and len(self.reading.settings) < MOST:
            word = words[at]
            at += 1
            option = None if NEGATIVE.match(word.text) else OPTION.match(word.text)
            override = OVERRIDE.match(word.text)
            if option:
                key = prefix + _key(option[1])
                if option[2]:
                    self.add(key, word.part(option.end()), word.start)
                    continue
                values = list(_values(words, at, all_of_them=_key(option[1]) in CONTAINERS))
                at += len(values)
                if (
                    key.rpartition(".")[2] in CONTAINERS
                    and values
                    and (YACS.fullmatch(values[0].text) or all(OVERRIDE.match(value.text) for value in values))
                ):
                    self.take(values, prefix)
                else:  # what follows the value of a launcher's option is the program
                    self.add_all(key, values[:1] if prefix else values, word)
            elif override and word.text[: override.end()].isprintable():
                self.add(prefix + override[1].replace("/", "."), word.part(override.end()), word.start)
            elif YACS.fullmatch(word.text) and at < len(words):
                self.add(prefix + word.text, words[at], word.start)
                at += 1
            elif not prefix and word.known:
                self.add(f"argument.{self.count}", word, word.start)
                self.count += 1

    def add_all(self, key: str, values: list[Word], option: Word) -> None:
        if len(values) <= 1:
            self.add(key, values[0] if values else None, option.start)
            return
        start, end = values[0].start, values[-1].end
        start -= self.source.text[start - 1] in QUOTES
        end += self.source.text[end : end + 1] in tuple(QUOTES)
        value = [plain_value(item.text) for item in values] if all(item.known for item in values) else UNKNOWN
        self.put(Setting(key, value, self.source.place(option.start), self.source.text[start:end], (start, end)))

    def add(self, key: str, value: Word | None, at: int) -> None:
        self.put(_setting(self.source, key, value, at))

    def put(self, setting: Setting) -> None:
        before = self.reading.settings.pop(setting.key, None)
        if before is not None:
            message = f"{setting.key!r} is given twice: {setting.literal} replaces {before.literal}"
            self.reading.remarks.append(Remark("duplicate-key", setting.key, message, setting.place))
        self.reading.settings[setting.key] = setting


def _values(words: list[Word], at: int, *, all_of_them: bool) -> Iterator[Word]:
    """Yield the values of an option; overrides behind the first are none, unless the option takes overrides."""
    for index in range(at, len(words)):
        text = words[index].text
        if OPTION.match(text) and not NEGATIVE.match(text):
            return
        overrides = OVERRIDE.match(text) or YACS.fullmatch(text)
        if overrides and not all_of_them and (index > at or text.startswith(("+", "~")) or YACS.fullmatch(text)):
            return
        yield words[index]


def _setting(source: Text, key: str, value: Word | None, at: int) -> Setting:
    if value is None:
        return Setting(key, True, source.place(at))
    literal = source.text[value.start : value.end]
    known = plain_value(value.text) if value.known else UNKNOWN
    return Setting(key, known, source.place(at), literal, (value.start, value.end))


def _key(option: str) -> str:
    return option.strip("-").replace("-", "_")
