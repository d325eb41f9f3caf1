/* SPDX-License-Identifier: MIT */
/* Modules of the supervisor, and the actors that one of them keeps running. */
#include "tests/support/stage.h"

#include "runtime/actor/request.h"
#include "runtime/supervisor/module.h"
#include "runtime/supervisor/requests.h"
#include "runtime/supervisor/restart.h"
#include "runtime/troupe_ends.h"
#include "runtime/troupe_mesh.h"
#include "runtime/troupe_restart.h"
#include "runtime/troupe_tree.h"

enum { BEGUN, FENCE, LEFT, CLOSED, INCARNATION, SUM };

/* ---- the module, in the supervisor --------------------------------------- */

static int begin(const void *arguments)
{
	board->value[FENCE] = (long)troupe_fence();
	board->value[INCARNATION] = troupe_incarnation();
	board->value[BEGUN]++;
	return 0;
}

/* 0 is the end of its process. */
static int on_addend(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	if (!number->value)
		abort();
	board->value[SUM] = 10 * board->value[SUM] + (long)number->value;
	return 0;
}

static const struct troupe_handler kept_handlers[] = {
	{ &play__number__descriptor, on_addend },
	{ NULL, NULL },
};

static const struct troupe_class kept_class = { .name = "kept",
						.handlers = kept_handlers,
						.init = begin };
static struct trp_restart kept;

static int open_module(struct trp_supervisor *supervisor,
		       const struct trp_options *options, void **ret_state)
{
	Troupe__Control__Birth birth = TROUPE__CONTROL__BIRTH__INIT;
	Troupe__Control__Spawn spawn = TROUPE__CONTROL__SPAWN__INIT;
	int r;

	birth.klass = (uintptr_t)&kept_class;
	birth.label = (char *)kept_class.name;
	spawn.birth = &birth;
	r = trp_restart_init(&kept, supervisor, &spawn);
	if (r == 0)
		trp_restart_want(&kept, 1);
	*ret_state = &kept;
	return r;
}

static void leave_module(void *state)
{
	board->value[LEFT]++;
	trp_restart_stop(state, 1000);
}

static void close_module(void *state)
{
	board->value[CLOSED]++;
	trp_restart_fini(state);
}

/* Ends the one that it keeps, and wants another one with that fence. */
static int on_number(struct trp_request *request)
{
	const Play__Number *number = request->message;

	trp_restart_stop(request->module, 10000);
	trp_restart_want(request->module, (uint64_t)number->value);
	return 0;
}

static const struct trp_request_kind requests[] = {
	{ &play__number__descriptor, .handle = on_number },
	{ 0 },
};

/* A type that the symbols of the program do not tell. */
static ProtobufCMessageDescriptor hidden_type;
static const ProtobufCMessageDescriptor *const types[] = {
	&hidden_type,
	NULL,
};

static const struct trp_module keeps_one = {
	.requests = requests,
	.open = open_module,
	.leave = leave_module,
	.close = close_module,
};

static int do_not_open(struct trp_supervisor *supervisor,
		       const struct trp_options *options, void **ret_state)
{
	return 0;
}

static int on_text(struct trp_request *request)
{
	board->failures++;
	return 0;
}

static const struct trp_request_kind more_requests[] = {
	{ &play__text__descriptor, .handle = on_text },
	{ 0 },
};

static const struct trp_module is_closed = {
	.requests = more_requests,
	.open = do_not_open,
};

static const struct trp_module has_a_type = {
	.types = types,
	.open = do_not_open,
};

static const struct trp_module *const modules[] = { &is_closed, &keeps_one,
						    NULL };
static const struct trp_module *const one_with_a_type[] = { &has_a_type, NULL };

/* ---- actors -------------------------------------------------------------- */

static bool is_now(int what, long value)
{
	int64_t end = troupe_in_ms(20000).ns;

	while (board->value[what] < value && troupe_now().ns < end)
		stage_receive(1);
	return board->value[what] == value;
}

static bool has_begun(long times)
{
	return is_now(BEGUN, times);
}

static int ask_for_another(int64_t fence)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = fence;
	return trp_actor_request(&number.base, NULL);
}

