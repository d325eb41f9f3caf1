/* SPDX-License-Identifier: MIT */
/*
 * The lives of supervised actors: each sends and asks, checks what it gets, and
 * is stopped, continued, killed and failed by itself at any instruction.
 */
#include <time.h>
#include "runtime/troupe_restart.h"
#include "runtime/troupe_supervise.h"
#include "tests/soak/trees/sheet.h"

enum { TRIES = 3, START_MS = 5000 };

static struct post *me;
static uint32_t my_number;
static struct troupe_proxy proxies[PEERS];
static struct troupe_timer tick, opening;
static timer_t fates[3];
static unsigned fate_count;
static bool stashes;

/* ---- fates ----------------------------------------------------------------
 */

/* The kernel sends me that signal then, wherever I am; and again after that. */
static void arm(int number, uint64_t ms, long again_ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = number };
	struct itimerspec at = { 0 };
	timer_t *timer = &fates[fate_count++];

	at.it_value.tv_sec = (time_t)(ms / 1000);
	at.it_value.tv_nsec =
		(long)(ms % 1000 * 1000000 + sheet_below(1000000));
	at.it_interval.tv_nsec = again_ms * 1000000;
	if (timer_create(CLOCK_MONOTONIC, &event, timer) ||
	    timer_settime(*timer, 0, &at, NULL))
		sheet_complain("no timer", my_number, (uint64_t)errno, 0);
}

static void may(uint32_t how)
{
	me->fate[me->starts % FATES].how |= how;
}

static void crash(void)
{
	may(MAY_CRASH);
	abort();
}

static void draw_fate(void)
{
	uint64_t stop_ms = sheet_below(2000), at = 50 + sheet_below(12000);

	signal(SIGSEGV, SIG_DFL); /* it is a sanitizer's */
	if (sheet_below(5) == 0) {
		/* Again, for this may stand still before the next line. */
		arm(SIGCONT, stop_ms + 1 + sheet_below(300), 100);
		arm(SIGSTOP, stop_ms, 0);
	}
	switch (sheet_below(5)) {
	case 0:
	case 1:
		may(MAY_BE_KILLED);
		arm(SIGKILL, at, 0);
		break;
	case 2:
		may(MAY_CRASH);
		arm(SIGSEGV, at, 0);
		break;
	default: /* it lives until another ends it */
		break;
	}
}

static void be_calm(void)
{
	while (fate_count)
		timer_delete(fates[--fate_count]);
	me->state = CALM;
}

/* ---- birth ----------------------------------------------------------------
 */

/* Its tables promise this of the others, at any start that nobody ordered. */
static void look_at_siblings(uint64_t previous)
{
	const struct post *other;

	for (uint32_t i = sheet->post[me->parent].children; i;
	     i = other->next) {
		other = &sheet->post[i];
		if (other == me || other->is_added || !other->pid ||
		    sheet_is_gone(other))
			continue;
		if (other->index > me->index &&
		    sheet_since(other->pid) == other->pid_since &&
		    kill(other->pid, 0) == 0)
			sheet_complain("it starts before one after it stops",
				       my_number, i, me->index);
		if (other->index < me->index && previous &&
		    me->strategy == TROUPE_ONE_FOR_ALL &&
		    other->state >= AT_WORK && other->begun < previous &&
		    kill(other->pid, 0) == 0 &&
		    sheet_since(other->pid) == other->pid_since)
			sheet_complain("one before it was not restarted",
				       my_number, i, me->index);
	}
}

static void look_around(uint64_t previous)
{
	struct post *above = &sheet->post[me->parent];
	uint32_t orders = above->orders, before = me->orders_before;

	/* An order may end one that has begun before it, and looks after it. */
	me->orders_before = me->orders_then;
	me->orders_then = orders;
	if (!me->parent || me->is_added || orders % 2 ||
	    (previous ? orders != before : orders > 0))
		return;
	if (me->strategy == TROUPE_ONE_FOR_ALL ||
	    me->strategy == TROUPE_REST_FOR_ONE)
		look_at_siblings(previous);
}

/* Its predecessor may or may not have sent that one. */
static void take_over_lanes(void)
{
	for (int i = 0; i < PEERS; i++) {
		struct lane *lane = &sheet->lane[me->lane[i]];
		uint64_t pending = lane->pending;

		if (!me->lane[i] || !pending)
			continue;
		if (lane->unsures == UNSURE) {
			me->lane[i] = 0; /* it gets no more */
			continue;
		}
		lane->unsure[lane->unsures] = pending - 1;
		lane->unsures++;
		lane->sent = pending;
		lane->pending = 0;
	}
}

static void describe(const Trees__Place *place)
{
	uint32_t parent = sheet_find(troupe_parent());

	if (parent && !me->parent) {
		uint32_t next = sheet->post[parent].children;

		do
			me->next = next;
		while (!atomic_compare_exchange_strong(
			&sheet->post[parent].children, &next, my_number));
	}
	me->parent = parent;
	me->index = place->index;
	me->strategy = place->strategy;
	me->restart = place->restart;
	me->is_killed = place->is_killed;
	me->is_limited = place->is_limited;
	me->is_added = place->is_added;
	me->is_again = place->is_again;
	me->is_supervisor = place->is_supervisor;
}

