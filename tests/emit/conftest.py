import pytest
from emit_reports import NASTY, hostile, hostile_comparison, make_comparison, make_context, make_report


@pytest.fixture
def context():
    return make_context()


@pytest.fixture
def report():
    return make_report()


@pytest.fixture
def nasty():
    return hostile(NASTY)


@pytest.fixture
def compared():
    return make_comparison()


@pytest.fixture
def nasty_compared():
    return hostile_comparison(NASTY)
