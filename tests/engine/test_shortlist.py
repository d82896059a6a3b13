"""The shortlist of rules leaves out what a look at each rule alone does, with the same reason."""

from diagnose.engine.shortlist import Shortlist
from diagnose.engine.view import View
from diagnose.logs import formats, read
from diagnose.rules import builtin
from diagnose.sources import from_bytes


def test_each_rule_is_listed_or_lacks_what_it_lacks_alone() -> None:
    shortlist = Shortlist(builtin())
    for name, format in formats().items():
        for sample in format.SAMPLES:
            run = read(from_bytes("sample", sample if isinstance(sample, bytes) else sample.encode()), name)
            for segment in run.segments if run is not None else ():
                for _ in range(2):  # the second time from what is known
                    view = View(run, segment)
                    listed, lacks = shortlist.of(view)
                    assert [rule for rule in builtin() if not view.lack(rule)] == list(listed)
                    assert {rule.name: view.lack(rule) for rule in builtin() if view.lack(rule)} == lacks
