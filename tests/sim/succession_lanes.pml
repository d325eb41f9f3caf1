/* SPDX-License-Identifier: MIT */
/*
 * Several lanes to one receiver over its deaths, for SPIN: of two senders, or,
 * with REPLIES, mail and replies of one.  They share `handling`, the doorbell
 * and `taking`, and the receiver's turn goes from one to the other.  R may be
 * killed between any two accesses to shared memory, KILLS times in all, and
 * goes on as its next incarnation; succession.pml has deaths of a sender.
 *
 * Holds for all kills:
 *	each record is handed out in its lane's order, once, or once more if it
 *	was at hand at a kill
 *	nobody sleeps on mail, also of a sender that nobody has met yet
 *
 * tests/support/model runs it, and once with each of these, which must fail:
 *	BUG_UNPUBLISHED	a record of another lane begins before head is published
 *	BUG_TAKING	a successor does not ring itself for bits that were taken
 *	BUG_TAKING_LATE	`taking` is said after the bits are taken
 *	BUG_TAKING_EARLY	it is cleared before their senders are known
 *	BUG_WHOSE	`handling` counts for any lane
 *	BUG_KNOWN	(REPLIES) S is known when one of its lanes is taken over
 */
#ifndef KILLS
#define KILLS 2
#endif
#ifndef RECORDS
#define RECORDS 2 /* of each lane */
#endif
#define LANES 2
#define LIVES 3
#ifdef REPLIES
#define OF(lane) 0 /* the sender */
#else
#define OF(lane) (lane)
#endif

byte tail[LANES];
/* Of R(j): endpoints of senders, heads of lanes, its front. */
bit known[LIVES * 2], imported[LIVES], taking[LIVES], sleeping[LIVES];
byte head[LIVES * 2];
byte handling[LIVES]; /* lane * 16 + position * 2 + 1, 1 more if done; or 0 */
bit bell[LANES], woken;

byte life, dead, kills, over;
byte got[LANES]; /* records handed out, so the next one */
bit may_repeat[LANES];

#define STEP(access)                                                     \
	atomic {                                                         \
		access;                                                  \
		if :: kills < KILLS -> kills++; goto died :: true fi     \
	}

/* It has not been met: it rings for each record. */
proctype Sender(byte lane)
{
	byte i, view;

	do
	:: i == RECORDS -> break
	:: else ->
		i++;
		tail[lane] = i; /* R1 */
		bell[OF(lane)] = 1;
		view = life;
		if :: sleeping[view] -> woken = 1 :: else fi;
		/* The life may be new only now. */
		if
		:: view != life && sleeping[life] -> woken = 1
		:: else
		fi
	od;
	over++
}

#define TAKE_LANE(lane)                                                  \
	c[lane] = head[from * 2 + lane];                                 \
	STEP(head[j * 2 + lane] = c[lane])
#define ENTER(s)                                                         \
	if                                                               \
	:: is_taken[s] -> skip                                           \
	:: else ->                                                       \
		STEP(l = known[from * 2 + s]);                           \
		if                                                       \
		:: l ->                                                  \
			is_taken[s] = 1;                                 \
			LANES_OF(s);                                     \
			STEP(known[j * 2 + s] = 1)                       \
		:: else                                                  \
		fi                                                       \
	fi
#ifndef REPLIES
#define LANES_OF(s) TAKE_LANE(s)
#elif defined(BUG_KNOWN)
#define LANES_OF(s) TAKE_LANE(0); STEP(known[j * 2] = 1); TAKE_LANE(1)
#else
#define LANES_OF(s) TAKE_LANE(0); TAKE_LANE(1)
#endif
/* Up to where `handling` says that all is done with. */
#define PASS(lane)                                                       \
	if                                                               \
	:: c[lane] < (h % 16) / 2 ->                                     \
		c[lane] = (h % 16) / 2;                                  \
		STEP(head[j * 2 + lane] = c[lane])                       \
	:: else                                                          \
	fi
