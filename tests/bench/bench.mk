# SPDX-License-Identifier: MIT
#
# The harness, its peers and the report (tests/bench/README.md).

BENCHES     := $(basename $(notdir $(wildcard tests/bench/parts/*.c)))
BENCH_SRC    = $(filter-out tests/bench/parts/% \
		 $(PEERS_ASIDE:%=tests/bench/peers/%.c), \
		 $(wildcard tests/bench/*.c tests/bench/*/*.c))

# Peers that need something are built into $(O)/peers, each by itself, and
# those for which it is not installed say so when asked.
PEERS_HAVE := $(if $(shell $(PKG_CONFIG) --exists libzmq 2>/dev/null && echo yes),zeromq) \
	$(if $(wildcard /usr/include/nng/nng.h),nng) \
	$(if $(wildcard /usr/include/mosquitto.h),mosquitto) \
	$(if $(wildcard /usr/include/nats/nats.h),nats) \
	$(if $(wildcard /usr/include/boost/interprocess/ipc/message_queue.hpp), \
		$(if $(shell command -v $(CXX)),boost)) \
	$(if $(shell command -v iox-roudi), \
		$(if $(wildcard /usr/include/iceoryx/*/iceoryx_binding_c),iceoryx)) \
	$(if $(shell command -v python3),python) \
	$(if $(shell command -v erlc),erlang) \
	$(if $(shell grep -s 'CAF_VERSION 17' /usr/include/caf/config.hpp), \
		$(if $(shell command -v $(CXX)),caf))
PEERS_ASIDE := zeromq nng boost iceoryx mosquitto nats
PEER_FILES  := $(patsubst %,$(O)/peers/%,\
	$(patsubst %,%.so,$(filter $(PEERS_ASIDE),$(PEERS_HAVE))) \
	$(patsubst python,python.py,$(filter python,$(PEERS_HAVE))) \
	$(patsubst erlang,erlang_peer.beam,$(filter erlang,$(PEERS_HAVE))) \
	$(filter caf,$(PEERS_HAVE)))
PEER_LIBS_zeromq  := -lzmq
PEER_LIBS_nng     := -lnng
PEER_LIBS_mosquitto := -lmosquitto
PEER_LIBS_nats    := -lnats
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
	$(call quiet,LD)$(CC) $(INTERNAL) $(PEER_FLAGS_$*) -MF $(basename $@).d -shared $(LDFLAGS) \
		-o $@ $< $(PEER_LIBS_$*)
$(O)/peers/%.so: tests/bench/peers/%.cc $(O)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call quiet,CXX)$(PEER_CXX) -shared $(LDFLAGS) -o $@ $<
$(O)/peers/caf: tests/bench/peers/caf.cc $(O)/flags
	@mkdir -p $(@D)
	$(call quiet,CXX)$(PEER_CXX) $(LDFLAGS) -o $@ $< -lcaf_core
$(O)/peers/%.py: tests/bench/peers/%.py
	@mkdir -p $(@D)
	$(call quiet,CP)cp $< $@
$(O)/peers/%.beam: tests/bench/peers/%.erl
	@mkdir -p $(@D)
	$(call quiet,ERLC)erlc -o $(@D) $<

# One benchmark measures elections in the virtual network of tests/sim.
$(O)/bin/troupe-bench: $(O)/tests/sim/net.o $(O)/tests/sim/original.o

# The harness with all its benchmarks, and the programs that time one part of
# the library by its internal headers.
$(O)/bin/troupe-bench: $(BENCH_SRC:%.c=$(O)/%.o) $(O)/gen/tests/bench/bench.pb-c.o \
		$(O)/lib/libtroupe.a runtime/hot.ld | $(PEER_FILES)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(LDFLAGS) -rdynamic -o $@ $(filter %.o,$^) $(O)/lib/libtroupe.a \
		-Wl,-T,runtime/hot.ld -Wl,--wrap=trp_arena_create,--wrap=trp_arena_fini \
		$(shell $(PKG_CONFIG) --libs jansson) $(LIBS) -lm

$(O)/bin/bench-%: $(O)/tests/bench/parts/%.o $(O)/lib/libtroupe.a
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(LDFLAGS) -rdynamic -o $@ $^ $(LIBS) -lm

# Changes with the revision, which is part of every figure.
REVISION := $(shell git describe --always --dirty 2>/dev/null)
$(O)/revision: always
	@mkdir -p $(@D)
	@echo '$(REVISION)' | cmp -s - $@ || echo '$(REVISION)' > $@
$(O)/tests/bench/context.o: $(O)/revision
$(O)/tests/bench/context.o: INTERNAL += \
	-DBENCH_REVISION='"$(REVISION)"' \
	-DBENCH_FLAGS='"$(OPTIMISE) $(CFLAGS)"'

.PHONY: benches bench do-bench bench-peers bench-report do-bench-report \
	bench-smoke do-bench-smoke
benches: $(O)/bin/troupe-bench $(BENCHES:%=$(O)/bin/bench-%)

bench:
	@./tests/support/packages build
	@$(MAKE) --no-print-directory do-bench
do-bench: benches
	$(O)/bin/troupe-bench $(ARGS)

# Installs the peers that Debian has; the next build finds them.
bench-peers:
	@./tests/support/packages build peers

# A page of charts: each workload of ours beside the others, latencies, and how
# many there may be; asleep, left to itself and spinning.
bench-report:
	@./tests/support/packages build peers report
	@$(MAKE) --no-print-directory do-bench-report
BENCH_REPORT = $(O)/bench
BENCH_OURS     = '^ask$$' '^oneway' '^latency'
BENCH_SLEEPING = $(BENCH_OURS) '^fanin$$' floor idle restart reports timer scale \
		'^(pipes|unix_[a-z]*|tcp|mqueue|zeromq|mosquitto|nats|nng|boost|iceoryx|python)_'
BENCH_ADAPTIVE = $(BENCH_OURS) '^fanin$$' '^(mesh|erlang|caf)_'
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
	python3 tests/bench/report.py $$out/sleeping.json $$out/adaptive.json \
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
