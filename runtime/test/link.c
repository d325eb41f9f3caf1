/* SPDX-License-Identifier: MIT */
/*
 * A lost link drops all that is sent, in both directions; sessions repeat it.
 * After an outage the other node finds its bus down, so this one hears
 * that it has gone.  A node looks at the link when it sends, and else in each
 * LOOK_NS.
 */
#include "runtime/test/link.h"

#include <errno.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "ipc/bus/bus.h"
#include "ipc/bus/kinds.h"
#include "ipc/bus/local.h"
#include "ipc/time.h"

enum { LOOK_NS = 20000000, OUTAGE_MS = 10000 };

/* Shared by the processes of both nodes.  Lost: since <= now < until. */
static struct link {
	_Atomic int64_t since, until;
} * shared;
static char folder[64];
static int64_t outage_ns;
static bool is_other;

/* For that long already. */
static bool is_lost_for(int64_t ns)
{
	int64_t now = trp_time_machine().ns;

	return now < atomic_load(&shared->until) &&
	       now - atomic_load(&shared->since) >= ns;
}

/* ---- the kind `local`, with that link ------------------------------------ */

static const struct trp_bus_kind *under(const struct trp_bus *bus)
{
	return bus->number ? trp_bus_local.mail : &trp_bus_local;
}

static bool is_down(void)
{
	return is_other && is_lost_for(outage_ns);
}

/* It has no state as long as it cannot. */
static int link_connect(struct trp_bus *bus)
{
	return is_down() ? 0 : under(bus)->connect(bus);
}

static void link_disconnect(struct trp_bus *bus)
{
	if (bus->state)
		under(bus)->disconnect(bus);
}

static int link_ready(struct trp_bus *bus)
{
	int r = 0;

	if (is_down())
		return bus->state ? -ENETDOWN : 0;
	if (!bus->state)
		r = under(bus)->connect(bus);
	return r < 0 ? r : under(bus)->ready(bus);
}

static int link_send(struct trp_bus *bus, const void *payload, size_t length)
{
	return is_lost_for(0) ? 0 : under(bus)->send(bus, payload, length);
}

static int link_send_to(struct trp_bus *bus, uint32_t number, const void *frame,
			size_t length, bool is_sure)
{
	return is_lost_for(0) ? 0
			      : under(bus)->send_to(bus, number, frame, length,
						    is_sure);
}

static const struct trp_bus_kind mail = {
	.name = "local",
	.join = "/",
	.connect = link_connect,
	.disconnect = link_disconnect,
	.ready = link_ready,
	.send_to = link_send_to,
	.pause_ns = LOOK_NS,
};
static const struct trp_bus_kind kind = {
	.name = "local",
	.join = "/",
	.connect = link_connect,
	.disconnect = link_disconnect,
	.ready = link_ready,
	.send = link_send,
	.pause_ns = LOOK_NS,
	.mail = &mail,
};

/* ---- its life ------------------------------------------------------------ */

int trp_link_begin(int32_t outage_ms)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		shared = NULL;
		return -ENOMEM;
	}
	strcpy(folder, "/tmp/troupe-test-XXXXXX");
	if (!mkdtemp(folder)) {
		folder[0] = '\0';
		return -errno;
	}
	outage_ns = (outage_ms ? outage_ms : OUTAGE_MS) * INT64_C(1000000);
	trp_bus_kinds_use(&kind);
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int flag,
			struct FTW *at)
{
	remove(path);
	return 0;
}

void trp_link_end(void)
{
	trp_bus_kinds_use(NULL);
	if (folder[0])
		nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	folder[0] = '\0';
	if (shared)
		munmap(shared, sizeof(*shared));
	shared = NULL;
}

const char *trp_link_url(void)
{
	static char url[96];

	snprintf(url, sizeof(url), "local:%s/mesh", folder);
	return url;
}

/* Its control socket is not among those of this user's nodes. */
void trp_link_be_other(void)
{
	is_other = true;
	setenv("XDG_RUNTIME_DIR", folder, 1);
}

void trp_link_lose(int64_t ms)
{
	int64_t now = trp_time_machine().ns;

	atomic_store(&shared->since, now);
	atomic_store(&shared->until,
		     ms < 0 ? INT64_MAX : now + ms * INT64_C(1000000));
}
