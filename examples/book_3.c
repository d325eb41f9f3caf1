/* SPDX-License-Identifier: MIT */
/* book, step 3 of troupe-tutorial(7): a crash, and what comes back. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <troupe.h>
#include <troupe_restart.h>
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
	.restart = TROUPE_RESTART_CRASHED,
};

static void print_count(const Book__Count *count, void *unused)
{
	if (count)
		printf("%u guests\n", count->guests);
}

int troupe_main(int argc, char **argv)
{
	Book__Guest guest = BOOK__GUEST__INIT;
	Book__Nothing nothing = BOOK__NOTHING__INIT;
	struct troupe_proxy proxy;
	troupe_ref ref;
	int r = troupe_spawn(&book, NULL, &ref);

	for (int i = 1; i < argc && r == 0; i++) {
		guest.name = argv[i];
		r = troupe_send(ref, &guest.base);
	}
	if (r < 0)
		return r;
	troupe_proxy_init(&proxy, ref, &book__book__descriptor);
	book__book__how_many(&proxy.base, &nothing, print_count, NULL);
	return troupe_await(&proxy);
}
