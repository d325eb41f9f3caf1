/* SPDX-License-Identifier: MIT */
#include "runtime/node/log_ring.h"

#include <stdalign.h>
#include <string.h>
#include "ipc/arena.h"
#include "ipc/hot.h"
#include "runtime/node/ref.h"

enum { PIECE = 256, PIECES = 3072, LINE_MOST = 5 };
enum { WRITING = 1, FIRST = 2, FURTHER = 3 }; /* of a stamp */

struct piece {
	_Atomic uint64_t stamp;
	unsigned char bytes[PIECE - sizeof(uint64_t)];
};
enum { ROOM = sizeof(((struct piece *)NULL)->bytes) };

/* A line as it stands there. */
struct packed {
	uint64_t hash; /* of what follows */
	int64_t at_ns;
	uint64_t ref;
	int32_t pid;
	uint32_t level;
	uint32_t title_size, text_size; /* both without a NUL */
	char bytes[TRP_LOG_TITLE + TRP_LOG_TEXT];
};

/* It begins as zeros. */
struct board {
	_Atomic uint64_t count; /* pieces taken */
	_Atomic uint32_t level;
	_Atomic uint64_t latest[TRP_SLOTS_MAX];
	alignas(PIECE) struct piece piece[PIECES];
};

static_assert(sizeof(struct piece) == PIECE, "whole lines of the cache");
static_assert(sizeof(struct packed) <= LINE_MOST * ROOM, "any line fits");
static_assert(sizeof(struct board) <= TRP_BOARD_SIZE, "fits on the board");

static TRP_HOT struct board *board;
static TRP_HOT uint32_t own_level;

void trp_log_ring_begin(void *memory)
{
	board = memory;
}

void trp_log_ring_set_level(uint32_t level)
{
	if (board)
		trp_store_relaxed(&board->level, level);
	else
		own_level = level;
}

uint32_t trp_log_ring_level(void)
{
	return board ? trp_load_relaxed(&board->level) : own_level;
}

uint64_t trp_log_ring_next(void)
{
	return board ? trp_load_acquire(&board->count) + 1 : 1;
}

uint64_t trp_log_ring_oldest(void)
{
	uint64_t next = trp_log_ring_next();

	return next > PIECES ? next - PIECES : 1;
}

static struct piece *at(uint64_t number)
{
	return &board->piece[number % PIECES];
}

static uint64_t stamp_of(uint64_t number, unsigned what)
{
	return 4 * number + what;
}

/* ---- packing ------------------------------------------------------------- */

static size_t size_of(const struct packed *packed)
{
	return offsetof(struct packed, bytes) + packed->title_size +
	       packed->text_size;
}

static unsigned pieces_of(const struct packed *packed)
{
	return (unsigned)((size_of(packed) + ROOM - 1) / ROOM);
}

/* FNV-1a. */
static uint64_t hash_of(const struct packed *packed)
{
	const unsigned char *bytes = (const unsigned char *)packed;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = sizeof(packed->hash); i < size_of(packed); i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static void pack(const struct trp_log_line *line, struct packed *packed)
{
	packed->at_ns = line->at_ns;
	packed->ref = line->ref;
	packed->pid = line->pid;
	packed->level = line->level;
	packed->title_size = (uint32_t)strlen(line->title);
	packed->text_size = (uint32_t)strlen(line->text);
	memcpy(packed->bytes, line->title, packed->title_size);
	memcpy(packed->bytes + packed->title_size, line->text,
	       packed->text_size);
	packed->hash = hash_of(packed);
}

static void unpack(const struct packed *packed, uint64_t number,
		   struct trp_log_line *line)
{
	line->number = number;
	line->at_ns = packed->at_ns;
	line->ref = packed->ref;
	line->pid = packed->pid;
	line->level = packed->level;
	memcpy(line->title, packed->bytes, packed->title_size);
	line->title[packed->title_size] = '\0';
	memcpy(line->text, packed->bytes + packed->title_size,
	       packed->text_size);
	line->text[packed->text_size] = '\0';
}

/* ---- writing ------------------------------------------------------------- */

void trp_log_ring_add(struct trp_log_line *line, bool is_own)
{
	uint32_t slot = trp_ref_slot(line->ref);
	struct packed packed;
	unsigned count;

	if (!board)
		return;
	pack(line, &packed);
	count = pieces_of(&packed);
	line->number = 1 + atomic_fetch_add(&board->count, count);
	for (unsigned i = 0; i < count; i++)
		trp_store_relaxed(&at(line->number + i)->stamp,
				  stamp_of(line->number + i, WRITING));
	/* R1: pairs with A1; none of what follows is seen with an old stamp. */
	atomic_thread_fence(memory_order_release);
	for (unsigned i = 0; i < count; i++)
		memcpy(at(line->number + i)->bytes,
		       (const char *)&packed + i * ROOM,
		       i + 1 < count ? ROOM : size_of(&packed) - i * ROOM);
	/* R2: pairs with A2; publishes the pieces, the first one last. */
	for (unsigned i = count; i-- > 0;)
		trp_store_release(
			&at(line->number + i)->stamp,
			stamp_of(line->number + i, i ? FURTHER : FIRST));
	if (is_own && line->ref && slot < TRP_SLOTS_MAX)
		trp_store_release(&board->latest[slot], line->number);
}

/* ---- reading ------------------------------------------------------------- */

uint64_t trp_log_ring_latest(uint32_t slot)
{
	return board && slot < TRP_SLOTS_MAX
		       ? trp_load_acquire(&board->latest[slot])
		       : 0;
}

bool trp_log_ring_is_written(uint64_t number)
{
	return board &&
	       trp_load_acquire(&at(number)->stamp) >= stamp_of(number, FIRST);
}

static bool has_stamps(uint64_t number, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		/* A2: pairs with R2. */
		if (trp_load_acquire(&at(number + i)->stamp) !=
		    stamp_of(number + i, i ? FURTHER : FIRST))
			return false;
	return true;
}

/* It may find anything: the sizes are checked, and the hash is last. */
static bool is_line(const struct packed *packed)
{
	return packed->title_size < TRP_LOG_TITLE &&
	       packed->text_size < TRP_LOG_TEXT;
}

unsigned trp_log_ring_read(uint64_t number, struct trp_log_line *ret_line)
{
	unsigned char bytes[LINE_MOST * ROOM];
	struct packed packed;
	unsigned count;

	if (!board || !number || !has_stamps(number, 1))
		return 0;
	memcpy(bytes, at(number)->bytes, ROOM);
	memcpy(&packed, bytes, ROOM);
	count = is_line(&packed) ? pieces_of(&packed) : 0;
	if (!count || !has_stamps(number, count))
		return 0;
	for (unsigned i = 1; i < count; i++)
		memcpy(bytes + i * ROOM, at(number + i)->bytes, ROOM);
	/* A1: pairs with R1. */
	atomic_thread_fence(memory_order_acquire);
	memcpy(&packed, bytes, sizeof(packed));
	if (!has_stamps(number, count) || packed.hash != hash_of(&packed))
		return 0;
	unpack(&packed, number, ret_line);
	return count;
}
