/* SPDX-License-Identifier: MIT */
/* The beacon as an application steers it, in two nodes. */
#include "tests/runtime/mesh/kit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/troupe_beacon.h"
#include "runtime/troupe_restart.h"

enum { PATIENCE_MS = 240000 };

/* ---- in actors ---------------------------------------------------------- */

/* Waits for an event of that kind about that node (NULL: any), and that it was
 * said. */
static struct troupe_mesh_event await_event(enum troupe_mesh_kind kind,
					    const char *node, const char *said)
{
	struct troupe_time end = troupe_in_ms(PATIENCE_MS);
	struct troupe_message message;
	struct troupe_mesh_event event;

	for (;;) {
		CHECK(troupe_receive(NULL, 0, end, &message) == 0);
		if (troupe_now().ns > end.ns) {
			CHECK(!"in time");
			exit(1);
		}
		mesh_see(&message);
		if (troupe_mesh_event(&message, &event) < 0 ||
		    event.kind != kind ||
		    (node && strcmp(event.node, node) != 0))
			continue;
		if (said && (event.said_size != strlen(said) ||
			     memcmp(event.said, said, event.said_size) != 0))
			continue;
		return event;
	}
}

static void say(const char *text)
{
	struct troupe_time end = troupe_in_ms(PATIENCE_MS);
	int r;

	do { /* the bus comes up, and the node joins */
		r = troupe_beacon_say(text, strlen(text));
		if (r < 0)
			await_event(TROUPE_MESH_IT, NULL, NULL);
	} while (r < 0 && troupe_now().ns < end.ns);
	CHECK(r == 0);
}

/* Consumes it. */
static int set(struct troupe_value *value)
{
	int r = troupe_beacon_set_value(value);

	troupe_value_free(value);
	return r;
}

static int64_t value_of(const char *node)
{
	struct troupe_value *value = NULL;
	int64_t number;

	if (troupe_beacon_value(node, &value) < 0)
		return -1;
	number = troupe_value_to_int(value, -2);
	troupe_value_free(value);
	return number;
}

/* ---- starting ----------------------------------------------------------- */

static bool is_done(int number)
{
	return board->seen[number].starts > 0;
}

static bool is_first_done(void)
{
	return is_done(0);
}

static bool are_both_done(void)
{
	return is_done(0) && is_done(1);
}

static void done(void)
{
	board->seen[this_node].starts++;
	mesh_changed();
}

/* The rest of its life. */
static int go_on(void)
{
	struct troupe_message message;
	int r;

	done();
	do {
		r = troupe_receive(NULL, 0, TROUPE_NEVER, &message);
		if (r == 0)
			mesh_see(&message);
	} while (r == 0);
	return r;
}

static void prepare(int (*first)(int, char **), int (*second)(int, char **))
{
	char url[64];

	snprintf(url, sizeof(url), "local:%s/mesh", make_folder());
	mesh_prepare(second ? 2 : 1, url);
	nodes[0].root = first;
	nodes[1].root = second;
}

static void finish(void)
{
	mesh_end();
	drop_folder();
}

/* ---- values ------------------------------------------------------------- */

static int valued_root(int argc, char **argv)
{
	struct troupe_value *value;
	char text[TROUPE_BEACON_TEXT_MOST + 2] = "";
	struct troupe_mesh_event event;

	CHECK(troupe_beacon_subscribe(0) == 0);
	CHECK(troupe_beacon_value(NULL, &value) == -ENOENT);
	CHECK(set(troupe_value_list()) == -EINVAL);
	CHECK(set(troupe_value_double(NAN)) == -EINVAL);
	CHECK(set(troupe_value_text("a\nb")) == -EINVAL);
	memset(text, 'x', TROUPE_BEACON_TEXT_MOST);
	CHECK(set(troupe_value_text(text)) == 0);
	CHECK(troupe_beacon_value(NULL, &value) == 0);
	CHECK(strcmp(troupe_value_to_text(value, ""), text) == 0);
	troupe_value_free(value);
	strcat(text, "x");
	CHECK(set(troupe_value_text(text)) == -EMSGSIZE);
	CHECK(set(troupe_value_bool(true)) == 0);
	CHECK(troupe_beacon_set_value(NULL) == 0);
	CHECK(troupe_beacon_value(NULL, &value) == -ENOENT);
	CHECK(set(troupe_value_int(31)) == 0);
	CHECK(value_of(NULL) == 31);
	CHECK(troupe_beacon_value("n1", &value) == -ENOENT);
	await_event(TROUPE_MESH_SAID, "n1", "has heard");
	CHECK(value_of("n1") == -1);
	say("go on");
	do
		event = await_event(TROUPE_MESH_OTHER_IT, "n1", NULL);
	while (!*event.value);
	CHECK(strcmp(event.value, "7.5") == 0);
	CHECK(event.at_ms > 0 && !event.is_past);
	CHECK(event.listed_count > 0 && strcmp(event.listed[0], "n1") == 0);
	return go_on();
}

