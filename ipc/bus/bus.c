/* SPDX-License-Identifier: MIT */
#include "ipc/bus/bus.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "ipc/bus/kinds.h"

/*
 * All kinds share this: reconnecting.  While not linked, `due` is when the next
 * connection is tried.
 */

#define BACKOFF_MIN_NS INT64_C(100000000)
#define BACKOFF_MAX_NS INT64_C(15000000000)

const char *trp_bus_reason(int error)
{
	switch (-error) {
	case EACCES:
		return "access is refused; check user, password or key, and "
		       "their permissions";
	case ECONNREFUSED:
		return "nobody listens there yet";
	case EHOSTUNREACH:
		return "the host is unknown or unreachable";
	case EPROTO:
		return "the other end speaks another protocol, or TLS does "
		       "not trust it; check port and ca=";
	case EPERM:
		return "the folder is not private to this user; "
		       "it needs mode 0700";
	case ENOENT:
		return "a folder, or a file of ca=, cert= or key=, is not "
		       "there";
	case ELIBACC:
		return "its client library is not here; see `troupe doctor`";
	case EEXIST:
		return "another node has this name";
	case EPIPE:
		return "its actor has ended; another one is started";
	default:
		return strerror(-error);
	}
}

/* ---- connecting, again and again ---------------------------------------- */

