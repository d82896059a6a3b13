"""Files as they stand in a git repository: what changed between two states, and what a file held in one of them.

Plumbing commands only: they run no hook, pager, external diff or filter, take no lock, fetch and write nothing.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from diagnose.errors import OutsideError, SourceError
from diagnose.model import Place
from diagnose.records import dataclass
from diagnose.sources.source import LFS_POINTER

INDEX = ":"
"""In place of a revision: what is staged for the next commit."""
LARGEST = 1 << 20
"""Bytes of a config."""
TIMEOUT = 60
"""Seconds that git may take for one answer."""
LINKS = 8
"""Symbolic links that are followed one after the other."""
RANGE = re.compile(r"(?P<base>.*?)(?P<dots>\.{2,3})(?P<head>.*)")
ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
ODD = re.compile(r"[\x00-\x20\x7f]")
SAFE = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.quotePath=false"),
    *("-c", "submodule.recurse=false"),
)
"""What keeps git from running programs that a configuration names."""
DIFF = ("--raw", "-z", "--no-abbrev", "--find-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_PAGER": "",
    "GIT_ASKPASS": "",
    "LC_ALL": "C",
}
DROPPED = ("GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_TRACE", "GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_LITERAL_PATHSPECS",
           "GIT_GLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_NOGLOB_PATHSPECS")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that differs between two states.

    Attributes:
        old_path, new_path: relative to the top of the repository, with forward slashes; None where there is no file.
        status: ``added``, ``deleted``, ``modified``, ``renamed``, or ``retyped`` (a file became a link).
    """

    old_path: str | None
    new_path: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Revisions:
    """Two states of a repository, as the user named them.

    Attributes:
        base: a revision; with *merge_base* the old state is where it and *head* parted.
        head: a revision; None for the working tree, or for the index if *staged*.
    """

    base: str
    head: str | None = None
    merge_base: bool = False
    staged: bool = False


@dataclass(frozen=True, slots=True)
class States:
    """Two states, resolved: ids of commits or trees.

    Attributes:
        base: the old state.
        head: the new state; None for the working tree, ``INDEX`` for what is staged.
        base_name, head_name: what messages call them.
    """

    base: str
    head: str | None
    base_name: str
    head_name: str


def parse_range(text: str, *, staged: bool = False) -> Revisions:
    """Return what ``BASE``, ``BASE..HEAD`` or ``BASE...HEAD`` names; an empty side of the dots is ``HEAD``.

    Raises:
        SourceError: for what cannot be a revision, and for a range where the index is one side.
    """
    found = RANGE.fullmatch(text)
    if found is None:
        return Revisions(_revision(text or "HEAD"), staged=staged)
    if staged:
        raise SourceError(f"--staged compares with one revision, not with {text}", mend="name the old one only")
    base, head = (_revision(found[side] or "HEAD") for side in ("base", "head"))
    return Revisions(base, head, merge_base=found["dots"] == "...")


def repository(path: str | Path = ".") -> Path:
    """Return the top of the working tree that a file or folder is in.

    Raises:
        SourceError: if it is in none, or git is not there or refuses.
    """
    folder = Path(path)
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    done = _run(folder, "rev-parse", "--show-toplevel")
    if done.returncode == 0 and done.stdout.strip():
        return Path(os.fsdecode(done.stdout.removesuffix(b"\n")))
    said = _said(done)
    if "dubious ownership" in said:
        mend = f"if you trust it: git config --global --add safe.directory {folder.resolve()}"
        raise SourceError("git refuses a repository that belongs to somebody else", place=Place(str(path)), mend=mend)
    if "must be run in a work tree" in said:
        raise SourceError("a repository without a working tree", place=Place(str(path)), mend="clone it")
    mend = "run it inside the repository, or compare two files: diagnose diff OLD NEW"
    raise SourceError("not in a git repository", place=Place(str(path)), mend=mend)


