/* SPDX-License-Identifier: MIT */
#include "runtime/cli/doctor_mesh.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "ipc/bus/bus.h"
#include "ipc/bus/kinds.h"
#include "runtime/cli/arguments.h"
#include "runtime/cli/cookie.h"
#include "runtime/session/sessions.h"
#ifdef HAVE_LIBCRYPTO
#include "runtime/session/seal.h"
#endif

enum {
	LINK_MS = 5000,	 /* to connect, and have a number */
	REPLY_MS = 3000, /* for what a broker answers at once */
	QUIET_MS = 1000, /* for all that are there, to be heard */
	LARGE = TRP_BUS_SIZE_MAX,
	NODES_MOST = 16, /* whose cookies are tried */
	NUMBERS = 1 << 24,
};

struct visit {
	struct trp_bus *bus;
	struct trp_sessions *sessions;
	uint32_t number, stranger;
	int error;
	bool is_up, is_large_back, is_nobody_told;
	uint32_t node[NODES_MOST];
	bool has_answered[NODES_MOST];
	unsigned count; /* of all that were heard */
};

/* ---- options ------------------------------------------------------------- */

static int fail(const char *option, const char *takes)
{
	return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "doctor", "%s takes %s",
				  option, takes);
}

static bool set_bus(const char *bus, struct trp_mesh_options *mesh)
{
	if (!bus || !*bus)
		return true;
	return (size_t)snprintf(mesh->bus, sizeof(mesh->bus), "%s", bus) <
	       sizeof(mesh->bus);
}

int trp_doctor_mesh_options(int argc, char **argv,
			    struct trp_mesh_options *ret_mesh)
{
	const char *bus = getenv("TROUPE_BEACON"),
		   *name = getenv("TROUPE_MESH"),
		   *file = getenv("TROUPE_COOKIE_FILE");
	const struct trp_arguments_option options[] = {
		{ "--beacon", &bus, NULL },
		{ "--mesh", &name, NULL },
		{ "--cookie-file", &file, NULL },
	};
	int n = trp_arguments_options("doctor", argc, argv, options, 3);

	*ret_mesh = (struct trp_mesh_options) { 0 };
	if (n < 0)
		return TRP_ARGUMENTS_USAGE;
	if (n < argc)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "doctor",
					  "what is \"%s\"?", argv[n]);
	if (name && *name && !trp_cookie_read_mesh(name, ret_mesh))
		return fail("--mesh", "NAME or [COOKIE@]HOST[:PORT][/NAME]");
	if (file && *file && !trp_cookie_read_file(file, ret_mesh))
		return fail("--cookie-file", "a file that only this user can "
					     "read, of 16 to 511 bytes");
	if (!set_bus(bus, ret_mesh))
		return fail("--beacon", "the address of a bus");
	for (int i = 0; i < n; i++)
		trp_cookie_hide(argv[i]);
	if (!ret_mesh->bus[0] && ret_mesh->name[0])
		strcpy(ret_mesh->bus, "local");
	if (!ret_mesh->name[0])
		strcpy(ret_mesh->name, "troupe");
	return 0;
}

/* ---- callbacks ----------------------------------------------------------- */

static void on_deliver(void *user, const void *payload, size_t length)
{
}

static void on_changed(void *user, int error)
{
	struct visit *visit = user;

	visit->is_up = !error;
	visit->error = error;
}

static void on_receive(void *user, const void *frame, size_t length)
{
	struct visit *visit = user;

	if (length == LARGE && !visit->sessions)
		visit->is_large_back = true;
	if (visit->sessions)
		trp_sessions_receive(visit->sessions, frame, length,
				     trp_time_now());
}

static void on_nobody(void *user, uint32_t number)
{
	struct visit *visit = user;

	visit->is_nobody_told |= number == visit->stranger;
}

static void on_writable(void *user)
{
	struct visit *visit = user;

	if (visit->sessions)
		trp_sessions_resume(visit->sessions, trp_time_now());
}

static void on_present(void *user, const char *node, uint32_t number,
		       const void *words, size_t length)
{
	struct visit *visit = user;

	for (unsigned i = 0; i < visit->count && i < NODES_MOST; i++)
		if (visit->node[i] == number)
			return;
	if (visit->count < NODES_MOST)
		visit->node[visit->count] = number;
	visit->count++;
}

static void on_gone(void *user, const char *node, uint32_t number)
{
}

