/* SPDX-License-Identifier: MIT */
/* book, step 6 of troupe-tutorial(7): its tests, a program of their own. */
#include <assert.h>
#include <stdio.h>
#include <unistd.h>
#include <troupe_test.h>
#include "book.pb-c.h"

extern const struct troupe_class book;

static unsigned count(troupe_ref ref)
{
	const Book__Nothing nothing = BOOK__NOTHING__INIT;
	const Book__Count *answer;

	answer = troupe_test_call(ref, &book__book__descriptor, "HowMany",
				  &nothing.base, 0);
	return answer->guests;
}

static void guests_without_a_name_do_not_count(void)
{
	Book__Guest guest = BOOK__GUEST__INIT;
	troupe_ref ref;

	troupe_test_begin(NULL);
	ref = troupe_test_spawn(&book, NULL);
	troupe_test_send(ref, &guest.base);
	guest.name = "Ann";
	troupe_test_send(ref, &guest.base);
	assert(count(ref) == 1);
	troupe_test_end();
}

static void too_many_bags_end_it_and_the_next_has_its_guests(void)
{
	Book__Guest guest = BOOK__GUEST__INIT;
	troupe_ref ref;

	troupe_test_begin(NULL);
	ref = troupe_test_spawn(&book, NULL);
	guest.name = "Max";
	guest.bags = 300;
	troupe_test_send(ref, &guest.base);
	troupe_test_expect_end(ref, TROUPE_ERROR, 0);
	assert(count(troupe_test_spawn(&book, NULL)) == 1);
	troupe_test_end();
}

int main(void)
{
	unlink("guests.txt");
	guests_without_a_name_do_not_count();
	too_many_bags_end_it_and_the_next_has_its_guests();
	puts("2 tests passed");
	return 0;
}
