#!/usr/bin/python3
"""The real ringwall-sbc, killed at single writes to its store and to its records that two phones cause who register, call,
change their call and end it (STEP=1: at every one): whatever was acknowledged is so afterwards, and a call that was answered has one record."""
import contextlib
import os
import pathlib
import random

import test_crash_calls as calls
from system_test import main, wait_for

from lab.waiting import Overdue

LIBRARY = pathlib.Path(os.environ["CRASH_AT_LIBRARY"]).resolve()
MOST = 200  # writes of one kind
STEP = int(os.environ.get("STEP", "5"))  # every so many of those to the store


class CrashPoints(calls.CrashCalls):
    def run_into(self, point: str, pair: calls.Pair) -> bool:
        """One call from registering to its end, of which the process may not live to see the end; whether it died."""
        os.environ.update({"LD_PRELOAD": str(LIBRARY), "CRASH_AT": point})
        try:
            self.border.start_again()
        except Overdue:
            return True
        finally:
            del os.environ["LD_PRELOAD"], os.environ["CRASH_AT"]
        try:
            pair.connect()
            pair.call()
            pair.change()
            pair.end()
            wait_for("the record", lambda: not self.border.is_running() or set(pair.answered) <= set(self.billed()), 5)
        except calls.Gone:
            pass
        with contextlib.suppress(Overdue):  # it may be at its last write
            wait_for("its end", lambda: not self.border.is_running(), 1)
        return not self.border.is_running()

    def billed(self) -> list[str]:
        return [each["from_call_id"] for each in self.border.records() if each["result"] == "answered"]

    def at_every_write(self, suffix: str, where: str) -> int:
        """How many there were."""
        for number in range(1, MOST, STEP if suffix.startswith("state") else 1):
            with self.subTest(file=suffix, write=number, where=where):
                try:
                    has_died = self.at_write(f"{suffix}:{number}:{where}")
                finally:
                    self.border.kill()
                if not has_died:
                    return number - 1
        return self.fail(f"more than {MOST} writes")

    def at_write(self, point: str) -> bool:
        pair = calls.Pair(self, 0)  # over UDP: they are there at once
        try:
            has_died = self.run_into(point, pair)
            self.border.kill()
            self.border.start_again()
            self.go_on(pair, random.random())

            def is_billed() -> bool:
                for phone in (pair.caller, pair.callee):
                    phone.hear_for(0.01)
                return set(pair.answered) <= set(self.billed())
            wait_for("a record of the call", is_billed, 40)
        finally:
            pair.caller.close()
            pair.callee.close()
        self.assertEqual(len(set(self.billed())), len(self.billed()), "none is billed twice")
        return has_died

    def test_calls_that_were_answered_go_on_and_are_billed_once(self):
        self.border.kill()
        points = {f"{suffix} {where}": self.at_every_write(suffix, where)
                  for suffix, where in (("record.jsonl", "before"), ("record.jsonl", "half"), ("record.jsonl", "after"),
                                        ("state.db-wal", "before"))}
        self.border.start_again()
        print("killed at", ", ".join(f"{count} writes ({name})" for name, count in points.items()))
        self.assertTrue(all(points.values()))


if __name__ == "__main__":
    main()
