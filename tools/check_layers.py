#!/usr/bin/python3
"""Holds the sources to the layers that the top CMakeLists.txt declares.

An include may only point down; a layer marked PURE has no clock, thread, socket, randomness of its
own, log or output. `--self-test` proves on small examples that each of these is caught."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What a pure layer may not have, and what to do instead. Patterns see code without comments and
# without the contents of strings.
IMPURE = [
    ("a clock", "take the time as a parameter (base/time.h)",
     r"\b\w+_clock\s*::\s*now\b|\b(?:std\s*::\s*)?(?:system|steady|high_resolution)_clock\b"
     r"|(?<![\w.>:])(?:::|std::)?time\s*\(\s*(?:nullptr|NULL|0|&\s*\w+)?\s*\)"
     r"|\b(?:gettimeofday|clock_gettime|timespec_get)\b|#\s*include\s*<sys/time\.h>"),
    ("a thread", "leave threads to the services",
     r"#\s*include\s*<(?:thread|mutex|shared_mutex|condition_variable|future|semaphore|stop_token|latch"
     r"|barrier|atomic|pthread\.h)>"
     r"|\bstd\s*::\s*(?:j?thread|(?:\w+_)?mutex|async|condition_variable|atomic\w*)\b|\bpthread_\w+"
     r"|\bthread_local\b"),
    ("a socket or file", "take bytes, give bytes",
     r"#\s*include\s*<(?:sys/(?:socket|un|epoll|select|ioctl|stat)\.h|netinet/[\w./]+|arpa/inet\.h"
     r"|netdb\.h|poll\.h|unistd\.h|fcntl\.h|fstream|filesystem)>"
     r"|(?<![\w.>])::\s*(?:socket|connect|send|recv|read|write|open|poll|epoll_wait)\s*\("
     r"|\bf(?:open|read|write)\s*\("),
    ("randomness of its own", "take a Random& (base/random.h)",
     r"\bstd\s*::\s*random_device\b|#\s*include\s*<random>|\bRAND_(?:priv_)?bytes(?:_ex)?\b"
     r"|(?<![\w.>:])(?:std\s*::\s*)?s?rand(?:om)?\s*\(|\bgetrandom\b|\bgetentropy\b|\barc4random\w*"
     r"|\bSystemRandom\b"),
    ("a log or output", "return an action or an error",
     r'#\s*include\s*"base/log\.h"|#\s*include\s*<(?:iostream|print|syslog\.h|spdlog/[\w./]+)>'
     r"|\bstd\s*::\s*(?:cout|cerr|clog)\b|(?<![\w.>])(?:std\s*::\s*)?(?:v?f?printf|f?puts|perror|syslog)\s*\("
     r"|\blog\s*::\s*(?:debug|info|warning|error|write)\b"),
]
IMPURE = [(what, remedy, re.compile(pattern)) for what, remedy, pattern in IMPURE]
INCLUDE = re.compile(r'#\s*include\s*["<]([^">]+)[">]')


def read_layers(cmake: str) -> dict:
    """{name: (is pure, names of the layers below it)}, in the order of their declaration."""
    layers = {}
    for arguments in re.findall(r"^layer\(([^)]*)\)", cmake, re.MULTILINE):
        name, *words = arguments.split()
        below, section = set(), ""
        for word in words:
            if word in ("PURE", "USES", "LIBRARIES", "PRIVATE"):
                section = word
            elif section == "USES":
                if word not in layers:
                    raise SystemExit(f"CMakeLists.txt: layer {name} uses {word}, which is not declared above it")
                below |= {word} | layers[word][1]
        layers[name] = ("PURE" in words, below)
    return layers


def code_of(line: str, in_comment: bool) -> tuple:
    """The line without comments and contents of strings (but for an #include), and whether a block
    comment is open at its end."""
    if not in_comment and INCLUDE.match(line.strip()):
        return line, False
    out, at = [], 0
    while at < len(line):
        if in_comment:
            end = line.find("*/", at)
            if end < 0:
                return "".join(out), True
            at, in_comment = end + 2, False
        elif line.startswith("//", at):
            break
        elif line.startswith("/*", at):
            at, in_comment = at + 2, True
        elif literal := re.compile(r'"(?:[^"\\]|\\.)*"|(?<!\w)\'(?:[^\'\\]|\\.)+\'').match(line, at):
            out.append('""')
            at = literal.end()
        else:
            out.append(line[at])
            at += 1
    return "".join(out), in_comment


def complaints_of(path: str, text: str, layers: dict) -> list:
    """What is wrong with a file; `path` is relative to src/ ("sip/uri/uri.h")."""
    layer = path.split("/")[0]
    if layer not in layers:
        return [f"src/{path}: the folder is no layer of CMakeLists.txt"]
    is_pure, below = layers[layer]
    found, in_comment = [], False
    for number, line in enumerate(text.splitlines(), 1):
        code, in_comment = code_of(line, in_comment)
        where = f"src/{path}:{number}"
        if include := INCLUDE.search(code):
            target = include.group(1).split("/")[0]
            if ".." in include.group(1).split("/") or (target not in layers and '"' in code):
                found.append(f'{where}: include by the path from src/, not "{include.group(1)}"')
            elif target in layers and target != layer and target not in below:
                found.append(f"{where}: {layer} may not include {include.group(1)}: an include points down")
        if is_pure:
            found += [f"{where}: {what} in the pure layer {layer}; {remedy}"
                      for what, remedy, pattern in IMPURE if pattern.search(code)]
    return found


class SelfTest(unittest.TestCase):
    """Each rule catches its example, and does not catch what only looks like it."""

    LAYERS = read_layers("layer(base LIBRARIES x)\nlayer(sip PURE USES base PRIVATE y)\n"
                         "layer(tls PURE USES base)\nlayer(net USES base tls)\nlayer(engine USES net sip)\n")

    def complaints(self, text, path="sip/message.cpp"):
        return complaints_of(path, text, self.LAYERS)

    def test_reads_what_is_pure_and_what_is_below(self):
        self.assertEqual(self.LAYERS["sip"], (True, {"base"}))
        self.assertEqual(self.LAYERS["engine"], (False, {"base", "tls", "net", "sip"}))

    def test_an_include_may_point_down_and_into_its_own_layer(self):
        self.assertEqual(self.complaints('#include "base/text.h"\n#include "sip/uri/uri.h"\n#include <vector>'), [])
        self.assertEqual(self.complaints('#include "base/text.h"', "engine/worker.cpp"), [])

    def test_an_upward_include_is_refused(self):
        for line in ('#include "engine/worker.h"', "#include <engine/worker.h>", '  #  include "net/loop.h"'):
            self.assertRegex(self.complaints(line)[0], r"message.cpp:1: sip may not include")

    def test_a_sideways_include_is_refused(self):
        self.assertTrue(self.complaints('#include "tls/session.h"'))

    def test_an_include_around_the_layers_is_refused(self):
        self.assertTrue(self.complaints('#include "../net/loop.h"'))
        self.assertTrue(self.complaints('#include "message.h"'))

    def test_a_folder_that_is_no_layer_is_refused(self):
        self.assertTrue(self.complaints("", "utils/x.h"))

    def caught(self, word, *lines):
        for line in lines:
            with self.subTest(line):
                self.assertRegex(" ".join(self.complaints(line)), word + " in the pure layer sip")
                impure = " ".join(self.complaints(line, "net/loop.cpp"))
                self.assertNotIn("pure layer", impure)

    def test_clocks_are_refused(self):
        self.caught("a clock", "auto t = std::chrono::steady_clock::now();", "x = Clock_clock::now()",
                    "auto t = time(nullptr);", "std::time(&t);", "::time(0);", "gettimeofday(&tv, nullptr);",
                    "clock_gettime(CLOCK_MONOTONIC, &ts);")

    def test_threads_are_refused(self):
        self.caught("a thread", "#include <thread>", "std::mutex m;", "std::jthread t;", "#include <atomic>",
                    "pthread_create(&t);", "thread_local int x;")

    def test_sockets_and_files_are_refused(self):
        self.caught("a socket or file", "#include <sys/socket.h>", "#include <netinet/in.h>",
                    "#include <arpa/inet.h>", "::send(fd, p, n, 0);", "#include <fstream>", 'fopen("x", "r");')

    def test_randomness_is_refused(self):
        self.caught("randomness of its own", "std::random_device r;", "int x = rand();", "std::srand(1);",
                    "RAND_bytes(p, 4);", "SystemRandom random;", "getrandom(p, 4, 0);")

    def test_logging_and_output_are_refused(self):
        self.caught("a log or output", '#include "base/log.h"', "#include <iostream>", 'std::cerr << "x";',
                    'printf("x");', 'std::fprintf(stderr, "x");', 'log::info("call.rejected");',
                    '#include <spdlog/spdlog.h>')

    def test_comments_strings_and_namesakes_are_let_through(self):
        for line in ('// never std::chrono::steady_clock::now()', '/* printf( */ int x;', 'f("rand()");',
                     "int n = random.number();", "auto x = timer.time();", "void set_time(TimePoint t);",
                     "snprintf(buffer, sizeof buffer, format);", "runtime(0);", "const auto left = expires_time();",
                     "auto operand(int);", "char c = '\"'; // printf("):
            with self.subTest(line):
                self.assertEqual(self.complaints(line), [])
        self.assertEqual(self.complaints("/* a\n printf( \n*/\nint x;"), [])


def main() -> int:
    if "--self-test" in sys.argv:
        result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest))
        return 0 if result.wasSuccessful() else 1
    layers = read_layers((ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))
    files = sorted(path for path in (ROOT / "src").rglob("*") if path.suffix in (".h", ".cpp"))
    found = [line for path in files
             for line in complaints_of(path.relative_to(ROOT / "src").as_posix(),
                                       path.read_text(encoding="utf-8"), layers)]
    print("\n".join(found) if found else f"{len(files)} files keep to the layers")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
