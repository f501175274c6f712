from gateway.delivery import backoff


def test_the_schedule() -> None:
    assert [backoff(attempt) for attempt in range(10)] == [0, 1, 2, 4, 8, 15, 30, 30, 30, 30]


def test_luck_adds_at_most_a_tenth() -> None:
    assert [backoff(attempt, 1.0) for attempt in (0, 1, 6, 99)] == [0, 1.1, 33.0, 33.0]
