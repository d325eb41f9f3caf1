# SPDX-License-Identifier: MIT
#
# make                the library, the program and the examples, in build/
# make run            installs what is missing, builds, runs the monitor example
# make test           the same for the tests; ends with one line of totals
# make lint           layering, format, clang-tidy
# make install        PREFIX=/usr/local, DESTDIR=
# make help           everything else
# V=1                 shows each command

VERSION := 0.1.0
SONAME  := libtroupe.so.0
KIT_SONAME := libtroupe-test.so.0

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
BASHDIR    ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR     ?= $(PREFIX)/share/zsh/site-functions
DOCDIR     ?= $(PREFIX)/share/doc/troupe
# The program finds the library also where the loader does not look.
RPATH      ?= -Wl,-rpath,$(LIBDIR)

CC     ?= cc
PROTOC_C ?= protoc-c
PKG_CONFIG ?= pkg-config
comma  := ,
O      := build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))

# As many at once as there are processors; -j on the command line goes before.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

# ---- what is built ---------------------------------------------------------

# Optional parts: a source file named in OPTIONAL_<pkg> is built only where
# pkg-config knows <pkg>.  `make help` and `troupe doctor` say what was left
# out.
OPTIONAL := libcbor msgpack libmosquitto libnats libcrypto inih hiredis
OPTIONAL_libcbor      := serialize/beacon/cbor.c
OPTIONAL_msgpack      := serialize/beacon/msgpack.c ipc/bus/serf.c
OPTIONAL_libmosquitto := ipc/bus/mqtt.c ipc/bus/mqtt_client.c ipc/bus/mqtt_mail.c \
			 ipc/bus/mqtt_presence.c
OPTIONAL_libnats      := ipc/bus/nats.c ipc/bus/nats_link.c ipc/bus/nats_mail.c
OPTIONAL_libcrypto    := runtime/session/seal.c
OPTIONAL_hiredis      := runtime/redis/mailbox.c runtime/redis/connection.c \
			 runtime/redis/entry.c runtime/redis/list.c \
			 runtime/redis/url.c
HAVE    := $(shell for p in $(OPTIONAL); do \
		$(PKG_CONFIG) --exists $$p 2>/dev/null && echo $$p; done)
HAVENOT := $(filter-out $(HAVE),$(OPTIONAL))
# wslay has no .pc file in Debian.
HAVE_WSLAY := $(if $(wildcard /usr/include/wslay/wslay.h \
		 /usr/local/include/wslay/wslay.h),wslay)
OPTIONAL_wslay := runtime/websocket/frames.c
# For troupe web and troupe top; of the program alone, so no flags of the library's.
PROGRAM_PARTS := libmicrohttpd ncursesw
HAVE_TOO := $(shell for p in $(PROGRAM_PARTS); do \
		$(PKG_CONFIG) --exists $$p 2>/dev/null && echo $$p; done)
WITHOUT := $(foreach p,$(HAVENOT) $(if $(HAVE_WSLAY),,wslay),$(OPTIONAL_$(p)))
upper    = $(shell echo $(1) | tr a-z- A-Z_)

PROGRAM_SRC := $(wildcard runtime/cli/*.c)
HEADERS     := $(wildcard runtime/troupe*.h)
PAGES       := $(wildcard runtime/man/*.[1-9])
# A library of its own: no actor needs it outside of tests.
KIT_SRC     := $(wildcard runtime/test/*.c)
KIT_OBJ     := $(KIT_SRC:%.c=$(O)/%.o) $(O)/gen/runtime/test/order.pb-c.o
LIBRARY_SRC := $(filter-out $(PROGRAM_SRC) $(KIT_SRC) $(WITHOUT), \
		 $(wildcard ipc/*.c ipc/*/*.c serialize/*.c serialize/*/*.c runtime/*/*.c))
EXAMPLES    := $(filter-out $(if $(HAVE_WSLAY),,websocket) book_test, \
		 $(basename $(notdir $(wildcard examples/*.c))))
PROTOS      := $(wildcard serialize/*.proto runtime/*/*.proto examples/*.proto \
		 tests/*/*.proto tests/*/*/*.proto)
