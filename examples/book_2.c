/* SPDX-License-Identifier: MIT */
/* book, step 2 of troupe-tutorial(7): a question and its answer. */
#include <stdio.h>
#include <troupe.h>
#include "book.pb-c.h"

static unsigned guests;

static int book_guest(const struct troupe_message *message)
{
	const Book__Guest *guest = message->body;

	printf("%u: %s\n", ++guests, guest->name);
	return 0;
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

static const struct troupe_class book = { .name = "book",
					  .handlers = book_handlers,
					  .service = &book_methods.base };

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
