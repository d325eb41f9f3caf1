/* SPDX-License-Identifier: MIT */
/*
 * mesh_chat: two terminals, two nodes.  Each line that is typed at one appears
 * at all others.
 *
 *	troupe run --mesh tavern --node ann mesh_chat.so
 *	troupe run --mesh tavern --node bob mesh_chat.so
 *
 * On several machines, by a broker and with a secret:
 *
 *	troupe run --beacon mqtt://broker --cookie-file cookie --mesh tavern \
 *		--node ann mesh_chat.so
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <troupe.h>
#include <troupe_mesh.h>
#include <troupe_node.h>
#include <unistd.h>
#include "mesh_chat.pb-c.h"

enum { GUESTS_MOST = 64, PATIENCE_MS = 2000 };

static struct guest {
	troupe_ref ref; /* of the chat on that node; 0: a free place */
	char node[TROUPE_NODE_SIZE];
} guests[GUESTS_MOST];

/* ---- the others ---------------------------------------------------------- */

static int say_to(troupe_ref ref, const char *text)
{
	Chat__Line line = CHAT__LINE__INIT;

	line.who = (char *)troupe_node_name();
	line.text = (char *)text;
	return troupe_send(ref, &line.base);
}

static struct guest *find(const char *node)
{
	for (int i = 0; i < GUESTS_MOST; i++)
		if (guests[i].ref && strcmp(guests[i].node, node) == 0)
			return &guests[i];
	return NULL;
}

/* A reference of a node's former run is replaced. */
static void meet(const char *node, troupe_ref ref)
{
	struct guest *guest = find(node);

	if (guest && guest->ref == ref)
		return;
	for (int i = 0; !guest && i < GUESTS_MOST; i++)
		if (!guests[i].ref)
			guest = &guests[i];
	if (!guest)
		return;
	guest->ref = ref;
	snprintf(guest->node, sizeof(guest->node), "%s", node);
	printf("%s is here\n", node);
	say_to(ref, "");
}

static void hear_line(const struct troupe_message *message)
{
	const Chat__Line *line = message->body;

	meet(line->who, message->sender);
	if (*line->text)
		printf("%s: %s\n", line->who, line->text);
}

/* One whose chat is not there yet will find this one. */
static void hear_event(const struct troupe_mesh_event *event)
{
	struct guest *guest = find(event->node);
	struct troupe_time late = troupe_in_ms(PATIENCE_MS);
	troupe_ref ref;

	if (event->kind == TROUPE_MESH_NODE_UP &&
	    troupe_whereis_at(event->node, "chat", late, &ref) == 0)
		meet(event->node, ref);
	if (event->kind == TROUPE_MESH_NODE_DOWN && guest) {
		printf("%s has gone\n", guest->node);
		guest->ref = 0;
	}
}

/* ---- the keyboard -------------------------------------------------------- */

static void say_to_all(const char *text)
{
	int r;

	for (int i = 0; i < GUESTS_MOST; i++) {
		r = guests[i].ref ? say_to(guests[i].ref, text) : 0;
		if (r < 0)
			printf("%s does not hear that: %s\n", guests[i].node,
			       strerror(-r));
	}
}

static int typed(struct troupe_input *input, short events)
{
	char text[512];
	ssize_t length = read(input->fd, text, sizeof(text) - 1);

	if (length <= 0) { /* ^D */
		troupe_input_remove(input);
		return TROUPE_STOP;
	}
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (*text)
		say_to_all(text);
	return 0;
}

/* ---- this one ------------------------------------------------------------ */

int troupe_main(int argc, char **argv)
{
	static struct troupe_input keyboard = { .fd = STDIN_FILENO,
						.events = POLLIN,
						.ready = typed };
	struct troupe_mesh_event event;
	struct troupe_message message;
	int r;

	setlinebuf(stdout);
	r = troupe_register("chat", troupe_self());
	if (r == 0)
		r = troupe_monitor_node(NULL);
	if (r == -ENOTCONN)
		puts("this node is in no mesh; start it with --mesh tavern");
	if (r == 0)
		r = troupe_input_add(&keyboard);
	while (r >= 0) {
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
		if (r < 0)
			break;
		if (message.type == &chat__line__descriptor)
			hear_line(&message);
		else if (troupe_mesh_event(&message, &event) == 0)
			hear_event(&event);
	}
	return r == -ECANCELED ? 0 : r;
}
