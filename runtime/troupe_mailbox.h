/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_MAILBOX_H
#define TROUPE_MAILBOX_H

/*
 * Custom mailboxes.  A class that names one (`mailbox` of struct troupe_class)
 * has its mail put there as it arrives, and handles the mail that it gets from
 * there:
 *
 *	senders' lanes --put--> mailbox --get--> handler --acknowledge--> gone
 *
 * Mail is messages and one-way calls whose types and methods the actor knows.
 * Calls with a waiting caller bypass it, and so do answers; but a call is taken
 * only when all mail taken before it is kept, so its answer tells the caller
 * that its earlier mail is kept.  troupe_mailbox(3) has the guarantees after a
 * crash.  Not for function actors: troupe_spawn() returns -EINVAL.
 */

#include "troupe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One piece of mail; strings end with a NUL.  All of it borrowed. */
struct troupe_mail {
	const char *type;    /* of the body: "package.Message" */
	const char *service; /* "package.Service"; NULL: it is no call */
	const char *method;  /* of the service */
	const void *body;    /* packed */
	size_t body_size;
	const void *attachment; /* NULL: none */
	size_t attachment_size;
	/*
	 * node: the run of the node in which it was sent; return it unchanged.
	 * The handler sees 0 as the sender of another run.
	 */
	uint64_t node;
	troupe_ref sender;
	struct troupe_time created;
	uint64_t flow;
	unsigned hop;
	uint64_t number; /* of get(), for acknowledge(); never 0 */
};

/*
 * A class names it: the first member of a struct with the parameters of its
 * kind; static const, as the class.
 */
struct troupe_mailbox_kind;
struct troupe_mailbox {
	const struct troupe_mailbox_kind *kind;
};

/*
 * A kind of mailbox.  Its functions run in the actor, between callbacks, and
 * must not block for long: a kind that waits for a descriptor or for time uses
 * struct troupe_input and struct troupe_timer, after whose handlers the actor
 * checks again.  None may call functions that block or run handlers
 * (troupe_await() ...).
 */
struct troupe_mailbox_kind {
	const char *name; /* for people */

	/*
	 * Before init().  actor: its name, or that of its class.  *ret_box is
	 * passed to the other functions.  0, or a negative errno that ends the
	 * actor.
	 */
	int (*open)(const struct troupe_mailbox *mailbox, const char *actor,
		    void **ret_box);

	/*
	 * False: put() is not called, mail stays in its lanes, and senders
	 * finally find a full mailbox.  NULL: always true.
	 */
	bool (*has_room)(void *box);

	/*
	 * Takes a copy.  0; or a negative errno: it can never be kept, and is
	 * reported and dropped.
	 */
	int (*put)(void *box, const struct troupe_mail *mail);

	/*
	 * How many of all put messages are kept: will be delivered whatever
	 * happens to this actor, as far as this kind promises.  Senders' lanes
	 * hold the others.  NULL: all of them.
	 */
	uint64_t (*kept)(void *box);

	/*
	 * The next message: 1, and it is valid until acknowledge(); 0: there is
	 * none now; negative: the actor ends with that reason.  Also the place
	 * to write out pending data: it is called after each handler and after
	 * some puts.
	 */
	int (*get)(void *box, struct troupe_mail *ret_mail);

	/*
	 * The result: 0 or positive: handled; -EBADMSG: it is not valid, has no
	 * handler, or its handler returned that; other negative ones: its
	 * handler failed.  Not called for a stashed message until it has been
	 * handled, nor when the actor dies first.
	 */
	void (*acknowledge)(void *box, uint64_t number, int result);

	/*
	 * The number of messages not acknowledged as handled.  An actor that
	 * was told to close ends at 0.
	 */
	uint64_t (*size)(void *box);

	/* The actor ends in order.  May be NULL. */
	void (*close)(void *box);
};

/* Of this actor's mailbox; -EINVAL: it has no custom mailbox. */
TROUPE_API int64_t troupe_mailbox_size(void);

/*
 * Mail in a Redis stream: it survives the actor and the node, is delivered
 * again until its handler has succeeded, and is set aside after some tries.
 * Redis 6.2 or later.  Built if hiredis is installed; otherwise an actor with
 * such a mailbox ends at once with -ENOTSUP.
 *
 *	static const struct troupe_redis_mailbox orders = {
 *		.base = { &troupe_redis_kind },
 *		.url = "unix:///run/redis/redis.sock",
 *	};
 *	static const struct troupe_class desk = {
 *		...
 *		.mailbox = &orders.base,
 *	};
 */
struct troupe_redis_mailbox {
	struct troupe_mailbox base;

	/*
	 * redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
	 * unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]
	 * NULL: the environment's TROUPE_REDIS, or redis://127.0.0.1:6379.
	 * The actor blocks while a host name is resolved.
	 */
	const char *url;

	/*
	 * The key; NULL: "troupe:" and the actor's name.  One actor at a time:
	 * several of a class need names (troupe_spawn_named()).
	 */
	const char *stream;
	const char *group; /* of consumers; NULL: "troupe" */

	/*
	 * Tries before a message is set aside in the stream "KEY:poison"; 0: 5.
	 * A first try that ends with the actor's death does not count.
	 */
	unsigned tries;

	/* Until the second try; doubled for each further one; 0: 1,000. */
	int64_t retry_ms;

	/* Entries beyond which there is no room; 0: 100,000. */
	uint64_t limit;

	/* Interval of polling for entries of others; 0: none. */
	int64_t look_ms;
};

extern TROUPE_API const struct troupe_mailbox_kind troupe_redis_kind;

#ifdef __cplusplus
}
#endif

#endif