def resolve(repo: Path, revisions: Revisions) -> States:
    """Return the ids of two states. Before the first commit, ``HEAD`` is a tree without files.

    Raises:
        SourceError: if a revision does not exist, or lies beyond the cut of a shallow clone.
    """
    head = None if revisions.head is None else _commit(repo, revisions.head)
    base = _commit(repo, revisions.base)
    base_name = revisions.base
    if revisions.merge_base and head is not None:
        done = _run(repo, "merge-base", base, head)
        if done.returncode:
            if _is_shallow(repo):
                mend = f"git fetch --unshallow origin, or --depth=1000 origin {revisions.base}"
                raise SourceError(f"the clone is cut off before {revisions.base} and {revisions.head} meet", mend=mend)
            raise SourceError(f"{revisions.base} and {revisions.head} have no commit in common", mend="use two dots")
        base = done.stdout.decode("ascii", "replace").split("\n")[0]
        base_name = base[:12]
    head_name = "the index" if revisions.staged else revisions.head or "the working tree"
    return States(base, INDEX if revisions.staged else head, base_name, head_name)


def changed(
    repo: Path, base: str, head: str | None = None, paths: Iterable[str | Path] = (), staged: bool = False
) -> list[ChangedFile]:
    """Return the files that differ between two states, by path. Files that git does not track are not among them.

    Args:
        repo: the top of the working tree.
        base: a revision.
        head: a revision; None for the working tree.
        paths: files and folders to look at, as the user named them; all if there are none.
        staged: compare with the index in place of the working tree.

    Raises:
        SourceError: for revisions that do not exist, paths outside of the repository, and what git itself refuses.
    """
    within = [inside(repo, path) for path in paths]
    within = [] if "" in within else within
    tree = _commit(repo, base)
    options: Sequence[str] = ()
    if head is not None and head != INDEX:
        command = ["diff-tree", "-r", *DIFF, tree, _commit(repo, head)]
    elif staged or head == INDEX:
        command = ["diff-index", "--cached", *DIFF, tree]
    else:
        command = ["diff-index", *DIFF, tree]
        options = _without_filters(repo)
    done = _run(repo, *command, "--", *within, options=options)
    if done.returncode:
        raise SourceError(f"git {command[0]}: {_said(done)}", place=Place(str(repo)))
    found = _parsed(done.stdout)
    if head is None and not staged:
        # Without a refresh of the index, which would write, git also lists files that only have another time stamp.
        found = [change for change in found if not _untouched(repo, tree, change)]
    return sorted(found, key=lambda change: change.new_path or change.old_path or "")


def exists(repo: Path, path: str | Path, states: Iterable[str]) -> bool:
    """Whether a file or folder stands in the working tree, or in one of some states.

    Raises:
        SourceError: if it is outside of the repository.
    """
    within = inside(repo, path)
    if not within or os.path.lexists(repo / within):
        return True
    for state in states:
        listing = ("ls-files", "-z") if state == INDEX else ("ls-tree", "-z", _commit(repo, state))
        if _run(repo, *listing, "--", within).stdout:
            return True
    return False


def what_stands(repo: Path, state: str | None, path: str) -> str:
    """Return what is at a path that holds no file any more: ``a folder``, ``a link``, ...; empty if nothing is."""
    if state is None:
        try:
            mode = os.lstat(repo / path).st_mode
        except OSError:
            return ""
        kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISLNK, "a link"), (stat.S_ISFIFO, "a named pipe"))
        return next((name for test, name in kinds if test(mode)), "a file" if stat.S_ISREG(mode) else "no file")
    try:
        mode_at = _entry(repo, state, path, path)[0]
    except SourceError:
        return ""
    return {"040000": "a folder", "160000": "a submodule", "120000": "a link"}.get(mode_at, "a file")


def mentioning(
    repo: Path, state: str | None, patterns: Iterable[str], paths: Iterable[str | Path] = (), *, words: bool = False
) -> list[str]:
    """Return the text files of a state that hold a line which one of some patterns finds, by path.

    Args:
        repo: the top of the working tree.
        state: a revision, ``INDEX``, or None for the working tree, where only files that git tracks are searched.
        patterns: POSIX extended expressions.
        paths: files and folders to look at, as the user named them; all if there are none.
        words: the patterns are no expressions but words.

    Raises:
        SourceError: for a revision that does not exist, paths outside of the repository, and what git itself refuses.
    """
    within = [inside(repo, path) for path in paths]
    within = [] if "" in within else within
    where = [] if state is None else ["--cached"] if state == INDEX else [_commit(repo, state)]
    options = ["-l", "-z", "-I", "--no-textconv", "--full-name", *(("-F", "-w") if words else ("-E",))]
    options += [word for pattern in patterns for word in ("-e", pattern)]
    done = _run(repo, "grep", *options, *where, "--", *within, options=("-c", "grep.fallbackToNoIndex=false"))
    if done.returncode > 1:
        raise SourceError(f"git grep: {_said(done)}", place=Place(str(repo)))
    before = f"{where[0]}:".encode() if state not in (None, INDEX) else b""
    return sorted(os.fsdecode(row.removeprefix(before)) for row in done.stdout.split(b"\0") if row)


