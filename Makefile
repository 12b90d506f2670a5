# For people. `make help` lists what there is.
BUILD := debug
JOBS := $(shell nproc)
# Debian's own: another Python may stand first on PATH, and lack Debian's modules.
PYTHON := /usr/bin/python3
FROM := alice
TO := bob

.DEFAULT_GOAL := help
.PHONY: help run demo demo-calls call console hangup stop test sanitize soak reloads crash scan flood fuzz bench package test-package lint format clean build

help:
	@echo 'make run        the lab: six phones and the border controller; stays up, says how to call'
	@echo 'make demo       the same, makes the calls, checks them and ends: status 0 or 1'
	@echo '                (BREAK=plain: the phones do not encrypt their media, so it must end with 1)'
	@echo 'make call       with the lab running: a call FROM=alice TO=bob; then: make hangup'
	@echo 'make console    with the lab running: the console of the border controller'
	@echo 'make stop       ends a running lab (as does Ctrl-C)'
	@echo 'make test       builds and runs all tests'
	@echo 'make sanitize   unit and scenario tests under ASan+UBSan and under TSan'
	@echo 'make reloads    10,000 renewed certificates under calls over TLS (RELOADS=N)'
	@echo 'make crash      kills the border controller 200 times under registrations, and under calls (KILLS=N SEED=N)'
	@echo 'make scan       testssl.sh at the TLS port: every finding that is not of the lab'
	@echo 'make flood      three times as many calls as it can serve, while others are up, refresh and end (ARGUMENTS="--calls 100")'
	@echo 'make soak       the random simulation for MINUTES=30, or CALLS=N; SEED=N: the worlds from there on;'
	@echo '                then CHURN=60 minutes of registrations, calls and strangers: memory has to stay flat'
	@echo 'make fuzz       looks for input that breaks a parser or a machine, SECONDS=60 for each (TARGETS="uri via")'
	@echo 'make bench      CPU time and memory beside Kamailio and baresip: tables, and JSON (ARGUMENTS="--metrics call")'
	@echo 'make package    ringwall-sbc and ringwall-phone as Debian packages, in build/package'
	@echo 'make test-package   installs, starts, upgrades and removes them in a clean Debian (root; PART=by-hand)'
	@echo 'make lint       format, layers, headers, scripts, clang-tidy'
	@echo 'make format     puts the sources into the house format'
	@echo 'make clean      removes build folders and what the lab left'

packages-%:
	@tools/install-packages $(subst +, ,$*)

LAB_PROGRAMS := --sbc build/$(BUILD)/apps/ringwall-sbc --phone build/$(BUILD)/apps/ringwall-phone
run: packages-build+lab
	@$(MAKE) --no-print-directory build TARGET='ringwall-sbc ringwall-phone ringwall'
	@lab/lab run $(LAB_PROGRAMS)

# make ends with 2 when a recipe fails. The demonstration is a question: with -q make ends with 1 for "no",
# and runs only the lines with a +.
ifeq ($(MAKECMDGOALS),demo)
MAKEFLAGS += -q
endif
demo: demo-calls
	$(if $(filter 0,$(shell cat build/demo-status)),,@false)

demo-calls:
	+@rm -f build/demo-status
	+@tools/install-packages build lab
	+@MAKEFLAGS= $(MAKE) --no-print-directory build TARGET='ringwall-sbc ringwall-phone ringwall'
	+@lab/lab demo $(LAB_PROGRAMS) $(if $(BREAK),--break $(BREAK)); echo $$? >build/demo-status

call:
	@lab/lab call --from $(FROM) --to $(TO)

# The name of a socket has at most 107 octets, so it is one of the folder.
console:
	@cd lab/run/live 2>/dev/null && test -S console || { echo "no lab is up: make run starts one" >&2; exit 1; }
	@cd lab/run/live && exec $(CURDIR)/build/$(BUILD)/apps/ringwall console --socket console

hangup:
	@lab/lab hangup

stop:
	@lab/lab stop

TARGET := all
build:
	@cmake --preset $(BUILD) --log-level=WARNING >/dev/null
	@cmake --build build/$(BUILD) -j$(JOBS) --target $(TARGET)

