#!/usr/bin/python3
"""Holds the border controller to saying why it refuses.

Every status that it writes as a refusal of its own has a row in policy/refusal_rule.cpp, and such an
answer is begun by b2bua::refusal() and nowhere else. `--self-test` proves that both are caught."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/sbc/policy/refusal_rule.cpp"
MAKER = ROOT / "src/sbc/b2bua/refusal.cpp"

ROW = re.compile(r"\bRow\{\s*(\d{3})\s*,\s*\"\"")
# Where a refusal is written: its call or its struct, up to the status.
WRITTEN = [re.compile(pattern) for pattern in (
    r"\b(?:refuse|turn_newcomer_away|drop_newcomer)\(\s*([3-6]\d\d)\b",
    r"\b(?:answer|refuse|refusal)\((?:[^;{}]*?,)\s*([3-6]\d\d)\s*[,)]",
    r"\b(?:remember\(\s*\{|Failure\s*\{|Refused\s*\{)\s*([3-6]\d\d)\b",
    r"\.status\s*=\s*([3-6]\d\d)\b",
    r"\bfail\(\s*([3-6]\d\d)\s*\)",
    r"\breturn ([3-6]\d\d);",
)]
BEGUN = re.compile(r"\bsip::reply\([^;]*?,\s*[3-6]\d\d\s*,")
# Not refusals: a challenge, and what the caller wanted.
NONE = {401, 407, 487}


def statuses_written(text: str) -> set:
    return {int(status) for pattern in WRITTEN for status in pattern.findall(text)} - NONE


def faults_in(name: str, text: str, rows: set, is_maker: bool) -> list:
    out = [f"{name}: {status} has no row in {TABLE.relative_to(ROOT)}: say what such a refusal means"
           for status in sorted(statuses_written(text) - rows)]
    for begun in [] if is_maker else BEGUN.findall(text):
        if not re.search(r",\s*(?:401|407|487)\s*,$", begun):
            out.append(f"{name}: '{' '.join(begun.split())}' says no rule: use b2bua::refusal")
    return out


class Caught(unittest.TestCase):
    def test_a_status_without_a_row(self):
        for text in ('return refuse(499, "No");', "context_.answer(to, id, *request, 499, reason);",
                     'remember({499, "No", 0});', "Reject{.status = 499}", "fail(499);",
                     "refuse(id, from, *request, 499);"):
            self.assertEqual(len(faults_in("x", text, {480}, False)), 1, text)

    def test_an_answer_that_says_nothing(self):
        self.assertEqual(len(faults_in("x", "respond(id, sip::reply(*r, 480, tag).build());", {480}, False)), 1)

    def test_nothing_else(self):
        self.assertEqual(faults_in("x", "sip::reply(*r, 100, {}); sip::reply(*r, 401, tag); if (status == 499) {}"
                                        ' return refuse(480, "No");', {480}, False), [])


def main() -> int:
    rows = {int(status) for status in ROW.findall(TABLE.read_text())}
    faults = [] if rows else [f"{TABLE}: no rows were found"]
    for path in sorted((ROOT / "src/sbc").rglob("*.cpp")):
        faults += faults_in(str(path.relative_to(ROOT)), path.read_text(), rows, path == MAKER)
    written = statuses_written((ROOT / "src/sip/parse_error.cpp").read_text())
    faults += [f"src/sip/parse_error.cpp: {status} has no row" for status in sorted(written - rows)]
    print("\n".join(faults) or "every refusal says why")
    return 1 if faults else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    sys.exit(main())
