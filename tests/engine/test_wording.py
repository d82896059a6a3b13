"""Templates of rules: what the log does not tell, what they may not do, and that they end."""

import pytest

from diagnose.engine.fold import fold
from diagnose.engine.wording import advice, template_fault, words
from diagnose.errors import RuleError
from diagnose.language import Scope, parse
from diagnose.model import Segment
from tests.engine.test_fold import hit

NOTHING = Scope(Segment("", 0, "a.log", 1, 1))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for x in lr %}a{% endfor %}b", "b"),
        ("{{ 'a' in lr }}", "false"),
        ("{{ lr | join(', ') }}b", "b"),
        ("{{ lr | length }}", "0"),
        ("{{ 2 * 3 }} {{ [1, 0.5] | join(', ') }}", "6 1, 0.5"),
    ],
)
def test_what_the_log_does_not_tell_is_empty(template: str, text: str) -> None:
    assert words(template, NOTHING) == text


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in 'ab' %}{% for b in 'ab' %}{% endfor %}{% endfor %}",
        "{% set a = 'x' %}",
        "{% macro f() %}{% endmacro %}",
        "{% include 'findings/page.html.j2' %}",
        "{% for i in range(10**9) %}{% endfor %}",
        "{{ 'x'.ljust(10) }}",
        "{{ 'x' | center(10) }}",
        "{{ 'ab' | join(lr) }}",
    ],
)
def test_what_could_run_for_ever_is_refused(template: str) -> None:
    assert template_fault(template)
    with pytest.raises(RuleError):
        words(template, NOTHING)


@pytest.mark.parametrize("template", ["{{ 'x' * 10 }}", "{{ 9 ** 9 ** 9 ** 9 }}", "{{ '%99d' % 1 }}", "{{ ()[0].x }}"])
def test_what_fails_is_the_fault_of_the_rule(template: str) -> None:
    with pytest.raises(RuleError):
        words(template, NOTHING)


def test_a_named_part_at_fault_is_the_fault_of_the_rule() -> None:
    with pytest.raises(RuleError):
        words("{{ a }}", Scope(NOTHING.segment, {"a": parse("[1] > 2")}))


def test_only_templates_of_the_program_are_found() -> None:
    with pytest.raises(RuleError, match="no template"):
        advice("../../x.j2", NOTHING)


def test_a_message_at_fault_does_not_take_along_what_folds_it() -> None:
    parent, child = hit("cause", "error", ("effect",)), hit("effect", "warning")
    child.rule.message, child.rule.title, child.scope = "{{ 1 / 0 }}", "An effect", NOTHING

    assert fold([parent, child]) == [parent]
    assert parent.evidence[0].text == "effect: An effect"
