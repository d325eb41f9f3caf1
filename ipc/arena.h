/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The memory of a node: one sealed memfd that every process of the node maps
 * at the same address, read-only except promises, doorbells, the board (which
 * the layer above uses as it likes) and its own region.
 *
 *	heaps | fronts | directory, holders | promises, doorbells, board | heap
 *0
 *
 * (README.md says why.)  A slot is an address; a region is memory, and has two
 * parts, front and heap.  The directory says which region a slot has now, and
 * the table of holders whose a region is.
 *
 * After fork(): the mapping is inherited as it is; a child that is to own a
 * region calls trp_arena_enter().
 */

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Loads and stores of shared words, each by its order. */
#define trp_load_relaxed(at) atomic_load_explicit(at, memory_order_relaxed)
#define trp_load_acquire(at) atomic_load_explicit(at, memory_order_acquire)
#define trp_store_relaxed(at, value) \
	atomic_store_explicit(at, value, memory_order_relaxed)
#define trp_store_release(at, value) \
	atomic_store_explicit(at, value, memory_order_release)

enum {
	TRP_PAGE = 4096,
	TRP_SLOTS_MAX = 496 * 64,
	TRP_REGIONS_MAX = TRP_SLOTS_MAX + TRP_SLOTS_MAX / 16,
	TRP_SPARES_MIN = 6,
	TRP_FRONT_SIZE = 64 * 1024,
	TRP_KEPT_MAX = 64 * 1024, /* of a region that is nobody's */
	TRP_ENDPOINTS_INLINE = 27,
	TRP_ENDPOINT_CHUNKS = 10,
	TRP_INDEX_INLINE = 64,
	TRP_WORDS = 480,
	TRP_NAME_SIZE = 32,
	TRP_BOARD_SIZE = 1 << 20,
};

#define TRP_HEAP_DEFAULT (UINT64_C(2) << 30)	      /* and the most */
#define TRP_ARENA_MAGIC	 UINT64_C(0x6570756f72743131) /* "11troupe" */

/* The supervisor's own slot, and its region. */
#define TRP_SLOT_SUPERVISOR 0u
#define TRP_NO_REGION	    UINT32_MAX

/* ENDING: nobody sends to it any more, and all keep what it has not read. */
enum trp_state { TRP_FREE, TRP_LIVE, TRP_DEAD, TRP_ENDING };

/* One line of the directory; written by the supervisor alone. */
struct trp_slot {
	_Atomic uint64_t life; /* trp_life() */
	_Atomic uint32_t parent;
	_Atomic int32_t pid;
	_Atomic uint32_t region;  /* the current one */
	_Atomic uint32_t limit;	  /* of its mailbox; 0: the default */
	char name[TRP_NAME_SIZE]; /* what ps and logs show; NUL-terminated */
	_Atomic uint64_t note;	  /* of the layer above */
};

/* The holder of a region; written by the supervisor alone. */
struct trp_holder {
	_Atomic uint64_t whose; /* trp_whose(); 0: nobody's */
	_Atomic uint32_t incarnation;
	_Atomic uint32_t previous; /* region of the one before, if any */
};

/* A's side of its lanes with `peer`; in A's region, written by A. */
struct trp_endpoint_out {
	_Atomic uint64_t tail; /* records below it are published */
	_Atomic uint64_t room; /* ring me when your head reaches this */
	_Atomic uint64_t ring; /* the first ring: offset | log2(size) */
};

struct trp_endpoint_in {
	_Atomic uint64_t head;	/* records below it are finished with */
	_Atomic uint64_t event; /* ring me when your tail passes this */
	_Atomic uint64_t base;	/* where the ring begins in which head lies */
	_Atomic uint32_t ring;	/* and that ring, as above */
	_Atomic uint32_t at;	/* the incarnation of the sender: its lane */
};

enum trp_stream { TRP_MAIL, TRP_REPLY, TRP_STREAMS };

struct trp_endpoint {
	_Atomic uint32_t peer;	 /* slot */
	_Atomic uint32_t target; /* generation of the receiver of `out` */
	_Atomic uint32_t source; /* generation of the sender of `in` */
	uint32_t spare;
	struct trp_endpoint_out out[TRP_STREAMS];
	struct trp_endpoint_in in[TRP_STREAMS];
};

