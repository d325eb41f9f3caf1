/* SPDX-License-Identifier: MIT */
/* Classes that a new process would lack, wholly or in part. */
#include "tests/support/stage.h"

static int run(const void *arguments)
{
	board->count++;
	return 0;
}

static int handle(const struct troupe_message *message)
{
	board->count++;
	return TROUPE_STOP;
}

/* ---- where they lie ------------------------------------------------------ */

static struct troupe_class filled_late = { .name = "late" };
static struct troupe_class not_const = { .name = "variable", .run = run };
static struct troupe_class by_constructor;
static struct troupe_handler late_handlers[2];
static const struct troupe_class with_late_handlers = {
	.name = "late",
	.handlers = late_handlers,
};
static Play__Link_Service late_methods;
static const struct troupe_class with_late_methods = {
	.name = "late",
	.service = &late_methods.base,
};

__attribute__((constructor)) static void construct(void)
{
	by_constructor.name = "constructed";
	by_constructor.run = run;
	late_methods.base = (ProtobufCService) {
		.descriptor = &play__link__descriptor,
		.invoke = protobuf_c_service_invoke_internal,
	};
}

static void answer(Play__Link_Service *service, const Play__Number *number,
		   Play__Number_Closure reply, void *call)
{
	reply(number, call);
}

static void refuse_late_ones(void)
{
	troupe_ref ref = 17;

	CHECK(troupe_spawn(&filled_late, NULL, &ref) == 0);
	CHECK(troupe_kill(ref) == 0);
	filled_late.run = run;
	CHECK(troupe_spawn(&filled_late, NULL, &ref) == -EINVAL);
	CHECK(troupe_spawn_named("late", &filled_late, NULL, &ref) == -EINVAL);
	late_handlers[0] =
		(struct troupe_handler) { &play__number__descriptor, handle };
	CHECK(troupe_spawn(&with_late_handlers, NULL, &ref) == -EINVAL);
	late_methods.ask = answer;
	CHECK(troupe_spawn(&with_late_methods, NULL, &ref) == -EINVAL);
}

static int places_root(int argc, char **argv)
{
	struct troupe_class on_stack = { .name = "stack", .run = run };
	struct troupe_class *on_heap = malloc(sizeof(*on_heap));
	ProtobufCMessageDescriptor type = play__number__descriptor;
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;

	*on_heap = on_stack;
	CHECK(troupe_spawn(&on_stack, NULL, NULL) == -EINVAL);
	CHECK(troupe_spawn(on_heap, NULL, NULL) == -EINVAL);
	free(on_heap);
	number.base.descriptor = &type;
	CHECK(troupe_spawn(&not_const, &number.base, NULL) == -EINVAL);
	refuse_late_ones();
	CHECK(board->count == 0);
	CHECK(troupe_spawn(&not_const, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(troupe_spawn(&by_constructor, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->count == 2);
	return 0;
}

Test(classes, that_a_new_process_would_not_have_are_refused_by_the_spawn)
{
	stage_pass(places_root);
}

/* ---- a method that is left out ------------------------------------------- */

static const Play__Link_Service no_methods = {
	.base = { .descriptor = &play__link__descriptor,
		  .invoke = protobuf_c_service_invoke_internal },
};
static const struct troupe_class without = { .name = "without",
					     .service = &no_methods.base,
					     .stop = NULL };

static void got(const Play__Number *number, void *data)
{
	CHECK(!number);
	board->count++;
}

static int without_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	troupe_ref ref;

	CHECK(troupe_spawn(&without, NULL, &ref) == 0);
	troupe_proxy_init(&proxy, ref, &play__link__descriptor);
	play__link__ask(&proxy.base, &number, got, NULL);
	CHECK(troupe_await(&proxy) == -ENOSYS);
	play__link__ask(&proxy.base, &number, NULL, NULL);
	play__link__ask(&proxy.base, &number, got, NULL);
	CHECK(troupe_await(&proxy) == -ENOSYS);
	CHECK(board->count == 2);
	return 0;
}

Test(classes, answer_a_method_that_is_null_as_one_that_they_do_not_have)
{
	stage_pass(without_root);
}

/* ---- an init that fails -------------------------------------------------- */

static int result(const void *arguments)
{
	return (int)((const Play__Number *)arguments)->value;
}

static int finish(const void *arguments)
{
	troupe_finish(result(arguments));
	return 0;
}

static void stopped(void)
{
	board->value[0]++;
}

static const struct troupe_class beginners[] = {
	{ .name = "beginner", .init = result, .stop = stopped },
	{ .name = "beginner", .init = finish, .stop = stopped },
};

static int init_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	troupe_ref ref;
	int i;

	for (i = 0; i < 2; i++) {
		number.value = -EDOM;
		CHECK(troupe_spawn(&beginners[i], &number.base, &ref) == 0);
		CHECK(stage_end_of(ref).reason.code == -EDOM);
		CHECK(board->value[0] == i);
		number.value = TROUPE_STOP;
		CHECK(troupe_spawn(&beginners[i], &number.base, &ref) == 0);
		CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
		CHECK(board->value[0] == i + 1);
	}
	return 0;
}

Test(classes, are_not_stopped_when_their_init_has_failed)
{
	stage_pass(init_root);
}
