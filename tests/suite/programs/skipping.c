/* SPDX-License-Identifier: MIT */
/* Tests that need what is not there.  tests/suite runs them. */
#include "tests/support/skip.h"

Test(skipping, for_want_of_a_unicorn)
{
	SKIP("unicorn", "there are no unicorns");
}

Test(skipping, for_want_of_a_corn)
{
	SKIP("corn", "there is no corn");
}