static int asks(int argc, char **argv)
{
	Play__Text text = PLAY__TEXT__INIT;
	Play__Blob blob = PLAY__BLOB__INIT;

	CHECK(has_begun(1) && board->value[FENCE] == 1);
	CHECK(ask_for_another(7) == 0);
	CHECK(has_begun(2) && board->value[FENCE] == 7);
	CHECK(trp_actor_request(&text.base, NULL) == -ENOTCONN);
	CHECK(trp_actor_request(&blob.base, NULL) == -EPROTO);
	return 0;
}

Test(module, answers_requests_and_is_told_of_the_end)
{
	stage_modules = modules;
	stage_pass(asks);
	cr_expect_eq(board->value[LEFT], 1);
	cr_expect_eq(board->value[CLOSED], 1);
}

static int fills_all_slots(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(has_begun(1));
	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == -EAGAIN);
	CHECK(ask_for_another(2) == 0);
	CHECK(has_begun(2));
	return 0;
}

Test(module, a_restart_at_once_takes_the_slot_of_the_one_before)
{
	stage_modules = modules;
	stage_slots = 4; /* the supervisor, the root, the kept one, another */
	stage_pass(fills_all_slots);
}

static void add(troupe_ref ref, int64_t value)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = value;
	CHECK(troupe_send(ref, &number.base) == 0);
}

static troupe_ref the_kept_one(void)
{
	troupe_ref ref = 0;

	CHECK(has_begun(1));
	CHECK(troupe_lookup("//kept", &ref) == 0);
	CHECK(troupe_monitor(ref, NULL) == 0);
	return ref;
}

static struct troupe_end next_end(troupe_ref ref)
{
	const struct troupe_pattern ends = { .type = &troupe__end__descriptor,
					     .sender = ref };
	struct troupe_message message;

	CHECK(troupe_receive(&ends, 1, troupe_in_ms(20000), &message) == 0);
	return *(const struct troupe_end *)message.body;
}

static int kills_the_kept_one(int argc, char **argv)
{
	troupe_ref ref = the_kept_one(), now;
	struct troupe_end end;

	for (int i = 0; i < 3; i++)
		add(ref, i);
	end = next_end(ref);
	CHECK(end.will_restart && end.incarnation == 0);
	add(ref, 3);
	CHECK(has_begun(2) && board->value[INCARNATION] == 1);
	CHECK(troupe_lookup("//kept", &now) == 0 && now == ref);
	CHECK(board->value[FENCE] == 1);
	add(ref, 4);
	CHECK(is_now(SUM, 1234)); /* in order */
	CHECK(ask_for_another(7) == 0);
	end = next_end(ref);
	CHECK(!end.will_restart && end.incarnation == 1);
	CHECK(end.reason.cause == TROUPE_SHUTDOWN);
	CHECK(has_begun(3) && board->value[INCARNATION] == 0);
	CHECK(board->value[FENCE] == 7);
	CHECK(troupe_lookup("//kept", &now) == 0 && now != ref);
	return 0;
}

Test(module, one_that_dies_is_back_in_place_until_another_is_wanted)
{
	stage_modules = modules;
	stage_pass(kills_the_kept_one);
}

static int ends_it_while_it_is_down(int argc, char **argv)
{
	troupe_ref ref = the_kept_one();

	add(ref, 0);
	CHECK(next_end(ref).will_restart);
	CHECK(ask_for_another(5) == 0);
	CHECK(!next_end(ref).will_restart);
	CHECK(has_begun(2) && board->value[FENCE] == 5);
	CHECK(board->value[INCARNATION] == 0);
	return 0;
}

Test(module, another_is_wanted_while_one_is_down)
{
	stage_modules = modules;
	stage_pass(ends_it_while_it_is_down);
}

/* It names no type, and has never sent one. */
static int takes_anything(const void *arguments)
{
	struct troupe_message message;

	CHECK(troupe_receive(NULL, 0, troupe_in_ms(10000), &message) == 0);
	CHECK(message.type == &hidden_type && message.body);
	board->count++;
	return 0;
}

static int sends_that_type(int argc, char **argv)
{
	Play__Tree tree = PLAY__TREE__INIT;
	troupe_ref ref;

	tree.base.descriptor = &hidden_type;
	CHECK(troupe_spawn_function(takes_anything, NULL, &ref) == 0);
	CHECK(troupe_send(ref, &tree.base) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	return 0;
}

Test(module, its_types_are_known_to_every_actor)
{
	hidden_type = play__tree__descriptor;
	hidden_type.name = "hidden.Tree";
	stage_modules = one_with_a_type;
	stage_pass(sends_that_type);
	cr_assert_eq(board->count, 1);
}