WEB_FILES   := $(foreach e,html css js,$(O)/gen/runtime/cli/web.$(e).h)
GENERATED   := $(PROTOS:%.proto=$(O)/gen/%.pb-c.c) $(O)/gen/libraries.h $(WEB_FILES)
LIBRARY_OBJ := $(LIBRARY_SRC:%.c=$(O)/%.o) \
	       $(filter-out $(KIT_OBJ),$(patsubst %.proto,$(O)/gen/%.pb-c.o,$(wildcard runtime/*/*.proto serialize/*.proto)))
PROGRAM_OBJ := $(PROGRAM_SRC:%.c=$(O)/%.o)

# ---- how -------------------------------------------------------------------

PACKAGES  = liburing libprotobuf-c jansson $(HAVE)
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	    -Wpointer-arith -Wundef -Wvla -Wno-unused-parameter
OPTIMISE ?= $(if $(SANITIZE),-O1 -fno-omit-frame-pointer,-O2)
CFLAGS   ?= -g
# TRP_CHECK(trp_x_check(x)) checks the invariants of x where a sanitizer does: the
# first 500 times that a thread comes there and then each 128th, for a check may
# visit all that there is.
CHECKS   ?= $(SANITIZE)
CHECK_CALL = $(if $(CHECKS),({ static _Thread_local unsigned n_; \
	if (n_++ < 500 || n_ % 128 == 0) { call; } }),(void)(0&&((call),0)))
BASE_CFLAGS = -std=gnu17 -D_GNU_SOURCE $(WARNINGS) $(OPTIMISE) $(CFLAGS) \
	      -fPIC -fno-semantic-interposition \
	      $(if $(SANITIZE),-fsanitize=$(SANITIZE)) \
	      $(foreach p,$(HAVE) $(HAVE_WSLAY),-DHAVE_$(call upper,$(p))) \
	      -D'TRP_CHECK(call)=$(CHECK_CALL)' \
	      -DTROUPE_VERSION='"$(VERSION)"' -MMD -MP
INTERNAL  = $(BASE_CFLAGS) -I. -I$(O)/gen $(shell $(PKG_CONFIG) --cflags $(PACKAGES))
# An example sees what a user sees: the public header, its own messages and a
# compiler without -D_GNU_SOURCE.  protobuf-c's strings are not const.
EXAMPLE   = $(filter-out -D_GNU_SOURCE,$(BASE_CFLAGS)) \
	    -Iruntime -I$(O)/gen/examples \
	    $(shell $(PKG_CONFIG) --cflags libprotobuf-c)
# The libraries of clients are loaded where they are used (ipc/library.h).
# liburing is small: as a part of libtroupe it costs an actor no mappings.
URING    := $(or $(wildcard $(shell $(CC) -print-file-name=liburing.a)),\
	      $(shell $(PKG_CONFIG) --libs liburing))
LIBS      = $(URING) $(shell $(PKG_CONFIG) --libs libprotobuf-c) -ldl
# One mapping for what is only read, where separate code makes it three: each
# costs every fork.
LDFLAGS  += $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -Wl,-z,now -Wl,-z,relro \
	    -Wl,-z,noseparate-code

# V=1 shows the commands, -s shows nothing.
silent = $(findstring s,$(filter-out --%,$(firstword $(MAKEFLAGS))))
quiet  = $(if $(V),,@$(if $(silent),,printf '  %-6s%s\n' $(1) $(@:$(O)/%=%);) )

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run do-run test do-test lint check-install install uninstall deb clean help always

all: $(O)/lib/libtroupe.a $(O)/lib/libtroupe.so $(O)/bin/troupe \
     $(O)/lib/libtroupe-test.a $(O)/lib/libtroupe-test.so \
     $(EXAMPLES:%=$(O)/examples/%.so) $(O)/examples/book_test

help:
	@sed -n '3,9s/^# \{0,1\}//p' Makefile
	@echo 'make bench          what actors cost: ARGS=--help'
	@echo 'make bench-peers    installs what it compares with'
	@echo 'make bench-report   a page of charts, ours beside others: build/bench/report.html'
	@echo 'make bench-smoke    each benchmark once, with its result checked'
	@echo 'make beacon         packets and times of 5 to 1,000 nodes: a table, build/beacon.svg'
	@echo 'make fuzz           each fuzzer for FUZZ_SECONDS=20 (clang)'
	@echo 'make soak           actors among deaths, ends and stray stores for SECONDS=300: SEED= ACTORS= TREES='
	@echo 'make race           what two threads may share, under ThreadSanitizer'
	@echo 'make mutants        which of N=40 small changes to the code no test sees: SEED='
	@echo 'make model          the SPIN models of the wake protocol and of successions'
	@echo 'make compilers      builds with gcc, clang, and without optional parts'
	@echo 'make deb            Debian packages, checked by lintian: build/deb'
	@echo 'make check-install  the lines of the README, in a temporary prefix'
	@echo 'make clean          removes build/'
	@echo 'SANITIZE=address,undefined with any of these: in build/address-undefined'
	@echo 'CHECKS=1 checks the invariants as such a build does, without a sanitizer'
	@echo 'optional parts built:    $(if $(HAVE),$(HAVE),none)'
	@echo 'optional parts left out: $(if $(HAVENOT),$(HAVENOT),none)'
	@echo 'troupe web:              $(if $(filter libm%,$(HAVE_TOO)),built,left out (libmicrohttpd))'
	@echo 'troupe top:              $(if $(filter nc%,$(HAVE_TOO)),built,left out (ncursesw))'
	@echo 'WebSockets:              $(if $(HAVE_WSLAY),built,left out (wslay))'

# Said before the compiler fails for it.
MISSING := $(shell for p in liburing libprotobuf-c jansson; do \
		$(PKG_CONFIG) --exists $$p 2>/dev/null || echo $$p; done; \
		for c in $(firstword $(CC)) $(PKG_CONFIG) $(PROTOC_C); do \
		command -v $$c >/dev/null || echo $$c; done)

# Changes when the flags do, as when an optional package has been installed
# since; everything compiled depends on it.
$(O)/flags: always
	@[ -z '$(MISSING)' ] || { echo 'make: not installed: $(MISSING);' \
		'"make run" installs what is missing on a Debian' >&2; exit 1; }
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CC) $(BASE_CFLAGS) $(HAVE_TOO))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(CC) $(BASE_CFLAGS) $(HAVE_TOO))' > $@
always:

$(O)/gen/%.pb-c.c $(O)/gen/%.pb-c.h: %.proto | $(O)/flags
	@mkdir -p $(@D)
	$(call quiet,PROTO)$(PROTOC_C) --proto_path=$(<D) --c_out=$(@D) $<

# A file as a literal of C.
$(WEB_FILES): $(O)/gen/%.h: %
	@mkdir -p $(@D)
	@sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $< > $@

# LIBRARY_<pkg> is the file that a program linked to it would name; "": the part
# is not built.  (A cross compiler cannot link, and gets that of developers.)
$(O)/gen/libraries.h: $(O)/flags
	@mkdir -p $(@D)
	@for p in jansson $(OPTIONAL) wslay $(PROGRAM_PARTS); do file=; \
		case ' jansson $(HAVE) $(HAVE_WSLAY) $(HAVE_TOO) ' in *" $$p "*) \
			libs=$$($(PKG_CONFIG) --libs $$p 2>/dev/null || echo -l$$p); \
			echo 'int none;' | $(CC) -shared -fPIC -nostdlib -o $@.so \
				-x c - -x none -Wl,--no-as-needed $$libs 2>/dev/null && \
			file=$$(objdump -p $@.so | awk '$$1 == "NEEDED" { print $$2; exit }'); \
			file=$${file:-lib$$(expr "$$libs" : '.*-l\([^ ]*\)').so};; \
		esac; \
		echo "#define LIBRARY_$$(echo $$p | tr a-z- A-Z_) \"$$file\""; \
	done > $@; rm -f $@.so

$(O)/runtime/cli/doctor.o: BASE_CFLAGS += -DTROUPE_PARTS='"$(strip $(HAVE) $(HAVE_WSLAY) $(HAVE_TOO))"'
$(O)/runtime/cli/top.o $(O)/runtime/cli/web_server.o: BASE_CFLAGS += \
	$(foreach p,$(HAVE_TOO),-DHAVE_$(call upper,$(p)))

$(O)/gen/%.o: $(O)/gen/%.c $(O)/flags
	$(call quiet,CC)$(CC) $(INTERNAL) -Wno-missing-prototypes -c $< -o $@

$(O)/%.o: %.c $(O)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(INTERNAL) -c $< -o $@

$(O)/lib/libtroupe.a: $(LIBRARY_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR)$(AR) rcs $@ $^

$(O)/lib/libtroupe.so: $(LIBRARY_OBJ) runtime/libtroupe.map runtime/hot.ld
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=runtime/libtroupe.map -Wl,-Bsymbolic \
		-Wl,-T,runtime/hot.ld \
		$(if $(SANITIZE),,-Wl,-z,defs) $(LDFLAGS) -o $@ $(LIBRARY_OBJ) $(LIBS)
	@ln -sf libtroupe.so $(O)/lib/$(SONAME)

$(O)/lib/libtroupe-test.a: $(KIT_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(call quiet,AR)$(AR) rcs $@ $^

$(O)/lib/libtroupe-test.so: $(KIT_OBJ) runtime/libtroupe-test.map $(O)/lib/libtroupe.so
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) -shared -Wl,-soname,$(KIT_SONAME) -Wl,--version-script=runtime/libtroupe-test.map \
		$(if $(SANITIZE),,-Wl,-z,defs) $(LDFLAGS) -o $@ $(KIT_OBJ) -L$(O)/lib -ltroupe $(LIBS)
	@ln -sf libtroupe-test.so $(O)/lib/$(KIT_SONAME)

$(O)/bin/troupe: $(PROGRAM_OBJ) $(O)/lib/libtroupe.so
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(LDFLAGS) -o $@ $(PROGRAM_OBJ) -L$(O)/lib -ltroupe \
		-Wl,-rpath,'$$ORIGIN/../lib' $(LIBS)

$(O)/examples/%.o: examples/%.c $(O)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(EXAMPLE) -c $< -o $@

$(O)/gen/examples/%.o: $(O)/gen/examples/%.c $(O)/flags
	$(call quiet,CC)$(CC) $(EXAMPLE) -c $< -o $@

define link_example
	$(call quiet,LD)$(CC) -shared $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(O)/lib -ltroupe \
		-Wl,-rpath,'$$ORIGIN/../lib' $(shell $(PKG_CONFIG) --libs libprotobuf-c)
endef
$(O)/examples/%.so: $(O)/examples/%.o $(O)/gen/examples/%.pb-c.o $(O)/lib/libtroupe.so
	$(link_example)
# The steps of troupe-tutorial(7) have one set of messages.
$(O)/examples/book_%.so: $(O)/examples/book_%.o $(O)/gen/examples/book.pb-c.o $(O)/lib/libtroupe.so
	$(link_example)
$(O)/examples/book_test: $(O)/examples/book_test.o $(O)/examples/book_5.o \
		$(O)/gen/examples/book.pb-c.o $(O)/lib/libtroupe-test.so $(O)/lib/libtroupe.so
	$(call quiet,LD)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -L$(O)/lib -ltroupe-test -ltroupe \
		-Wl,-rpath,'$$ORIGIN/../lib' $(shell $(PKG_CONFIG) --libs libprotobuf-c)
# They have no messages of their own.
$(O)/examples/echo.so $(O)/examples/websocket.so: $(O)/examples/%.so: \
		$(O)/examples/%.o $(O)/lib/libtroupe.so
	$(link_example)

include tests/tests.mk
include tests/bench/bench.mk

# The first two commands of the README do all the set-up: the packages that
# are missing are installed first, then make starts over and sees them.
run:
	@./tests/support/packages build
	@$(MAKE) --no-print-directory do-run
do-run: all
	$(O)/bin/troupe run $(O)/examples/monitor.so $(ARGS)
	@echo 'Next: $(O)/bin/troupe run $(O)/examples/ring.so 1000'
	@echo '      man -l runtime/man/troupe-tutorial.7, README.md, examples/README.md'

test:
	@./tests/support/packages build test
	@$(MAKE) --no-print-directory do-test
do-test: tests
	@./tests/support/run-tests $(O) $(TEST_DIRS) $(WAYS)

lint:
	@./tests/support/packages build test lint
	@./tests/support/lint $(O)

# The steps of the README for an installed troupe, with pkg-config alone.
check-install:
	@./tests/support/packages build test
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
		$(DESTDIR)$(MANDIR)/man3 $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(DOCDIR)
	for l in libtroupe libtroupe-test; do \
		install -m 755 $(O)/lib/$$l.so $(DESTDIR)$(LIBDIR)/$$l.so.$(VERSION) && \
		ln -sf $$l.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$$l.so.0 && \
		ln -sf $$l.so.0 $(DESTDIR)$(LIBDIR)/$$l.so && \
		install -m 644 $(O)/lib/$$l.a $(DESTDIR)$(LIBDIR)/$$l.a || exit 1; done
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)/
	$(CC) $(LDFLAGS) -o $(DESTDIR)$(BINDIR)/troupe $(PROGRAM_OBJ) -L$(O)/lib -ltroupe \
		$(RPATH) $(LIBS)
	for p in troupe troupe-test; do \
		sed -e 's|@PREFIX@|$(PREFIX)|;s|@LIBDIR@|$(LIBDIR)|;s|@INCLUDEDIR@|$(INCLUDEDIR)|;s|@VERSION@|$(VERSION)|' \
			runtime/$$p.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/$$p.pc || exit 1; done
	install -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR)
	install -m 644 runtime/cli/completion.bash $(DESTDIR)$(BASHDIR)/troupe
	install -m 644 runtime/cli/completion.zsh $(DESTDIR)$(ZSHDIR)/_troupe
	sed 's|@BINDIR@|$(BINDIR)|;s|@LIBDIR@|$(LIBDIR)|g' \
		'runtime/service/troupe@.service.in' > '$(DESTDIR)$(DOCDIR)/troupe@.service'
	for s in 1 3 7; do install -m 644 runtime/man/*.$$s $(DESTDIR)$(MANDIR)/man$$s/; done
	@for link in $(PAGE_LINKS); do name=$${link%:*}; \
		ln -sf $${link#*:} $(DESTDIR)$(MANDIR)/man$${name##*.}/$$name; done
	@# So that programs find the library, tests of actors and guests, and man -k the pages.
	@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" != 0 ] || ldconfig 2>/dev/null || :
	@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" != 0 ] || mandb -q 2>/dev/null || :

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/troupe '$(DESTDIR)$(DOCDIR)/troupe@.service' \
		$(DESTDIR)$(LIBDIR)/libtroupe.* \
		$(DESTDIR)$(LIBDIR)/libtroupe-test.* \
		$(DESTDIR)$(LIBDIR)/pkgconfig/troupe.pc $(DESTDIR)$(LIBDIR)/pkgconfig/troupe-test.pc \
		$(DESTDIR)$(BASHDIR)/troupe $(DESTDIR)$(ZSHDIR)/_troupe \
		$(HEADERS:runtime/%=$(DESTDIR)$(INCLUDEDIR)/%) \
		$(foreach p,$(PAGES) $(foreach l,$(PAGE_LINKS),$(firstword $(subst :, ,$(l)))),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(p)))/$(notdir $(p)))

# Packages for this Debian, in build/deb; see runtime/debian.
DEB := $(O)/deb/troupe-$(VERSION)
deb:
	@./tests/support/packages build deb
	@grep -q '^troupe ($(VERSION))' runtime/debian/changelog || { \
		echo 'make: runtime/debian/changelog is of another version' >&2; exit 1; }
	rm -rf $(O)/deb && mkdir -p $(DEB)
	tar -c --exclude=./build --exclude=./.git . | tar -x -C $(DEB)
	cp -r runtime/debian $(DEB)/debian
	cd $(DEB) && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -b
	lintian --fail-on error,warning $(O)/deb/*.changes
	@ls $(O)/deb/*.deb

clean:
	rm -rf build compile_commands.json

-include $(shell find $(O) -name '*.d' 2>/dev/null)
