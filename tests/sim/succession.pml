/* SPDX-License-Identifier: MIT */
/*
 * Successions of ipc/README.md for SPIN: one lane from S to R.  Each of them may
 * be killed between any two accesses to shared memory, KILLS times in all, and
 * goes on as its next incarnation, with a region of its own.
 *
 * Holds for all kills:
 *	a committed record is handed out; again only if it was at hand at a kill
 *	records of incarnation k come before those of k + 1
 *	nobody sleeps on mail: at the end all is read
 *
 * SPIN's memory is sequentially consistent: fences stand where two sides meet.
 * Positions carry the incarnation, as base(k) = k * SPAN, and never wrap here.
 * The doorbell is one bit: wake.pml is about the rest.  Rings, attachments and
 * heads that S believes are in succession_ring.pml, several lanes in
 * succession_lanes.pml.
 *
 * tests/support/model runs it, and once with each of these, which must fail:
 *	BUG_COMMIT	a commit trusts the event of a region that may be dead
 *	BUG_RING	a ring wakes by `sleeping` of such a region
 *	BUG_MEET	S believes an event before R has come to its incarnation
 *	BUG_TAIL_FIRST	R loads a tail, then whether its sender is dead
 *	BUG_IMPORT	a successor imports from its predecessor alone
 *	BUG_IMPORT_ALL	it takes `handling` from there, too
 *	BUG_KNOWN_FIRST	the import says that it knows S before it says the head
 *	BUG_IMPORTED	it says that it has imported before it has
 *	BUG_HANDLING	`handling` stays when head goes to the next lane
 *	BUG_UNPUBLISHED	head goes there before it was published
 *	BUG_RECOVER	a successor trusts the bell and does not look itself
 */
#ifndef KILLS
#define KILLS 2
#endif
#define RECORDS 2 /* of each incarnation of S */
#define LIVES 4
#define SPAN 4
#define NOWHERE 99

/* The directory: incarnations, hence regions. */
byte life_s, life_r;
/* Of S: the tail of its lane; below base(k) there is no endpoint. */
byte tail[LIVES];
/* Of R: its endpoint for S, and its front. */
bit known[LIVES];
byte head[LIVES], event[LIVES], at[LIVES];
byte handling[LIVES]; /* position modulo SPAN, DONE, BEGUN; or 0 */
bit imported[LIVES], sleeping[LIVES];
/* The bell is the slot's, and stays. */
bit bell, woken;

byte kills;
byte over_s, dead_s, dead_r; /* incarnation + 1 */
byte got[16], allowed[16], newest;

#define BEGUN(c) (((c) % SPAN) * 4 + 1)
#define DONE(c) (((c) % SPAN) * 4 + 3)
#define STEP(access)                                                     \
	atomic {                                                         \
		access;                                                  \
		if :: kills < KILLS -> kills++; goto died :: true fi     \
	}
#define LOOK_AT_LIFE                                                     \
	STEP(l = life_r);                                                \
	if :: l != view -> view = l; met = 0; is_new = 1 :: else fi

proctype Sender(byte k)
{
	byte i = k * SPAN, view = life_r, l;
	bit met, ring, is_new;

	do
	:: i == k * SPAN + RECORDS -> break
	:: else ->
		LOOK_AT_LIFE; /* trp_mailbox_reserve() */
		if
		:: met -> skip
		:: else ->
			STEP(met = known[view]);
#ifndef BUG_MEET
			STEP(met = met && at[view] == k) /* A9 */
#endif
		fi;
		STEP(tail[k] = i + 1); /* R1 */
		ring = !met;
		is_new = 0;
		if
		:: met -> /* F1 */
			STEP(ring = (event[view] == i));
#ifndef BUG_COMMIT
			LOOK_AT_LIFE;
#endif
			ring = ring || is_new
		:: else
		fi;
		if
		:: ring ->
			STEP(bell = 1);
#ifndef BUG_RING
			LOOK_AT_LIFE;
#endif
			STEP(if :: sleeping[view] -> woken = 1 :: else fi)
		:: else
		fi;
		i++
	od;
	atomic { over_s = k + 1; goto over };
died:	dead_s = k + 1;
over:	skip
}