/* False: it is to fail. */
static bool begin(const void *arguments)
{
	uint32_t starts = troupe_incarnation() + 1;
	uint64_t previous;
	int before;

	my_number = sheet_find_or_add(troupe_self());
	me = &sheet->post[my_number];
	sheet_chance = sheet_below(UINT64_MAX) + my_number * 1000003 + starts;
	previous = me->begun;
	before = me->pid;
	if (me->starts >= starts)
		sheet_complain("an incarnation starts twice", my_number, starts,
			       me->starts + 1);
	if (before && kill(before, 0) == 0 &&
	    sheet_since(before) == me->pid_since)
		sheet_complain("two incarnations run", my_number, starts, 0);
	describe(arguments);
	me->fate[starts % FATES].how = me->is_limited ? MAY_BE_KILLED : 0;
	me->fate[starts % FATES].starts = starts;
	me->starts = starts;
	me->state = IN_INIT;
	me->pid_since = sheet_since(getpid());
	me->pid = getpid();
	look_around(previous);
	me->begun = ++sheet->clock;
	me->asked = me->answered = 0;
	take_over_lanes();
	if (sheet->is_over || (starts == 1 && sheet_below(20)))
		return true;
	if (sheet_below(25) == 0)
		crash();
	if (me->is_limited && sheet_below(40) == 0)
		while (true) /* until that takes too long */
			pause();
	return sheet_below(15);
}

/* ---- sending --------------------------------------------------------------
 */

static uint32_t draw_post(void)
{
	uint32_t posts = sheet->posts, post = 0;

	/* The latest are alive, most of them. */
	for (int i = 0; i < 8 && posts; i++) {
		uint64_t back = sheet_below(i < 4 ? 256 : POSTS) % posts;

		post = posts - (uint32_t)back;
		if (post < POSTS && post != my_number &&
		    sheet->post[post].ref &&
		    !sheet->post[post].told[0].is_final)
			return post;
	}
	return 0;
}

static void choose(int i)
{
	uint32_t to = draw_post(), lane;

	me->lane[i] = 0;
	if (!to)
		return;
	lane = ++sheet->lanes;
	if (lane >= LANES)
		return;
	sheet->lane[lane].to = to;
	sheet->lane[lane].from = my_number;
	me->lane[i] = lane;
}

static void send_some(int i)
{
	struct lane *lane = &sheet->lane[me->lane[i]];
	uint64_t count = 1 + sheet_below(12);
	int r = 0;

	while (count-- && r == 0) {
		uint64_t number = lane->sent;

		lane->pending = number + 1;
		r = sheet_send(sheet->post[lane->to].ref, me->lane[i], number);
		if (r == 0)
			lane->sent = number + 1;
		else {
			lane->refused = number;
			lane->why = r;
		}
		lane->pending = 0;
	}
	if (r == -ESRCH) {
		lane->is_refused = 1;
		me->lane[i] = 0;
	} else if (r == -EAGAIN || r == -ENOMEM || r == -ENOBUFS) {
		sheet->full++;
	} else if (r < 0) {
		sheet_complain("a send failed", my_number, (uint64_t)-r, 0);
	}
}

static void take_answer(const Trees__Question *answer, void *value)
{
	me->answered++;
	if (!answer)
		sheet->failed_calls++;
	else if (answer->value != (uintptr_t)value + 1)
		sheet_complain("an answer is another's", my_number,
			       answer->value, (uintptr_t)value + 1);
}

static void ask(int i)
{
	Trees__Question question = TREES__QUESTION__INIT;
	troupe_ref to = sheet->post[sheet->lane[me->lane[i]].to].ref;

	if (proxies[i].pending && proxies[i].target != to)
		return;
	if (proxies[i].target != to) {
		troupe_proxy_init(&proxies[i], to, &trees__peer__descriptor);
		proxies[i].fails_fast = sheet_below(2);
	}
	question.value = sheet_below(UINT32_MAX);
	me->asked++;
	sheet->calls++;
	trees__peer__ask(&proxies[i].base, &question, take_answer,
			 (void *)(uintptr_t)question.value);
}

/* 0, or how the callback ends. */
static int maybe_end(uint64_t odds)
{
	if (sheet->is_over || sheet_below(odds))
		return 0;
	switch (sheet_below(3)) {
	case 0:
		crash();
		return 0;
	case 1:
		may(MAY_FAIL);
		return -EIO;
	default:
		may(MAY_END);
		return TROUPE_STOP;
	}
}

static int work(void)
{
	int i = (int)sheet_below(PEERS);

	if (sheet->is_over) {
		if (me->state != CALM)
			be_calm();
		return 0;
	}
	if (!me->lane[i] || sheet_below(50) == 0)
		choose(i);
	if (me->lane[i])
		send_some(i);
	if (me->lane[i] && sheet_below(3) == 0)
		ask(i);
	return maybe_end(1200);
}

/* ---- receiving ------------------------------------------------------------
 */

