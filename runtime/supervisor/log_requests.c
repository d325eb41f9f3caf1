/* SPDX-License-Identifier: MIT */
#include "runtime/supervisor/log_requests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/control/control.pb-c.h"
#include "runtime/node/log.h"
#include "runtime/supervisor/child_address.h"
#include "runtime/supervisor/control_server.h"
#include "runtime/supervisor/supervisor.h"

struct reading {
	uint64_t at, next;
	uint32_t level;
	troupe_ref ref; /* of this actor, or of one of that title; or 0 */
	char title[TRP_TITLE_SIZE]; /* "": all */
};

static bool is_wanted(const struct reading *reading,
		      const struct trp_log_line *line)
{
	size_t size = strlen(reading->title);

	if (line->level < reading->level)
		return false;
	if (!size || (reading->ref && line->ref == reading->ref))
		return true;
	return strncmp(line->title, reading->title, size) == 0 &&
	       (!line->title[size] || line->title[size] == '/');
}

static int say_line(struct trp_control_session *session,
		    struct trp_log_line *line)
{
	Troupe__Guest__LogLine item = TROUPE__GUEST__LOG_LINE__INIT;

	item.number = line->number;
	item.at_ns = line->at_ns;
	item.ref = line->ref;
	item.pid = line->pid;
	item.level = line->level;
	item.title.data = (uint8_t *)line->title;
	item.title.len = strlen(line->title);
	item.text.data = (uint8_t *)line->text;
	item.text.len = strlen(line->text);
	return trp_control_server_say(session, &item.base);
}

static void forget(struct trp_control_session *session)
{
	free(session->data);
	session->data = NULL;
	session->gone = NULL;
}

static int next_line(struct trp_control_session *session)
{
	struct reading *reading = session->data;
	struct trp_log_line line;
	unsigned pieces;
	int r;

	while (reading->at < reading->next) {
		pieces = trp_log_ring_read(reading->at, &line);
		reading->at += pieces ? pieces : 1;
		if (!pieces || !is_wanted(reading, &line))
			continue;
		r = say_line(session, &line);
		return r < 0 ? r : TRP_CONTROL_MORE;
	}
	forget(session);
	return 0;
}

/* One that has ended is known by its address alone. */
static int find(struct trp_control_session *session, const char *whom,
		struct reading *reading, protobuf_c_boolean *ret_is_known)
{
	struct trp_child_table *children = &session->supervisor->children;
	troupe_ref ref = 0;
	uint32_t slot = 0;

	if (whom[0] == '/') {
		if (trp_child_address_walk(children, TRP_SLOT_SUPERVISOR, whom,
					   &slot) < 0)
			slot = 0;
	} else if ((ref = trp_registry_find(&session->supervisor->registry,
					    whom)) ||
		   trp_ref_parse(whom, &ref)) {
		slot = trp_child_find(children, ref) ? trp_ref_slot(ref) : 0;
	}
	*ret_is_known = slot || !*whom;
	reading->ref = slot ? trp_child_ref(children, slot) : ref;
	if (slot)
		trp_child_address_title(children, slot, reading->title);
	else if (strlen(whom) < sizeof(reading->title))
		strcpy(reading->title, whom);
	else
		return -ENAMETOOLONG;
	/* The title of the root is no address. */
	if (strcmp(whom, "/") == 0)
		reading->title[0] = '\0';
	return 0;
}

/* The first of the last `count` that are wanted. */
static void skip(struct reading *reading, uint32_t count)
{
	struct trp_log_line line;
	uint64_t at = reading->next;

	while (at > reading->at && count > 0)
		if (trp_log_ring_read(--at, &line) && is_wanted(reading, &line))
			count--;
	reading->at = at;
}

static bool stop_at_pending(struct reading *reading)
{
	uint64_t at = reading->at;

	while (at < reading->next && trp_log_ring_is_written(at))
		at++;
	if (at >= reading->next)
		return false;
	reading->next = at;
	return true;
}

int trp_log_requests_lines(struct trp_control_session *session,
			   const void *message)
{
	const Troupe__Guest__Log *request = message;
	Troupe__Guest__LogPlace place = TROUPE__GUEST__LOG_PLACE__INIT;
	struct reading *reading = calloc(1, sizeof(*reading));
	uint64_t oldest = trp_log_ring_oldest();
	int r;

	if (!reading)
		return -ENOMEM;
	reading->level = request->level;
	reading->next = trp_log_ring_next();
	reading->at = request->after < oldest ? oldest : request->after + 1;
	if (!request->is_hasty)
		place.is_pending = stop_at_pending(reading);
	place.next = reading->next;
	r = find(session, request->whom, reading, &place.is_known);
	if (r < 0) {
		free(reading);
		return r;
	}
	place.is_lost = request->after && request->after + 1 < oldest;
	skip(reading, request->count);
	session->data = reading;
	session->gone = forget;
	session->more = next_line;
	r = trp_control_server_say(session, &place.base);
	return r < 0 ? r : TRP_CONTROL_MORE;
}

int trp_log_requests_level(struct trp_control_session *session,
			   const void *message)
{
	const Troupe__Guest__LogLevel *request = message;

	if (request->level > TROUPE_FATAL)
		return -EINVAL;
	trp_log_ring_set_level(request->level);
	return 0;
}
