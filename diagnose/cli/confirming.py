"""What ``confirm`` takes: its options, the command behind ``--``, and what they ask for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import click

from diagnose.cli import options
from diagnose.cli.arguments import Linting
from diagnose.records import dataclass

if TYPE_CHECKING:
    from diagnose.confirm.spec import Spec

FAIL_ON = ("confirmed", "undecided", "never")
EXECUTORS = ("local", "ray", "slurm")
COMMAND = "diagnose.command"
HIGHEST = 4_000_000_000
"""Seed: programs take 32 bits, and those of a study go on from the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments(Linting):
    """The arguments of ``confirm``."""

    command: tuple[str, ...] = ()
    set_form: str = ""
    unseeded: bool = False
    symptom: str = ""
    metric: str = ""
    better: str = ""
    cut: str = "auto"
    suspect_run: str = ""
    baseline_run: str = ""
    suspect: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    steps: str = ""
    skip: str = ""
    budget: tuple[str, ...] = ()
    seed: int = 1
    sesoi: float | None = None
    executor: str = "local"
    slots: int = 0
    gpus: int = 0
    cpus: int = 1
    address: str = ""
    executor_option: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    hang: str = "30 min"
    timeout: str = "none"
    again: bool = False
    folder: str = ".diagnose/confirm"
    dry_run: bool = False
    fail_on: str = "confirmed"
    output: str = ""
    output_format: tuple[str, ...] = ()
    color: str = "auto"
    no_progress: bool = False
    quiet: bool = False


class WithCommand(click.Command):
    """A command whose arguments end at ``--``; the words behind it are a command of the user's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words behind ``--`` apart."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[COMMAND] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show where the command stands."""
        formatter.write_usage(ctx.command_path, "[OPTIONS] BASELINE SUSPECT -- COMMAND...")


def _above_zero(ctx: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not 0 < value < math.inf:
        raise click.BadParameter(f"{value:g} is no size of an effect: a number above 0, in units of the metric")
    return value


def _one(ctx: click.Context, option: click.Parameter, files: tuple[str, ...]) -> str:
    if len(files) > 1:
        raise click.BadParameter("one file; name several with --output-format html:FILE --output-format json:FILE")
    return files[0] if files else ""


question = options.together(
    click.option(
        "--symptom",
        metavar="CONDITION|RULE",
        default="",
        help="What makes a run bad, as rules write it: "
        "'best(val/accuracy) < 0.8', or a rule such as loss-nan; `failed`: it breaks down or hangs.  "
        "[from the logs, else the metric decides]",
    ),
    click.option(
        "--metric",
        metavar="EXPRESSION",
        default="",
        help="The number that is compared, such as 'best(val/map)'; "
        "`none` for the symptom alone.  [that of the symptom, else the main score of the logs]",
    ),
    click.option("--better", type=click.Choice(("higher", "lower")), help="Which way the metric goes.  [by its name]"),
    click.option("--suspect-run", metavar="RUN", default="", help="A run that went badly: its log or folder."),
    click.option("--baseline-run", metavar="RUN", default="", help="A run that went well."),
    click.option(
        "--cut",
        metavar="MOMENT",
        default="auto",
        show_default=True,
        help="Where runs end: `5 epochs`, `2000 steps`, `none`; `auto` is 1.5 times where the symptom showed.",
    ),
    click.option(
        "--suspect",
        multiple=True,
        metavar="KEY",
        help="A setting that you hold to be the cause; repeatable. The verdict `refuted` is about these.",
    ),
    click.option(
        "--fix",
        multiple=True,
        metavar="KEY=VALUE|CONFIG",
        help="A proposed fix of the suspect config, checked at the end; repeatable.",
    ),
)
manner = options.together(
    click.option(
        "--steps",
        metavar="STEPS",
        default="",
        help="Steps to run: noise, control, culprit, confirmation, path, fix; with commas.  [all]",
    ),
    click.option("--skip", metavar="STEPS", default="", help="Steps to leave out."),
    click.option(
        "--budget",
        multiple=True,
        metavar="AMOUNT",
        help="Bound on the whole, over all sessions: `30 runs`, `2 gpu-hours`, `45 min`; "
        "one of each kind, with commas or repeated.",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, HIGHEST),
        default=1,
        show_default=True,
        metavar="N",
        help="The first seed, from which all others follow.",
    ),
    click.option(
        "--sesoi",
        type=float,
        callback=_above_zero,
        metavar="NUMBER",
        help="Smallest effect of interest, in units of the metric.",
    ),
    click.option("--dry-run", is_flag=True, help="Print what would be run and what it would cost."),
)
training = options.together(
    click.option(
        "--set-form",
        metavar="WORDS",
        default="",
        help="How {set} passes one setting, such as '--{key} {value}'.  [{key}={value}]",
    ),
    click.option("--unseeded", is_flag=True, help="The command takes no seed and draws another one in every run."),
    click.option(
        "--read",
        multiple=True,
        metavar="GLOB",
        help="Logs to judge, below {out}; `-` for what the command prints; repeatable.  [all that are found]",
    ),
    click.option("--env", multiple=True, metavar="NAME=VALUE", help="Environment of the runs; repeatable."),
    click.option(
        "--hang", metavar="TIME", default="30 min", show_default=True, help="End a run that writes nothing for so long."
    ),
    click.option("--timeout", metavar="TIME", default="none", show_default=True, help="End a run that takes longer."),
)
machines = options.together(
    click.option(
        "--executor", type=click.Choice(EXECUTORS), default="local", show_default=True, help="Where runs are started."
    ),
    click.option(
        "--slots", type=click.IntRange(0), default=0, metavar="N", help="Most runs at once.  [what there is room for]"
    ),
    click.option("--gpus", type=click.IntRange(0), default=0, metavar="N", help="GPUs that one run needs.  [0]"),
    click.option("--cpus", type=click.IntRange(1), default=1, metavar="N", help="CPUs that one run needs.  [1]"),
    click.option(
        "--address", metavar="ADDRESS", default="", help="Ray: the cluster.  [that of this machine, else a new one]"
    ),
    click.option(
        "--executor-option",
        multiple=True,
        metavar="KEY=VALUE",
        help="Slurm: a parameter of submitit, such as slurm_partition=gpu (cluster=local: without Slurm); repeatable.",
    ),
    click.option("--again", is_flag=True, help="Repeat runs that failed or hung in an earlier session."),
    click.option(
        "--folder",
        metavar="FOLDER",
        default=".diagnose/confirm",
        show_default=True,
        help="Where runs and their ledger are kept.",
    ),
)
results = options.together(
    click.option(
        "--fail-on",
        type=click.Choice(FAIL_ON),
        default="confirmed",
        show_default=True,
        help="Verdicts for exit status 1; `undecided` adds what came to no verdict.",
    ),
    click.option(
        "-o",
        "--output",
        multiple=True,
        callback=_one,
        metavar="FILE",
        help="Write to a file: .md, .html, .json or text.",
    ),
    click.option(
        "--output-format",
        multiple=True,
        metavar="FMT[:FILE]",
        help="Output: full, markdown, html or json; repeatable as FMT:FILE.  [full, or as the suffix of -o says]",
    ),
)


