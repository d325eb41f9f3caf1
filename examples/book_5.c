/* SPDX-License-Identifier: MIT */
/* book, step 5 of troupe-tutorial(7): limits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <troupe.h>
#include <troupe_supervise.h>
#include "book.pb-c.h"

enum { BAG = 1 << 20, DATA_MOST = 64 << 20 };

static FILE *file;
static unsigned guests;
static char *bags;
static size_t bags_size;

/* In each life: the guests of those before are in the file. */
static int book_init(const void *arguments)
{
	const struct rlimit data = { DATA_MOST, DATA_MOST };
	int c;

	if (setrlimit(RLIMIT_DATA, &data) < 0)
		return -errno;
	file = fopen("guests.txt", "a+");
	if (!file)
		return -errno;
	while ((c = getc(file)) != EOF)
		guests += c == '\n';
	return 0;
}

/* Nobody fetches them: a leak. */
static int take_bags(size_t size)
{
	char *more = realloc(bags, bags_size + size + 1);

	if (!more)
		return -ENOMEM;
	memset(more + bags_size, 0, size);
	bags = more;
	bags_size += size;
	return 0;
}

static int book_guest(const struct troupe_message *message)
{
	const Book__Guest *guest = message->body;
	int r;

	if (!guest->name[0])
		return 0;
	r = take_bags((size_t)guest->bags * BAG);
	if (r < 0)
		return r;
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

/* Not static: the tests of step 6 have it, too. */
extern const struct troupe_class book;
const struct troupe_class book = {
	.name = "book",
	.init = book_init,
	.handlers = book_handlers,
	.service = &book_methods.base,
	.mailbox_limit = 64 << 10,
	.hang_ms = 5000,
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
