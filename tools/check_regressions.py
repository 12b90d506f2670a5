#!/usr/bin/python3
"""Lists in docs name tests, `test/folder/file.cpp` `Suite.Name` or `test/folder/file.py` `Class.test_name` (or only a file
or a class), and files where a thing is done: each must be there, and each point must have a test or a reason."""
import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# With the number of their columns.
LISTS = {ROOT / "docs" / name: columns
         for name, columns in (("regressions.md", 2), ("flows.md", 2), ("rfc5630.md", 3), ("rfc5922.md", 3))}


def tests_of(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return {f"{suite.name}.{test.name}" for suite in ast.parse(text).body if isinstance(suite, ast.ClassDef)
                for test in suite.body if isinstance(test, ast.FunctionDef) and test.name.startswith("test_")}
    return {f"{suite}.{name}"
            for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", text)}


def complaints(table, columns):
    rows = 0
    for number, line in enumerate(table.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("| ") or line.startswith(("| Point", "| Flow", "| Rule")) or set(line) <= set("|- "):
            continue
        rows += 1
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != columns or not cells[-1]:
            yield number, "a point without a test or a reason"
            continue
        for word in re.findall(r"`(src/[^`]+)`", cells[-2]):
            if not (ROOT / word).exists():
                yield number, f"there is no {word}"
        path = None
        for word in re.findall(r"`([^`]+)`", cells[-1]):
            if word.startswith("test/"):
                path = ROOT / word
                if not path.exists():
                    yield number, f"there is no {word}"
                    path = None
            elif re.fullmatch(r"\w+\.\w+", word):
                if path is None:
                    yield number, f"{word} is in no file"
                elif word not in tests_of(path):
                    yield number, f"{path.relative_to(ROOT)} has no test {word}"
    if rows == 0:
        yield 0, "an empty list"


def main():
    found = [(table, *each) for table, columns in LISTS.items() for each in complaints(table, columns)]
    for table, number, sentence in found:
        print(f"{table.relative_to(ROOT)}:{number}: {sentence}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
