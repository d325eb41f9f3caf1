/* SPDX-License-Identifier: MIT */
/*
 * The wake protocol of ipc/doorbell.c and ipc/wait.c for SPIN: two senders, one
 * receiver, the supervisor that repairs for the dead.  All but the supervisor
 * may be killed between any two accesses to shared memory, KILLS
 * times in all; the receiver has a successor each time.
 *
 * The proof: no process sleeps on mail.  The receiver leaves its wait for
 * good only when all senders are through and all they sent is read;
 * so a lost wake is a deadlock, which the verifier looks for.
 *
 * Memory: SPIN's own is sequentially consistent.  A missing fence is modelled
 * by a load that may come before the store in front of it.
 *
 * With RING the wait is io_uring's: left armed over sleeps, so that the word
 * is compared only when it is queued.  Without, it is futex(2).
 *
 * tests/support/model runs it, and once with each of these, which must fail:
 *	BUG_WOKEN_FIRST		WOKEN is set before the wake
 *	BUG_PARK_NO_SEQ		a park clears WOKEN, but keeps the sequence
 *	BUG_NO_RECHECK		no look at the bell after announcing the sleep
 *	BUG_RING_NO_FENCE	no fence between setting and `sleeping`
 *	BUG_PARK_NO_FENCE	no fence between `sleeping` and the look
 *	BUG_NO_REPAIR		nobody rings for a dead sender
 *	BUG_NO_RECOVER		a successor trusts the bell as it is
 */

#ifndef KILLS
#define KILLS 1
#endif
#ifndef FIRST
#define FIRST 2 /* messages of the first sender; the other has one */
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 1
#endif

/* Shared memory: a lane each, the bell, the word, the front. */
bit unread[2];
bit bottom[2];
byte middle;
bit top;
byte word;
bit sleeping;

/* The kernel: one waiter, and whether it was woken. */
bit waiter, woken;

byte kills, timeouts;
bit dead[2];
byte finished;

/* One access to shared memory, after which a mortal may be killed. */
#define STEP(access)                                             \
	atomic {                                                 \
		access;                                          \
		if                                               \
		:: mortal && kills < KILLS -> kills++; goto died \
		:: true                                          \
		fi                                               \
	}

/* Sequences wrap, so that states do not differ only in their number. */
#define NEXT(value, by) (((value) + (by)) & 63)

#define EXCHANGE(ret, place, new) ret = place; place = new

inline futex_wake()
{
	d_step {
		if
		:: waiter -> waiter = 0; woken = 1
		:: else
		fi
	}
}

inline advance(from, to)
{
	d_step {
		ok = (word == from);
		if
		:: ok -> word = to
		:: else
		fi
	}
}

inline wake()
{
	w = word;
	if
	:: w & 1
	:: else ->
#ifdef BUG_WOKEN_FIRST
		STEP(advance(w, NEXT(w, 1)));
		if
		:: ok -> futex_wake()
		:: else
		fi
#else
		STEP(advance(w, NEXT(w, 2)));
		if
		:: ok ->
			STEP(futex_wake());
			advance(NEXT(w, 2), NEXT(w, 3))
		:: else
		fi
#endif
	fi
}

inline set_top_and_look()
{
#ifdef BUG_RING_NO_FENCE
	if
	:: how = sleeping; top = 1
	:: top = 1; how = sleeping
	fi
#else
	STEP(top = 1);
	how = sleeping
#endif
}

inline ring(i, again)
{
	STEP(EXCHANGE(old, bottom[i], 1));
	if
	:: old && !again
	:: else ->
		STEP(middle = middle | (1 << i));
		set_top_and_look();
		if
		:: how -> wake()
		:: else
		fi
	fi;
	old = 0; how = 0; ok = 0; w = 0
}

proctype sender(bit i)
{
	bit mortal = 1, old, how, ok;
	byte w, left = (i == 0 -> FIRST : 1);

	do
	:: left > 0 ->
		left--;
		STEP(unread[i] = 1);
		ring(i, 0)
	:: else -> break
	od;
	finished++;
	goto done;
died:
	dead[i] = 1;
done:
	skip
}

inline repair(i)
{
	dead[i] = 0;
#ifndef BUG_NO_REPAIR
	ring(i, 1);
#endif
	finished++
}

active proctype supervisor()
{
	bit mortal, old, how, ok;
	byte w;

	run sender(0);
	run sender(1);
	do
	:: dead[0] -> repair(0)
	:: dead[1] -> repair(1)
	:: finished == 2 -> break
	od;
	goto done;
died:
	assert(false);
done:
	skip
}

inline take_bottom(i)
{
	if
	:: m & (1 << i) ->
		STEP(EXCHANGE(b, bottom[i], 0));
		if
		:: b -> unread[i] = 0; b = 0
		:: else
		fi
	:: else
	fi
}

inline take()
{
	STEP(EXCHANGE(m, middle, 0));
	take_bottom(0);
	take_bottom(1);
	m = 0
}

inline recover()
{
#ifndef BUG_NO_RECOVER
	middle = 3;
	top = 1;
#endif
	unread[0] = 0;
	unread[1] = 0
}

inline arm()
{
#ifdef BUG_PARK_NO_SEQ
	d_step { word = word & 254; value = word }
#else
	d_step { word = NEXT(word | 1, 1); value = word }
#endif
}

inline announce_and_look()
{
#ifdef BUG_PARK_NO_FENCE
	if
	:: seen = top; sleeping = 1
	:: sleeping = 1; seen = top
	fi
#else
	STEP(sleeping = 1);
	seen = top
#endif
#ifdef BUG_NO_RECHECK
	; seen = 0
#endif
}

/* Queued only while the word is what it was; otherwise it ends at once. */
inline begin_wait()
{
	d_step {
		if
		:: is_armed
		:: !is_armed && word == value -> waiter = 1; is_armed = 1
		:: !is_armed && word != value -> woken = 1; is_armed = 1
		fi
	}
}

inline give_up()
{
#ifndef RING
	d_step { waiter = 0; woken = 0; is_armed = 0 }
#else
	skip
#endif
}

#define ALL_DONE (finished == 2 && !unread[0] && !unread[1])

active proctype receiver()
{
	bit mortal = 1, t, b, seen, is_armed;
	byte m, value;

work:
	STEP(EXCHANGE(t, top, 0));
	if
	:: t -> t = 0; take(); goto work
	:: else
	fi;
	STEP(arm());
	announce_and_look();
	if
	:: seen -> seen = 0
	:: else ->
		begin_wait();
		if
		:: woken -> d_step { woken = 0; is_armed = 0 }
		:: timeouts < TIMEOUTS -> timeouts++; give_up()
		:: kills < KILLS -> kills++; goto died
		:: ALL_DONE -> goto done
		fi
	fi;
	value = 0;
	STEP(sleeping = 0);
	goto work;

died:	/* The kernel takes a dead process's waits away. */
	atomic {
		waiter = 0; woken = 0; is_armed = 0;
		t = 0; b = 0; m = 0; seen = 0; value = 0
	}
	sleeping = 0;
	recover();
	goto work;
done:
	skip
}
