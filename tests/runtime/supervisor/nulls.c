/* SPDX-License-Identifier: MIT */
/* NULL for a pointer: it is left out, or the call is refused. */
#include "runtime/troupe_ask.h"
#include "runtime/troupe_backtrace.h"
#include "runtime/troupe_beacon.h"
#include "runtime/troupe_group.h"
#include "runtime/troupe_link.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_result.h"
#include "runtime/troupe_router.h"
#include "runtime/troupe_state.h"
#include "runtime/troupe_supervise.h"
#include "tests/support/stage.h"

static int answers(const struct troupe_message *message)
{
	return troupe_send(message->sender, message->body);
}
static const struct troupe_handler handlers[] = {
	{ &play__number__descriptor, answers }, { 0 }
};
static const struct troupe_class answerer = { .name = "answerer",
					      .handlers = handlers };

static void is_left_out(void)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;

	CHECK(troupe_spawn_with(NULL, &answerer, NULL, NULL) == 0);
	CHECK(troupe_spawn_with(NULL, &answerer, NULL, &ref) == 0);
	CHECK(troupe_monitor_with(ref, NULL, NULL) == 0);
	CHECK(troupe_ask(ref, &number.base, TROUPE_NEVER, NULL) == 0);
	CHECK(troupe_stop_with(ref, 0, NULL, 0) == 0);
	CHECK(troupe_wait_all(&ref, 1, TROUPE_NEVER, NULL) == 0);
	CHECK(troupe_wait_all(NULL, 0, TROUPE_NEVER, NULL) == 0);
	CHECK(!troupe_stop_reason(NULL));
	troupe_backtrace(NULL, 1);
	CHECK(strcmp(troupe_proxy_backtrace(NULL), "") == 0);
}

static void is_refused_of_actors(void)
{
	const troupe_ref own = troupe_self();
	struct troupe_end end[3];
	size_t count;

	CHECK(troupe_monitor_with(0, NULL, NULL) == -EINVAL);
	CHECK(troupe_alias(TROUPE_ALIAS_EXPLICIT, NULL) == -EINVAL);
	CHECK(troupe_ask(own, NULL, TROUPE_NEVER, NULL) == -EINVAL);
	CHECK(troupe_forward_message(NULL, own) == -EINVAL);
	CHECK(troupe_wait_all(NULL, 3, TROUPE_NEVER, end) == -EINVAL);
	CHECK(troupe_spawn_with(NULL, NULL, NULL, NULL) == -EINVAL);
	CHECK(troupe_exit_signal(own, NULL) == -EINVAL);
	CHECK(troupe_state_of(own, NULL) == -EINVAL);
	CHECK(troupe_children(own, NULL, 1, &count) == -EINVAL);
	CHECK(troupe_children(own, NULL, 0, NULL) == -EINVAL);
	CHECK(troupe_children_count(own, NULL) == -EINVAL);
	CHECK(troupe_child_add(own, NULL, TROUPE_NEVER, NULL) == -EINVAL);
	CHECK(troupe_child_stop(own, NULL) == -EINVAL);
}

static void is_refused_of_groups(void)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_router router = { 0 };
	size_t count;

	CHECK(troupe_group_join(NULL, troupe_self()) == -EINVAL);
	CHECK(troupe_group_leave(NULL, troupe_self()) == -EINVAL);
	CHECK(troupe_group_members(NULL, NULL, 0, &count) == -EINVAL);
	CHECK(troupe_group_members("g", NULL, 1, &count) == -EINVAL);
	CHECK(troupe_group_members("g", NULL, 0, NULL) == -EINVAL);
	CHECK(troupe_publish(NULL, &number.base) == -EINVAL);
	CHECK(troupe_publish("g", NULL) == -EINVAL);
	CHECK(troupe_router_open(NULL, NULL) == -EINVAL);
	CHECK(troupe_router_open(&router, NULL) == 0);
	CHECK(troupe_router_follow(NULL, "g") == -EINVAL);
	CHECK(troupe_router_follow(&router, NULL) == -EINVAL);
	CHECK(troupe_router_add(NULL, troupe_self()) == -EINVAL);
	CHECK(troupe_router_remove(NULL, troupe_self()) == -ENOENT);
	CHECK(troupe_router_members(NULL, NULL, 0) == 0);
	CHECK(troupe_route(NULL, &number.base) == -EINVAL);
	CHECK(troupe_route(&router, NULL) == -EINVAL);
	troupe_router_close(&router);
	troupe_router_close(NULL);
}

static void is_refused_of_the_beacon(void)
{
	CHECK(troupe_beacon_configure(NULL) == -EINVAL);
	CHECK(troupe_beacon_config(NULL) == -EINVAL);
	CHECK(troupe_beacon_value("a", NULL) == -EINVAL);
	CHECK(troupe_beacon_say(NULL, 1) == -EINVAL);
}

static int null_root(int argc, char **argv)
{
	is_left_out();
	is_refused_of_actors();
	is_refused_of_groups();
	is_refused_of_the_beacon();
	return 0;
}

Test(nulls, are_left_out_or_refused)
{
	stage_pass(null_root);
}