static int open_kind(struct trp_bus **ret_bus, const struct trp_bus_kind *kind,
		     const struct trp_bus_address *address,
		     const struct trp_bus_calls *calls, void *user)
{
	struct trp_bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->kind = kind;
	bus->calls = calls;
	bus->user = user;
	bus->address = *address;
	bus->backoff_ns = BACKOFF_MIN_NS;
	bus->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (bus->epoll < 0) {
		r = -errno;
		free(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

int trp_bus_open(struct trp_bus **ret_bus,
		 const struct trp_bus_address *address,
		 const struct trp_bus_calls *calls, void *user)
{
	return open_kind(ret_bus, address->kind, address, calls, user);
}

int trp_bus_open_mail(struct trp_bus **ret_bus,
		      const struct trp_bus_address *address, uint32_t number,
		      const struct trp_bus_calls *calls, void *user)
{
	int r;

	if (!address->kind->mail)
		return -EOPNOTSUPP;
	r = open_kind(ret_bus, address->kind->mail, address, calls, user);
	if (r == 0)
		(*ret_bus)->number = number;
	return r;
}

void trp_bus_check(const struct trp_bus *bus)
{
	assert(bus->is_linked || (!bus->is_up && !bus->state));
	assert(bus->backoff_ns >= BACKOFF_MIN_NS);
	assert(bus->backoff_ns <= BACKOFF_MAX_NS);
	assert(bus->epoll >= 0 && bus->kind && bus->calls);
}

static void unlink_bus(struct trp_bus *bus)
{
	if (bus->is_linked)
		bus->kind->disconnect(bus);
	bus->is_linked = false;
	bus->is_up = false;
	bus->state = NULL;
}

void trp_bus_close(struct trp_bus *bus)
{
	if (!bus)
		return;
	unlink_bus(bus);
	trp_presence_fini(&bus->presence);
	close(bus->epoll);
	free(bus);
}

int trp_bus_fd(const struct trp_bus *bus)
{
	return bus->epoll;
}

int trp_bus_watch(struct trp_bus *bus, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	if (!events)
		return epoll_ctl(bus->epoll, EPOLL_CTL_DEL, fd, NULL) < 0
			       ? -errno
			       : 0;
	if (epoll_ctl(bus->epoll, EPOLL_CTL_MOD, fd, &event) == 0)
		return 0;
	if (errno == ENOENT &&
	    epoll_ctl(bus->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	return -errno;
}

void trp_bus_up(struct trp_bus *bus)
{
	assert(bus->is_linked);
	if (bus->is_up)
		return;
	bus->is_up = true;
	bus->has_claimed = bus->number != 0;
	bus->backoff_ns = BACKOFF_MIN_NS;
	bus->calls->changed(bus->user, 0);
}

/* A kind need not be up at once: it reports that by trp_bus_up(). */
static void lose(struct trp_bus *bus, int error, struct trp_time now)
{
	unlink_bus(bus);
	bus->due.ns = now.ns + bus->backoff_ns;
	bus->backoff_ns *= 2;
	if (bus->backoff_ns > BACKOFF_MAX_NS)
		bus->backoff_ns = BACKOFF_MAX_NS;
	bus->calls->changed(bus->user, error);
}

static int link_bus(struct trp_bus *bus)
{
	int r;

	trp_presence_relink(&bus->presence);
	r = bus->kind->connect(bus);
	if (r < 0)
		return r;
	bus->is_linked = true;
	return bus->kind->ready(bus);
}

void trp_bus_run(struct trp_bus *bus, struct trp_time now)
{
	int64_t pause_ns = bus->kind->pause_ns;
	int r;

	bus->is_hurried = false;
	if (bus->is_linked)
		r = bus->kind->ready(bus);
	else if (bus->due.ns > now.ns)
		return;
	else
		r = link_bus(bus);
	if (bus->is_hurried)
		pause_ns = BACKOFF_MIN_NS;
	if (r < 0)
		lose(bus, r, now);
	else
		bus->due.ns = pause_ns ? now.ns + pause_ns : TRP_NEVER.ns;
	TRP_CHECK(trp_bus_check(bus));
}

struct trp_time trp_bus_deadline(const struct trp_bus *bus)
{
	return bus->due;
}

/* A link found lost while sending is given up in the next run, at once. */
int trp_bus_send(struct trp_bus *bus, const void *payload, size_t length)
{
	TRP_CHECK(trp_bus_check(bus));
	if (!bus->is_up)
		return -ENOTCONN;
	if (length > TRP_BUS_SIZE_MAX)
		return -EMSGSIZE;
	return bus->kind->send(bus, payload, length);
}

int trp_bus_send_to(struct trp_bus *bus, uint32_t number, const void *frame,
		    size_t length, bool is_sure)
{
	assert(bus->kind->send_to);
	TRP_CHECK(trp_bus_check(bus));
	if (!bus->is_up)
		return -ENOTCONN;
	if (length > TRP_BUS_SIZE_MAX)
		return -EMSGSIZE;
	return bus->kind->send_to(bus, number, frame, length, is_sure);
}

/* ---- presence ------------------------------------------------------------ */

/* While not linked, `due` is that of the next connection. */
static void hurry(struct trp_bus *bus)
{
	if (bus->is_linked)
		bus->due.ns = 0;
}

int trp_bus_present(struct trp_bus *bus, const char *node, const void *words,
		    size_t length)
{
	int r = trp_presence_set(&bus->presence, node, words, length);

	assert(bus->kind->send_to);
	if (r == 0)
		hurry(bus);
	return r;
}

int trp_bus_attend(struct trp_bus *bus, const char *node, bool is_wanted)
{
	int r = trp_presence_attend(&bus->presence, node, is_wanted);

	assert(bus->kind->send_to);
	if (r == 0)
		hurry(bus);
	return r;
}

void trp_bus_seal(struct trp_bus *bus, const struct trp_presence_seal *seal)
{
	bus->presence.seal = *seal;
}

void trp_bus_heard(struct trp_bus *bus, const struct trp_presence_heard *heard)
{
	if (!bus->is_up || heard->number == bus->number ||
	    !trp_presence_wants(&bus->presence, heard->node))
		return;
	if (heard->is_gone && bus->calls->gone)
		bus->calls->gone(bus->user, heard->node, heard->number);
	if (!heard->is_gone && bus->calls->present)
		bus->calls->present(bus->user, heard->node, heard->number,
				    heard->words, heard->length);
}

/* -------------------------------------------------------------------------- */

uint64_t trp_bus_lost(const struct trp_bus *bus)
{
	return bus->lost;
}
