/* SPDX-License-Identifier: MIT */
#include "runtime/node/outcome.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/troupe_result.h"

static struct trp_outcome *make(uint32_t text, uint32_t body,
				uint32_t attachment)
{
	const struct trp_outcome head = { .type = 7,
					  .text_size = text,
					  .body_size = body,
					  .attachment_size = attachment };
	struct trp_outcome *outcome = malloc(trp_outcome_size(&head));

	cr_assert_not_null(outcome);
	*outcome = head;
	memset(outcome->bytes, 'x', text);
	if (text)
		outcome->bytes[text - 1] = '\0';
	memset(outcome->bytes + text, 'b', body);
	memset(outcome->bytes + text + body, 'a', attachment);
	return outcome;
}

static bool is_copied(const struct trp_outcome *outcome, size_t size)
{
	struct trp_outcome *copy = trp_outcome_copy(outcome, size);
	bool is_same = copy && memcmp(copy, outcome, size) == 0;

	free(copy);
	return is_same;
}

Test(outcome, has_its_parts)
{
	struct trp_outcome *outcome = make(5, 3, 2);

	cr_expect_str_eq(trp_outcome_text(outcome), "xxxx");
	cr_expect(memcmp(trp_outcome_body(outcome), "bbb", 3) == 0);
	cr_expect(memcmp(trp_outcome_attachment(outcome), "aa", 2) == 0);
	cr_expect(is_copied(outcome, sizeof(*outcome) + 10));
	free(outcome);
	outcome = make(0, 0, 0);
	cr_expect_null(trp_outcome_text(outcome));
	cr_expect_null(trp_outcome_attachment(outcome));
	cr_expect(is_copied(outcome, sizeof(*outcome)));
	free(outcome);
	cr_expect_null(trp_outcome_text(NULL));
}

Test(outcome, of_other_bytes_is_none)
{
	struct trp_outcome *outcome = make(5, 3, 2);
	size_t size = trp_outcome_size(outcome);

	cr_expect_not(is_copied(outcome, sizeof(*outcome) - 1));
	cr_expect_not(is_copied(outcome, size - 1));
	outcome->body_size = UINT32_MAX;
	cr_expect_not(is_copied(outcome, size));
	outcome->body_size = 3;
	outcome->created = -1;
	cr_expect_not(is_copied(outcome, size));
	outcome->created = 0;
	outcome->bytes[2] = '\0';
	cr_expect_not(is_copied(outcome, size), "a NUL within the text");
	outcome->bytes[2] = 'x';
	outcome->bytes[4] = 'x';
	cr_expect_not(is_copied(outcome, size), "no NUL behind the text");
	outcome->bytes[4] = '\0';
	outcome->type = 0;
	cr_expect_not(is_copied(outcome, size), "a body of no type");
	outcome->type = 7;
	cr_expect(is_copied(outcome, size));
	free(outcome);
	outcome = make(1, TROUPE_RESULT_SIZE - 1, 0);
	cr_expect(is_copied(outcome, trp_outcome_size(outcome)));
	free(outcome);
	outcome = make(1, TROUPE_RESULT_SIZE, 0);
	cr_expect_not(is_copied(outcome, trp_outcome_size(outcome)));
	free(outcome);
}
