/* SPDX-License-Identifier: MIT */
/*
 * Some hundred actors send each other numbered items and questions, while their
 * own timers stop, continue and kill them at any instruction.  A sheet that all
 * of them share records the fate of each:
 *
 *	life	one process, from its spawn to its end
 *	lane	what one life sends to another, numbered from 0
 *
 * A receiver detects at once a lost, doubled, misplaced or damaged item.  In
 * the end no actor is disturbed any more, and soon
 *
 *	received == sent, or sent + 1 where the sender was killed in between
 *	each question of a life had one closure, each monitor one end
 *	each end was told once, with the reason that it had
 *
 * SOAK_SECONDS, SOAK_ACTORS and TEST_SEED may be set.  SOAK_LOG shows the log
 * of the node; with SOAK_HALT a failed node waits for inspection.
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include "tests/soak/soak.pb-c.h"
#include "tests/support/ipc_kit.h"
#include "tests/support/stage.h"

enum {
	PLACES = 1000,
	LIVES = 200000,
	LANES = 4000000,
	PEERS = 6,
	LARGEST = 100000,
	CALM_MS = 60000,
	QUIET_MS = 25000, /* before the 30 s after which all check again */
};

#ifdef __SANITIZE_ADDRESS__ /* whose processes are many times as large */
enum { ACTORS = 40 };
#else
enum { ACTORS = 200 };
#endif

enum { ALIVE = 1, CALM, ENDED };

struct life {
	_Atomic uint64_t ref;
	_Atomic uint32_t state;
	_Atomic int fate; /* the signal that kills it; 0: none */
	_Atomic uint32_t is_shot;
	_Atomic uint32_t asked, answered;
	_Atomic uint32_t downs; /* ends of its peers */
	uint32_t expected;	/* of these, as the judge counts them */
};

struct lane {
	_Atomic uint32_t from, to; /* lives */
	_Atomic uint64_t sent, received;
	_Atomic uint32_t is_refused; /* there was no such actor */
};

static struct sheet {
	_Atomic uint32_t is_over;
	_Atomic uint32_t lives, lanes; /* how many; none has number 0 */
	_Atomic uint32_t at[PLACES];   /* the life that is there now */
	_Atomic uint64_t full, crashed, killed, stopped, failed_calls;
	struct life life[LIVES];
	struct lane lane[LANES];
} * sheet;

static uint32_t places, seconds;
static int report = STDERR_FILENO; /* where the log of a node does not go */
static uint64_t chance;		   /* state of the random generator */

static uint64_t below(uint64_t bound)
{
	return kit_random(&chance) % bound;
}

static void complain(const char *what, uint32_t of, uint64_t found,
		     uint64_t expected)
{
	if (++board->failures < 20)
		dprintf(report, "%s: %u: %llu and not %llu\n", what, of,
			(unsigned long long)found,
			(unsigned long long)expected);
}

/* ---- what is sent -------------------------------------------------------- */

/* Any piece of it is as long, and as random, as its number says. */
static uint8_t pattern[LARGEST + 256];

static uint64_t size_of(uint64_t number, bool is_attached)
{
	uint64_t state = number;

	return is_attached ? 1 + kit_random(&state) % LARGEST
			   : kit_random(&state) % 1000;
}

static bool is_whole(uint64_t number, const void *bytes, size_t size,
		     bool is_attached)
{
	return size == size_of(number, is_attached) &&
	       (!size || memcmp(bytes, pattern + number % 256, size) == 0);
}

/* ---- one life ------------------------------------------------------------ */

static struct peer {
	uint32_t lane; /* 0: none */
	troupe_ref ref;
	struct troupe_proxy proxy;
} peers[PEERS];

static uint32_t me;
static struct troupe_timer tick;
static timer_t fates[3];
static unsigned fate_count;

/* The kernel sends me that signal then, wherever I am; and again after that. */
static void arm(int number, uint64_t ms, long again_ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = number };
	struct itimerspec at = { 0 };
	timer_t *timer = &fates[fate_count++];

	at.it_value.tv_sec = (time_t)(ms / 1000);
	at.it_value.tv_nsec = (long)(ms % 1000 * 1000000 + below(1000000));
	at.it_interval.tv_nsec = again_ms * 1000000;
	if (timer_create(CLOCK_MONOTONIC, &event, timer) ||
	    timer_settime(*timer, 0, &at, NULL))
		complain("no timer", me, (uint64_t)errno, 0);
}

