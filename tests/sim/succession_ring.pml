/* SPDX-License-Identifier: MIT */
/*
 * The rings of a lane over the deaths of its receiver, for SPIN: S, which
 * lives, fills a ring, uses its space again, grows into another one and gives
 * the old one back; the first two records have an attachment, in the one block
 * that there is.  R may be killed between any two accesses to shared memory,
 * KILLS times in all, and goes on as its next incarnation; the region of the
 * one before gets a new holder as soon as it may.
 *
 * Holds for all kills:
 *	the records are handed out in order, each once, or once more if it was
 *	at hand at a kill; never bytes that S has used again
 *	an attachment is whole until its record is done with
 *	S never waits for ever: at the end all is read
 *
 * Left out, as succession.pml has it: deaths of S, after which nothing of its
 * region is used again; the doorbell.  Left out as well: CLOSES (tests/ipc/
 * retire), which is a CONTINUES that waits for its ring.
 *
 * tests/support/model runs it, and once with each of these, which must fail:
 *	BUG_JOURNAL	a head moves into another ring without `moving`
 *	BUG_JOURNAL_FIRST	`moving` says that it is set before it is
 *	BUG_KNOWN_FIRST	the import says that it knows S before it says the ring
 *	BUG_BEGUN	head passes a record that is in a handler
 *	BUG_LEFT	a ring is given back when S has left it
 *	BUG_LENT	an attachment is given back when it is sent
 *	BUG_HOLDER	S believes a head of a region that has another holder
 */
#ifndef KILLS
#define KILLS 2
#endif
#ifndef RECORDS
#define RECORDS 4
#endif
#define LIVES 3
#define CELLS 2 /* of a ring; one is kept for CONTINUES */
#define RINGS 2
#define NONE 15
#define LEADS 64 /* a cell that leads to another ring */

/* Of S: its endpoint, its rings and blocks. */
byte tail, first_ring;
byte cell[RINGS * CELLS]; /* number + 1, or LEADS + ring */
bit lent[RINGS * CELLS];  /* that record has an attachment, in the block */
byte block;               /* number + 1 of the record whose bytes are there */
/* Of R(j): its endpoint for S, and its front. */
bit known[LIVES], imported[LIVES], gone[LIVES];
byte head[LIVES], ring[LIVES], base[LIVES];
bit moving[LIVES];
byte to_head[LIVES], to_ring[LIVES], to_base[LIVES];
byte handling[LIVES]; /* 2 * position + 1, and 1 more where it is done; or 0:
			 all below half of it is done with */

byte life, dead, kills, next;
bit may_repeat, is_over;

#define STEP(access)                                                     \
	atomic {                                                         \
		access;                                                  \
		if :: kills < KILLS -> kills++; goto died :: true fi     \
	}
#define AT(position, begin) (((position) - (begin)) % CELLS)
#define OLDEST (seen > begin -> seen : begin)

/* ---- S ------------------------------------------------------------------- */

proctype Sender()
{
	byte at, n, seen, view, h, begin, in_ring, i;
	byte ring_due[RINGS], lent_due; /* free when head is there */
	bit used[RINGS], met, b;

	used[0] = 1; /* ring 0 is named before R1 */
	do
	:: n == RECORDS -> break
	:: else ->
		/* ---- trp_outgoing_reclaim() */
		atomic { if :: life != view -> view = life; met = 0 :: else fi };
		if :: !met -> met = known[view] :: else fi;
		if
		:: met ->
			h = head[view];
#ifndef BUG_HOLDER
			if
			:: gone[view] -> h = 0
			:: else
			fi;
#endif
			if :: h > seen && h <= at -> seen = h :: else fi
		:: else
		fi;
		atomic {
			i = 0;
			do
			:: i == RINGS -> break
			:: else ->
				if
				:: ring_due[i] && ring_due[i] <= seen ->
					ring_due[i] = 0; used[i] = 0
				:: else
				fi;
				i++
			od;
			if
			:: lent_due <= seen -> lent_due = 0
			:: else
			fi;
			b = n < 2;
			i = 1 - in_ring
		};
		if
		:: (!b || !lent_due) && at - OLDEST < CELLS - 1 ->
			if :: b -> block = n + 1 :: else fi;
			atomic {
				cell[in_ring * CELLS + AT(at, begin)] = n + 1;
				lent[in_ring * CELLS + AT(at, begin)] = b
			};
			at++
		:: (!b || !lent_due) && at - OLDEST >= CELLS - 1 && !used[i] ->
			/* lead_on() */
			if :: b -> block = n + 1 :: else fi;
			cell[in_ring * CELLS + AT(at, begin)] = LEADS + i;
			atomic {
				cell[i * CELLS] = n + 1;
				lent[i * CELLS] = b;
				at++;
#ifdef BUG_LEFT
				used[in_ring] = 0;
#else
				ring_due[in_ring] = at;
#endif
				used[i] = 1;
				in_ring = i;
				begin = at;
				at++
			}
		:: else ->
			/* Room will come; or a region that it looks at. */
			life != view || (!met && known[view]) ||
				(met && head[view] > seen);
			goto again
		fi;
		tail = at; /* R1 */
#ifndef BUG_LENT
		if :: b -> lent_due = at :: else fi;
#endif
		n++;
again:		skip
	od;
	is_over = 1
}

