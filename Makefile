# dpwatch: one Makefile for everything; `make help` lists what it can do.
# Objects go to $(BUILD); a sanitizer build has a folder of its own, so that both can stand side by side.

VERSION = 0.1.0
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
SECONDS ?= 30
SANITIZE ?=
ifdef SANITIZE
BUILD ?= build/sanitize
else
BUILD ?= build
endif

CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition \
	-Wvla -Wwrite-strings -Wshadow -Wpointer-arith -Wformat=2 -Wno-format-nonliteral -Wundef
SAN_FLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all)
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE= $(CFLAGS) $(WARNINGS) $(SAN_FLAGS) -Iinclude -Itests \
	-DDPWATCH_VERSION='"$(VERSION)"'
ALL_LDFLAGS = $(LDFLAGS) $(SAN_FLAGS)

LAYERS = util tls core io admin
PROGRAMS = dpwatchd dpwatch dpwatch-neutron
CORE_LIBS = -lpcre2-8 -ljansson -lm -lz
dpwatchd_LIBS = -pthread -lnetsnmp -levent_openssl -levent -lhiredis -lsystemd -lssl -lcrypto $(CORE_LIBS)
dpwatch_LIBS = -lcurl $(CORE_LIBS)
neutron_LIBS = -pthread -lcurl -lyaml -levent_openssl -levent -lhiredis -lsystemd -lssl -lcrypto $(CORE_LIBS)
CHECK_LIBS = -lcheck_pic -pthread -lrt -lm -lsubunit

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
layer_sources = $(sort $(wildcard src/$(1)/*.c src/$(1)/*/*.c))
LAYER_ARCHIVES = $(LAYERS:%=$(BUILD)/lib%.a)
CORE_ARCHIVES = $(BUILD)/libcore.a $(BUILD)/libutil.a
HEADERS = $(sort $(wildcard include/*/*.h))
SOURCES = $(sort $(wildcard src/*/*.c src/*/*/*.c tests/*.c tests/*/*.c))
LIB_TESTS = $(sort $(wildcard tests/lib/*.c))
UNIT_TESTS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(sort $(wildcard tests/check_*.c)))
INTEGRATION_TESTS = $(patsubst tests/integration/%.c,$(BUILD)/tests/integration/%,$(sort $(wildcard tests/integration/check_*.c)))
FUZZERS = $(patsubst tests/fuzz/%.c,build/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
BENCH_PARTS = tests/bench/common.c tests/bench/toggles.c tests/bench/traffic.c
BENCHES = $(addprefix $(BUILD)/bench/,floor growth latency loadgen matcher topology v3gen)

Q = $(if $(V),,@)
# What a new user types builds with all processors, unless make was told how many.
AT_ONCE = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
ifeq ($(strip $(BUILD)),)
$(error BUILD is empty: objects would go to the root of the file system)
endif
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all help deps run demo test test-all unit integration check-layers check-pure check-headers check-oids lint \
	format bench bench-syslog bench-topology bench-poll bench-api bench-tools fuzz install uninstall clean FORCE

all: $(PROGRAMS:%=$(BUILD)/%)

help:
	@echo 'make            build the programs into $(BUILD)/'
	@echo 'make run        install what is missing, build, and run a daemon of your own on loopback'
	@echo 'make demo       the same as a script: each step is shown, and it stops by itself'
	@echo 'make test       install what is missing, build, and run every test'
	@echo 'make unit | integration | lint | check-layers | check-pure | check-headers | check-oids | format'
	@echo 'make bench      the daemon beside a bare floor, as ratios      make fuzz SECONDS=30'
	@echo 'make bench-FIGURE     one of them: traps, latency, burst, v3 ... (scripts/bench --help)'
	@echo 'make bench-syslog     syslog lines a second: the matcher on one core, and beside rsyslog'
	@echo 'make bench-poll       1,000 switches restart: until all were asked, requests a second, stalls'
	@echo 'make bench-api        trap to toggle while 1,000 slow clients and other crowds are at the API'
	@echo 'make bench-topology   maps of 10,000 to 1,000,000 ports: loading, memory, stalls, events'
	@echo 'make chaos SECONDS=60   kills, stops and starves daemon and Redis, and checks that nothing is lost'
	@echo 'make test-openstack  openstack'\''s client, a real Neutron and a real Keystone (Debian packages, some minutes)'
	@echo 'make test-systemd    the units under a systemd that is booted for it, in namespaces (needs root)'
	@echo 'make install | uninstall   PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)'
	@echo 'variables       SANITIZE=address,undefined  CC=clang  CFLAGS=...  V=1'

# ---- flags: objects are made anew when the compiler or its flags change; where it will be installed matters to few ----
PATH_FLAGS = -DDPWATCH_PREFIX='"$(PREFIX)"' -DDPWATCH_SYSCONFDIR='"$(SYSCONFDIR)"'
PATH_OBJECTS = $(call objects,src/core/config/config_table.c src/dpwatchd/main.c src/dpwatch-neutron/main.c tests/check_config.c)
$(BUILD)/flags: TEXT = $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(BUILD)/paths: TEXT = $(PATH_FLAGS)
$(BUILD)/flags $(BUILD)/paths: FORCE
	@mkdir -p $(@D); printf '%s\n' "$(subst ",\",$(TEXT))" | cmp -s - $@ || \
		printf '%s\n' "$(subst ",\",$(TEXT))" > $@
FORCE:

$(PATH_OBJECTS): MORE_CFLAGS = $(PATH_FLAGS)
$(PATH_OBJECTS): $(BUILD)/paths
$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(Q)mkdir -p $(@D)
	$(if $(V),,@echo '  CC    $<')
	$(Q)$(CC) $(ALL_CFLAGS) $(MORE_CFLAGS) -MMD -MP -c -o $@ $<

define layer_archive
$(BUILD)/lib$(1).a: $$(call objects,$$(call layer_sources,$(1)))
	$$(Q)mkdir -p $$(@D); rm -f $$@; ar rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer_archive,$(l))))

$(BUILD)/dpwatchd: $(call objects,$(call layer_sources,dpwatchd)) $(BUILD)/libadmin.a $(BUILD)/libio.a $(BUILD)/libtls.a $(CORE_ARCHIVES)
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(dpwatchd_LIBS)
$(BUILD)/dpwatch: $(call objects,$(call layer_sources,dpwatch)) $(CORE_ARCHIVES)
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(dpwatch_LIBS)
$(BUILD)/dpwatch-neutron: $(call objects,$(call layer_sources,dpwatch-neutron)) $(BUILD)/libadmin.a $(BUILD)/libio.a $(BUILD)/libtls.a $(CORE_ARCHIVES)
	$(if $(V),,@echo '  LINK  $@')
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(neutron_LIBS)

# ---- tests: a unit test links util, core and check alone, so impure core code does not link ----
$(BUILD)/tests/integration/%: $(BUILD)/obj/tests/integration/%.o $(call objects,$(LIB_TESTS)) $(CORE_ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) -lhiredis -lcrypto $(CORE_LIBS)
$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(call objects,$(LIB_TESTS)) $(CORE_ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(CORE_LIBS)
$(BUILD)/tests/integration/check_https $(BUILD)/tests/integration/check_tls_storm: CHECK_LIBS += -lssl
# Preloaded into a daemon by a test; a sanitizer has an allocator of its own.
$(BUILD)/count_allocations.so: tests/preload/count_allocations.c tests/lib/allocations.h $(BUILD)/flags
	$(Q)$(CC) $(ALL_CFLAGS) -fPIC -shared -o $@ $<
$(BUILD)/tests/integration/check_allocations: | $(if $(SANITIZE),,$(BUILD)/count_allocations.so)
# Parts of io that need neither the loop nor a library are tested without them: the linker takes only these from the archive.
$(BUILD)/tests/check_io_%: $(BUILD)/obj/tests/check_io_%.o $(call objects,$(LIB_TESTS)) $(BUILD)/libio.a $(CORE_ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(CORE_LIBS)
$(BUILD)/tests/check_io_trap_wire: CORE_LIBS += -lnetsnmp
$(BUILD)/tests/check_io_batch_command: CORE_LIBS += -lhiredis
# The handlers of admin/api are tested without sockets, and need their layer.
$(BUILD)/tests/check_api%: $(BUILD)/obj/tests/check_api%.o $(call objects,$(LIB_TESTS)) $(BUILD)/libadmin.a $(CORE_ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) -levent -lcrypto $(CORE_LIBS)

unit: $(UNIT_TESTS)
	$(Q)scripts/run-tests $(UNIT_TESTS)
integration: all bench-tools $(INTEGRATION_TESTS)
	$(Q)BUILD=$(BUILD) scripts/run-tests $(INTEGRATION_TESTS) $(sort $(wildcard tests/integration/*.sh))
test-all: all bench-tools check-layers check-pure $(UNIT_TESTS) $(INTEGRATION_TESTS)
	$(Q)BUILD=$(BUILD) scripts/run-tests $(INTEGRATION_TESTS) $(sort $(wildcard tests/integration/*.sh)) $(UNIT_TESTS)
test: deps
	$(Q)$(MAKE) --no-print-directory $(AT_ONCE) test-all

.PHONY: test-openstack
test-openstack: all
	$(Q)BUILD=$(BUILD) scripts/test-openstack

.PHONY: test-systemd
test-systemd: all
	$(Q)+BUILD=$(BUILD) scripts/test-systemd

# ---- set-up and use ----
deps:
	$(Q)scripts/install-deps
# exec: a shell in between would die of a SIGTERM that make hands on, and leave the daemon running.
run: deps
	$(Q)$(MAKE) --no-print-directory $(AT_ONCE) all
	$(Q)exec env BUILD=$(BUILD) scripts/run
demo: deps
	$(Q)$(MAKE) --no-print-directory $(AT_ONCE) all
	$(Q)exec env BUILD=$(BUILD) scripts/demo

# ---- the rules of the house ----
check-layers:
	$(Q)scripts/check-layers
check-pure: $(CORE_ARCHIVES)
	$(Q)scripts/check-pure $(CORE_ARCHIVES)
check-headers: $(HEADERS:%=$(BUILD)/headers/%.ok)
$(BUILD)/headers/%.ok: % $(BUILD)/flags
	$(Q)mkdir -p $(@D); $(CC) $(ALL_CFLAGS) -fsyntax-only -x c $< && touch $@
check-oids:
	$(Q)scripts/check-oids
lint: check-layers check-headers check-oids
	$(Q)clang-format --dry-run --Werror $(SOURCES) $(HEADERS)
	$(Q)scripts/lint-shell
format:
	$(Q)clang-format -i $(SOURCES) $(HEADERS)

# ---- measuring and fuzzing ----
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(call objects,$(BENCH_PARTS))
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lhiredis -lcrypto -lpthread -lm
$(BUILD)/bench/floor: $(call objects,tests/bench/floor_writes.c)
$(BUILD)/bench/topology: $(call objects,tests/bench/topology_api.c tests/bench/topology_map.c)
# The matcher is measured alone, so it has the core in it.
$(BUILD)/bench/matcher: $(BUILD)/obj/tests/bench/matcher.o $(CORE_ARCHIVES)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CORE_LIBS)
bench-tools: $(BENCHES)
bench: all bench-tools
	$(Q)BUILD=$(BUILD) scripts/bench-topology --growth
	$(Q)BUILD=$(BUILD) scripts/bench
# One figure of `make bench`: traps ios rfc5424 nochange snmptrapd traphandle handleonly latency burst v3 v3many map flood calls linecalls.
bench-%: all bench-tools
	$(Q)BUILD=$(BUILD) scripts/bench --only $*
bench-syslog: all $(BUILD)/bench/matcher
	$(Q)BUILD=$(BUILD) scripts/bench-syslog
bench-topology: all bench-tools
	$(Q)BUILD=$(BUILD) scripts/bench-topology
bench-api: all bench-tools
	$(Q)BUILD=$(BUILD) scripts/bench-api
bench-poll: all
	$(Q)BUILD=$(BUILD) scripts/bench-poll

$(BUILD)/chaos: $(call objects,$(sort $(wildcard tests/chaos/*.c)) $(BENCH_PARTS))
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lhiredis -pthread -lm
chaos: all $(BUILD)/chaos $(BUILD)/bench/loadgen
	$(Q)BUILD=$(BUILD) scripts/chaos $(SECONDS)

FUZZ_FLAGS = -std=gnu11 -D_GNU_SOURCE= -O1 -g $(WARNINGS) -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Iinclude -Itests \
	-DDPWATCH_VERSION='"$(VERSION)"' $(PATH_FLAGS)
build/fuzz/obj/%.o: %.c
	$(Q)mkdir -p $(@D); clang $(subst =fuzzer$(comma),=fuzzer-no-link$(comma),$(FUZZ_FLAGS)) -MMD -MP -c -o $@ $<
comma = ,
build/fuzz/fuzz_%: build/fuzz/obj/tests/fuzz/fuzz_%.o $(patsubst %.c,build/fuzz/obj/%.o,$(call layer_sources,core) $(call layer_sources,util))
	$(Q)mkdir -p $(@D); clang $(FUZZ_FLAGS) -o $@ $^ $(CORE_LIBS)
# The whole way of a datagram, net-snmp included.
FUZZ_SNMP_IO = src/io/snmp/memory_session.c src/io/snmp/snmp_decoder.c src/io/snmp/snmp_varbinds.c src/io/snmp/usm_library.c
build/fuzz/fuzz_snmp: $(patsubst %.c,build/fuzz/obj/%.o,tests/fuzz/fuzz_snmp.c $(FUZZ_SNMP_IO) $(call layer_sources,core) $(call layer_sources,util))
	$(Q)mkdir -p $(@D); clang $(FUZZ_FLAGS) -o $@ $^ -lnetsnmp $(CORE_LIBS)
# What a fuzzer needs beside core and util.
build/fuzz/fuzz_api: $(patsubst %.c,build/fuzz/obj/%.o,$(filter-out src/admin/http/%.c,$(call layer_sources,admin)))
build/fuzz/fuzz_api: CORE_LIBS += -lcrypto
fuzz: $(FUZZERS)
	$(Q)scripts/fuzz $(SECONDS) $(FUZZERS)

# ---- installing ----
# The sample configuration and the manuals name the places of this installation.
AS_INSTALLED = sed 's,/usr/local/share/dpwatch,$(PREFIX)/share/dpwatch,; s,/etc/dpwatch,$(SYSCONFDIR)/dpwatch,g'
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/dpwatch/rules \
		$(DESTDIR)$(PREFIX)/share/dpwatch/mibs $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man7 $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(SYSCONFDIR)/dpwatch/rules.d
	install -m 0755 $(BUILD)/dpwatchd $(DESTDIR)$(PREFIX)/sbin/dpwatchd
	install -m 0755 $(BUILD)/dpwatch-neutron $(DESTDIR)$(PREFIX)/sbin/dpwatch-neutron
	install -m 0755 $(BUILD)/dpwatch $(DESTDIR)$(PREFIX)/bin/dpwatch
	# Of an older version, which may hold the same rules in other files; an operator's own are in rules.d.
	rm -f $(DESTDIR)$(PREFIX)/share/dpwatch/rules/*.rules
	install -m 0644 $(wildcard conf/rules/*.rules) $(DESTDIR)$(PREFIX)/share/dpwatch/rules/
	install -m 0644 $(wildcard mibs/*) $(DESTDIR)$(PREFIX)/share/dpwatch/mibs/
	for page in $(wildcard src/*/*.[1578]); do $(AS_INSTALLED) $$page | \
		install -m 0644 /dev/stdin $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/} || exit 1; done
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 0644 conf/completions/dpwatch $(DESTDIR)$(PREFIX)/share/bash-completion/completions/dpwatch
	install -m 0644 conf/prometheus-alerts.yml conf/prometheus-alerts-neutron.yml conf/topology.example.json \
		$(DESTDIR)$(PREFIX)/share/dpwatch/
	install -m 0755 scripts/dpwatch-webhook $(DESTDIR)$(PREFIX)/share/dpwatch/
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d
	sed 's,/usr/sbin/,$(PREFIX)/sbin/,; s,/etc/,$(SYSCONFDIR)/,' conf/systemd/dpwatchd.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/dpwatchd.service
	install -m 0644 conf/systemd/dpwatchd.socket $(DESTDIR)$(PREFIX)/lib/systemd/system/
	sed 's,/usr/sbin/,$(PREFIX)/sbin/,; s,/etc/,$(SYSCONFDIR)/,' conf/systemd/dpwatch-neutron.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/dpwatch-neutron.service
	install -m 0644 conf/systemd/dpwatch.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/dpwatch.conf
	test -e $(DESTDIR)$(SYSCONFDIR)/dpwatch/dpwatch.conf || \
		$(AS_INSTALLED) conf/dpwatch.conf | install -m 0640 /dev/stdin $(DESTDIR)$(SYSCONFDIR)/dpwatch/dpwatch.conf
# Configuration, rules of one's own, state and the user stay.
uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,sbin/dpwatchd sbin/dpwatch-neutron bin/dpwatch \
		share/bash-completion/completions/dpwatch lib/sysusers.d/dpwatch.conf \
		$(addprefix lib/systemd/system/,dpwatchd.service dpwatchd.socket dpwatch-neutron.service) \
		$(foreach page,$(notdir $(wildcard src/*/*.[1578])),share/man/man$(subst .,,$(suffix $(page)))/$(page)))
	rm -rf $(DESTDIR)$(PREFIX)/share/dpwatch
clean:
	rm -rf build

-include $(shell find $(BUILD)/obj build/fuzz/obj -name '*.d' 2>/dev/null)