#define PUBLISH                                                          \
	if                                                               \
	:: last != LANES ->                                              \
		STEP(head[j * 2 + last] = c[last]);                      \
		last = LANES                                             \
	:: else                                                          \
	fi

proctype Receiver(byte j)
{
	byte from = j, c[LANES], i, h, last = LANES;
	bit ready[LANES], is_taken[2], rung[2], l, hand;

	do
	:: from == 0 -> break
	:: else ->
		from--;
		ENTER(0);
#ifndef REPLIES
		ENTER(1);
#endif
		STEP(l = imported[from]);
		if :: l -> break :: else fi
	od;
	if
	:: j > 0 ->
		STEP(h = handling[from]);
		STEP(handling[j] = h);
		STEP(taking[j] = taking[from]);
		STEP(imported[j] = 1);
		if
		:: taking[j] ->
#ifndef BUG_TAKING
			STEP(bell[0] = 1);
			STEP(bell[1] = 1);
#endif
			STEP(taking[j] = 0)
		:: else
		fi;
		if
		:: h ->
#ifdef BUG_WHOSE
			PASS(0);
			PASS(1)
#else
			if :: h / 16 == 0 -> PASS(0) :: else -> PASS(1) fi
#endif
		:: else
		fi
	:: else
	fi;
	ready[0] = known[j * 2 + OF(0)];
	ready[1] = known[j * 2 + OF(1)];
	/* ---- life */
	do
	:: bell[0] || bell[1] ->
#ifndef BUG_TAKING_LATE
		STEP(taking[j] = 1);
#endif
		STEP(rung[0] = bell[0]; rung[1] = bell[1];
		     bell[0] = 0; bell[1] = 0);
#ifdef BUG_TAKING_LATE
		STEP(taking[j] = 1);
#endif
#ifdef BUG_TAKING_EARLY
		STEP(taking[j] = 0);
#endif
		if
		:: rung[0] -> STEP(known[j * 2] = 1)
		:: else
		fi;
		if
		:: rung[1] -> STEP(known[j * 2 + 1] = 1)
		:: else
		fi;
		atomic {
			ready[0] = ready[0] || rung[OF(0)];
			ready[1] = ready[1] || rung[OF(1)]
		};
		STEP(taking[j] = 0)
	:: ready[0] || ready[1] ->
		if
		:: ready[0] -> i = 0
		:: ready[1] -> i = 1
		fi;
		if
		:: tail[i] == c[i] -> ready[i] = 0
		:: else ->
#ifdef BUG_UNPUBLISHED
			last = i;
#else
			if :: last != i -> PUBLISH; last = i :: else fi;
#endif
			STEP(handling[j] = i * 16 + c[i] * 2 + 1; hand = 1);
			atomic { /* the handler */
				assert(got[i] == c[i] ||
				       (may_repeat[i] && got[i] == c[i] + 1));
				got[i] = c[i] + 1;
				may_repeat[i] = 0
			};
			STEP(handling[j] = i * 16 + c[i] * 2 + 2; hand = 0);
			c[i]++;
			if :: PUBLISH :: skip fi
		fi
	:: !ready[0] && !ready[1] ->
		PUBLISH;
		STEP(woken = 0; sleeping[j] = 1);
		STEP(l = bell[0] || bell[1]);
		if
		:: l -> skip
		:: else ->
			if
			:: woken -> skip
			:: atomic {
				over == LANES && got[0] == RECORDS &&
				got[1] == RECORDS -> goto done
			   }
			:: atomic { kills < KILLS -> kills++; goto died }
			fi
		fi;
		STEP(sleeping[j] = 0)
	od;
died:	atomic {
		if :: hand -> may_repeat[i] = 1 :: else fi;
		dead = j + 1
	};
done:	skip
}

init
{
	imported[0] = 1;
	run Sender(0);
	run Sender(1);
	run Receiver(0);
	do
	:: dead == life + 1 -> life++; run Receiver(life)
	:: timeout -> break
	od;
	assert(over == LANES && got[0] == RECORDS && got[1] == RECORDS)
}
