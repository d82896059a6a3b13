"""What a template learned of one line takes for another."""

import random

from diagnose.parsers import tables
from diagnose.scan import LineParser, pure
from diagnose.scan.learn import learn


def test_blanks_that_keep_numbers_apart_are_not_left_out():
    parse, habits, chance = LineParser(tables("generic_text")), {}, random.Random(1)
    for known in ('{"lr": 3.8, "loss": 2.25}', "acc 12% 3%"):  # blanks behind a colon may be none, any percent be short
        learn(known, parse(known), parse, habits)
    other = "0.7  08:58%"
    expected = [other[start:end] for _, start, end in parse(other)[1]]
    assert "08:58" in expected

    for _ in range(100):
        shown = f"{chance.random():.3f}  {chance.randrange(10)}: {chance.randrange(100)}%"
        template = learn(shown, parse(shown), parse, habits)
        scanner = pure.Scanner()
        scanner.learn([template])
        found = scanner.match(other.encode())
        assert found is None or [text for _, text in template.tokens(other, found[1])] == expected


def test_blanks_that_a_token_begins_with_are_not_left_out():
    parse, habits = LineParser(tables("remarks")), {}
    known, other = "  Best val kappa:  0.5", "Stage 20 completed. Best val kappa: 0.5"
    learn(known, parse(known), parse, habits)  # where it begins with them, there may be none
    assert parse(other)[0] == "over"

    for number in range(100):
        shown = f"  Stage {number} completed. Best val kappa: 0.{number}"
        assert parse(shown)[0] == "best"
        scanner = pure.Scanner()
        scanner.learn([learn(shown, parse(shown), parse, habits)])
        assert scanner.match(other.encode()) is None