/* One in eight lives until another ends it, or all ends. */
static void draw_fate(void)
{
	static const int ends[8] = { SIGKILL, SIGKILL, SIGKILL, SIGKILL,
				     SIGSEGV, SIGSEGV, SIGTERM, 0 };
	uint64_t stop_ms = below(2000);
	int end = ends[below(8)];

	sheet->life[me].fate = end;
	signal(SIGSEGV, SIG_DFL); /* it is a sanitizer's */
	if (below(3) == 0) {
		/* Again, for this may stand still before the next line. */
		arm(SIGCONT, stop_ms + 1 + below(300), 100);
		arm(SIGSTOP, stop_ms, 0);
	}
	if (end)
		arm(end, 50 + below(5000), 0);
}

static void be_calm(void)
{
	while (fate_count)
		timer_delete(fates[--fate_count]);
	sheet->life[me].state = CALM;
}

/* Its peer from now on; there may be none there. */
static void choose(struct peer *peer)
{
	uint32_t life = sheet->at[below(places)], lane;
	troupe_ref ref = sheet->life[life].ref;
	uint64_t monitor;

	peer->lane = 0;
	if (!ref || life == me)
		return;
	lane = ++sheet->lanes;
	if (lane >= LANES)
		return;
	if (troupe_monitor(ref, &monitor) < 0)
		return; /* it was told to stop */
	sheet->lane[lane].to = life;
	sheet->lane[lane].from = me;
	peer->ref = ref;
	peer->lane = lane;
	troupe_proxy_init(&peer->proxy, ref, &soak__peer__descriptor);
}

static int send_one(struct peer *peer, uint64_t number)
{
	Soak__Item item = SOAK__ITEM__INIT;
	uint8_t *bytes = pattern + number % 256;

	item.lane = peer->lane;
	item.number = number;
	if (number % 16 == 15)
		return troupe_send_attached(peer->ref, &item.base, bytes,
					    size_of(number, true));
	item.bytes.data = bytes;
	item.bytes.len = size_of(number, false);
	return troupe_send(peer->ref, &item.base);
}

static void send_some(struct peer *peer)
{
	struct lane *lane = &sheet->lane[peer->lane];
	uint64_t count = 1 + below(12);
	int r = 0;

	while (count-- && r == 0) {
		uint64_t number = lane->sent;

		r = send_one(peer, number);
		if (r == 0)
			lane->sent = number + 1;
	}
	if (r == -ESRCH) {
		lane->is_refused = 1;
		peer->lane = 0;
	} else if (r == -EAGAIN || r == -ENOMEM || r == -ENOBUFS) {
		sheet->full++;
	} else if (r < 0) {
		complain("a send failed", peer->lane, (uint64_t)-r, 0);
	}
}

static void take_answer(const Soak__Question *answer, void *value)
{
	sheet->life[me].answered++;
	if (!answer)
		sheet->failed_calls++;
	else if (answer->value != (uintptr_t)value + 1)
		complain("an answer is another's", me, answer->value,
			 (uintptr_t)value + 1);
}

static void ask(struct peer *peer)
{
	Soak__Question question = SOAK__QUESTION__INIT;

	question.value = below(UINT32_MAX);
	sheet->life[me].asked++;
	soak__peer__ask(&peer->proxy.base, &question, take_answer,
			(void *)(uintptr_t)question.value);
}

static int on_tick(struct troupe_timer *timer)
{
	struct peer *peer = &peers[below(PEERS)];

	if (sheet->is_over) {
		be_calm();
		troupe_timer_cancel(timer);
		return 0;
	}
	if (!peer->lane || below(50) == 0)
		choose(peer);
	if (peer->lane)
		send_some(peer);
	if (peer->lane && below(3) == 0)
		ask(peer);
	return 0;
}

static int has_gone(const struct troupe_end *end)
{
	sheet->life[me].downs++;
	return 0;
}

static int be_born(const void *arguments)
{
	const Soak__Life *life = arguments;

	me = life->life;
	chance = life->seed;
	sheet->life[me].state = ALIVE;
	draw_fate();
	tick.fired = on_tick;
	return troupe_timer_start(&tick, troupe_in_ms(1), 5 + (int)below(50));
}

static int take_item(const struct troupe_message *message)
{
	const Soak__Item *item = message->body;
	struct lane *lane = &sheet->lane[item->lane % LANES];
	bool is_attached = message->attachment;

	if (lane->to != me)
		complain("an item is another's", item->lane, me, lane->to);
	if (lane->received != item->number)
		complain("an item is lost, or comes twice", item->lane,
			 item->number, lane->received);
	if (is_attached != (item->number % 16 == 15) ||
	    !(is_attached ? is_whole(item->number, message->attachment,
				     message->attachment_size, true)
			  : is_whole(item->number, item->bytes.data,
				     item->bytes.len, false)))
		complain("an item is damaged", item->lane, item->number, 0);
	lane->received = item->number + 1;
	return 0;
}