enum trp_sleep { TRP_AWAKE, TRP_ASLEEP_FUTEX, TRP_ASLEEP_SOCKET };

/*
 * A head that moves into another ring, which takes three stores: a process that
 * finds `lane` set repeats them.
 */
struct trp_moving {
	_Atomic uint64_t lane; /* sender << 8 | stream << 1 | 1; 0: none */
	_Atomic uint64_t ring, base, head;
};

/* The first page of a region; written by its owner alone. */
struct trp_front {
	uint64_t magic;
	uint32_t version;
	_Atomic uint32_t generation; /* of the owner; 0: not yet set up */
	_Atomic uint32_t limit;	     /* mailbox limit, bytes of one sender */
	_Atomic uint32_t endpoints;  /* how many there are */
	_Atomic uint64_t index;	     /* offset | log2(entries), 16 bits each */
	_Atomic uint64_t
		chunk[TRP_ENDPOINT_CHUNKS]; /* offset of further endpoints */
	_Atomic uint32_t incarnation;	    /* of the owner */
	_Atomic uint32_t imported;	    /* 1: no older region is needed */
	/* How often in a row its predecessors died of `again`. */
	_Atomic uint32_t attempts;
	uint32_t spare;

	/* Fields that are written often have a line of their own. */
	alignas(64) _Atomic uint32_t
		sleeping;	   /* enum trp_sleep | number << 8 */
	_Atomic uint32_t taking;   /* word of the doorbell's bottom + 1, or 0 */
	_Atomic uint64_t handling; /* trp_handling(), or 0 */
	struct trp_moving moving;
	/* Of the layer above, as `handling`: the record in a handler, and the
	 * one in a handler when the predecessor died. */
	_Atomic uint64_t at_work;
	_Atomic uint64_t again;

	alignas(64) _Atomic uint16_t small_index[TRP_INDEX_INLINE];
	unsigned char user[320]; /* the layer above: its status block */
	alignas(128) struct trp_endpoint endpoint[TRP_ENDPOINTS_INLINE];
};

struct trp_doorbell {
	_Atomic uint32_t word; /* sequence << 1 | WOKEN */
	uint32_t spare;
	_Atomic uint64_t top;
	uint64_t spare2[6];
	_Atomic uint64_t middle[8];
	_Atomic uint64_t bottom[TRP_SLOTS_MAX / 64];
};

/* Of memory that is about to be populated: ipc/memory_budget.h. */
struct trp_ledger {
	_Atomic uint64_t spent;
	_Atomic uint64_t ceiling;
	_Atomic int64_t looked_ns; /* when the ceiling was set */
};
struct trp_promises {
	struct trp_ledger ledger;
	alignas(64) _Atomic uint32_t pages[TRP_SLOTS_MAX]; /* by slot */
	/* Of the layer above, which all may read and write. */
	alignas(64) _Atomic uint64_t words[TRP_WORDS];
};

static_assert(sizeof(struct trp_promises) <= 32 * TRP_PAGE, "32 pages");
static_assert(TRP_SLOTS_MAX <= UINT16_MAX, "an index has 16 bits for each");
static_assert(TRP_FRONT_SIZE + TRP_HEAP_DEFAULT <= UINT32_MAX,
	      "a ring has 32 bits for its offset");
static_assert(sizeof(struct trp_holder) == 16, "four to a line");
static_assert(TRP_FRONT_SIZE % TRP_PAGE == 0, "of whole pages");
static_assert(sizeof(struct trp_slot) == 64, "a line each");
static_assert(sizeof(struct trp_endpoint) == 128, "two lines each");
static_assert(offsetof(struct trp_endpoint, in) == 64, "one line a direction");
static_assert(offsetof(struct trp_front, sleeping) % 64 == 0 &&
		      offsetof(struct trp_front, small_index) % 64 == 0,
	      "what is written often has lines of its own");
static_assert(offsetof(struct trp_front, endpoint) == 640,
	      "room for 27 endpoints");
static_assert(offsetof(struct trp_front, user) % 64 == 0, "whole lines");
static_assert(sizeof(struct trp_front) == TRP_PAGE, "one page");
static_assert(sizeof(struct trp_doorbell) == TRP_PAGE, "one page");

