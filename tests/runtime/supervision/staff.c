/* SPDX-License-Identifier: MIT */
#include "tests/runtime/supervision/staff.h"

/* Which incarnations started and stopped, in order: "a+", "a-". */
void staff_note(const char *what)
{
	long at = board->value[4000]++;

	board->value[3000 + 2 * at] = what[0];
	board->value[3001 + 2 * at] = what[1];
}

void staff_expect_notes(const char *expected)
{
	char text[128] = "";
	size_t length = (size_t)board->value[4000];

	for (size_t i = 0; i < 2 * length && i < sizeof(text) - 1; i++)
		text[i] = (char)board->value[3000 + i];
	cr_expect_str_eq(text, expected);
}

/* ---- children: each adds up numbers, and crashes of 13 ------------------- */

static int sum; /* of this incarnation */

static int on_number(const struct troupe_message *message)
{
	const Play__Number *number = message->body;

	if (number->value == 13)
		abort();
	if (number->value == 0)
		return TROUPE_STOP;
	if (number->value < 0)
		return (int)number->value;
	sum += (int)number->value;
	board->value[0] += number->value;
	board->value[1]++;
	return 0;
}

const struct troupe_handler staff_handlers[] = {
	{ &play__number__descriptor, on_number },
	{ 0 },
};

#define CHILD(letter)                                   \
	static int letter##_init(const void *arguments) \
	{                                               \
		staff_note(#letter "+");                \
		return 0;                               \
	}                                               \
	static void letter##_stop(void)                 \
	{                                               \
		staff_note(#letter "-");                \
	}                                               \
	const struct troupe_class staff_##letter = {    \
		.name = #letter,                        \
		.init = letter##_init,                  \
		.stop = letter##_stop,                  \
		.handlers = staff_handlers,             \
	}

CHILD(a);
CHILD(b);
CHILD(c);

const struct troupe_child_spec staff_three[] = {
	{ .id = "a", .klass = &staff_a, .name = "a" },
	{ .id = "b", .klass = &staff_b, .name = "b" },
	{ .id = "c", .klass = &staff_c, .name = "c" },
	{ 0 },
};

/* ---- looking ------------------------------------------------------------- */

struct troupe_child staff_child_of(troupe_ref supervisor, const char *id)
{
	struct troupe_child child[8] = { { .state = TROUPE_CHILD_DOWN } };
	size_t count = 0;

	if (troupe_children(supervisor, child, 8, &count) == -ESRCH)
		return child[0]; /* it does not supervise yet */
	for (size_t i = 0; i < count && i < 8; i++) {
		if (strcmp(child[i].id, id) == 0)
			return child[i];
	}
	return (struct troupe_child) { .state = TROUPE_CHILD_DOWN };
}

/* Waits until it is in that state, for that many restarts. */
struct troupe_child staff_await(troupe_ref supervisor, const char *id,
				enum troupe_child_state state,
				uint32_t restarts)
{
	struct troupe_time until = troupe_in_ms(30000);
	struct troupe_child child;

	do {
		child = staff_child_of(supervisor, id);
		if (child.state == state && child.restarts >= restarts)
			return child;
		stage_receive(5);
	} while (troupe_now().ns < until.ns);
	CHECK(!"it came to that state");
	return child;
}

troupe_ref staff_begin(const struct troupe_class *klass)
{
	troupe_ref ref = 0;

	CHECK(troupe_spawn(klass, NULL, &ref) == 0);
	staff_await(ref, "c", TROUPE_CHILD_UP, 0);
	return ref;
}

void staff_start(troupe_ref supervisor, const char *id)
{
	struct troupe_time until = troupe_in_ms(30000);
	int r;

	do
		r = troupe_child_start(supervisor, id);
	while (r < 0 && troupe_now().ns < until.ns);
	CHECK(r == 0);
}