static void peer_ask(Soak__Peer_Service *service, const Soak__Question *asked,
		     Soak__Question_Closure reply, void *call)
{
	Soak__Question answer = SOAK__QUESTION__INIT;

	answer.value = asked->value + 1;
	reply(&answer, call);
}

static const Soak__Peer_Service peer_methods = SOAK__PEER__INIT(peer_);
static const struct troupe_handler peer_handlers[] = {
	{ &soak__item__descriptor, take_item }, { 0 }
};
static const struct troupe_class peer_class = {
	.name = "peer",
	.service = &peer_methods.base,
	.handlers = peer_handlers,
	.init = be_born,
	.down = has_gone,
	.mailbox_limit = 8 << 10,
};

/* ---- who keeps them many ------------------------------------------------- */

static struct troupe_timer harm;

static void settle(uint32_t place)
{
	Soak__Life life = SOAK__LIFE__INIT;
	troupe_ref ref;
	int r;

	sheet->at[place] = 0;
	if (sheet->is_over || sheet->lives + 1 >= LIVES)
		return;
	life.life = ++sheet->lives;
	life.seed = kit_random(&chance);
	r = troupe_spawn(&peer_class, &life.base, &ref);
	if (r < 0) {
		complain("a spawn failed", life.life, (uint64_t)-r, 0);
		return;
	}
	sheet->life[life.life].ref = ref;
	sheet->at[place] = life.life;
}

static bool is_fit(const struct troupe_end *end, const struct life *life)
{
	const struct troupe_reason *reason = &end->reason;

	switch (reason->cause) {
	case TROUPE_KILLED:
		sheet->killed++;
		return life->fate == SIGKILL || life->is_shot;
	case TROUPE_SIGNAL:
		sheet->crashed++;
		return life->fate == SIGSEGV && reason->code == SIGSEGV;
	case TROUPE_SHUTDOWN:
		sheet->stopped++;
		return life->fate == SIGTERM || life->is_shot || sheet->is_over;
	default:
		return false;
	}
}

static int has_ended(const struct troupe_end *end)
{
	char text[256];
	uint32_t place = 0;
	struct life *life;

	while (place < places && sheet->life[sheet->at[place]].ref != end->ref)
		place++;
	if (place == places) {
		complain("an end is told twice", 0, end->ref, 0);
		return 0;
	}
	life = &sheet->life[sheet->at[place]];
	if (!is_fit(end, life)) {
		complain("an end has another reason", sheet->at[place],
			 end->reason.cause, (uint64_t)life->fate);
		dprintf(report, "%s\n",
			troupe_reason_text(&end->reason, text, sizeof(text)));
	}
	life->state = ENDED;
	settle(place);
	return 0;
}

static int do_harm(struct troupe_timer *timer)
{
	uint32_t life = sheet->at[below(places)];
	troupe_ref ref = sheet->life[life].ref;

	if (sheet->is_over || !ref)
		return 0;
	sheet->life[life].is_shot = 1;
	if (below(2))
		troupe_kill(ref);
	else
		troupe_stop(ref);
	return 0;
}

static int keep(const void *arguments)
{
	const Soak__Life *life = arguments;

	chance = life->seed;
	for (uint32_t place = 0; place < places; place++)
		settle(place);
	harm.fired = do_harm;
	return troupe_timer_start(&harm, troupe_in_ms(50), 50);
}

static const struct troupe_class keeper_class = {
	.name = "keeper",
	.init = keep,
	.child_stopped = has_ended,
	.grace_ms = 60000,
};

/* ---- the judge ----------------------------------------------------------- */

static bool is_right(const struct lane *lane)
{
	const struct life *to = &sheet->life[lane->to];
	uint64_t sent = lane->sent, received = lane->received;

	if (to->state != CALM)
		return true; /* it has ended */
	return !lane->is_refused &&
	       (received == sent || (received == sent + 1 &&
				     sheet->life[lane->from].state == ENDED));
}

static bool compare(const char *what, uint32_t of, uint64_t found,
		    uint64_t expected, bool is_said)
{
	if (found != expected && is_said)
		complain(what, of, found, expected);
	return found != expected;
}