test: packages-build+lab+test
	@$(MAKE) --no-print-directory build
	ctest --test-dir build/$(BUILD) --output-on-failure --timeout 180 -j2

sanitize: packages-build
	@for preset in asan tsan; do \
	    $(MAKE) --no-print-directory build BUILD=$$preset && \
	    ctest --test-dir build/$$preset --output-on-failure --timeout 300 -j2 -L 'unit|scenario|fuzz' || exit 1; \
	done

# Other worlds each time; what fails prints its own seed.
SEED := $(shell date +%s)0000
MINUTES := 30
CHURN := 60
soak: packages-build
	@$(MAKE) --no-print-directory build BUILD=release TARGET='simulation ringwall-sbc bench_load'
	build/release/test/simulation --progress --minimum 100 --from $(SEED) \
	    $(if $(CALLS),--calls $(CALLS),--minutes $(MINUTES))
	test/bench/churn --build build/release --minutes $(CHURN)

# Whatever was acknowledged is to be there; the last line says how much that was.
KILLS := 200
crash: packages-build+lab+test
	@$(MAKE) --no-print-directory build TARGET='ringwall-sbc ringwall crash_at'
	@for kind in crash crash_calls; do \
	    KILLS=$(KILLS) $(if $(filter command line environment,$(origin SEED)),SEED=$(SEED)) test/system/test_$$kind.py || exit 1; \
	done
	CRASH_AT_LIBRARY=build/$(BUILD)/test/libcrash_at.so STEP=1 test/system/test_crash_points.py

# What make test has no time for; sslscan is there.
scan: packages-build+lab+test+scan
	@$(MAKE) --no-print-directory build TARGET=ringwall-sbc
	test/system/test_tls_findings.py

flood: packages-build+test
	@$(MAKE) --no-print-directory build BUILD=release TARGET='ringwall-sbc bench_load'
	test/bench/flood --build build/release $(ARGUMENTS)

# Certificates are renewed under calls over TLS: what is left behind, and how much memory it is.
RELOADS := 10000
reloads: packages-build
	@$(MAKE) --no-print-directory build BUILD=release TARGET=test_threads
	RINGWALL_RELOADS=$(RELOADS) build/release/test/test_threads --gtest_filter='*RenewedCertificates*/2'

SECONDS := 60
TARGETS :=
fuzz: packages-build+fuzz
	@$(MAKE) --no-print-directory build BUILD=fuzz TARGET=fuzz_targets
	@test/fuzz/run build/fuzz $(SECONDS) $(TARGETS)

# With ARGUMENTS only the border controller's table.
bench: packages-build+bench+lab
	@$(MAKE) --no-print-directory build BUILD=release \
	    TARGET='ringwall-sbc ringwall-phone ringwall bench_load bench_micro bench_media'
	build/release/test/bench/bench_micro
	test/bench/run --build build/release $(ARGUMENTS)
ifndef ARGUMENTS
	test/bench/phone --build build/release
	build/release/test/bench/bench_media 20 10 pcmu 80
	build/release/test/bench/bench_media 20 10 opus 80
endif

# The hardened release build (docs/decisions/0081). ARGUMENTS: of cpack.
package: packages-build+package
	@$(MAKE) --no-print-directory build BUILD=release TARGET=packaged
	@tools/check_hardening build/release/apps/ringwall-sbc build/release/apps/ringwall-phone build/release/apps/ringwall
	@rm -rf build/package
	@cpack --config build/release/CPackConfig.cmake -B build/package $(ARGUMENTS) >build/package.log || { cat build/package.log >&2; exit 1; }
	@rm -rf build/package/_CPack_Packages
	@ls build/package/*.deb

# Another Debian is made of the packages that the machine's own sources have.
test-package: packages-package+test-package
	@$(MAKE) --no-print-directory package
	@test/package/run build/release build/package $(PART)

lint: packages-build+lint
	@cmake --preset $(BUILD) --log-level=WARNING >/dev/null
	@tools/lint build/$(BUILD)

format: packages-lint
	git ls-files '*.h' '*.cpp' | xargs clang-format -i

clean:
	rm -rf build lab/run
