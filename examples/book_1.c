/* SPDX-License-Identifier: MIT */
/* book, step 1 of troupe-tutorial(7): a message and its handler. */
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

static const struct troupe_handler book_handlers[] = {
	{ &book__guest__descriptor, book_guest },
	{ 0 },
};
static const struct troupe_class book = { .name = "book",
					  .handlers = book_handlers };

int troupe_main(int argc, char **argv)
{
	Book__Guest guest = BOOK__GUEST__INIT;
	troupe_ref ref;
	int r = troupe_spawn(&book, NULL, &ref);

	for (int i = 1; i < argc && r == 0; i++) {
		guest.name = argv[i];
		r = troupe_send(ref, &guest.base);
	}
	if (r == 0)
		r = troupe_close(ref);
	return r < 0 ? r : troupe_wait(ref, TROUPE_NEVER, NULL);
}