/* hand: a record that was begun; it may be handed out once more. */
proctype Receiver(byte j)
{
	byte from = j, c, t, l, h, hand;
	bit is_taken;

	/* ---- import: the lane from the newest that knows it */
	do
	:: from == 0 -> break
	:: else ->
		from--;
		if
		:: is_taken -> skip
		:: else ->
			STEP(l = known[from]);
			if
			:: l ->
				STEP(c = head[from]);
#ifdef BUG_KNOWN_FIRST
				STEP(known[j] = 1);
				STEP(head[j] = c); event[j] = c;
				at[j] = c / SPAN;
#else
				at[j] = c / SPAN;
				STEP(event[j] = c);
				STEP(head[j] = c);
				STEP(known[j] = 1);
#endif
				is_taken = 1
			:: else
			fi
		fi;
#ifdef BUG_IMPORT
		break;
#endif
#ifdef BUG_IMPORT_ALL
		if :: is_taken -> break :: else fi;
#endif
		STEP(l = imported[from]);
		if :: l -> break :: else fi
	od;
	/* ---- `handling` from the oldest; the first incarnation has none */
#ifdef BUG_IMPORTED
	STEP(imported[j] = 1);
#endif
	if
	:: j > 0 ->
		STEP(h = handling[from]);
		STEP(handling[j] = h)
	:: else
	fi;
#ifndef BUG_IMPORTED
	STEP(imported[j] = 1);
#endif
	/* Records that were done with are passed; the rest comes again. */
	if
	:: known[j] && h ->
		t = ((h / 4) + SPAN - c % SPAN) % SPAN;
		if
		:: t <= SPAN / 2 ->
			c = c + t + (h % 4 == 3);
			STEP(head[j] = c)
		:: else
		fi
	:: else
	fi;
#ifndef BUG_RECOVER
	bell = 1;
#endif
	/* ---- life */
	do
	:: STEP(l = bell; bell = 0);
	   if :: l == 0 -> goto park :: else fi;
look:
#ifdef BUG_TAIL_FIRST
	   STEP(t = tail[c / SPAN]); STEP(l = life_s);
#else
	   STEP(l = life_s); STEP(t = tail[c / SPAN]);
#endif
	   if
	   :: t > c ->
		if
		:: !known[j] ->
			at[j] = c / SPAN;
			STEP(event[j] = c / SPAN * SPAN);
			STEP(head[j] = c);
			STEP(known[j] = 1)
		:: else
		fi;
		STEP(handling[j] = BEGUN(c); hand = c + 1);
		atomic { /* the handler */
			got[c]++;
			assert(got[c] <= 1 + allowed[c] && c / SPAN >= newest);
			newest = c / SPAN
		};
		STEP(handling[j] = DONE(c); hand = 0);
		c++;
		/* Published for a record of another lane, or later. */
		if
		:: STEP(head[j] = c); STEP(handling[j] = 0)
		:: skip
		fi;
		goto look
	   :: t <= c && l > c / SPAN -> /* drained, and its sender is dead */
		if
		:: known[j] ->
#ifndef BUG_UNPUBLISHED
			STEP(head[j] = c);
#endif
			c = (c / SPAN + 1) * SPAN;
#ifndef BUG_HANDLING
			STEP(handling[j] = 0);
#endif
			STEP(event[j] = c);
			STEP(at[j] = c / SPAN); /* R8 */
			STEP(head[j] = c)
		:: else -> c = (c / SPAN + 1) * SPAN
		fi;
		goto look
	   :: else ->
		if
		:: known[j] ->
			STEP(head[j] = c);
			STEP(event[j] = c) /* F2 */
		:: else
		fi;
		STEP(l = life_s); STEP(t = tail[c / SPAN]);
		if :: t > c || l > c / SPAN -> goto look :: else fi
	   fi;
park:	   STEP(woken = 0; sleeping[j] = 1);
	   STEP(l = bell);
	   if
	   :: l -> skip
	   :: else ->
		if
		:: woken -> skip
		:: atomic {
			over_s == life_s + 1 && c == life_s * SPAN + RECORDS ->
			goto over
		   }
		:: atomic { kills < KILLS -> kills++; goto died }
		fi
	   fi;
	   STEP(sleeping[j] = 0)
	od;
died:	atomic {
		if :: hand -> allowed[hand - 1]++ :: else fi;
		dead_r = j + 1
	};
over:	skip
}

init
{
	byte i, k;

	imported[0] = 1;
	run Sender(0);
	run Receiver(0);
	do
	:: dead_s == life_s + 1 -> /* reaped: what it wrote is final */
		if /* trp_mailbox_unread_ring() */
		:: tail[life_s] > life_s * SPAN &&
		   (!known[life_r] || head[life_r] < tail[life_s]) ->
			bell = 1;
			if :: sleeping[life_r] -> woken = 1 :: else fi
		:: else
		fi;
		life_s++;
		run Sender(life_s)
	:: dead_r == life_r + 1 ->
		life_r++;
		run Receiver(life_r)
	:: timeout -> break
	od;
	assert(over_s == life_s + 1);
	k = 0;
	do
	:: k > life_s -> break
	:: else ->
		i = k * SPAN;
		do
		:: i >= tail[k] -> break
		:: else -> assert(got[i]); i++
		od;
		k++
	od
}