static const struct trp_bus_calls bus_calls = {
	.deliver = on_deliver,
	.changed = on_changed,
	.receive = on_receive,
	.nobody = on_nobody,
	.writable = on_writable,
	.present = on_present,
	.gone = on_gone,
};

static int on_send(void *user, uint32_t number, const uint8_t *frame,
		   size_t length, bool is_question)
{
	struct visit *visit = user;

	return trp_bus_send_to(visit->bus, number, frame, length, is_question);
}

static void on_random(void *user, void *bytes, size_t length)
{
	if (getrandom(bytes, length, 0) != (ssize_t)length)
		abort();
}

static void on_session(void *user, uint32_t number)
{
	struct visit *visit = user;

	for (unsigned i = 0; i < visit->count && i < NODES_MOST; i++)
		visit->has_answered[i] |= visit->node[i] == number;
}

static bool on_mail(void *user, uint32_t number, const uint8_t *payload,
		    size_t length)
{
	return true; /* nobody knows of us */
}

static void on_room(void *user, uint32_t number)
{
}

static void on_lost(void *user, uint32_t number, const uint8_t *payload,
		    size_t length, bool may_have_arrived)
{
}

static void on_down(void *user, uint32_t number, int error)
{
}

static const struct trp_session_calls session_calls = {
	.send = on_send,
	.random = on_random,
	.up = on_session,
	.deliver = on_mail,
	.room = on_room,
	.lost = on_lost,
	.down = on_down,
};

/* ---- the visit ----------------------------------------------------------- */

static void turn(struct visit *visit)
{
	struct pollfd ready = { trp_bus_fd(visit->bus), POLLIN, 0 };

	poll(&ready, 1, 10);
	trp_bus_run(visit->bus, trp_time_now());
	if (visit->sessions)
		trp_sessions_tick(visit->sessions, trp_time_now());
}

/* Until that is true (NULL: to the end), or the time is over. */
static void await(struct visit *visit, const bool *what, int64_t ms)
{
	int64_t end = trp_time_now().ns + ms * INT64_C(1000000);

	while ((!what || !*what) && trp_time_now().ns < end)
		turn(visit);
}

/* Not one of a node's own, by all likelihood. */
static uint32_t draw(void)
{
	uint32_t number = 0;

	on_random(NULL, &number, sizeof(number));
	return 2 + number % (NUMBERS - 2);
}

static enum trp_finding check_link(struct visit *visit, const char *channel)
{
	await(visit, &visit->is_up, LINK_MS);
	if (visit->is_up)
		return trp_finding_say(TRP_FINDING_FINE, "bus", channel, "");
	return trp_finding_say(TRP_FINDING_BROKEN, "bus", channel,
			       visit->error ? trp_bus_reason(visit->error)
					    : "no answer; check host, port and "
					      "the ACL of TOPIC/n/#");
}

static enum trp_finding check_size(struct visit *visit)
{
	static const uint8_t frame[LARGE];

	trp_bus_send_to(visit->bus, visit->number, frame, sizeof(frame), false);
	await(visit, &visit->is_large_back, REPLY_MS);
	return trp_finding_say(
		visit->is_large_back ? TRP_FINDING_FINE : TRP_FINDING_BROKEN,
		"frames",
		visit->is_large_back ? "of 64 KiB pass"
				     : "of 64 KiB do not pass",
		"raise the broker's limit of a packet (mosquitto: "
		"message_size_limit, max_packet_size) to 66,000 bytes");
}

static enum trp_finding check_nobody(struct visit *visit)
{
	int r = trp_bus_send_to(visit->bus, visit->stranger, "?", 1, true);

	visit->is_nobody_told |= r == -EHOSTUNREACH;
	await(visit, &visit->is_nobody_told, REPLY_MS);
	return trp_finding_say(
		visit->is_nobody_told ? TRP_FINDING_FINE : TRP_FINDING_WORSE,
		"dead nodes",
		visit->is_nobody_told ? "are told of at once"
				      : "are not told of by this broker",
		"mail to a dead node is known to be lost after ten seconds "
		"only: another broker, of MQTT 5, tells that at once");
}

static enum trp_finding check_nodes(struct visit *visit)
{
	char text[80];

	await(visit, NULL, QUIET_MS);
	snprintf(text, sizeof(text), "%u %s there", visit->count,
		 visit->count == 1 ? "is" : "are");
	return trp_finding_say(
		visit->count ? TRP_FINDING_FINE : TRP_FINDING_WORSE, "nodes",
		text,
		"start one with the same --mesh; if there is one, the broker's "
		"ACL must let clients write and read TOPIC/at/#");
}

