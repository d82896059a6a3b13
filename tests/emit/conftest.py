import pytest
from emit_reports import NASTY, hostile, make_context, make_report


@pytest.fixture
def context():
    return make_context()


@pytest.fixture
def report():
    return make_report()


@pytest.fixture
def nasty():
    return hostile(NASTY)
