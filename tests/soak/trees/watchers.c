/* SPDX-License-Identifier: MIT */
/* Those outside the trees: who is told of each death, and who gives orders. */
#include "runtime/troupe_supervise.h"
#include "tests/soak/trees/sheet.h"

extern const struct troupe_child_spec trees_added[3];

/* ---- witnesses ------------------------------------------------------------
 */

static uint32_t me, seen;
static struct troupe_timer tick;

static void complain_of_reason(uint32_t post, const struct troupe_end *end,
			       uint32_t how)
{
	char text[256];

	sheet_complain("an end has another reason", post, end->reason.cause,
		       how);
	dprintf(sheet_report, "%u, incarnation %u: %s\n", post,
		end->incarnation,
		troupe_reason_text(&end->reason, text, sizeof(text)));
}

static void look_at_reason(uint32_t number, const struct troupe_end *end)
{
	const struct post *post = &sheet->post[number];
	uint32_t at = (end->incarnation + 1) % FATES;
	uint32_t how = post->fate[at].how;
	bool is_fit = false;

	if (post->fate[at].starts != end->incarnation + 1)
		return; /* it died before its init(), or long ago */
	switch (end->reason.cause) {
	case TROUPE_SHUTDOWN:
	case TROUPE_NOPROC:
		is_fit = true;
		break;
	case TROUPE_NORMAL:
		is_fit = how & MAY_END;
		break;
	case TROUPE_KILLED:
		/* One that is added too late is killed, too. */
		is_fit = (how & MAY_BE_KILLED) || post->is_killed ||
			 post->is_shot || post->is_added;
		break;
	case TROUPE_SIGNAL:
		is_fit = how & MAY_CRASH;
		break;
	case TROUPE_ERROR:
		is_fit = (how & MAY_FAIL) && end->reason.code == -EIO;
		break;
	default:
		break;
	}
	if (!is_fit)
		complain_of_reason(number, end, how);
}

/*
 * One report for each incarnation, and then one that none follows: that of the
 * last, or another one where it was ended while it was down.
 */
static int has_gone(const struct troupe_end *end)
{
	uint32_t number = sheet_find(end->ref);
	struct told *told = &sheet->post[number].told[me];

	if (!number || told->is_final) {
		sheet_complain("an end is told twice", number, end->incarnation,
			       told->last);
		return 0;
	}
	if (end->reason.cause == TROUPE_NOPROC) {
		told->is_final = 1;
		return 0;
	}
	if (told->count && end->incarnation != told->last + 1 &&
	    !(end->incarnation == told->last && !end->will_restart))
		sheet_complain("an end is missing, or told twice", number,
			       end->incarnation, told->last + 1);
	look_at_reason(number, end);
	told->last = end->incarnation;
	told->count++;
	told->is_final = !end->will_restart;
	return 0;
}

static int watch(struct troupe_timer *timer)
{
	while (seen < sheet->posts && sheet->post[seen + 1].ref)
		if (troupe_monitor(sheet->post[++seen].ref, NULL) < 0)
			sheet_complain("no monitor", seen, 0, 0);
	return sheet->is_down == 2 ? TROUPE_STOP : 0;
}

static int witness_init(const void *arguments)
{
	const Trees__Place *place = arguments;

	me = place->index;
	tick.fired = watch;
	return troupe_timer_start(&tick, TROUPE_POLL, 5);
}

const struct troupe_class trees_witness = { .name = "witness",
					    .init = witness_init,
					    .down = has_gone };

/* ---- orders by hand --------------------------------------------------------
 */

static struct troupe_child child[LONGEST];
static size_t count;

/* The place in its table, after its name; -1: it was added. */
static int place_of(const struct troupe_child *of)
{
	int place = atoi(of->id + strcspn(of->id, "0123456789"));

	return place < PLACES ? place : -1;
}

/* The orders so far promise this of a child; none is given meanwhile. */
static void look_at_state(const struct post *above,
			  const struct troupe_child *of)
{
	int place = place_of(of);
	enum troupe_child_state state = of->state;
	uint64_t held = place < 0 ? 0 : above->held[place];
	const struct post *post = &sheet->post[sheet_find(of->ref)];

	if (place < 0 || post->restart == TROUPE_TEMPORARY)
		return;
	if (held && held != of->ref)
		sheet_complain("stopped by hand, it lost its reference", held,
			       of->ref, state);
	if (state == TROUPE_CHILD_STOPPED && !held)
		sheet_complain("stopped, and not by hand", of->ref, state, 0);
	if (held && state != TROUPE_CHILD_STOPPED &&
	    state != TROUPE_CHILD_STOPPING)
		sheet_complain("stopped by hand, and is not", held, state, 0);
	if (state == TROUPE_CHILD_GIVEN_UP && above->parent)
		sheet_complain("given up, with one above", of->ref, state, 0);
	if (state == TROUPE_CHILD_DOWN && of->ref &&
	    post->restart == TROUPE_PERMANENT)
		sheet_complain("permanent, and not restarted", of->ref, state,
			       0);
}

