# SPDX-License-Identifier: MIT
#
# make                the library, the program and the examples, in build/
# make run            installs what is missing, builds, runs the monitor example
# make test           the same for the tests; ends with one line of totals
# make lint           layering, format, clang-tidy
# make install        PREFIX=/usr/local, DESTDIR=
# make help           everything else

VERSION := 0.1.0
SONAME  := libtroupe.so.0

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man

CC     ?= cc
PROTOC_C ?= protoc-c
PKG_CONFIG ?= pkg-config
comma  := ,
O      := build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))

# ---- what is built ---------------------------------------------------------

# Optional parts: a source file named in OPTIONAL_<pkg> is built only where
# pkg-config knows <pkg>.  `make help` and `troupe doctor` say what was left
# out.
OPTIONAL := libcbor msgpack libmosquitto inih hiredis
OPTIONAL_libcbor      := serialize/beacon/cbor.c
OPTIONAL_msgpack      := serialize/beacon/msgpack.c ipc/bus/serf.c
OPTIONAL_libmosquitto := ipc/bus/mqtt.c
OPTIONAL_hiredis      := runtime/redis/mailbox.c runtime/redis/connection.c \
			 runtime/redis/entry.c runtime/redis/list.c \
			 runtime/redis/url.c
HAVE    := $(shell for p in $(OPTIONAL); do \
		$(PKG_CONFIG) --exists $$p 2>/dev/null && echo $$p; done)
HAVENOT := $(filter-out $(HAVE),$(OPTIONAL))
WITHOUT := $(foreach p,$(HAVENOT),$(OPTIONAL_$(p)))
upper    = $(shell echo $(1) | tr a-z- A-Z_)

PROGRAM_SRC := $(wildcard runtime/cli/*.c)
HEADERS     := $(wildcard runtime/troupe*.h)
PAGES       := $(wildcard runtime/man/*.[1-9])
LIBRARY_SRC := $(filter-out $(PROGRAM_SRC) $(WITHOUT), \
		 $(wildcard ipc/*.c ipc/*/*.c serialize/*.c serialize/*/*.c runtime/*/*.c))
# wslay has no .pc file in Debian.
HAVE_WSLAY  := $(if $(wildcard /usr/include/wslay/wslay.h \
		 /usr/local/include/wslay/wslay.h),$(shell \
		 $(PKG_CONFIG) --exists nettle && echo wslay))
EXAMPLES    := $(filter-out $(if $(HAVE_WSLAY),,websocket), \
		 $(basename $(notdir $(wildcard examples/*.c))))
PROTOS      := $(wildcard serialize/*.proto runtime/*/*.proto examples/*.proto \
		 tests/*/*.proto tests/*/*/*.proto)