static bool is_unsure(const struct lane *lane, uint64_t number)
{
	for (uint32_t i = 0; i < lane->unsures; i++)
		if (lane->unsure[i] == number)
			return true;
	return false;
}

/* Each death may skip one; or, of those handed over again, three may. */
static void miss(const struct lane *lane, uint64_t from, uint64_t to)
{
	uint32_t deaths = troupe_incarnation();

	for (uint64_t number = from; number < to; number++)
		if (!is_unsure(lane, number))
			me->gaps++;
	if (me->gaps > (me->is_again ? deaths / TRIES : deaths))
		sheet_complain("an item is lost", my_number, from, to);
}

static bool is_allowed_again(const Trees__Item *item, uint64_t begun)
{
	if (me->is_again && troupe_attempt() > 1 && item->number == begun - 1)
		return true;
	dprintf(sheet_report,
		"of post %u, incarnation %u, try %u, %s, index %u, refused "
		"%llu "
		"with %d, sender %u of %u lives\n",
		my_number, troupe_incarnation(), troupe_attempt(),
		me->is_again ? "again" : "skip", me->index,
		(unsigned long long)sheet->lane[item->lane].refused,
		sheet->lane[item->lane].why, sheet->lane[item->lane].from,
		sheet->post[sheet->lane[item->lane].from].starts);
	return false;
}

static void check(const struct troupe_message *message)
{
	const Trees__Item *item = message->body;
	uint32_t number = item->lane < LANES ? item->lane : 0;
	struct lane *lane = &sheet->lane[number];
	uint64_t begun = lane->begun;

	if (lane->to != my_number)
		sheet_complain("an item is another's", number, my_number,
			       lane->to);
	if (!sheet_is_whole(message))
		sheet_complain("an item is damaged", number, item->number, 0);
	if (item->number > begun)
		miss(lane, begun, item->number);
	if (item->number < begun && !is_allowed_again(item, begun))
		sheet_complain("an item comes twice", number, item->number,
			       begun);
	if (troupe_attempt() > TRIES || troupe_attempt() < 1)
		sheet_complain("tries", number, troupe_attempt(), TRIES);
	sheet->tries += troupe_attempt() > 1;
	lane->begun = item->number + 1;
}

static int take_item(const struct troupe_message *message)
{
	check(message);
	return maybe_end(1000);
}

static void peer_ask(Trees__Peer_Service *service, const Trees__Question *asked,
		     Trees__Question_Closure reply, void *call)
{
	Trees__Question answer = TREES__QUESTION__INIT;

	answer.value = asked->value + 1;
	if (!sheet->is_over && sheet_below(1000) == 0)
		crash();
	reply(&answer, call);
}

const Trees__Peer_Service trees_service = TREES__PEER__INIT(peer_);

/* ---- classes --------------------------------------------------------------
 */

static int on_tick(struct troupe_timer *timer)
{
	return work();
}

static int set_out(void)
{
	me->state = AT_WORK;
	if (sheet->is_over)
		me->state = CALM;
	else
		draw_fate();
	tick.fired = on_tick;
	return troupe_timer_start(&tick, troupe_in_ms(1),
				  10 + (int)sheet_below(60));
}

int trees_init(const void *arguments)
{
	if (begin(arguments))
		return set_out();
	may(MAY_FAIL);
	sheet->bad_starts++;
	return -EIO;
}

const struct troupe_handler trees_handlers[] = {
	{ &trees__item__descriptor, take_item }, { 0 }
};

/* Puts all aside for a while, then handles it. */
static int open_up(struct troupe_timer *timer)
{
	stashes = false;
	return troupe_unstash() < 0 ? -EINVAL : 0;
}

int trees_stash_init(const void *arguments)
{
	int r = trees_init(arguments);

	if (r < 0)
		return r;
	stashes = true;
	opening.fired = open_up;
	return troupe_timer_start(&opening, troupe_in_ms(sheet_below(500)), 0);
}

static int stash_item(const struct troupe_message *message)
{
	if (stashes && troupe_stash() == 0)
		return 0;
	return take_item(message);
}

const struct troupe_handler trees_stash_handlers[] = {
	{ &trees__item__descriptor, stash_item }, { 0 }
};

static bool is_odd(const struct troupe_message *message, void *data)
{
	const Trees__Item *item = message->body;

	return item && item->lane % 2;
}

/* Odd lanes go first; what is even waits in its save queue. */
int trees_select(const void *arguments)
{
	const struct troupe_pattern odd = { .type = &trees__item__descriptor,
					    .matches = is_odd };
	struct troupe_message message;
	int r = 0;

	while (r >= 0 && r != TROUPE_STOP) {
		r = troupe_receive(&odd, 1, troupe_in_ms(20), &message);
		if (r == -ETIMEDOUT)
			r = troupe_receive(NULL, 0, TROUPE_POLL, &message);
		if (r == -ETIMEDOUT)
			r = 0;
		else if (r >= 0)
			r = take_item(&message);
	}
	return r == TROUPE_STOP || r == -ECANCELED ? 0 : r;
}
