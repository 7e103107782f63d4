"""The queue: asking a thousand times asks once, and nobody who asked is forgotten."""

from __future__ import annotations

import threading

from syncd.daemon.queue import Queue, Wanted


def take(queue: Queue) -> Wanted:
    wanted = queue.take(0)
    assert wanted is not None
    return wanted


def test_a_thousand_asking_at_once_get_one_run() -> None:
    queue = Queue()
    barrier = threading.Barrier(20)
    events: list[threading.Event] = []

    def ask() -> None:
        barrier.wait()
        events.extend(queue.ask("api") for _ in range(50))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wanted = take(queue)
    assert queue.take(0) is None
    assert len(events) == 1000
    wanted.settle()
    assert all(event.is_set() for event in events)


def test_who_asks_while_a_run_is_in_hand_gets_the_next_one() -> None:
    queue = Queue()
    queue.ask("schedule.every")
    running = take(queue)
    later = queue.ask("api")
    running.settle()
    assert not later.is_set()
    take(queue).settle()
    assert later.is_set()


def test_reading_everybody_wins_and_every_cause_is_named_once() -> None:
    queue = Queue()
    queue.ask("schedule.every")
    queue.ask("schedule.full", full=True)
    queue.ask("schedule.every")
    wanted = take(queue)
    assert (wanted.causes, wanted.full) == (("schedule.every", "schedule.full"), True)


def test_a_plan_to_apply_is_a_run_of_its_own() -> None:
    queue = Queue()
    queue.ask("schedule.every")
    queue.ask("api:ann", reviewed=7)
    queue.ask("api:bob", reviewed=7)
    assert [(wanted.causes, wanted.reviewed) for wanted in (take(queue), take(queue))] == [
        (("schedule.every",), None),
        (("api:ann", "api:bob"), 7),
    ]


def test_what_could_not_begin_is_next_with_all_who_asked_meanwhile() -> None:
    queue = Queue()
    first = queue.ask("schedule.every")
    wanted = take(queue)
    queue.ask("api:ann", reviewed=7)
    second = queue.ask("SIGUSR1", full=True)
    queue.put_back(wanted)
    again = take(queue)
    assert (again.causes, again.full) == (("schedule.every", "SIGUSR1"), True)
    again.settle()
    assert first.is_set()
    assert second.is_set()
    assert take(queue).reviewed == 7


def test_whoever_waits_is_woken() -> None:
    queue = Queue()
    taken: list[Wanted | None] = []
    waiter = threading.Thread(target=lambda: taken.append(queue.take(60)))
    waiter.start()
    while waiter.is_alive():
        queue.wake()
        waiter.join(0.01)
    assert taken == [None]
