#!/usr/bin/python3
"""Holds the sources to how they log: an event and fields, one line each, and nothing secret.

The name of an event and those of its fields are literals, in small letters, so that who looks for one finds it; no
argument asks a Secret for its value; and nothing but the log, and programs that a person talks to, prints at all.
`--self-test` proves on small examples that each of these is caught."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

EVENT = re.compile(r"[a-z]+(?:[.-][a-z]+)*")
FIELD = re.compile(r"[a-z]+(?:[_-][a-z]+)*")
CALL = re.compile(r"\blog::(?:(debug|info|warning|error)|(write))\s*\(")
PRINTS = re.compile(r"(?<![\w:.])(?:std::)?(?:v?f?printf|f?puts|perror|syslog)\s*\(|\bstd::(?:cout|cerr|clog)\b")
# What a person runs and reads, and what is said before there is a log, or when there cannot be one.
MAY_PRINT = {"src/base/check.h", "src/sbc/process.cpp", "src/phone/process.cpp", "src/sbc/console/command.cpp",
             "src/sbc/console/terminal.cpp", "src/phone/control/command.cpp"}


def end_of(text: str, start: int) -> int:
    """Behind the bracket that closes the one before `start`."""
    depth, at = 1, start
    while depth:
        if text[at] == '"':
            at = re.compile(r'"(?:[^"\\]|\\.)*"').match(text, at).end()
            continue
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(text[at], 0)
        at += 1
    return at


def parts(arguments: str) -> list[str]:
    """The arguments of a call, cut at its own commas."""
    out, depth, start = [], 0, 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*"|[(){}\[\],]', arguments):
        mark = match.group()
        if mark in "({[":
            depth += 1
        elif mark in ")}]":
            depth -= 1
        elif mark == "," and depth == 0:
            out.append(arguments[start:match.start()].strip())
            start = match.end()
    return [*out, arguments[start:].strip()] if arguments.strip() else []


def faults_of_call(arguments: list[str]) -> list[str]:
    if not arguments:
        return ["logs nothing"]
    event, out = arguments[0], []
    names = re.findall(r'"((?:[^"\\]|\\.)*)"', event)
    if not names or re.sub(r'"[^"]*"', "", event.split("?")[-1]).strip(" :\n") or not all(EVENT.fullmatch(name) for name in names):
        out.append(f'the event {event} is no literal like "call.ended"')
    if len(arguments) > 2:
        out.append(f"{event} has more than an event and its fields")
    elif len(arguments) == 2:
        if not arguments[1].startswith("{"):
            out.append(f"the fields of {event} are not written where it is logged")
        else:
            for field in parts(arguments[1][1:-1]):
                name = re.match(r'\{\s*"([^"]*)"\s*,', field)
                if not name or not FIELD.fullmatch(name.group(1)):
                    out.append(f'{event} has a field {field} whose name is no literal like "adjacency"')
    if re.search(r"\breveal\s*\(", " ".join(arguments)):
        out.append(f"{event} asks a Secret for its value")
    return out


def faults_of(name: str, text: str) -> list[str]:
    text = re.sub(r"//[^\n]*", lambda comment: " " * len(comment.group()), text)
    out = []

    def add(at: int, what: str) -> None:
        out.append(f"{name}:{text.count(chr(10), 0, at) + 1}: {' '.join(what.split())}")

    for call in CALL.finditer(text):
        arguments = parts(text[call.end():end_of(text, call.end()) - 1])
        for fault in faults_of_call(arguments[1:] if call.group(2) else arguments):
            add(call.start(), fault)
    if name not in MAY_PRINT:
        for printed in PRINTS.finditer(text):
            add(printed.start(), "prints by itself; log an event")
    return out


class SelfTest(unittest.TestCase):
    def faults(self, code: str, name: str = "src/sbc/some.cpp") -> list[str]:
        return faults_of(name, code)

    def test_what_is_right_passes(self):
        for code in ('log::info("call.ended", {{"call", id}, {"reason", f(a, {b, c})}});', 'log::info("sbc.stopping");',
                     'log::info(is_ok ? "registration.accepted" : "registration.rejected", {{"user", user}});',
                     'log::write(each.retry ? log::Level::Warning : log::Level::Info, "trunk.gone", {{"retry-after", "1, {2"}});',
                     '// log::info(text);\nstd::snprintf(buffer, size, "x");', 'out.puts(text);'):
            self.assertEqual(self.faults(code), [], code)

    def test_what_is_wrong_is_found(self):
        for code in ('log::info(text);', 'log::info("Call ended");', 'log::info("call " + id);', 'log::info();',
                     'log::info("call.ended", fields);', 'log::info("call.ended", {{name, id}});',
                     'log::info("call.ended", {{"Call ID", id}});', 'log::info("call.ended", {{"call", id}}, 3);',
                     'log::write(level, text, {{"call", id}});', 'log::warning("call.ended", {{"key", key.reveal()}});',
                     'std::printf("x");', 'std::cerr << text;', 'fprintf(stderr, "x");'):
            self.assertEqual(len(self.faults(code)), 1, (code, self.faults(code)))

    def test_who_may_print_may(self):
        self.assertEqual(self.faults('std::fprintf(stderr, "x");', "src/sbc/process.cpp"), [])


def main() -> int:
    files = sorted([*ROOT.glob("src/**/*.cpp"), *ROOT.glob("src/**/*.h")])
    faults = [fault for file in files if (name := str(file.relative_to(ROOT))) not in ("src/base/log.h", "src/base/log.cpp")
              for fault in faults_of(name, file.read_text())]
    calls = sum(len(CALL.findall(file.read_text())) for file in files)
    print("\n".join(faults) if faults else f"{calls} places that log, and nothing else prints")
    return 1 if faults or calls < 50 else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        unittest.main(argv=sys.argv[:1])
    sys.exit(main())