GENERATED   := $(PROTOS:%.proto=$(O)/gen/%.pb-c.c)
# tests/ mirrors the tree: each folder of it with .c files is one program, but
# for those that have programs of another kind.  What others stand on is tested
# before them.
TEST_DIRS   := $(patsubst %/,%,$(sort $(dir $(wildcard tests/*/*.c tests/*/*/*.c))))
TEST_DIRS   := $(patsubst tests/%,%,$(filter-out tests/support tests/fuzz \
		 tests/race tests/bench% %/applications %/programs,$(TEST_DIRS)))
BASIC_DIRS  := $(filter ipc serialize runtime/node runtime/actor,$(TEST_DIRS))
TEST_DIRS   := $(BASIC_DIRS) $(filter-out $(BASIC_DIRS),$(TEST_DIRS))
# What waits is tested with each way of waiting.
WAITING     := $(filter runtime/node runtime/actor runtime/supervisor runtime/redis,$(TEST_DIRS))
WAYS        := $(foreach w,socket epoll,$(addsuffix @$(w),$(WAITING)))
test_bin     = $(O)/bin/test-$(subst /,-,$(1))
BENCHES     := $(basename $(notdir $(wildcard tests/bench/parts/*.c)))
BENCH_SRC    = $(filter-out tests/bench/parts/% \
		 $(PEERS_ASIDE:%=tests/bench/peers/%.c), \
		 $(wildcard tests/bench/*.c tests/bench/*/*.c))
FUZZERS     := $(basename $(notdir $(wildcard tests/fuzz/*.c)))

LIBRARY_OBJ := $(LIBRARY_SRC:%.c=$(O)/%.o) \
	       $(patsubst %.proto,$(O)/gen/%.pb-c.o,$(wildcard runtime/*/*.proto serialize/*.proto))
PROGRAM_OBJ := $(PROGRAM_SRC:%.c=$(O)/%.o)

# ---- how -------------------------------------------------------------------

PACKAGES  = liburing libprotobuf-c jansson $(HAVE)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	    -Wpointer-arith -Wundef -Wvla -Wno-unused-parameter
OPTIMISE ?= $(if $(SANITIZE),-O1 -fno-omit-frame-pointer,-O2)
CFLAGS   ?= -g
BASE_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(OPTIMISE) $(CFLAGS) \
	      -fPIC -fno-semantic-interposition \
	      $(if $(SANITIZE),-fsanitize=$(SANITIZE)) \
	      $(foreach p,$(HAVE),-DHAVE_$(call upper,$(p))) \
	      -DTROUPE_VERSION='"$(VERSION)"' -MMD -MP
INTERNAL  = $(BASE_CFLAGS) -I. -I$(O)/gen $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
# An example sees what a user sees: the public header, its own messages and a
# compiler without -D_GNU_SOURCE.  protobuf-c's strings are not const.
EXAMPLE   = $(filter-out -D_GNU_SOURCE,$(BASE_CFLAGS)) \
	    -Iruntime -I$(O)/gen/examples \
	    $(shell $(PKG_CONFIG) --cflags libprotobuf-c)
LIBS      = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -ldl
LDFLAGS  += $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -Wl,-z,now -Wl,-z,relro

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run test lint install uninstall clean help bench bench-peers bench-report bench-smoke fuzz \
	beacon do-beacon race model compilers check-install do-run do-test do-bench do-bench-report do-bench-smoke do-race \
	tests benches always

all: $(O)/lib/libtroupe.a $(O)/lib/libtroupe.so $(O)/bin/troupe \
     $(EXAMPLES:%=$(O)/examples/%.so)

help:
	@sed -n '3,8s/^# \{0,1\}//p' Makefile
	@echo 'make bench          what actors cost: ARGS=--help'
	@echo 'make bench-peers    installs what it compares with'
	@echo 'make bench-report   a page of tables and plots: build/bench/report.html'
	@echo 'make bench-smoke    each benchmark once, with its result checked'
	@echo 'make beacon         packets and times of 5 to 1,000 nodes: a table, build/beacon.svg'
	@echo 'make fuzz           each fuzzer for FUZZ_SECONDS=20 (clang)'
	@echo 'make race           what two threads may share, under ThreadSanitizer'
	@echo 'make model          the SPIN model of the wake protocol'
	@echo 'make compilers      builds with gcc, clang, and without optional parts'
	@echo 'make check-install  the lines of the README, in a temporary prefix'
	@echo 'make clean          removes build/'
	@echo 'SANITIZE=address,undefined with any of these: in build/address-undefined'
	@echo 'optional parts built:    $(if $(HAVE),$(HAVE),none)'
	@echo 'optional parts left out: $(if $(HAVENOT),$(HAVENOT),none)'
	@echo 'the websocket example:   $(if $(HAVE_WSLAY),built,left out (wslay, nettle))'

# Said before the compiler fails for it.
MISSING := $(shell for p in liburing libprotobuf-c jansson; do \
		$(PKG_CONFIG) --exists $$p 2>/dev/null || echo $$p; done; \
		command -v $(PROTOC_C) >/dev/null || echo protoc-c)

# Changes when the flags do, as when an optional package has been installed
# since; everything compiled depends on it.
$(O)/flags: always
	@[ -z '$(MISSING)' ] || { echo 'not installed, or pkg-config is not:' \
		'$(MISSING); tests/support/packages build' \
		'installs what is missing on a Debian' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CC) $(BASE_CFLAGS))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(CC) $(BASE_CFLAGS))' > $@
always:

$(O)/gen/%.pb-c.c $(O)/gen/%.pb-c.h: %.proto | $(O)/flags
	@mkdir -p $(@D)
	$(PROTOC_C) --proto_path=$(<D) --c_out=$(@D) $<

$(O)/gen/runtime/%.o: $(O)/gen/runtime/%.c $(O)/flags
	$(CC) $(INTERNAL) -Wno-missing-prototypes -c $< -o $@

$(O)/gen/serialize/%.o: $(O)/gen/serialize/%.c $(O)/flags
	$(CC) $(INTERNAL) -Wno-missing-prototypes -c $< -o $@

$(O)/gen/tests/%.o: $(O)/gen/tests/%.c $(O)/flags
	$(CC) $(INTERNAL) -c $< -o $@

$(O)/%.o: %.c $(O)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(INTERNAL) -c $< -o $@

$(O)/lib/libtroupe.a: $(LIBRARY_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(O)/lib/libtroupe.so: $(LIBRARY_OBJ) runtime/libtroupe.map
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=runtime/libtroupe.map -Wl,-Bsymbolic \
		$(if $(SANITIZE),,-Wl,-z,defs) $(LDFLAGS) -o $@ $(LIBRARY_OBJ) $(LIBS)
	@ln -sf libtroupe.so $(O)/lib/$(SONAME)

$(O)/bin/troupe: $(PROGRAM_OBJ) $(O)/lib/libtroupe.so
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $(PROGRAM_OBJ) -L$(O)/lib -ltroupe \
		-Wl,-rpath,'$$ORIGIN/../lib' $(LIBS)

$(O)/examples/%.o: examples/%.c $(O)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(EXAMPLE) -c $< -o $@

$(O)/gen/examples/%.o: $(O)/gen/examples/%.c $(O)/flags
	$(CC) $(EXAMPLE) -c $< -o $@

$(O)/examples/%.so: $(O)/examples/%.o $(O)/gen/examples/%.pb-c.o $(O)/lib/libtroupe.so
	$(CC) -shared $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(O)/lib -ltroupe \
		-Wl,-rpath,'$$ORIGIN/../lib' $(shell $(PKG_CONFIG) --libs libprotobuf-c) \
		$(EXAMPLE_LIBS)
$(O)/examples/websocket.so: EXAMPLE_LIBS = -lwslay -lnettle

# ---- tests: tests/<folder>/*.c are one Criterion program ---------------------

# Each program takes what it uses of these.
SUPPORT = $(O)/lib/libsupport.a
$(SUPPORT): $(patsubst %.c,$(O)/%.o,$(wildcard tests/support/*.c)) \
	    $(patsubst %.proto,$(O)/gen/%.pb-c.o,$(wildcard tests/support/*.proto))
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^
define test_program
$(call test_bin,$(1)): $$(patsubst %.c,$(O)/%.o,$$(wildcard tests/$(1)/*.c)) \
		$$(patsubst %.proto,$(O)/gen/%.pb-c.o,$$(wildcard tests/$(1)/*.proto)) \
		$$(SUPPORT) $(O)/lib/libtroupe.a
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) -rdynamic -o $$@ $$(filter %.o,$$^) $$(SUPPORT) $(O)/lib/libtroupe.a $$(LIBS) -lcriterion -lpthread -lm
endef
$(foreach d,$(TEST_DIRS),$(eval $(call test_program,$(d))))

# Applications and programs that tests run: with what a user has.
parts      = $(wildcard tests/*/$(1)/*.c tests/*/*/$(1)/*.c)
PARTS_SO  := $(patsubst %.c,$(O)/%.so,$(call parts,applications))
PARTS_BIN := $(patsubst %.c,$(O)/%,$(call parts,programs))
PARLOUR   := tests/runtime/control/parlour.pb-c
$(PARTS_SO:.so=.o) $(PARTS_BIN:%=%.o): INTERNAL = \
	$(filter-out -D_GNU_SOURCE,$(BASE_CFLAGS)) -Iruntime \
	-I$(O)/gen/$(dir $(<D)) \
	$(shell $(PKG_CONFIG) --cflags libprotobuf-c)
$(PARTS_SO): $(O)/%.so: $(O)/%.o $(O)/gen/$(PARLOUR).o \
		$(O)/lib/libtroupe.so
	$(CC) -shared $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(O)/lib -ltroupe \
		-Wl,-rpath,$(abspath $(O)/lib) $(shell $(PKG_CONFIG) --libs libprotobuf-c)
$(PARTS_BIN): %: %.o $(O)/gen/$(PARLOUR).o $(O)/lib/libtroupe.so
	$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(O)/lib -ltroupe \
		-Wl,-rpath,$(abspath $(O)/lib) $(shell $(PKG_CONFIG) --libs libprotobuf-c)
tests: $(PARTS_SO) $(PARTS_BIN)
$(call test_bin,runtime/control) $(call test_bin,examples): $(PARTS_SO) $(PARTS_BIN) $(O)/bin/troupe

# tests/harness is of the harness itself.
$(O)/bin/test-harness: $(O)/tests/bench/histogram.o $(O)/tests/bench/statistics.o \
		$(O)/tests/bench/lanes.o
$(call test_bin,runtime/mesh): | all
tests: $(if $(filter harness,$(TEST_DIRS)),$(O)/bin/troupe-bench)

# Peers that need something are built into $(O)/peers, each by itself, and
# those for which it is not installed say so when asked.
PEERS_HAVE := $(if $(shell $(PKG_CONFIG) --exists libzmq && echo yes),zeromq) \
	$(if $(wildcard /usr/include/nng/nng.h),nng) \
	$(if $(wildcard /usr/include/boost/interprocess/ipc/message_queue.hpp), \
		$(if $(shell command -v $(CXX)),boost)) \
	$(if $(shell command -v iox-roudi), \
		$(if $(wildcard /usr/include/iceoryx/*/iceoryx_binding_c),iceoryx)) \
	$(if $(shell command -v python3),python) \
	$(if $(shell command -v erlc),erlang) \
	$(if $(shell grep -s 'CAF_VERSION 17' /usr/include/caf/config.hpp), \
		$(if $(shell command -v $(CXX)),caf))
PEERS_ASIDE := zeromq nng boost iceoryx
PEER_FILES  := $(patsubst %,$(O)/peers/%,\
	$(patsubst %,%.so,$(filter $(PEERS_ASIDE),$(PEERS_HAVE))) \
	$(patsubst python,python.py,$(filter python,$(PEERS_HAVE))) \
	$(patsubst erlang,erlang_peer.beam,$(filter erlang,$(PEERS_HAVE))) \
	$(filter caf,$(PEERS_HAVE)))
PEER_LIBS_zeromq  := -lzmq
PEER_LIBS_nng     := -lnng
PEER_LIBS_iceoryx := -liceoryx_binding_c -Wl,--allow-shlib-undefined
PEER_FLAGS_iceoryx := $(patsubst %,-isystem %,$(wildcard /usr/include/iceoryx/*))
PEER_CXX = $(CXX) -std=c++17 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter \
	   $(OPTIMISE) $(CFLAGS) -fPIC -I. -I$(O)/gen \
	   $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -MMD -MP -MF $(basename $@).d

$(O)/peers/flags: always
	@mkdir -p $(@D)
	@echo '$(PEERS_HAVE)' | cmp -s - $@ || echo '$(PEERS_HAVE)' > $@
PEERS_KNOWN = $(O)/tests/bench/peers/loaded.o $(O)/tests/bench/peers/programs.o
$(PEERS_KNOWN): $(O)/peers/flags
$(PEERS_KNOWN): INTERNAL += \
	$(foreach p,$(PEERS_HAVE),-DHAVE_PEER_$(call upper,$(p)))

$(O)/peers/%.so: tests/bench/peers/%.c $(O)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(INTERNAL) $(PEER_FLAGS_$*) -MF $(basename $@).d -shared $(LDFLAGS) \
		-o $@ $< $(PEER_LIBS_$*)
$(O)/peers/%.so: tests/bench/peers/%.cc $(O)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(PEER_CXX) -shared $(LDFLAGS) -o $@ $<
$(O)/peers/caf: tests/bench/peers/caf.cc $(O)/flags
	@mkdir -p $(@D)
	$(PEER_CXX) $(LDFLAGS) -o $@ $< -lcaf_core
$(O)/peers/%.py: tests/bench/peers/%.py
	@mkdir -p $(@D)
	cp $< $@
$(O)/peers/%.beam: tests/bench/peers/%.erl
	@mkdir -p $(@D)
	erlc -o $(@D) $<

# One benchmark measures elections in the virtual network of tests/sim.
$(O)/bin/troupe-bench: $(O)/tests/sim/net.o $(O)/tests/sim/original.o

# The harness with all its benchmarks, and the programs that time one part of
# the library by its internal headers.
$(O)/bin/troupe-bench: $(BENCH_SRC:%.c=$(O)/%.o) $(O)/gen/tests/bench/bench.pb-c.o \
		$(O)/lib/libtroupe.a | $(PEER_FILES)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -rdynamic -o $@ $(filter %.o,$^) $(O)/lib/libtroupe.a \
		-Wl,--wrap=trp_arena_create,--wrap=trp_arena_fini \
		$(LIBS) -lm

$(O)/bin/bench-%: $(O)/tests/bench/parts/%.o $(O)/lib/libtroupe.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -rdynamic -o $@ $^ $(LIBS) -lm

# Changes with the revision, which is part of every figure.
REVISION := $(shell git describe --always --dirty 2>/dev/null)
$(O)/revision: always
	@mkdir -p $(@D)
	@echo '$(REVISION)' | cmp -s - $@ || echo '$(REVISION)' > $@
$(O)/tests/bench/context.o: $(O)/revision
$(O)/tests/bench/context.o: INTERNAL += \
	-DBENCH_REVISION='"$(REVISION)"' \
	-DBENCH_FLAGS='"$(OPTIMISE) $(CFLAGS)"'

tests: all $(foreach d,$(TEST_DIRS),$(call test_bin,$(d)))
benches: $(O)/bin/troupe-bench $(BENCHES:%=$(O)/bin/bench-%)

# The first two commands of the README do all the set-up: the packages that
# are missing are installed first, then make starts over and sees them.
run:
	@./tests/support/packages build
	@$(MAKE) --no-print-directory do-run
do-run: all
	$(O)/bin/troupe run $(O)/examples/monitor.so $(ARGS)

test:
	@./tests/support/packages build test
	@$(MAKE) --no-print-directory do-test
do-test: tests
	@./tests/support/run-tests $(O) $(TEST_DIRS) $(WAYS)

bench:
	@./tests/support/packages build
	@$(MAKE) --no-print-directory do-bench
do-bench: benches
	$(O)/bin/troupe-bench $(ARGS)

# Installs the peers that Debian has; the next build finds them.
bench-peers:
	@./tests/support/packages build peers

# A page of how ours are beside the peers, of bytes by size, of latencies and of
# how many there may be: asleep, left to itself and spinning, for these are three
# worlds.
bench-report:
	@./tests/support/packages build peers report
	@$(MAKE) --no-print-directory do-bench-report
BENCH_REPORT = $(O)/bench
BENCH_OURS     = '^ask$$' '^oneway' '^latency'
BENCH_SLEEPING = $(BENCH_OURS) '^fanin$$' floor idle restart reports timer scale \
		'^(pipes|unix_[a-z]*|mqueue|zeromq|nng|boost|iceoryx|python)_'
BENCH_ADAPTIVE = $(BENCH_OURS) '^fanin$$' '^(erlang|caf)_'
# There is a report of the others, too, when a benchmark has failed.
do-bench-report: $(O)/bin/troupe-bench
	@mkdir -p $(BENCH_REPORT)
	@failed=0; out=$(BENCH_REPORT); \
	$(O)/bin/troupe-bench --spin never --out $$out/sleeping.json \
		$(BENCH_SLEEPING) $(ARGS) || failed=1; \
	$(O)/bin/troupe-bench --spin always --pin two --out $$out/spinning.json \
		$(BENCH_OURS) floor_line $(ARGS) || failed=1; \
	$(O)/bin/troupe-bench --spin auto --out $$out/adaptive.json \
		$(BENCH_ADAPTIVE) $(ARGS) || failed=1; \
	$(O)/bin/troupe-bench report $$out/sleeping.json $$out/adaptive.json \
		$$out/spinning.json -o $$out/report.html || exit 1; \
	echo "see $$out/report.html"; exit $$failed

# Every benchmark once, in its smallest size, with its result checked; then
# again with the smallest mailboxes.
bench-smoke:
	@./tests/support/packages build
	@$(MAKE) --no-print-directory do-bench-smoke
do-bench-smoke: $(O)/bin/troupe-bench
	$(O)/bin/troupe-bench --dry-run --timeout 20
	$(O)/bin/troupe-bench --dry-run --timeout 20 --mailbox 256

# What elections cost, by the number of nodes, in the virtual network.
beacon:
	@./tests/support/packages build test
	@$(MAKE) --no-print-directory do-beacon
do-beacon: $(O)/bin/test-sim
	@BEACON_PLOT=$(O)/beacon.svg $(O)/bin/test-sim --filter 'table/*'
	@echo 'see $(O)/beacon.svg'

lint:
	@./tests/support/packages build test lint
	@./tests/support/lint $(O)

# Each where the others are lenient: gcc links without libm when it optimises.
compilers:
	@./tests/support/packages build test lint
	@$(MAKE) --no-print-directory CC=gcc CFLAGS='-O0 -Werror' O=build/gcc all
	@$(MAKE) --no-print-directory CC=clang CFLAGS='-O2 -Werror' O=build/clang all
	@$(MAKE) --no-print-directory CFLAGS='-O2 -Werror' HAVE= O=build/bare all

fuzz:
	@[ -n '$(FUZZERS)' ] || { echo 'no fuzzers in tests/fuzz' >&2; exit 1; }
	@./tests/support/packages build lint
	@./tests/support/fuzz $(FUZZERS)

# Criterion cannot run under ThreadSanitizer, so these have a main of their own.
RACES = $(basename $(notdir $(wildcard tests/race/*.c)))
$(O)/bin/race-%: $(O)/tests/race/%.o $(SUPPORT) $(O)/lib/libtroupe.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lpthread
race:
	@[ -n '$(RACES)' ] || { echo 'no programs in tests/race' >&2; exit 1; }
	@./tests/support/packages build
	@$(MAKE) --no-print-directory SANITIZE=thread CFLAGS='-g -Wno-tsan' do-race
do-race: $(RACES:%=$(O)/bin/race-%)
	@for r in $(RACES); do $(O)/bin/race-$$r || exit 1; done

model:
	@./tests/support/packages build lint
	@./tests/support/model

# What the README says of an installed troupe, with pkg-config alone.
check-install:
	@./tests/support/packages build
	@./tests/support/check-install

compile_commands.json:
	bear -- $(MAKE) -B tests

# ---- install ---------------------------------------------------------------

# FUNCTION.3:PAGE.3 for all that a page has in its NAME, so that man finds them.
PAGE_NAMES = $(shell sed -n '/^.Sh NAME/,/^.Nd/s/^.Nm \([a-z_]*\).*/\1/p' $(1))
PAGE_LINKS = $(foreach p,$(PAGES),$(patsubst %,%$(suffix $(p)):$(notdir $(p)),\
	$(filter-out $(basename $(notdir $(PAGES))),$(call PAGE_NAMES,$(p)))))

install: all
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(MANDIR)/man1 \
		$(DESTDIR)$(MANDIR)/man3 $(DESTDIR)$(MANDIR)/man7
	install -m 755 $(O)/lib/libtroupe.so $(DESTDIR)$(LIBDIR)/libtroupe.so.$(VERSION)
	ln -sf libtroupe.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libtroupe.so
	install -m 644 $(O)/lib/libtroupe.a $(DESTDIR)$(LIBDIR)/libtroupe.a
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/
	$(CC) $(LDFLAGS) -o $(DESTDIR)$(BINDIR)/troupe $(PROGRAM_OBJ) -L$(O)/lib -ltroupe \
		-Wl,-rpath,$(LIBDIR) $(LIBS)
	sed -e 's|@PREFIX@|$(PREFIX)|;s|@LIBDIR@|$(LIBDIR)|;s|@INCLUDEDIR@|$(INCLUDEDIR)|;s|@VERSION@|$(VERSION)|' \
		runtime/troupe.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/troupe.pc
	for s in 1 3 7; do install -m 644 runtime/man/*.$$s $(DESTDIR)$(MANDIR)/man$$s/; done
	@for link in $(PAGE_LINKS); do name=$${link%:*}; \
		ln -sf $${link#*:} $(DESTDIR)$(MANDIR)/man$${name##*.}/$$name; done

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/troupe $(DESTDIR)$(LIBDIR)/libtroupe.* \
		$(DESTDIR)$(LIBDIR)/pkgconfig/troupe.pc \
		$(HEADERS:runtime/%=$(DESTDIR)$(INCLUDEDIR)/%) \
		$(foreach p,$(PAGES) $(foreach l,$(PAGE_LINKS),$(firstword $(subst :, ,$(l)))),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(p)))/$(notdir $(p)))

clean:
	rm -rf build compile_commands.json

-include $(shell find $(O) -name '*.d' 2>/dev/null)