struct trp_arena {
	unsigned char *base;
	size_t size;
	uint32_t slots;
	uint32_t regions;   /* more than slots */
	uint64_t heap_size; /* a power of two */
	int fd;		    /* read-write; -1 once entered */
	uint32_t entered;   /* own region; TRP_NO_REGION before */
	/* Where in the file each begins; fronts and heaps go down from there,
	 * but heap 0. */
	size_t fronts, directory, holders, promises, doorbells, board, heap_0;
};

/*
 * Makes the memfd and maps it: everything read-only but promises, doorbells and
 * the board.
 * slots: 2..TRP_SLOTS_MAX.  heap_size: a power of two from 64 KiB to 2 GiB.
 * The descriptor is CLOEXEC and stays open in arena->fd, for trp_arena_enter()
 * and for the memory of free slots.
 * Returns 0, -EINVAL, -ENOMEM (no address space), -EFBIG (RLIMIT_FSIZE), or
 * what memfd_create(2), ftruncate(2) and mmap(2) say.
 */
int trp_arena_create(struct trp_arena *arena, uint32_t slots,
		     uint64_t heap_size);

/*
 * The arena of another process of this user, by its descriptor (consumed),
 * wherever there is room for it.  0; -EINVAL: it has another layout; or as
 * trp_arena_create().
 */
int trp_arena_join(struct trp_arena *arena, int fd, uint32_t slots,
		   uint64_t heap_size);

/* Children of this process do not inherit it. */
int trp_arena_keep(const struct trp_arena *arena);
/* Nor do they inherit its own region, which may have a new owner while they
 * live. */
int trp_arena_keep_own(const struct trp_arena *arena);

/*
 * Maps the front and the heap of `region` read-write (region 0: directory and
 * holders as well).  The descriptor stays open for region 0 and is closed
 * otherwise.  Returns 0, or as mmap(2); the mapping is then incomplete, and the
 * process must exit.
 */
int trp_arena_enter(struct trp_arena *arena, uint32_t region);

/*
 * Of a process that has little to do: gives back the page tables that it has
 * for the arena (Linux 6.14; older kernels keep them).  Memory that it
 * touches next comes back by a page fault.
 */
void trp_arena_rest(const struct trp_arena *arena);

/* Unmaps and closes.  A zeroed arena is allowed. */
void trp_arena_fini(struct trp_arena *arena);

/*
 * The holders of regions, for slot 0's process.
 *
 * The first gives a region, which is nobody's and reads as zeros, to that
 * incarnation of a slot, as its current one.  Its predecessor, if it has one,
 * has the region that was current.  Then the caller stores the slot's life.
 * The second: it is nobody's.
 */
void trp_arena_assign(const struct trp_arena *arena, uint32_t region,
		      uint32_t slot, uint32_t generation, uint32_t incarnation);
void trp_arena_release(const struct trp_arena *arena, uint32_t region);
/* The one before that of the region is not its predecessor, but the one before
 * that. */
void trp_arena_pass_over(const struct trp_arena *arena, uint32_t region);
void trp_arena_check(const struct trp_arena *arena);

/* A slot's current region; any valid number where it has none. */
uint32_t trp_arena_region(const struct trp_arena *arena, uint32_t slot);

/*
 * The region of that incarnation, or TRP_NO_REGION: it has none (any more).
 * It stays so only as long as the holder says (trp_arena_is_held()).
 */
uint32_t trp_arena_region_of(const struct trp_arena *arena, uint32_t slot,
			     uint32_t generation, uint32_t incarnation);
/* The incarnation that has it, or had it last. */
uint32_t trp_arena_incarnation(const struct trp_arena *arena, uint32_t region);
/* The region of the incarnation before that of a region, or TRP_NO_REGION.  One
 * that was passed over is not among them. */
uint32_t trp_arena_before(const struct trp_arena *arena, uint32_t region);
bool trp_arena_is_held(const struct trp_arena *arena, uint32_t region,
		       uint32_t slot, uint32_t generation,
		       uint32_t incarnation);

/*
 * The memory of regions that are nobody's.  Slot 0's process only, after the
 * holders say so: a reader that finds zeros looks there before it calls them a
 * lie.  To give memory back takes a walk over all processes that map the arena,
 * to keep it does not.
 *
 * The first makes the region read as zeros and keeps the pages: *ret_bytes.
 * False: it has more than TRP_KEPT_MAX, by *ret_bytes which may be too many,
 * and is to be given back.
 * The others give back all pages of regions, or doorbells of slots, [first,
 * first + count).  0 or what fallocate(2) says.
 */