static void look_at(uint32_t of)
{
	const struct post *above = &sheet->post[of];

	if (troupe_children(above->ref, child, LONGEST, &count) < 0)
		count = 0;
	if (count > LONGEST)
		sheet_complain("too many children", of, count, LONGEST);
	for (size_t i = 0; i < count && i < LONGEST; i++)
		look_at_state(above, &child[i]);
}

static bool is_expected(int r)
{
	return r == 0 || r == -ESRCH || r == -ENOENT || r == -ECANCELED ||
	       r == -EALREADY || r == -EBUSY || r == -EEXIST;
}

static void add(troupe_ref to)
{
	int r = troupe_child_add(to, &trees_added[sheet_below(3)],
				 troupe_in_ms((int64_t)sheet_below(2000)),
				 NULL);

	if (!is_expected(r) && r != -ETIMEDOUT && r != -ECHILD && r != -EIO)
		sheet_complain("a child cannot be added", to, (uint64_t)-r, 0);
}

/* A temporary one is forgotten. */
static int stop(struct post *above, const struct troupe_child *of)
{
	const struct post *post = &sheet->post[sheet_find(of->ref)];
	int place = place_of(of), r = troupe_child_stop(above->ref, of->id);

	if (r == 0 && place >= 0 && post->restart != TROUPE_TEMPORARY)
		above->held[place] = of->ref;
	return r;
}

/* Its siblings need not be in order after that. */
static int start(struct post *above, const struct troupe_child *of,
		 bool is_again)
{
	int place = place_of(of), r;

	above->orders++; /* odd: it is under way */
	r = is_again ? troupe_child_restart(above->ref, of->id)
		     : troupe_child_start(above->ref, of->id);
	above->orders++;
	if (r == 0 && place >= 0)
		above->held[place] = 0;
	return r;
}

static void shoot(struct post *post)
{
	post->is_shot = 1;
	if (sheet_below(2))
		troupe_kill(post->ref);
	else
		troupe_stop(post->ref);
}

/* One child of that supervisor; 0: it has none that was ever started. */
static void order(uint32_t of)
{
	static struct post nobody;
	struct post *above = &sheet->post[of], *post = &nobody;
	const struct troupe_child *one;
	int r = 0;

	look_at(of);
	if (!count)
		return;
	one = &child[sheet_below(count < LONGEST ? count : LONGEST)];
	if (one->ref && sheet_find(one->ref))
		post = &sheet->post[sheet_find(one->ref)];
	sheet->orders++;
	switch (sheet_below(12)) {
	case 0:
	case 1:
		if (post != &nobody)
			r = stop(above, one);
		break;
	case 2:
	case 3:
		r = start(above, one, true);
		break;
	case 4:
		add(above->ref);
		break;
	case 5:
		if (post->is_added)
			r = troupe_child_remove(above->ref, one->id);
		break;
	case 6:
		if (post != &nobody)
			shoot(post);
		break;
	default:
		if (one->state == TROUPE_CHILD_STOPPED ||
		    one->state == TROUPE_CHILD_GIVEN_UP ||
		    one->state == TROUPE_CHILD_DOWN ||
		    one->state == TROUPE_CHILD_WAITING)
			r = start(above, one, false);
		break;
	}
	if (!is_expected(r))
		sheet_complain("an order failed", of, (uint64_t)-r, 0);
}

/* In the end all that were stopped or given up are started. */
static void heal(uint32_t of)
{
	look_at(of);
	for (size_t i = 0; i < count && i < LONGEST; i++)
		if (child[i].state == TROUPE_CHILD_STOPPED ||
		    child[i].state == TROUPE_CHILD_GIVEN_UP)
			start(&sheet->post[of], &child[i], false);
}

static uint32_t draw_supervisor(void)
{
	uint32_t posts = sheet->posts, of;

	for (int i = 0; i < 1000 && posts; i++) {
		of = posts -
		     (uint32_t)(sheet_below(i < 500 ? 512 : POSTS) % posts);
		if (of < POSTS && sheet->post[of].is_supervisor &&
		    !sheet->post[of].told[0].is_final)
			return of;
	}
	return 0;
}

static int on_tick(struct troupe_timer *timer)
{
	uint32_t of;

	if (sheet->is_down)
		return TROUPE_STOP;
	if (!sheet->is_over) {
		of = draw_supervisor();
		if (of)
			order(of);
		return 0;
	}
	for (of = 1; of <= sheet->posts && of < POSTS; of++)
		if (sheet->post[of].is_supervisor &&
		    !sheet->post[of].told[0].is_final)
			heal(of);
	return 0;
}

static int hand_init(const void *arguments)
{
	sheet_chance += 77;
	tick.fired = on_tick;
	return troupe_timer_start(&tick, TROUPE_POLL, 40);
}

const struct troupe_class trees_hand = { .name = "hand", .init = hand_init };