static bool all_have_answered(const struct visit *visit)
{
	for (unsigned i = 0; i < visit->count && i < NODES_MOST; i++)
		if (!visit->has_answered[i])
			return false;
	return true;
}

static enum trp_finding tell_cookie(const struct visit *visit, bool has_cookie)
{
	bool is_well = all_have_answered(visit);
	char text[120];

	if (!visit->count)
		snprintf(text, sizeof(text), "%s",
			 has_cookie ? "is here; no node to try it on"
				    : "none: mail is not sealed");
	else
		snprintf(text, sizeof(text), "%s",
			 !is_well     ? "is not that of all nodes there"
			 : has_cookie ? "is that of the nodes there"
				      : "none here, and none there: mail is "
					"not sealed");
	if (!is_well)
		return trp_finding_say(TRP_FINDING_BROKEN, "cookie", text,
				       "give all nodes the same cookie and the "
				       "same --mesh");
	return trp_finding_say(
		has_cookie ? TRP_FINDING_FINE : TRP_FINDING_WORSE, "cookie",
		text,
		"`troupe cookie` makes one, for --cookie-file at all nodes");
}

/* A node with another cookie does not answer. */
static enum trp_finding check_cookie(struct visit *visit,
				     const struct trp_mesh_options *mesh)
{
	struct trp_sessions_options options = { .number = visit->number };
	int64_t end = trp_time_now().ns + REPLY_MS * INT64_C(1000000);
	struct trp_guard *guard = NULL;
	int r = 0;

#ifdef HAVE_LIBCRYPTO
	if (mesh->cookie_length)
		r = trp_seal_new(&guard, mesh->cookie, mesh->cookie_length,
				 mesh->name);
#endif
	options.guard = guard;
	if (r == 0)
		r = trp_sessions_new(&visit->sessions, &options, &session_calls,
				     visit);
	for (unsigned i = 0; r == 0 && i < visit->count && i < NODES_MOST; i++)
		r = trp_sessions_watch(visit->sessions, visit->node[i],
				       trp_time_now());
	while (r == 0 && !all_have_answered(visit) && trp_time_now().ns < end)
		turn(visit);
	if (visit->sessions) {
		trp_sessions_close(visit->sessions, trp_time_now());
		turn(visit);
	}
	trp_sessions_free(visit->sessions);
	visit->sessions = NULL;
#ifdef HAVE_LIBCRYPTO
	trp_seal_free(guard);
#endif
	if (r < 0)
		return trp_finding_say(TRP_FINDING_BROKEN, "cookie",
				       strerror(-r),
				       "libcrypto is needed for a cookie");
	return tell_cookie(visit, mesh->cookie_length);
}

static enum trp_finding worse_of(enum trp_finding a, enum trp_finding b)
{
	return a > b ? a : b;
}

static enum trp_finding look_around(struct visit *visit, const char *channel,
				    const struct trp_mesh_options *mesh)
{
	enum trp_finding worst = check_link(visit, channel);

	if (worst == TRP_FINDING_BROKEN)
		return worst;
	worst = worse_of(worst, check_size(visit));
	worst = worse_of(worst, check_nobody(visit));
	worst = worse_of(worst, check_nodes(visit));
	return worse_of(worst, check_cookie(visit, mesh));
}

enum trp_finding trp_doctor_mesh_check(const struct trp_mesh_options *mesh)
{
	struct visit visit = { .number = draw(), .stranger = draw() };
	struct trp_bus_address address;
	enum trp_finding worst;
	char channel[600];
	int r = trp_bus_address_parse(mesh->bus, mesh->name, &address);

	if (r < 0)
		return trp_finding_say(TRP_FINDING_BROKEN, "bus",
				       "--beacon or TROUPE_BEACON is no bus",
				       "see troupe(1); or it was not built");
	trp_bus_address_describe(&address, channel, sizeof(channel));
	if (!address.kind->mail)
		return trp_finding_say(
			TRP_FINDING_WORSE, "bus", channel,
			"it carries beacons and no mail between nodes: use "
			"mqtt://, nats:// or local for that");
	r = trp_bus_open_mail(&visit.bus, &address, visit.number, &bus_calls,
			      &visit);
	if (r == 0)
		r = trp_bus_attend(visit.bus, NULL, true);
	worst = r < 0 ? trp_finding_say(TRP_FINDING_BROKEN, "bus", channel,
					strerror(-r))
		      : look_around(&visit, channel, mesh);
	trp_bus_close(visit.bus);
	return worst;
}
