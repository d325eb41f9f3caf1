/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_TEST_H
#define TROUPE_TEST_H

/*
 * Tests of actors, in any framework: the process of the test has a node of its
 * own, and is a guest of it (troupe_guest.h), the probe.
 *
 *	Test(shop, sells)
 *	{
 *		const Shop__Bill *bill;
 *		troupe_ref shop;
 *
 *		troupe_test_begin(NULL);
 *		shop = troupe_test_spawn(&shop_class, NULL);
 *		troupe_test_send(shop, &order.base);
 *		bill = troupe_test_expect(&shop__bill__descriptor, 0);
 *		cr_assert_eq(bill->sum, 12);
 *		troupe_test_end();
 *	}
 *
 * The tests and the actors under test are one program, linked with
 * libtroupe-test (pkg-config troupe-test).
 *
 * A failure is told once, with the file and the line of the call: to `failed`,
 * or on standard error before abort().  `failed` runs last, so it may leave by
 * longjmp() or an exception; if it returns, so does the function, with NULL, 0
 * for a reference, or a negative errno.
 *
 * `ms` is how long a function waits at most, by the clock of the machine; 0:
 * the patience of the options.  A result is valid until the next of
 * these functions is called.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Zero is the default of each. */
struct troupe_test_options {
	void (*failed)(const char *file, int line, const char *text);
	int64_t patience_ms;	/* 0: 10,000 */
	uint32_t slots;		/* actors at once; 0: 4,096 */
	bool clock_stands;	/* see troupe_test_advance() */
	const char *other_node; /* see troupe_test_spawn_at() */
	int32_t outage_ms;	/* that loses no mail of it; 0: 10,000 */
};

/*
 * begin starts a node and joins it, having ended that of an earlier test which
 * left without end.  end stops all actors, and fails where one of those that
 * were spawned ends otherwise than in order then: it had to be killed, or leaks
 * memory.  0 or a negative errno.
 */
TROUPE_API int troupe_test_begin(const struct troupe_test_options *options);
TROUPE_API int troupe_test_end(void);

/*
 * A new actor of that class.  Its parent is the root actor, which sends what it
 * gets on to the probe, as of its sender (not in order with what an actor sends
 * to the probe itself).  named: it is registered, too.
 */
TROUPE_API troupe_ref troupe_test_spawn(const struct troupe_class *klass,
					const ProtobufCMessage *arguments);
TROUPE_API troupe_ref
troupe_test_spawn_named(const char *name, const struct troupe_class *klass,
			const ProtobufCMessage *arguments);

/*
 * With other_node, the name of another node, begin starts that, too, and both
 * are in a mesh.  An actor of that node, as one that was there already; name:
 * NULL, or it is registered there (troupe_whereis_at()).  At the end its node
 * is told to stop, and fails the test if it does not end in order.
 */
TROUPE_API troupe_ref troupe_test_spawn_at(const char *node, const char *name,
					   const struct troupe_class *klass,
					   const ProtobufCMessage *arguments);

/* As troupe_send(), and its error fails the test.  The sender is the probe,
 * troupe_self(). */
TROUPE_API int troupe_test_send(troupe_ref to, const ProtobufCMessage *message);

/*
 * The next message to the probe must be of that type: its body.  like: it must
 * match `example` as in a pattern of troupe_receive(), which passes others over
 * where that is wanted.  message: the latest one, whole.
 */
TROUPE_API const void *troupe_test_expect(
	const ProtobufCMessageDescriptor *type, int64_t ms);
TROUPE_API const void *troupe_test_expect_like(const ProtobufCMessage *example,
					       int64_t ms);
TROUPE_API const struct troupe_message *troupe_test_message(void);

/* Sends a question; the next message of that actor must be of that type. */
TROUPE_API const void *troupe_test_ask(troupe_ref to,
				       const ProtobufCMessage *question,
				       const ProtobufCMessageDescriptor *type,
				       int64_t ms);

/* Calls a method, by its name, and waits for the answer. */
TROUPE_API const void *troupe_test_call(
	troupe_ref to, const ProtobufCServiceDescriptor *service,
	const char *method, const ProtobufCMessage *input, int64_t ms);