/* ---- R ------------------------------------------------------------------- */

/* To where the head is in the reader's ring, or in the next one. */
#define LEAD_ON                                                          \
	if                                                               \
	:: cell[r * CELLS + AT(c, b)] >= LEADS ->                        \
		atomic {                                                 \
			r = cell[r * CELLS + AT(c, b)] - LEADS;          \
			c++;                                             \
			b = c                                            \
		}                                                        \
	:: else                                                          \
	fi
#ifdef BUG_JOURNAL
#define JOURNAL(access) skip
#else
#define JOURNAL(access) STEP(access)
#endif
#ifdef BUG_JOURNAL_FIRST
#define EARLY(access) STEP(access)
#define LATE(access) skip
#else
#define EARLY(access) skip
#define LATE(access) JOURNAL(access)
#endif
#define PUBLISH                                                          \
	if                                                               \
	:: r == mine && b == begin -> STEP(head[j] = c)                  \
	:: else ->                                                       \
		EARLY(moving[j] = 1);                                    \
		JOURNAL(to_ring[j] = r);                                 \
		JOURNAL(to_base[j] = b);                                 \
		JOURNAL(to_head[j] = c);                                 \
		LATE(moving[j] = 1);                                     \
		STEP(ring[j] = r);                                       \
		STEP(base[j] = b);                                       \
		STEP(head[j] = c);                                       \
		JOURNAL(moving[j] = 0);                                  \
		mine = r;                                                \
		begin = b                                                \
	fi

proctype Receiver(byte j)
{
	byte from = j, c, r = NONE, b, h, v, k, mine = NONE, begin;
	bit is_taken, l, hand;

	/* ---- import: the newest that knows S, back to one that has imported */
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
				is_taken = 1;
				STEP(l = moving[from]);
				if
				:: l ->
					r = to_ring[from];
					b = to_base[from];
					c = to_head[from]
				:: else -> /* final: its process is dead */
					r = ring[from];
					b = base[from];
					c = head[from]
				fi;
#ifdef BUG_KNOWN_FIRST
				STEP(known[j] = 1);
#endif
				STEP(head[j] = c);
				STEP(ring[j] = r);
				STEP(base[j] = b);
				STEP(known[j] = 1);
				mine = r;
				begin = b
			:: else
			fi
		fi;
		STEP(l = imported[from]);
		if :: l -> break :: else fi
	od;
	if
	:: j > 0 ->
		STEP(h = handling[from]);
		STEP(handling[j] = h);
		STEP(imported[j] = 1);
		/* Its region has a new holder, and then other bytes: such as
		 * those that S would like best. */
		STEP(gone[j - 1] = 1);
		STEP(head[j - 1] = tail)
	:: else
	fi;
	/* ---- what was done with is passed */
	if
	:: is_taken && h && h / 2 > c ->
		if :: r == NONE -> r = first_ring; b = 0 :: else fi;
		do
		:: c >= h / 2 -> break
		:: else ->
			LEAD_ON;
			if :: c < h / 2 -> c++ :: else fi
		od;
		PUBLISH
	:: else
	fi;
	/* ---- life */
	do
	:: tail == c ->
		if :: known[j] && head[j] != c -> PUBLISH :: else fi;
		if
		:: tail != c -> skip
		:: is_over && next == RECORDS && tail == c -> goto over
		:: atomic { kills < KILLS -> kills++; goto died }
		fi
	:: tail != c ->
		if
		:: !known[j] ->
			STEP(known[j] = 1)
		:: else
		fi;
		if :: r == NONE -> r = first_ring; b = 0 :: else fi;
		LEAD_ON;
		STEP(handling[j] = 2 * c + 1);
		hand = 1;
#ifdef BUG_BEGUN
		c++;
		PUBLISH;
		c--;
#endif
		/* ---- the handler */
		atomic {
			v = cell[r * CELLS + AT(c, b)] - 1;
			k = lent[r * CELLS + AT(c, b)];
			assert(v == next || (may_repeat && v == next - 1));
			next = v + 1;
			may_repeat = 0
		};
		if
		:: k -> STEP(assert(block == v + 1))
		:: else -> STEP(skip)
		fi;
		assert(cell[r * CELLS + AT(c, b)] == v + 1);
		STEP(handling[j] = 2 * c + 2; hand = 0);
		c++;
		if
		:: PUBLISH
		:: skip
		fi
	od;
died:	atomic {
		if :: hand -> may_repeat = 1 :: else fi;
		dead = j + 1
	};
over:	skip
}

init
{
	imported[0] = 1;
	ring[0] = NONE;
	ring[1] = NONE;
	ring[2] = NONE;
	run Sender();
	run Receiver(0);
	do
	:: dead == life + 1 -> life++; run Receiver(life)
	:: timeout -> break
	od;
	assert(is_over && next == RECORDS)
}
