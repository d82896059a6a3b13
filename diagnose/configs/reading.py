"""What every config reader returns."""

from __future__ import annotations

from diagnose.model import Place, Setting
from diagnose.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Remark:
    """Something odd about how a config is written, for rules to judge.

    Attributes:
        category: ``number-as-text``, ``duplicate-key``, ``base-not-read``, ``base-missing``, ``unresolved-reference``,
            ``delete-missing``, ``dead-override`` or ``bad-value``.
        key: the setting it is about, or the base file.
        message: one sentence with both places or values.
    """

    category: str
    key: str
    message: str
    place: Place


@dataclass(slots=True)
class Reading:
    """The settings of a config by dotted key, in the order of the file.

    Attributes:
        remarks: what is odd about how it is written.
        partial: whether a part could not be read, so that the absence of a key means nothing.
        paths: further files that were read for it, such as bases.
        framework: where the syntax itself tells it (Keras JSON); empty otherwise.
    """

    settings: dict[str, Setting] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    partial: bool = False
    paths: list[str] = field(default_factory=list)
    framework: str = ""
