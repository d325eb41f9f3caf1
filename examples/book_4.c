/* SPDX-License-Identifier: MIT */
/* book, step 4 of troupe-tutorial(7): children of a supervisor. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <troupe.h>
#include <troupe_supervise.h>
#include "book.pb-c.h"

static FILE *file;
static unsigned guests;

/* In each life: the guests of those before are in the file. */
static int book_init(const void *arguments)
{
	int c;

	file = fopen("guests.txt", "a+");
	if (!file)
		return -errno;
	while ((c = getc(file)) != EOF)
		guests += c == '\n';
	return 0;
}

static int book_guest(const struct troupe_message *message)
{
	const Book__Guest *guest = message->body;

	assert(guest->name[0]); /* a bug: anybody may send an empty name */
	fprintf(file, "%s\n", guest->name);
	printf("%u: %s\n", ++guests, guest->name);
	return fflush(file) < 0 ? -EIO : 0;
}

static void book_how_many(Book__Book_Service *service,
			  const Book__Nothing *nothing,
			  Book__Count_Closure reply, void *call)
{
	Book__Count count = BOOK__COUNT__INIT;

	count.guests = guests;
	reply(&count, call);
}

static const struct troupe_handler book_handlers[] = {
	{ &book__guest__descriptor, book_guest },
	{ 0 },
};
static const Book__Book_Service book_methods = BOOK__BOOK__INIT(book_);

static const struct troupe_class book = {
	.name = "book",
	.init = book_init,
	.handlers = book_handlers,
	.service = &book_methods.base,
};

static struct troupe_timer bell;

static int door_rings(struct troupe_timer *timer)
{
	Book__Guest guest = BOOK__GUEST__INIT;
	troupe_ref to;
	int r = troupe_whereis("book", &to);

	guest.name = "somebody";
	return r < 0 ? r : troupe_send(to, &guest.base);
}

static int door_init(const void *arguments)
{
	bell.fired = door_rings;
	return troupe_timer_start(&bell, troupe_in_ms(1000), 10000);
}

static const struct troupe_class door = { .name = "door", .init = door_init };

static const struct troupe_child_spec children[] = {
	{ .id = "book", .klass = &book, .name = "book" },
	{ .id = "door", .klass = &door },
	{ 0 },
};
static const struct troupe_supervisor rules = { .children = children };
static const struct troupe_class house = { .name = "house",
					   .supervises = &rules };

int troupe_main(int argc, char **argv)
{
	troupe_ref ref;
	int r = troupe_spawn(&house, NULL, &ref);

	return r < 0 ? r : troupe_wait(ref, TROUPE_NEVER, NULL);
}