bool trp_arena_clean(const struct trp_arena *arena, uint32_t region,
		     uint64_t *ret_bytes);
int trp_arena_give_back(const struct trp_arena *arena, uint32_t first,
			uint32_t count);
int trp_arena_give_back_doorbells(const struct trp_arena *arena, uint32_t first,
				  uint32_t count);

struct trp_promises *trp_arena_promises(const struct trp_arena *arena);
_Atomic uint64_t *trp_arena_words(const struct trp_arena *arena);
struct trp_doorbell *trp_arena_doorbell(const struct trp_arena *arena,
					uint32_t slot);
/* TRP_BOARD_SIZE bytes that all may write: whatever stands there is untrusted.
 */
void *trp_arena_board(const struct trp_arena *arena);
struct trp_slot *trp_arena_slot(const struct trp_arena *arena, uint32_t slot);
struct trp_holder *trp_arena_holder(const struct trp_arena *arena,
				    uint32_t region);
struct trp_front *trp_arena_front(const struct trp_arena *arena,
				  uint32_t region);

/*
 * The address of [offset, offset + size) in a region, or NULL when that is not
 * wholly within its front or wholly within its heap.  Safe for any input.
 */
void *trp_arena_at(const struct trp_arena *arena, uint32_t region,
		   uint64_t offset, uint64_t size);

/*
 * generation:24, incarnation:32, relayed:1, state:7.  The first incarnation is
 * 0.  relayed: relay.h.
 */
enum { TRP_GENERATION_MAX = (1 << 24) - 1, TRP_LIFE_RELAYED = 0x80 };

static inline uint64_t trp_life(uint32_t generation, uint32_t incarnation,
				enum trp_state state)
{
	return (uint64_t)generation << 40 | (uint64_t)incarnation << 8 | state;
}

static inline uint32_t trp_life_generation(uint64_t life)
{
	return (uint32_t)(life >> 40);
}

static inline uint32_t trp_life_incarnation(uint64_t life)
{
	return (uint32_t)(life >> 8);
}

static inline enum trp_state trp_life_state(uint64_t life)
{
	return (enum trp_state)(life & 0x7f);
}

/* Of a holder; the low 24 bits of the incarnation. */
static inline uint64_t trp_whose(uint32_t slot, uint32_t generation,
				 uint32_t incarnation)
{
	return (uint64_t)generation << 40 | (uint64_t)slot << 24 |
	       (incarnation & 0xffffff);
}

static inline uint32_t trp_whose_slot(uint64_t whose)
{
	return whose >> 24 & 0xffff;
}

/* Some incarnation of that generation of that slot. */
static inline bool trp_whose_is_of(uint64_t whose, uint32_t slot,
				   uint32_t generation)
{
	return (whose ^ trp_whose(slot, generation, 0)) >> 24 == 0;
}

/*
 * `handling` of a front names the record that was handed out last, by its
 * sender and position (8-aligned, modulo 2^48), and whether it is done with.
 * All that came before it in its stream is done with as well: where an earlier
 * one is not, that one is named.
 */
enum {
	TRP_HANDLING_BEGUN = 1,
	TRP_HANDLING_DONE = 2,
	TRP_HANDLING_REPLY = 4, /* the stream; else mail */
};
static_assert((TRP_HANDLING_BEGUN | TRP_HANDLING_DONE | TRP_HANDLING_REPLY) < 8,
	      "below a position");

static inline uint64_t trp_handling(uint32_t sender, uint64_t position,
				    bool is_reply)
{
	return (uint64_t)sender << 48 | (position & (UINT64_MAX >> 16)) |
	       TRP_HANDLING_BEGUN | (is_reply ? TRP_HANDLING_REPLY : 0);
}

/* Whether it names a record of that stream. */
static inline bool trp_handling_is_of(uint64_t handling, uint32_t sender,
				      bool is_reply)
{
	return ((handling ^ trp_handling(sender, 0, is_reply)) &
		~TRP_HANDLING_DONE & ~(UINT64_MAX >> 16 & ~UINT64_C(7))) == 0;
}