static int valueless_root(int argc, char **argv)
{
	struct troupe_mesh_event event;

	CHECK(troupe_beacon_subscribe(0) == 0);
	event = await_event(TROUPE_MESH_GOOD_NODES, "n0", NULL);
	CHECK(event.remote_count == 1);
	CHECK(strcmp(event.remote[0], "n0") == 0);
	while (value_of("n0") != 31) /* as its ping is being heard */
		await_event(TROUPE_MESH_OTHER_IT, "n0", NULL);
	say("has heard");
	await_event(TROUPE_MESH_SAID, "n1", "has heard"); /* itself, too */
	await_event(TROUPE_MESH_SAID, "n0", "go on");
	CHECK(set(troupe_value_double(7.5)) == 0);
	return go_on();
}

Test(beacon, a_value_is_known_to_all_and_one_without_hears_of_good_nodes)
{
	prepare(valued_root, valueless_root);
	mesh_start(0);
	mesh_start(1);
	mesh_await(are_both_done, "both have what they wanted");
	finish();
}

/* ---- settings and messages ---------------------------------------------- */

static int setting_root(int argc, char **argv)
{
	struct troupe_beacon_config config;
	struct troupe_mesh_event event;
	char much[TROUPE_BEACON_SAY_MOST + 1] = "";

	CHECK(troupe_beacon_subscribe(0) == 0);
	await_event(TROUPE_MESH_CAME, "n1", NULL);
	CHECK(troupe_beacon_say(much, sizeof(much)) == -EMSGSIZE);
	CHECK(troupe_beacon_say(much, sizeof(much) - 1) == 0);
	event = await_event(TROUPE_MESH_SAID, "n0", NULL);
	CHECK(event.said_size == TROUPE_BEACON_SAY_MOST);
	CHECK(troupe_beacon_config(&config) == 0);
	CHECK(config.version == 0 && config.listed == 32);
	CHECK(troupe_beacon_configure(&config) == 0);
	CHECK(troupe_beacon_config(&config) == 0);
	CHECK(config.version == 2);
	CHECK(troupe_beacon_configure(&config) == -ESTALE);
	config.version = 9;
	config.gap_s = 5;
	CHECK(troupe_beacon_configure(&config) == -EINVAL);
	config.gap_s = 0.12;
	config.listed = 20;
	CHECK(troupe_beacon_configure(&config) == 0);
	await_event(TROUPE_MESH_SAID, "n1", "it is twenty");
	return go_on();
}

static int set_root(int argc, char **argv)
{
	struct troupe_beacon_config config;
	struct troupe_mesh_event event;

	CHECK(troupe_beacon_subscribe(0) == 0);
	do
		event = await_event(TROUPE_MESH_SETUP, "n0", NULL);
	while (event.version < 9);
	CHECK(event.version == 9);
	CHECK(troupe_beacon_config(&config) == 0);
	CHECK(config.version == 9 && config.listed == 20);
	CHECK(config.gap_s > 0.11 && config.gap_s < 0.13);
	say("it is twenty");
	return go_on();
}

Test(beacon, settings_change_while_all_run)
{
	prepare(setting_root, set_root);
	mesh_start(0);
	mesh_start(1);
	mesh_await(are_both_done, "both have the settings");
	finish();
}

/* ---- taking part -------------------------------------------------------- */

static uint64_t sent(void)
{
	struct troupe_mesh_view *view;
	uint64_t count;

	CHECK(troupe_mesh_look(&view) == 0);
	count = view->sent;
	troupe_mesh_view_free(view);
	return count;
}

static int steady_root(int argc, char **argv)
{
	CHECK(troupe_beacon_subscribe(0) == 0);
	await_event(TROUPE_MESH_CAME, "n1", NULL);
	await_event(TROUPE_MESH_WENT, "n1", NULL);
	say("you are gone");
	await_event(TROUPE_MESH_CAME, "n1", NULL);
	return go_on();
}

static int disabled_root(int argc, char **argv)
{
	uint64_t before;

	CHECK(troupe_beacon_subscribe(0) == 0);
	await_event(TROUPE_MESH_IT, NULL, NULL);
	CHECK(troupe_beacon_disable() == 0);
	CHECK(troupe_beacon_disable() == 0);
	await_event(TROUPE_MESH_NOT_IT, NULL, NULL);
	CHECK(troupe_beacon_say("x", 1) == -EHOSTDOWN);
	before = sent();
	await_event(TROUPE_MESH_SAID, "n0", "you are gone");
	for (int i = 0; i < 3; i++)
		await_event(TROUPE_MESH_OTHER_IT, "n0", NULL);
	CHECK(sent() == before);
	CHECK(troupe_beacon_enable() == 0);
	CHECK(troupe_beacon_enable() == 0);
	CHECK(sent() > before);
	await_event(TROUPE_MESH_IT, NULL, NULL);
	return go_on();
}