def read_at(repo: Path, rev: str, path: str, limit: int = LARGEST) -> bytes:
    """Return what a file held in a revision, or holds in the index (``INDEX``).

    Args:
        repo: the top of the working tree.
        rev: the revision.
        path: relative to the top, with forward slashes; links are followed within the repository.
        limit: bytes.

    Raises:
        SourceError: if it is not there, no file, or too large.
    """
    tree = rev if rev == INDEX or ID.fullmatch(rev) else _commit(repo, rev)
    named = f"{'index' if rev == INDEX else rev}:{path}"
    for _ in range(LINKS):
        mode, blob = _entry(repo, tree, path, named)
        if mode not in ("100644", "100755", "120000"):
            what = {"040000": "a folder", "160000": "a submodule"}.get(mode, "no file")
            raise SourceError(what, place=Place(named), mend="name a file")
        data = _blob(repo, blob, named, limit)
        if mode != "120000":
            if data.startswith(LFS_POINTER):
                raise SourceError("a Git LFS pointer, not the file itself", place=Place(named, 1))
            return data
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.fsdecode(data))).replace(os.sep, "/")  # noqa: PTH118, PTH120
        if path.startswith(("../", "/")) or path == "..":
            raise SourceError("a link that leads out of the repository", place=Place(named))
    raise SourceError("links that lead in a circle", place=Place(named))


@dataclass(frozen=True, slots=True)
class AtRevision:
    """The files of a revision, or of the index, under the paths that they have in the working tree.

    Attributes:
        repo: the top of the working tree.
        rev: the revision, or ``INDEX``.
    """

    repo: Path
    rev: str

    def read(self, path: str) -> str:
        """Return the text of a file.

        Raises:
            SourceError: if it is missing, too large, not UTF-8, or outside of the repository.
        """
        try:
            return read_at(self.repo, self.rev, inside(self.repo, path)).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise SourceError("not UTF-8", place=Place(path)) from None


