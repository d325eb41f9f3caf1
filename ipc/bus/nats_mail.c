/* SPDX-License-Identifier: MIT */
/*
 * Mail by a NATS server.  Subjects of a run, below PATH:
 *
 *	n.NUMBER		its inbox
 *	r.NUMBER.OTHER		the server: nobody listens to n.OTHER
 *	at.NODE			words of a run of that node, and its "gone"
 *	who.NODE, who		questions for these words
 *
 * The server keeps nothing and has no last wills.  So those that attend ask,
 *and then send a frame to each run that has answered, each two seconds: the
 *server knows at once when its connection has ended.
 */
#include "ipc/bus/nats_mail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/bus/bus.h"
#include "ipc/bus/claim.h"
#include "ipc/bus/nats_link.h"

#define SECOND_NS INT64_C(1000000000)

enum {
	LOOK_S = 2,
	CLAIM_S = 3,
	MORE = TRP_PRESENCE_NODE_SIZE + 32,
	RUNS_MOST = 16384, /* ends of more are told by themselves alone */
};

struct subject {
	char text[sizeof(((struct trp_bus_address *)0)->path) + MORE];
};

/* A node, "" for all, to which it listens; and a run of which it was told. */
struct attended {
	struct attended *next;
	char node[TRP_PRESENCE_NODE_SIZE];
	natsSubscription *subscription;
};
struct run {
	struct run *next;
	uint32_t number;
	char node[TRP_PRESENCE_NODE_SIZE];
};

struct mail {
	struct trp_nats_link *link;
	struct trp_claim claim;
	struct attended *attended;
	struct run *runs; /* until nobody has their number */
	size_t run_count;
	struct trp_time claimed_at, looked_at;
	bool listens_to_who, has_said;
};

static struct subject of(const struct trp_bus *bus, const char *word,
			 const char *name)
{
	struct subject subject;

	snprintf(subject.text, sizeof(subject.text), "%s.%s%s%s",
		 bus->address.path, word, *name ? "." : "", name);
	return subject;
}

static struct subject inbox_of(const struct trp_bus *bus, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return of(bus, "n", text);
}

/* other: NULL: any. */
static struct subject reply_of(const struct trp_bus *bus, const char *other)
{
	char text[48];

	snprintf(text, sizeof(text), "%u.%s", bus->number, other);
	return of(bus, "r", text);
}

static int send_frame(struct trp_bus *bus, uint32_t number, const void *frame,
		      size_t length, bool is_sure)
{
	struct mail *mail = bus->state;
	char other[16];

	snprintf(other, sizeof(other), "%u", number);
	return trp_nats_link_publish(mail->link, inbox_of(bus, number).text,
				     is_sure ? reply_of(bus, other).text : NULL,
				     frame, length);
}

static int say_claim(struct trp_bus *bus, uint32_t number, const char *word,
		     bool is_sure)
{
	struct mail *mail = bus->state;
	struct trp_claim claim = trp_claim_say(&mail->claim, word);

	return send_frame(bus, number, &claim, sizeof(claim), is_sure);
}

/* ---- presence ------------------------------------------------------------ */

static int publish_presence(struct trp_bus *bus, bool is_gone)
{
	struct mail *mail = bus->state;
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX];
	size_t length =
		trp_presence_write(&bus->presence, bus->number, is_gone, bytes);

	return trp_nats_link_publish(mail->link,
				     of(bus, "at", bus->presence.node).text,
				     NULL, bytes, length);
}

static int listen_to_who(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	int r;

	if (mail->listens_to_who)
		return 0;
	mail->listens_to_who = true;
	r = trp_nats_link_subscribe(mail->link, of(bus, "who", "").text, NULL);
	return r < 0 ? r
		     : trp_nats_link_subscribe(
			       mail->link,
			       of(bus, "who", bus->presence.node).text, NULL);
}

static struct attended **find_attended(struct mail *mail, const char *node)
{
	struct attended **at = &mail->attended;

	while (*at && strcmp((*at)->node, node) != 0)
		at = &(*at)->next;
	return at;
}

static int begin_to_attend(struct trp_bus *bus, const char *node)
{
	struct mail *mail = bus->state;
	struct attended *one = calloc(1, sizeof(*one));
	int r;

	if (!one)
		return -ENOMEM;
	strcpy(one->node, node);
	r = trp_nats_link_subscribe(mail->link,
				    of(bus, "at", *node ? node : ">").text,
				    &one->subscription);
	if (r < 0) {
		free(one);
		return r;
	}
	one->next = mail->attended;
	mail->attended = one;
	return trp_nats_link_publish(mail->link, of(bus, "who", node).text,
				     NULL, "", 0);
}