Test(beacon, a_disabled_node_is_silent_and_hears_the_others)
{
	prepare(steady_root, disabled_root);
	mesh_start(0);
	mesh_start(1);
	mesh_await(are_both_done, "it went, and came back");
	finish();
}

static int unready_root(int argc, char **argv)
{
	struct troupe_mesh_view *view;

	CHECK(troupe_beacon_set_ready(false) == 0);
	CHECK(troupe_beacon_subscribe(0) == 0);
	for (int i = 0; i < 3; i++)
		await_event(TROUPE_MESH_IT, NULL, NULL);
	CHECK(troupe_mesh_look(&view) == 0);
	CHECK(!*view->leader && view->term == 0);
	troupe_mesh_view_free(view);
	CHECK(troupe_beacon_set_ready(true) == 0);
	await_event(TROUPE_MESH_LEADING, NULL, NULL);
	return go_on();
}

Test(beacon, a_node_that_is_not_ready_claims_nothing)
{
	prepare(unready_root, NULL);
	mesh_start(0);
	mesh_await(is_first_done, "it leads when it is ready");
	finish();
}

/* ---- subscriptions ------------------------------------------------------ */

/* Subscribes in its first life alone. */
static int follower_init(const void *arguments)
{
	if (troupe_incarnation() == 0)
		CHECK(troupe_beacon_subscribe(TROUPE_BEACON_PAST_MOST) == 0);
	return 0;
}

static int follow(const struct troupe_message *message)
{
	struct troupe_mesh_event event;

	if (troupe_mesh_event(message, &event) < 0)
		return 0;
	if (event.is_past)
		board->seen[this_node].healed++; /* of the past */
	if (event.kind != TROUPE_MESH_SAID || event.is_past)
		return 0;
	if (troupe_incarnation() == 0)
		_exit(3);
	board->seen[this_node].running = getpid();
	mesh_changed();
	return 0;
}

static const struct troupe_handler following[] = {
	{ &troupe__beacon_event__descriptor, follow },
	{ NULL, NULL },
};

static const struct troupe_class follower = {
	.name = "follower",
	.handlers = following,
	.init = follower_init,
	.restart = TROUPE_RESTART_ALWAYS,
};

static int followed_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_beacon_subscribe(0) == 0);
	await_event(TROUPE_MESH_IT, NULL, NULL);
	await_event(TROUPE_MESH_IT, NULL, NULL);
	CHECK(troupe_spawn(&follower, NULL, &ref) == 0);
	for (int i = 0; i < 1000 && !board->seen[0].running; i++) {
		say("are you there?");
		await_event(TROUPE_MESH_SAID, NULL, NULL);
		await_event(TROUPE_MESH_IT, NULL, NULL);
	}
	CHECK(board->seen[0].running);
	CHECK(board->seen[0].healed >= 4); /* up, it, not it, it */
	return go_on();
}

Test(beacon, a_subscription_begins_with_the_past_and_outlives_a_restart)
{
	prepare(followed_root, NULL);
	mesh_start(0);
	mesh_await(is_first_done, "the follower hears in its second life");
	finish();
}

static int lone_root(int argc, char **argv)
{
	struct troupe_beacon_config config;
	struct troupe_value *value;

	CHECK(troupe_beacon_set_value(NULL) == -ENOTCONN);
	CHECK(troupe_beacon_value(NULL, &value) == -ENOTCONN);
	CHECK(troupe_beacon_set_ready(true) == -ENOTCONN);
	CHECK(troupe_beacon_enable() == -ENOTCONN);
	CHECK(troupe_beacon_disable() == -ENOTCONN);
	CHECK(troupe_beacon_config(&config) == -ENOTCONN);
	CHECK(troupe_beacon_configure(&(struct troupe_beacon_config) { 0 }) ==
	      -ENOTCONN);
	CHECK(troupe_beacon_say("x", 1) == -ENOTCONN);
	CHECK(troupe_beacon_subscribe(1) == -ENOTCONN);
	return go_on();
}

Test(beacon, without_a_mesh_everything_says_so)
{
	prepare(lone_root, NULL);
	nodes[0].url[0] = '\0';
	mesh_start(0);
	mesh_await(is_first_done, "each call has said so");
	finish();
}
