import pytest

from gateway.cli.wait import judge


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (["accepted"], 0),
        (["accepted", "on-air", "simulated", "nothing-to-cancel"], 0),
        (["accepted", "refused"], 5),
        (["accepted", "waiting"], 5),
        (["on-air", "unknown"], 5),
        (["partly"], 5),
        (["refused"], 1),
        (["waiting", "sending", "expired", "superseded", "unknown"], 1),
        ([], 1),
    ],
)
def test_all_some_or_none_took_it(states: list[str], code: int) -> None:
    assert judge(states) == code