def inside(repo: Path, path: str | Path) -> str:
    """Return a path relative to the top of the repository, with forward slashes; empty for the top itself.

    Raises:
        SourceError: if it is outside.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - the last link stays
    for top, given in ((Path(os.path.abspath(repo)), whole), (repo.resolve(), whole.parent.resolve() / whole.name)):  # noqa: PTH100
        if given == top or given.is_relative_to(top):
            relative = given.relative_to(top).as_posix()
            return "" if relative == "." else relative
    raise OutsideError(f"outside of the repository {repo}", place=Place(str(path)), mend="name a path in it")


def _revision(text: str) -> str:
    """Refuse what git would take for an option, or for several words."""
    if text.startswith("-"):
        raise SourceError(f"not a revision: {text!r}", mend="a revision does not begin with a dash")
    if not text or ODD.search(text) or len(text) > 1000:
        raise SourceError(f"not a revision: {text[:60]!r}", mend="name a branch, tag or commit")
    return text


def _known(repo: Path, rev: str) -> str:
    done = _run(repo, "rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.decode("ascii", "replace").strip()
    if rev == "HEAD" and _run(repo, "symbolic-ref", "--quiet", "HEAD").returncode == 0:
        return _run(repo, "hash-object", "-t", "tree", "--stdin").stdout.decode("ascii", "replace").strip()
    whole = ID.fullmatch(rev) and _run(repo, "cat-file", "-e", f"{rev}^{{tree}}").returncode == 0
    return rev if whole else ""  # such as the tree without files that stands for HEAD before the first commit


def _commit(repo: Path, rev: str) -> str:
    """Return the id of a revision.

    Raises:
        SourceError: if there is none, with what to fetch in a shallow clone.
    """
    found = _known(repo, _revision(rev))
    if found:
        return found
    if _is_shallow(repo):
        remote = re.sub(r"[~^].*", "", rev.removeprefix("origin/"))
        mend = f"git fetch --depth=100 origin {remote}, or fetch-depth: 0 in actions/checkout"
        raise SourceError(f"{rev} is not in this shallow clone", place=Place(str(repo)), mend=mend)
    mend = "name a branch, tag or commit; `git fetch origin` brings those of the remote"
    raise SourceError(f"no such revision: {rev}", place=Place(str(repo)), mend=mend)


def _is_shallow(repo: Path) -> bool:
    return _run(repo, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"


def _entry(repo: Path, tree: str, path: str, named: str) -> tuple[str, str]:
    """Return mode and id of a path in a tree or the index."""
    if not path:
        return "040000", ""
    if tree == INDEX:
        done = _run(repo, "ls-files", "--stage", "-z", "--", path)
    else:
        done = _run(repo, "ls-tree", "-z", tree, "--", path)
    rows = [row.partition(b"\t") for row in done.stdout.split(b"\0") if row]
    exact = [head.split() for head, _, name in rows if os.fsdecode(name) == path]
    if done.returncode or not rows:
        raise SourceError("no such file in this revision", place=Place(named), mend="check path and revision")
    if not exact:
        return "040000", ""
    words = [word.decode("ascii", "replace") for word in exact[0]]
    if tree != INDEX:
        return words[0].zfill(6), words[2]
    if words[2] != "0":
        raise SourceError("in conflict: several versions are staged", place=Place(named), mend="resolve the merge")
    return words[0], words[1]


def _blob(repo: Path, blob: str, named: str, limit: int) -> bytes:
    size = _run(repo, "cat-file", "-s", blob)
    if size.returncode:
        mend = "git fetch --refetch, or clone without --filter"
        raise SourceError("its content is not in this clone", place=Place(named), mend=mend)
    if int(size.stdout) > limit:
        raise SourceError(f"too large for a config ({int(size.stdout)} bytes)", place=Place(named))
    done = _run(repo, "cat-file", "blob", blob)
    if done.returncode:
        raise SourceError(f"git cat-file: {_said(done)}", place=Place(named))
    return done.stdout


STATUS = {"A": "added", "C": "added", "D": "deleted", "M": "modified", "R": "renamed", "T": "retyped", "U": "modified"}


def _parsed(output: bytes) -> list[ChangedFile]:
    words = output.split(b"\0")
    found: dict[tuple[str | None, str | None], ChangedFile] = {}
    at = 0
    while at < len(words) and words[at].startswith(b":"):
        old_mode, new_mode, *_, status = words[at].decode("ascii", "replace").removeprefix(":").split()
        old = new = os.fsdecode(words[at + 1])
        if status[0] in "RC":
            new = os.fsdecode(words[at + 2])
        at += 3 if status[0] in "RC" else 2
        if old_mode == "160000" or (new_mode == "160000" and status[0] == "A"):
            continue  # a submodule holds no config of this repository
        before = None if status[0] in "AC" else old
        after = None if status[0] == "D" else new
        found[before, after] = ChangedFile(before, after, STATUS.get(status[0], "modified"))
    return list(found.values())


def _untouched(repo: Path, tree: str, change: ChangedFile) -> bool:
    if change.status != "modified" or change.new_path is None:
        return False
    file = repo / change.new_path
    try:
        found = file.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return False
        return file.read_bytes() == read_at(repo, tree, change.new_path)
    except (OSError, SourceError):
        return False


def _without_filters(repo: Path) -> list[str]:
    """Return options that switch off the filters of the configuration: git would run them on changed files."""
    done = _run(repo, "config", "--name-only", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$")
    names = [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]
    options = []
    for name in dict.fromkeys(names):
        if "=" in name or "\n" in name:
            raise SourceError(f"git is configured with a filter of an odd name: {name!r}", place=Place(str(repo)))
        options += ["-c", f"{name}={'false' if name.endswith('.required') else ''}"]
    return options


def _run(repo: Path, *command: str, options: Sequence[str] = ()) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in DROPPED} | QUIET
    try:
        return subprocess.run(  # noqa: S603 - a fixed program, without a shell
            ["git", *SAFE, *options, *command],  # noqa: S607 - the git that the user has
            cwd=repo,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )
    except FileNotFoundError:
        mend = "install git, or compare two files: diagnose diff OLD NEW"
        raise SourceError("git is not installed", mend=mend) from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"git {command[0]} did not answer in {TIMEOUT} s", place=Place(str(repo))) from None
    except (OSError, ValueError) as error:
        raise SourceError(f"git cannot be run: {error}", place=Place(str(repo))) from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    text = done.stderr.decode("utf-8", "replace").strip()
    return text.removeprefix("fatal: ").split("\n")[0][:300] or f"exit status {done.returncode}"
