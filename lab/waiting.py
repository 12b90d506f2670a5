"""Waiting for an event with a deadline, never for a time."""
import time
from collections.abc import Callable


class Overdue(Exception):
    """What was waited for did not come."""


def wait_for(what: str, condition: Callable, seconds: float = 10.0):
    """The first true value of `condition`; Overdue with `what` in it when none comes."""
    deadline = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > deadline:
            raise Overdue(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.05)
