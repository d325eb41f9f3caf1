/* SPDX-License-Identifier: MIT */
/*
 * accounts: a thousand accounts, each an actor, of which most are asleep at any
 * time: without a process, and with their balance kept (troupe_sleep(3)).
 * `accounts.so [ACCOUNTS]`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <troupe.h>
#include <troupe_ask.h>
#include <troupe_restart.h>
#include <troupe_sleep.h>
#include <troupe_state.h>
#include "accounts.pb-c.h"

enum { MOST = 1000000 };

/* ---- an account ---------------------------------------------------------- */

static Accounts__Balance balance = ACCOUNTS__BALANCE__INIT;

static int deposit(const struct troupe_message *message)
{
	balance.cents += ((const Accounts__Deposit *)message->body)->cents;
	return 0;
}

static int tell(const struct troupe_message *message)
{
	balance.lives = troupe_incarnation() + 1;
	return troupe_send(message->sender, &balance.base);
}

static int save(const ProtobufCMessage **ret_state)
{
	*ret_state = &balance.base;
	return 0;
}

static int load(const ProtobufCMessage *state)
{
	balance.cents = ((const Accounts__Balance *)state)->cents;
	return 0;
}

static const struct troupe_handler handlers[] = {
	{ &accounts__deposit__descriptor, deposit },
	{ &accounts__query__descriptor, tell },
	{ 0 },
};
static const struct troupe_class account = {
	.name = "account",
	.handlers = handlers,
	.save = save,
	.load = load,
	.idle_ms = 50,
};

/* ---- the bank ------------------------------------------------------------ */

/* After so many lives: each deposit begins one. */
static void await_sleep(troupe_ref ref, uint32_t lives)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct troupe_state state;

	while (troupe_state_of(ref, &state) == 0 &&
	       (!state.is_asleep || state.restarts < lives))
		nanosleep(&moment, NULL);
}

static int deposit_all(const troupe_ref *ref, uint32_t count, uint32_t day)
{
	Accounts__Deposit message = ACCOUNTS__DEPOSIT__INIT;
	int r = 0;

	for (uint32_t i = 0; i < count && r == 0; i++) {
		message.cents = i;
		r = troupe_send(ref[i], &message.base);
	}
	for (uint32_t i = 0; i < count; i++)
		await_sleep(ref[i], day);
	printf("%u accounts are asleep\n", count);
	return r;
}

int troupe_main(int argc, char **argv)
{
	const Accounts__Query query = ACCOUNTS__QUERY__INIT;
	uint32_t count = argc > 1 ? (uint32_t)atoi(argv[1]) : 1000;
	troupe_ref *ref;
	struct troupe_message answer;
	const Accounts__Balance *told;
	int r;

	if (argc > 2 || count < 1 || count > MOST) {
		fprintf(stderr,
			"accounts: usage: accounts.so [ACCOUNTS], "
			"from 1 to %d\n",
			MOST);
		return -EINVAL;
	}
	ref = calloc(count, sizeof(*ref));
	r = ref ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = troupe_spawn(&account, NULL, &ref[i]);
	for (uint32_t day = 0; day < 3 && r == 0; day++)
		r = deposit_all(ref, count, day);
	if (r == 0)
		r = troupe_ask(ref[count - 1], &query.base, troupe_in_ms(60000),
			       &answer);
	if (r == 0) {
		told = answer.body;
		printf("the last has %llu cents, in its life %u\n",
		       (unsigned long long)told->cents, told->lives);
	}
	free(ref);
	return r;
}
