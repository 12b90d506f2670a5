#!/usr/bin/python3
"""Every header of src/ compiles alone: one translation unit a header, checked and thrown away."""
import concurrent.futures
import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "src"


def compile_alone(header: pathlib.Path) -> str:
    # Twice: once alone, once more to see that it guards itself.
    name = header.relative_to(SOURCE)
    unit = f'#include "{name}"\n#include "{name}"\n'
    done = subprocess.run(
        [os.environ.get("CXX", "g++"), "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
         f"-I{SOURCE}", "-x", "c++", "-"],
        input=unit, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{name} does not compile alone:\n{done.stderr}"


def main() -> int:
    headers = sorted(SOURCE.rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [text for text in pool.map(compile_alone, headers) if text]
    print("\n".join(complaints), end="")
    return 1 if complaints or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
