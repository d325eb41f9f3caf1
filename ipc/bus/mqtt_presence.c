/* SPDX-License-Identifier: MIT */
#include "ipc/bus/mqtt_presence.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "ipc/bus/mqtt_client.h"
#include "ipc/library.h"
#include "libraries.h"

/* clang-format off */
#define FUNCTIONS(F) \
	F(mosquitto_, publish) F(mosquitto_, subscribe) \
	F(mosquitto_, unsubscribe) F(mosquitto_, will_set)
/* clang-format on */
TRP_LIBRARY(mosquitto, LIBRARY_LIBMOSQUITTO, FUNCTIONS);

#define AT "/at/"

struct topic {
	char text[sizeof(((struct trp_bus_address *)0)->path) + sizeof(AT) +
		  TRP_PRESENCE_NODE_SIZE];
};

/* Of all nodes: "+". */
static struct topic topic_of(const struct trp_bus *bus, const char *node)
{
	struct topic topic;

	snprintf(topic.text, sizeof(topic.text), "%s" AT "%s",
		 bus->address.path, *node ? node : "+");
	return topic;
}

const char *trp_mqtt_presence_node(const struct trp_bus *bus, const char *topic)
{
	size_t length = strlen(bus->address.path);
	const char *node = topic + length + strlen(AT);

	return strncmp(topic, bus->address.path, length) == 0 &&
			       strncmp(topic + length, AT, strlen(AT)) == 0 &&
			       trp_presence_is_name(node)
		       ? node
		       : NULL;
}

int trp_mqtt_presence_will(struct trp_bus *bus, struct mosquitto *client)
{
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX];
	const struct trp_presence *presence = &bus->presence;
	size_t length;
	int r = trp_library_load(&mosquitto_library);

	if (r < 0 || !presence->node[0])
		return r;
	length = trp_presence_write(presence, bus->number, true, bytes);
	return trp_mqtt_client_error(
		mosquitto.will_set(client, topic_of(bus, presence->node).text,
				   (int)length, bytes, 1, true));
}

static int publish(struct trp_bus *bus, struct mosquitto *client,
		   const char *node, const void *bytes, size_t length,
		   bool is_kept)
{
	return trp_mqtt_client_error(
		mosquitto.publish(client, NULL, topic_of(bus, node).text,
				  (int)length, bytes, is_kept, is_kept));
}

static int subscribe(struct trp_bus *bus, struct mosquitto *client,
		     const char *node)
{
	return trp_mqtt_client_error(
		mosquitto.subscribe(client, NULL, topic_of(bus, node).text, 1));
}

static int ask(struct trp_bus *bus, struct mosquitto *client)
{
	struct trp_presence_wish *wish;
	int r = 0;

	for (wish = bus->presence.wishes; wish && r == 0; wish = wish->next) {
		if (wish->is_asked != wish->is_over)
			continue;
		wish->is_asked = !wish->is_over;
		if (wish->is_asked)
			r = subscribe(bus, client, wish->node);
		else if (strcmp(wish->node, bus->presence.node) != 0)
			r = trp_mqtt_client_error(mosquitto.unsubscribe(
				client, NULL, topic_of(bus, wish->node).text));
	}
	if (r == 0)
		trp_presence_sweep(&bus->presence);
	return r;
}

int trp_mqtt_presence_say(struct trp_bus *bus, struct mosquitto *client,
			  struct trp_mqtt_presence *state)
{
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX];
	struct trp_presence *presence = &bus->presence;
	size_t length;
	int r = 0;

	if (presence->are_wishes_new)
		r = ask(bus, client);
	if (r < 0 || !presence->is_new)
		return r;
	if (!state->is_listening)
		r = subscribe(bus, client, presence->node);
	state->is_listening = true;
	if (r < 0)
		return r;
	presence->is_new = false;
	state->has_said = true;
	length = trp_presence_write(presence, bus->number, false, bytes);
	return publish(bus, client, presence->node, bytes, length, true);
}

/* One run of this node's name has replaced, or swept, what another has said. */
static void say_again(struct trp_bus *bus, const char *node)
{
	if (strcmp(node, bus->presence.node) == 0)
		bus->presence.is_new = true;
}

void trp_mqtt_presence_hear(struct trp_bus *bus, struct mosquitto *client,
			    const char *node, const void *bytes, size_t length,
			    bool is_kept)
{
	struct trp_presence_heard heard;

	if (!length) {
		say_again(bus, node);
		return;
	}
	if (trp_presence_read(&bus->presence, bytes, length, &heard) < 0 ||
	    strcmp(heard.node, node) != 0) {
		bus->lost++;
		return;
	}
	if (heard.is_gone) {
		say_again(bus, node);
		if (is_kept && !bus->presence.is_new)
			publish(bus, client, node, NULL, 0, true);
	}
	trp_bus_heard(bus, &heard);
}

void trp_mqtt_presence_leave(struct trp_bus *bus, struct mosquitto *client,
			     const struct trp_mqtt_presence *state)
{
	uint8_t bytes[TRP_PRESENCE_BYTES_MAX];
	const char *node = bus->presence.node;
	size_t length;

	if (!state->has_said)
		return;
	length = trp_presence_write(&bus->presence, bus->number, true, bytes);
	publish(bus, client, node, bytes, length, false);
	publish(bus, client, node, NULL, 0, true);
}
