/* SPDX-License-Identifier: MIT */
/*
 * doorlock: a state machine of receives with deadlines.
 *
 *	LOCKED --4 right digits--> OPEN --a second--> LOCKED
 *
 * After a second without a digit the code starts anew.  The keys are the
 * argument; a dot waits until the lock has timed out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <troupe.h>
#include "doorlock.pb-c.h"

enum { DIGITS = 4, PATIENCE_MS = 1000 };

static const struct troupe_pattern a_key = {
	.type = &doorlock__key__descriptor
};
static const struct troupe_pattern a_state = {
	.type = &doorlock__state__descriptor
};

/* ---- the lock ------------------------------------------------------------ */

static int say(const char *text, bool is_by_time)
{
	Doorlock__State state = DOORLOCK__STATE__INIT;

	state.text = (char *)text;
	state.is_by_time = is_by_time;
	return troupe_send(troupe_parent(), &state.base);
}

/* 1: the right digits, in time; 0: not; or an error that ends the lock. */
static int enter_code(const Doorlock__Code *code)
{
	struct troupe_time deadline = TROUPE_NEVER;
	struct troupe_message message;
	bool is_right = true;
	int r;

	for (int i = 0; i < DIGITS; i++) {
		r = troupe_receive(&a_key, 1, deadline, &message);
		if (r == -ETIMEDOUT)
			return say("too slow: begin anew", true);
		if (r < 0)
			return r;
		is_right &= ((const Doorlock__Key *)message.body)->digit ==
			    code->digit[i];
		deadline = troupe_in_ms(PATIENCE_MS);
	}
	return is_right ? 1 : say("wrong code", false);
}

/* Keys pressed meanwhile are lost on an open door. */
static int stay_open(void)
{
	struct troupe_time deadline = troupe_in_ms(PATIENCE_MS);
	struct troupe_message message;
	int r = say("open", false);

	while (r >= 0)
		r = troupe_receive(&a_key, 1, deadline, &message);
	return r == -ETIMEDOUT ? say("locked again", true) : r;
}

static int lock(const void *arguments)
{
	int r;

	do {
		r = enter_code(arguments);
		if (r == 1)
			r = stay_open();
	} while (r >= 0);
	return r;
}

/* ---- the root ------------------------------------------------------------ */

/* Prints the lock's messages, until its timeout or the deadline. */
static int watch(struct troupe_time deadline)
{
	const Doorlock__State *state;
	struct troupe_message message;
	int r;

	do {
		r = troupe_receive(&a_state, 1, deadline, &message);
		if (r < 0)
			return r;
		state = message.body;
		puts(state->text);
	} while (!state->is_by_time);
	return 0;
}

int troupe_main(int argc, char **argv)
{
	const char *keys = argc > 1 ? argv[1]
				    : "1111"
				      "12."
				      "1234.";
	uint32_t digits[DIGITS] = { 1, 2, 3, 4 };
	Doorlock__Code code = DOORLOCK__CODE__INIT;
	Doorlock__Key key = DOORLOCK__KEY__INIT;
	struct troupe_end end;
	troupe_ref ref;
	int r;

	code.digit = digits;
	code.n_digit = DIGITS;
	r = troupe_spawn_function(lock, &code.base, &ref);
	for (; *keys && r == 0; keys++) {
		if (*keys == '.') {
			r = watch(TROUPE_NEVER);
			continue;
		}
		if (!isdigit((unsigned char)*keys)) {
			fprintf(stderr, "doorlock: no such key: %c\n", *keys);
			return -EINVAL;
		}
		key.digit = (uint32_t)(*keys - '0');
		r = troupe_send(ref, &key.base);
	}
	if (r == 0)
		r = troupe_close(ref);
	if (r == 0)
		r = troupe_wait(ref, TROUPE_NEVER, &end);
	if (r == 0) /* its messages from before its end are here */
		r = watch(TROUPE_POLL);
	return r == -ETIMEDOUT ? 0 : r;
}
