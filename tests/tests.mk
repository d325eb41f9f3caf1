# SPDX-License-Identifier: MIT
#
# The tests, and how their programs are built (tests/README.md).

# tests/ mirrors the tree: each folder of it with .c files is one program, but
# for those that have programs of another kind.  The folders that others build
# on are tested before them.
TEST_DIRS   := $(patsubst %/,%,$(sort $(dir $(wildcard tests/*/*.c tests/*/*/*.c))))
TEST_DIRS   := $(patsubst tests/%,%,$(filter-out tests/support tests/fuzz \
		 tests/race tests/bench% %/applications %/programs,$(TEST_DIRS)))
BASIC_DIRS  := $(filter ipc serialize runtime/node runtime/actor,$(TEST_DIRS))
TEST_DIRS   := $(BASIC_DIRS) $(filter-out $(BASIC_DIRS),$(TEST_DIRS))
# Folders that wait are tested with each way of waiting.  The supervisor's kills
# after each instruction take four minutes under sanitizers: once there.
WAITING     := $(filter runtime/node runtime/actor runtime/redis \
		 $(if $(SANITIZE),,runtime/supervisor),$(TEST_DIRS))
WAYS        := $(foreach w,socket epoll,$(addsuffix @$(w),$(WAITING)))
test_bin     = $(O)/bin/test-$(subst /,-,$(1))

# With the libraries that tests themselves call.
TEST_LIBS = $(shell $(PKG_CONFIG) --libs jansson $(filter hiredis,$(HAVE))) $(LIBS)

# ---- tests: tests/<folder>/*.c are one Criterion program ---------------------

# Each program takes what it uses of these, and all of them the hooks.
SUPPORT = $(O)/lib/libsupport.a
HOOKS   = $(O)/tests/support/teardown.o $(O)/tests/support/capture.o
$(SUPPORT): $(filter-out $(HOOKS),$(patsubst %.c,$(O)/%.o,$(wildcard tests/support/*.c))) \
	    $(patsubst %.proto,$(O)/gen/%.pb-c.o,$(wildcard tests/support/*.proto))
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR)$(AR) rcs $@ $^
define test_program
$(call test_bin,$(1)): $$(patsubst %.c,$(O)/%.o,$$(wildcard tests/$(1)/*.c)) \
		$$(patsubst %.proto,$(O)/gen/%.pb-c.o,$$(wildcard tests/$(1)/*.proto)) \
		$$(HOOKS) $$(SUPPORT) $(O)/lib/libtroupe-test.a $(O)/lib/libtroupe.a
	@mkdir -p $$(@D)
	$$(call quiet,LD)$$(CC) $$(LDFLAGS) -rdynamic -o $$@ $$(filter %.o,$$^) $$(SUPPORT) $(O)/lib/libtroupe-test.a $(O)/lib/libtroupe.a $$(TEST_LIBS) -lcriterion -lpthread -lm
endef
$(foreach d,$(TEST_DIRS),$(eval $(call test_program,$(d))))

# Applications and programs that tests run: with what a user has.
parts      = $(wildcard tests/*/$(1)/*.c tests/*/*/$(1)/*.c)
PARTS_SO  := $(patsubst %.c,$(O)/%.so,$(call parts,applications))
PARTS_BIN := $(patsubst %.c,$(O)/%,$(filter-out tests/suite/%,$(call parts,programs)))
PARLOUR   := tests/runtime/control/parlour.pb-c
$(PARTS_SO:.so=.o) $(PARTS_BIN:%=%.o): INTERNAL = \
	$(filter-out -D_GNU_SOURCE,$(BASE_CFLAGS)) -Iruntime \
	-I$(O)/gen/$(dir $(PARLOUR)) \
	$(shell $(PKG_CONFIG) --cflags libprotobuf-c)
$(PARTS_SO): $(O)/%.so: $(O)/%.o $(O)/gen/$(PARLOUR).o \
		$(O)/lib/libtroupe.so
	$(call quiet,LD)$(CC) -shared $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(O)/lib -ltroupe \
		-Wl,-rpath,$(abspath $(O)/lib) $(shell $(PKG_CONFIG) --libs libprotobuf-c)
$(PARTS_BIN): %: %.o $(O)/gen/$(PARLOUR).o $(O)/lib/libtroupe.so $(O)/lib/libtroupe-test.so
	$(call quiet,LD)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(O)/lib \
		-Wl,--as-needed -ltroupe-test -Wl,--no-as-needed -ltroupe \
		-Wl,-rpath,$(abspath $(O)/lib) $(shell $(PKG_CONFIG) --libs libprotobuf-c)
tests: $(PARTS_SO) $(PARTS_BIN)
$(foreach d,runtime/control runtime/cli runtime/supervisor runtime/test examples,$(call test_bin,$(d))): $(PARTS_SO) $(PARTS_BIN) $(O)/bin/troupe

# tests/suite is of the tests themselves: of programs whose tests must fail.
SUITE_BIN := $(patsubst %.c,$(O)/%,$(wildcard tests/suite/programs/*.c))
$(SUITE_BIN): %: %.o $(HOOKS) $(SUPPORT)
	$(call quiet,LD)$(CC) $(LDFLAGS) -o $@ $^ -lcriterion
$(call test_bin,suite): $(SUITE_BIN)

# tests/harness is of the harness itself.
$(O)/bin/test-harness: $(O)/tests/bench/histogram.o $(O)/tests/bench/statistics.o \
		$(O)/tests/bench/lanes.o
$(call test_bin,runtime/cli): $(addprefix $(O)/runtime/cli/,arguments.o cookie.o nearest.o)
$(call test_bin,runtime/mesh): | all
tests: $(if $(filter harness,$(TEST_DIRS)),$(O)/bin/troupe-bench)

tests: all $(foreach d,$(TEST_DIRS),$(call test_bin,$(d)))

.PHONY: tests compilers beacon do-beacon soak do-soak broker-kills fuzz race do-race mutants model

# ---- tests of other kinds ----------------------------------------------------

# The cost of elections, by the number of nodes, in the virtual network.
beacon:
	@./tests/support/packages build test
	@$(MAKE) --no-print-directory do-beacon
do-beacon: $(O)/bin/test-sim
	@BEACON_PLOT=$(O)/beacon.svg $(O)/bin/test-sim --filter 'table/*'
	@echo 'see $(O)/beacon.svg'

FUZZERS     := $(basename $(notdir $(wildcard tests/fuzz/*.c)))
fuzz:
	@[ -n '$(FUZZERS)' ] || { echo 'no fuzzers in tests/fuzz' >&2; exit 1; }
	@./tests/support/packages build lint
	@./tests/support/fuzz $(FUZZERS)

# Chaos among actors, for SECONDS=300: SEED= ACTORS= TREES=.
soak:
	@./tests/support/packages build test
	@$(MAKE) --no-print-directory do-soak
do-soak: $(call test_bin,soak) $(call test_bin,soak/trees) \
	 $(call test_bin,runtime/supervisor) $(call test_bin,runtime/actor)
	@$(if $(SEED),TEST_SEED=$(SEED)) SOAK_ACTORS=$(or $(ACTORS),400) \
		$(if $(TREES),SOAK_TREES=$(TREES)) ./tests/support/soak $(O) $(or $(SECONDS),300)

# A broker that is killed KILLS=100 times in mid-stream: SEED=.
broker-kills: $(call test_bin,runtime/mail)
	@$(if $(SEED),MAIL_SEED=$(SEED)) MAIL_KILLS=$(or $(KILLS),100) $< \
		--filter 'many/a_broker*'

# Criterion cannot run under ThreadSanitizer, so these have a main of their own.
RACES = $(basename $(notdir $(wildcard tests/race/*.c)))
$(O)/bin/race-%: $(O)/tests/race/%.o $(SUPPORT) $(O)/lib/libtroupe.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) -lpthread
race:
	@[ -n '$(RACES)' ] || { echo 'no programs in tests/race' >&2; exit 1; }
	@./tests/support/packages build
	@$(MAKE) --no-print-directory SANITIZE=thread CFLAGS='-g -Wno-tsan' do-race
do-race: $(RACES:%=$(O)/bin/race-%)
	@for r in $(RACES); do $(O)/bin/race-$$r || exit 1; done

# Bugs that the tests miss: N=40 small changes by a SEED.
mutants:
	@./tests/support/packages build test
	@./tests/support/mutants

model:
	@./tests/support/packages build lint
	@./tests/support/model

# Each where the others are lenient: gcc links without libm when it optimises.
compilers:
	@./tests/support/packages build test lint
	@$(MAKE) --no-print-directory CC=gcc CFLAGS='-O0 -Werror' O=build/gcc all
	@$(MAKE) --no-print-directory CC=clang CFLAGS='-O2 -Werror' O=build/clang all
	@$(MAKE) --no-print-directory CFLAGS='-O2 -Werror' HAVE= HAVE_TOO= O=build/bare all
	@$(MAKE) --no-print-directory CC=aarch64-linux-gnu-gcc HAVE= O=build/aarch64 \
		CFLAGS='-O2 -Werror -idirafter /usr/include' build/aarch64/lib/libtroupe.a