static void end_to_attend(struct mail *mail, struct attended **at)
{
	struct attended *one = *at;

	*at = one->next;
	trp_nats_link_unsubscribe(one->subscription);
	free(one);
}

static int attend(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	struct trp_presence_wish *wish;
	struct attended **at;
	int r = 0;

	for (wish = bus->presence.wishes; wish && r == 0; wish = wish->next) {
		at = find_attended(mail, wish->node);
		if (wish->is_over && *at)
			end_to_attend(mail, at);
		if (!wish->is_over && !wish->is_asked) {
			if (*at)
				end_to_attend(mail, at);
			wish->is_asked = true;
			r = begin_to_attend(bus, wish->node);
		}
	}
	if (r == 0)
		trp_presence_sweep(&bus->presence);
	return r;
}

static struct run **find_run(struct mail *mail, uint32_t number)
{
	struct run **at = &mail->runs;

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static void forget_run(struct mail *mail, struct run **at)
{
	struct run *run = *at;

	*at = run->next;
	mail->run_count--;
	free(run);
}

static void hear_presence(struct trp_bus *bus,
			  const struct trp_nats_heard *said)
{
	struct mail *mail = bus->state;
	struct trp_presence_heard heard;
	struct run **at, *run;

	if (trp_presence_read(&bus->presence, said->data, said->length,
			      &heard) < 0) {
		bus->lost++;
		return;
	}
	if (heard.number == bus->number)
		return;
	at = find_run(mail, heard.number);
	if (!*at && !heard.is_gone && mail->run_count < RUNS_MOST &&
	    (run = malloc(sizeof(*run)))) {
		*run = (struct run) { .next = mail->runs,
				      .number = heard.number };
		strcpy(run->node, heard.node);
		mail->runs = run;
		mail->run_count++;
	}
	trp_bus_heard(bus, &heard);
}

/* A run that is there no longer has said nothing. */
static void hear_nobody(struct trp_bus *bus, uint32_t number)
{
	struct mail *mail = bus->state;
	struct trp_presence_heard heard = { .is_gone = true, .number = number };
	struct run **at = find_run(mail, number);

	if (*at) {
		strcpy(heard.node, (*at)->node);
		forget_run(mail, at);
		trp_bus_heard(bus, &heard);
	}
	bus->calls->nobody(bus->user, number);
}

/* One that nobody wants any more is forgotten. */
static int look_after_runs(struct trp_bus *bus, struct trp_time now)
{
	struct mail *mail = bus->state;
	struct run **at = &mail->runs;
	int r = 0;

	if (now.ns - mail->looked_at.ns < LOOK_S * SECOND_NS)
		return 0;
	mail->looked_at = now;
	while (*at && r == 0) {
		if (!trp_presence_wants(&bus->presence, (*at)->node)) {
			forget_run(mail, at);
			continue;
		}
		r = say_claim(bus, (*at)->number, "look", true);
		at = &(*at)->next;
	}
	return r;
}

static int speak(struct trp_bus *bus, struct trp_time now)
{
	struct mail *mail = bus->state;
	int r = 0;

	if (bus->presence.is_new) {
		r = listen_to_who(bus);
		if (r == 0)
			r = publish_presence(bus, false);
		bus->presence.is_new = false;
		mail->has_said = true;
	}
	if (r == 0 && bus->presence.are_wishes_new)
		r = attend(bus);
	return r == 0 ? look_after_runs(bus, now) : r;
}

/* ---- the number ---------------------------------------------------------- */

/* Nobody has it: from now on it is heard. */
static int take_number(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	int r = trp_nats_link_subscribe(mail->link,
					inbox_of(bus, bus->number).text, NULL);

	if (r == 0)
		r = trp_nats_link_settle(mail->link);
	if (r == 0)
		r = say_claim(bus, bus->number, "claim", false);
	if (r == 0)
		trp_bus_up(bus);
	return r;
}

/* Of one that wants our number; it listens where it says. */
static int answer_claim(struct trp_bus *bus, const struct trp_nats_heard *heard)
{
	struct mail *mail = bus->state;
	struct trp_claim held = trp_claim_say(&mail->claim, "held");

	return trp_nats_link_publish(
		mail->link, heard->reply ? heard->reply : heard->subject, NULL,
		&held, sizeof(held));
}

static int hear_frame(struct trp_bus *bus, const struct trp_nats_heard *heard)
{
	struct mail *mail = bus->state;

	switch (trp_claim_hear(&mail->claim, heard->data, heard->length)) {
	case TRP_CLAIM_IGNORED:
		return 0;
	case TRP_CLAIM_CONTESTED:
		return answer_claim(bus, heard);
	case TRP_CLAIM_HELD:
		return -EEXIST;
	case TRP_CLAIM_NONE:
		break;
	}
	if (heard->length > TRP_BUS_SIZE_MAX)
		bus->lost++;
	else if (bus->is_up)
		bus->calls->receive(bus->user, heard->data, heard->length);
	return 0;
}

/* The other run of the same number would hear this as well. */
static int hear_reply(struct trp_bus *bus, const struct trp_nats_heard *heard)
{
	const char *other = strrchr(heard->subject, '.') + 1;
	uint32_t number = (uint32_t)strtoul(other, NULL, 10);

	if (!heard->is_nobody)
		return bus->is_up ? 0 : hear_frame(bus, heard);
	if (number != bus->number)
		hear_nobody(bus, number);
	else if (!bus->is_up)
		return take_number(bus);
	return 0;
}

static int hear(struct trp_bus *bus, const struct trp_nats_heard *heard)
{
	const char *word = heard->subject + strlen(bus->address.path) + 1;

	switch (*word) {
	case 'n':
		return hear_frame(bus, heard);
	case 'r':
		return hear_reply(bus, heard);
	case 'a':
		hear_presence(bus, heard);
		return 0;
	default: /* who */
		bus->presence.is_new = bus->presence.node[0];
		return 0;
	}
}

/* ---- the link ------------------------------------------------------------ */

static int begin(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	int r = trp_nats_link_subscribe(mail->link, reply_of(bus, "*").text,
					NULL);

	if (r == 0)
		r = trp_nats_link_settle(mail->link);
	mail->claimed_at = mail->looked_at = trp_time_now();
	return r == 0 && !bus->has_claimed
		       ? say_claim(bus, bus->number, "claim", true)
		       : r;
}

static void drop(struct mail *mail)
{
	while (mail->attended)
		end_to_attend(mail, &mail->attended);
	while (mail->runs)
		forget_run(mail, &mail->runs);
	trp_nats_link_close(mail->link);
	free(mail);
}

static void nats_disconnect(struct trp_bus *bus)
{
	struct mail *mail = bus->state;

	if (mail->has_said)
		publish_presence(bus, true);
	drop(mail);
}

static int nats_connect(struct trp_bus *bus)
{
	struct mail *mail = calloc(1, sizeof(*mail));
	int r = mail ? trp_claim_init(&mail->claim) : -ENOMEM;

	if (r == 0)
		r = trp_nats_link_open(bus, &mail->link);
	if (r < 0) {
		free(mail);
		return r;
	}
	bus->state = mail;
	r = begin(bus);
	if (r < 0) {
		bus->state = NULL;
		drop(mail);
	}
	return r;
}

static int hear_all(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	struct trp_nats_heard *heard, *next;
	int r = trp_nats_link_take(mail->link, &heard);

	for (; heard; heard = next) {
		next = heard->next;
		if (r == 0)
			r = hear(bus, heard);
		trp_nats_link_forget(heard);
	}
	return r;
}

static int nats_ready(struct trp_bus *bus)
{
	struct mail *mail = bus->state;
	struct trp_time now = trp_time_now();
	int r = hear_all(bus);

	if (r == 0 && !bus->is_up && bus->has_claimed)
		r = take_number(bus);
	if (r == 0 && bus->is_up)
		return speak(bus, now);
	/* Somebody listens there, and does not answer. */
	if (r == 0 && now.ns - mail->claimed_at.ns > CLAIM_S * SECOND_NS)
		r = -EEXIST;
	return r;
}

const struct trp_bus_kind trp_bus_nats_mail = {
	.name = "nats",
	.join = ".",
	.connect = nats_connect,
	.disconnect = nats_disconnect,
	.ready = nats_ready,
	.send_to = send_frame,
	.pause_ns = SECOND_NS,
};