static uint32_t count_wrong_lanes(bool is_said)
{
	uint32_t wrong = 0;

	for (uint32_t i = 1; i <= sheet->lives; i++)
		sheet->life[i].expected = 0;
	for (uint32_t i = 1; i <= sheet->lanes && i < LANES; i++) {
		const struct lane *lane = &sheet->lane[i];

		if (sheet->life[lane->to].state == ENDED)
			sheet->life[lane->from].expected++;
		if (!is_right(lane))
			wrong++;
		if (is_said && !is_right(lane))
			complain("of a lane", i, lane->received, lane->sent);
	}
	return wrong;
}

static uint32_t count_wrong(bool is_said)
{
	uint32_t wrong = count_wrong_lanes(is_said);

	for (uint32_t i = 1; i <= sheet->lives; i++) {
		const struct life *life = &sheet->life[i];

		if (life->state != CALM)
			continue;
		wrong += compare("closures of", i, life->answered, life->asked,
				 is_said);
		wrong += compare("ends told to", i, life->downs, life->expected,
				 is_said);
	}
	return wrong;
}

static uint32_t count_restless(bool is_said)
{
	uint32_t count = 0;

	for (uint32_t i = 1; i <= sheet->lives; i++)
		if (sheet->life[i].ref && sheet->life[i].state < CALM) {
			count++;
			if (is_said)
				complain("hangs, or its end is not told", i,
					 sheet->life[i].ref, 0);
		}
	return count;
}

static void say_what_was(void)
{
	uint64_t received = 0, calls = 0;

	for (uint32_t i = 1; i <= sheet->lanes && i < LANES; i++)
		received += sheet->lane[i].received;
	for (uint32_t i = 1; i <= sheet->lives; i++)
		calls += sheet->life[i].asked;
	dprintf(report,
		"%u lives (%llu killed, %llu crashed, %llu stopped), %llu "
		"items on %u lanes (%llu times full), %llu calls (%llu "
		"failed)\n",
		sheet->lives, (unsigned long long)sheet->killed,
		(unsigned long long)sheet->crashed,
		(unsigned long long)sheet->stopped,
		(unsigned long long)received, sheet->lanes,
		(unsigned long long)sheet->full, (unsigned long long)calls,
		(unsigned long long)sheet->failed_calls);
}

static int root(int argc, char **argv)
{
	struct troupe_time end = troupe_in_ms(seconds * INT64_C(1000));
	Soak__Life life = SOAK__LIFE__INIT;
	troupe_ref keeper;

	life.seed = chance;
	CHECK(troupe_spawn(&keeper_class, &life.base, &keeper) == 0);
	while (troupe_now().ns < end.ns && !board->failures)
		stage_receive(100);
	sheet->is_over = 1;
	stage_await_none(count_restless, CALM_MS);
	stage_await_none(count_wrong, QUIET_MS);
	say_what_was();
	while (board->failures && getenv("SOAK_HALT"))
		stage_receive(1000);
	CHECK(troupe_stop(keeper) == 0);
	CHECK(troupe_wait(keeper, troupe_in_ms(60000), NULL) == 0);
	return 0;
}

/* Each death has its lines there, as each letter to the dead. */
static void hush(void)
{
#ifndef __SANITIZE_ADDRESS__
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (getenv("SOAK_LOG"))
		return;
	report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	cr_assert(null >= 0 && report >= 0);
	dup2(null, STDERR_FILENO);
	close(null);
#endif
}

static uint32_t setting(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text ? (uint32_t)atoi(text) : otherwise;
}

static uint64_t find_seed(void)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed =
		given ? strtoull(given, NULL, 0) : (uint64_t)troupe_now().ns;

	dprintf(report,
		"TEST_SEED=%llu SOAK_SECONDS=%u SOAK_ACTORS=%u test-soak\n",
		(unsigned long long)seed, seconds, places);
	return seed;
}

Test(soak, among_deaths_nothing_is_lost_doubled_or_left, .timeout = 1000000)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit) { 0 });
	places = setting("SOAK_ACTORS", ACTORS);
	seconds = setting("SOAK_SECONDS", 5);
	cr_assert(places > 1 && places <= PLACES);
	hush();
	chance = find_seed();
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)below(256);
	sheet = mmap(NULL, sizeof(*sheet), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	cr_assert_neq(sheet, MAP_FAILED);
	alarm(seconds + 240); /* bounds a node that hangs */
	stage_pass(root);
	alarm(0);
	dup2(report, STDERR_FILENO);
}