def spec_of(given: Arguments) -> Spec:
    """Return what the arguments ask for.

    Raises:
        DiagnoseError: for amounts, files and steps that make no sense.
    """
    from diagnose.confirm.arrange import read_fix
    from diagnose.confirm.given import Given, read_given
    from diagnose.confirm.runs.job import Limits
    from diagnose.confirm.spec import Spec, left_out, read_budget, read_seconds

    if len(given.paths) == 2:
        named = Given(*given.paths)
    elif len(given.paths) == 1:
        named = read_given(given.paths[0])
    else:
        raise click.UsageError("name BASELINE and SUSPECT, then -- and the training command")
    _clashes(given)
    fix, fix_config = read_fix(given.fix)
    budget = read_budget(given.budget)
    if budget.gpu_hours is not None and not given.gpus:
        raise click.UsageError("--budget in GPU hours counts the GPUs of --gpus, and runs have none: say --gpus 1")
    return Spec(
        baseline=named.baseline,
        suspect=named.suspect,
        command=given.command,
        set_form=given.set_form,
        unseeded=given.unseeded,
        symptom=given.symptom,
        metric=given.metric,
        better=given.better,
        cut=given.cut,
        suspect_run=given.suspect_run or named.suspect_run,
        baseline_run=given.baseline_run or named.baseline_run,
        suspects=given.suspect,
        named=named.named,
        fix=fix,
        fix_config=fix_config,
        skip=left_out(given.steps, given.skip),
        read=given.read,
        env=_pairs("--env", given.env),
        budget=budget,
        limits=Limits(hang=read_seconds("--hang", given.hang), total=read_seconds("--timeout", given.timeout)),
        executor=given.executor,
        slots=given.slots,
        gpus=given.gpus,
        cpus=given.cpus,
        address=given.address,
        options=_pairs("--executor-option", given.executor_option),
        seed=given.seed,
        sesoi=given.sesoi,
        again=given.again,
        folder=given.folder,
    )


def _clashes(given: Arguments) -> None:
    """Refuse options that another one makes void."""
    if given.better and given.metric.strip() == "none":
        raise click.UsageError("--better says which way a metric goes, and --metric none that there is none")
    if given.executor_option and given.executor != "slurm":
        raise click.UsageError(f"--executor-option is for --executor slurm, not for {given.executor}")
    if given.address and given.executor != "ray":
        raise click.UsageError(f"--address is for --executor ray, not for {given.executor}")
    wanted, unwanted = ({word.strip() for word in text.split(",")} - {""} for text in (given.steps, given.skip))
    if both := sorted(wanted & unwanted):
        raise click.UsageError(f"--steps and --skip both name {both[0]}")


def _pairs(option: str, words: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{option} {word!r}: write NAME=VALUE")
        found[key] = value
    return found