/*
 * The earliest end of that actor that was not taken yet must have that cause.
 * Ends of those that the kit has spawned are kept from their start, those of
 * others from the first call for them.
 */
TROUPE_API const struct troupe_end *troupe_test_expect_end(
	troupe_ref ref, enum troupe_cause cause, int64_t ms);

/* No message comes to the probe for `ms` milliseconds, which are all waited. */
TROUPE_API int troupe_test_expect_silence(int64_t ms);

/*
 * With clock_stands no time passes for the node, its supervisor included, from
 * the end of begin: timers, deadlines, idle times, restarts and grace times
 * wait for advance, which moves the clock from each deadline to the next, for
 * so many milliseconds in all, and lets all come to rest before and after each.
 * At the end it goes on.  settle waits for that rest alone: all actors sleep,
 * and have nothing to read.
 */
TROUPE_API int troupe_test_advance(int64_t milliseconds);
TROUPE_API int troupe_test_settle(int64_t ms);

/*
 * Faults, from the time when the actor has taken its mail from the probe up to
 * now.  kill_at_next: it is killed as it begins to handle the next message or
 * call after that, from any sender.  refuse_room: so many of its sends to `to`
 * (0: to any actor) fail with -EAGAIN, as if that mailbox was full.  A
 * successor after a restart has neither.
 */
TROUPE_API int troupe_test_kill_at_next(troupe_ref ref);
TROUPE_API int troupe_test_refuse_room(troupe_ref sender, troupe_ref to,
				       uint32_t sends);

/*
 * The link between both nodes is lost for `ms` milliseconds from now on, or for
 * good if that is negative; 0: it is back.  Mail that is sent meanwhile waits,
 * and after an outage each node hears that the other one has gone.
 */
TROUPE_API int troupe_test_lose_link(int64_t ms);

/* The place of the next failure: the macros below say it. */
TROUPE_API void troupe_test_here(const char *file, int line);

#ifdef __cplusplus
}
#endif

#define TROUPE_TEST_HERE(call)	   (troupe_test_here(__FILE__, __LINE__), (call))
#define troupe_test_begin(options) TROUPE_TEST_HERE(troupe_test_begin(options))
#define troupe_test_end()	   TROUPE_TEST_HERE(troupe_test_end())
#define troupe_test_spawn(klass, arguments) \
	TROUPE_TEST_HERE(troupe_test_spawn(klass, arguments))
#define troupe_test_spawn_named(name, klass, arguments) \
	TROUPE_TEST_HERE(troupe_test_spawn_named(name, klass, arguments))
#define troupe_test_spawn_at(node, name, klass, arguments) \
	TROUPE_TEST_HERE(troupe_test_spawn_at(node, name, klass, arguments))
#define troupe_test_send(to, message) \
	TROUPE_TEST_HERE(troupe_test_send(to, message))
#define troupe_test_expect(type, ms) \
	TROUPE_TEST_HERE(troupe_test_expect(type, ms))
#define troupe_test_expect_like(example, ms) \
	TROUPE_TEST_HERE(troupe_test_expect_like(example, ms))
#define troupe_test_ask(to, question, type, ms) \
	TROUPE_TEST_HERE(troupe_test_ask(to, question, type, ms))
#define troupe_test_call(to, service, method, input, ms) \
	TROUPE_TEST_HERE(troupe_test_call(to, service, method, input, ms))
#define troupe_test_expect_end(ref, cause, ms) \
	TROUPE_TEST_HERE(troupe_test_expect_end(ref, cause, ms))
#define troupe_test_expect_silence(ms) \
	TROUPE_TEST_HERE(troupe_test_expect_silence(ms))
#define troupe_test_advance(milliseconds) \
	TROUPE_TEST_HERE(troupe_test_advance(milliseconds))
#define troupe_test_settle(ms) TROUPE_TEST_HERE(troupe_test_settle(ms))
#define troupe_test_kill_at_next(ref) \
	TROUPE_TEST_HERE(troupe_test_kill_at_next(ref))
#define troupe_test_refuse_room(sender, to, sends) \
	TROUPE_TEST_HERE(troupe_test_refuse_room(sender, to, sends))
#define troupe_test_lose_link(ms) TROUPE_TEST_HERE(troupe_test_lose_link(ms))

#endif
