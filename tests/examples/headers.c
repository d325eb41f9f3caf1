/* SPDX-License-Identifier: MIT */
/* The public headers under strict compilers. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/skip.h"

#define STRICT                                                              \
	"-Iruntime -Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only" \
	" -D_GNU_SOURCE - 2>&1"

/* Every header, every macro, a table of handlers and of a class. */
static const char *const begin =
	"#include \"troupe.h\"\n"
	"#include \"troupe_ask.h\"\n"
	"#include \"troupe_backtrace.h\"\n"
	"#include \"troupe_beacon.h\"\n"
	"#include \"troupe_dead_letters.h\"\n"
	"#include \"troupe_ends.h\"\n"
	"#include \"troupe_group.h\"\n"
	"#include \"troupe_guest.h\"\n"
	"#include \"troupe_io.h\"\n"
	"#include \"troupe_mailbox.h\"\n"
	"#include \"troupe_memory.h\"\n"
	"#include \"troupe_mesh.h\"\n"
	"#include \"troupe_node.h\"\n"
	"#include \"troupe_result.h\"\n"
	"#include \"troupe_restart.h\"\n"
	"#include \"troupe_router.h\"\n"
	"#include \"troupe_sleep.h\"\n"
	"#include \"troupe_state.h\"\n"
	"#include \"troupe_supervise.h\"\n"
	"#include \"troupe_tree.h\"\n"
	"#include \"troupe_value.h\"\n"
	"#include \"troupe_websocket.h\"\n"
	"static int take(const struct troupe_message *message)\n"
	"{\n"
	"	struct troupe_loan loan;\n"
	"	struct troupe_time time = TROUPE_NEVER;\n"
	"	if (time.ns == TROUPE_POLL.ns)\n"
	"		return TROUPE_STOP;\n"
	"	return message->body ? troupe_loan(1, &loan) : 0;\n"
	"}\n"
	"static const struct troupe_handler handlers[] = {\n"
	"	{ &troupe__beacon_event__descriptor, take },\n";

static const char *const end =
	"};\n"
	"int troupe_main(int argc, char **argv)\n"
	"{\n"
	"	return argc > 1 && handlers[0].type ? argv[0][0] : 0;\n"
	"}\n";

static void compile(const char *command, const char *last)
{
	FILE *compiler = popen(command, "w");

	cr_assert_not_null(compiler);
	fputs(begin, compiler);
	fputs(last, compiler);
	fputs(end, compiler);
	cr_expect_eq(pclose(compiler), 0, "%s", command);
}

Test(headers, are_pedantic_c17)
{
	compile("cc -x c -std=c17 " STRICT, "	{ 0 }\n");
}

Test(headers, are_strict_cpp)
{
	if (system("c++ --version >/dev/null 2>&1") != 0)
		SKIP("c++", "no compiler for C++ here");
	compile("c++ -x c++ -std=c++11 " STRICT, "	{}\n");
	compile("c++ -x c++ -std=c++20 " STRICT, "	{}\n");
}
