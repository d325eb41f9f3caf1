/* SPDX-License-Identifier: MIT */
/* The page that `troupe-bench report` makes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>
#include "tests/harness/said.h"
#include "tests/support/skip.h"

/* A few tiny runs that sleep, and some that spin, in two files. */
static const char *measure(const char *options, const char *ending)
{
	const char *path = scratch(ending);

	cr_assert_eq(bench("--preset smoke --repetitions 2 --out %s %s", path,
			   options),
		     0, "%s", said);
	return path;
}

static const char sleeping[] =
	"--spin never ask pipes_ask floor_futex "
	"oneway_copied:bytes=16 oneway_copied:bytes=4096 "
	"pipes_oneway:bytes=16 pipes_oneway:bytes=4096 "
	"latency_open:n=50 latency_closed:n=50 "
	"scale:n=10,hops=20 scale:n=30,hops=40";

static const char spinning[] = "--spin always '^ask$' floor_line";

/* The page, in said[]. */
static const char *make_page(void)
{
	const char *a = measure(sleeping, "a.json");
	const char *b = measure(spinning, "b.json");
	const char *page = scratch("html");

	cr_assert_eq(bench("report %s -o %s %s", a, page, b), 0, "%s", said);
	run("cat %s", page);
	return page;
}

#define NEEDS(program, package)                                            \
	do {                                                               \
		if (run("command -v " program) != 0)                       \
			SKIP(program, program " is not there: "            \
					      "apt-get install " package); \
	} while (0)

Test(report, has_every_benchmark_and_is_well_formed, .fini = forget)
{
	static const char *const names[] = {
		"ask/n:1000 [1]",
		"ask/n:1000 [2]",
		"pipes_ask/n:500 [1]",
		"floor_futex/n:1000 [1]",
		"floor_line/n:1000 [2]",
		"oneway_copied/bytes:16/total:65536 [1]",
		"oneway_copied/bytes:4096/total:65536 [1]",
		"pipes_oneway/bytes:16/total:65536 [1]",
		"pipes_oneway/bytes:4096/total:65536 [1]",
		"latency_open/n:50/rate:10000/stall_ms:0 [1]",
		"latency_closed/n:50/stall_ms:0 [1]",
		"scale/n:10/hops:20 [1]",
		"scale/n:30/hops:40 [1]",
	};
	const char *page;

	NEEDS("gnuplot", "gnuplot-nox");
	NEEDS("xmllint", "libxml2-utils");
	page = make_page();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		SAYS(names[i]);
	cr_assert_eq(run("xmllint --noout %s", page), 0, "%s", said);
	cr_assert_eq(run("grep -oE \"[ ]id=['\\\"][^'\\\"]*\" %s | sort | "
			 "uniq -d | grep .",
			 page),
		     1, "the same name twice: %s", said);
}

Test(report, says_where_how_and_what_is_compared, .fini = forget)
{
	NEEDS("gnuplot", "gnuplot-nox");
	make_page();
	SAYS("<td>kernel</td><td>Linux");
	SAYS("<td>cpu</td>");
	SAYS("<td>num_cpus</td>");
	SAYS("<td>governor</td>");
	SAYS("<td>pid_max</td>");
	SAYS("<td>revision</td>");
	SAYS("<td>compiler_flags</td>");
	SAYS("bin/troupe-bench --preset smoke --repetitions 2 --out ");
	SAYS("troupe-bench report /tmp/");
	SAYS("isolates by process");
	SAYS("messages, 4096 bytes each");
	SAYS("By the number of processes");
	SAYS("KiB of each");
}

Test(report, draws_each_plot_within_the_page, .fini = forget)
{
	static const char *const titles[] = {
		"Rate by payload, messages",
		"Bytes by payload, messages",
		"Latency, closed loop: round trips",
		"Latency, open loop: messages",
		"scale: time by n",
		"scale: us a spawn by n",
		"scale: KiB of each by n",
	};
	const char *page;

	NEEDS("gnuplot", "gnuplot-nox");
	page = make_page();
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		SAYS(titles[i]);
	cr_assert_eq(run("test $(grep -c '<svg' %s) -ge %zu", page,
			 sizeof(titles) / sizeof(*titles)),
		     0);
	/* Nothing outside of it: names of namespaces are no addresses. */
	cr_assert_eq(run("sed -E 's/xmlns(:[a-z]+)?=\"[^\"]*\"//g' %s | "
			 "grep -nEi 'https?:|<script|<link|<img|@import|"
			 "(src|href)=.[^#]|url\\([^#]'",
			 page),
		     1, "%s", said);
}

Test(report, who_spins_and_who_sleeps_meet_in_no_table, .fini = forget)
{
	const char *page;

	NEEDS("gnuplot", "gnuplot-nox");
	page = make_page();
	SAYS("<h2>Waiting: sleeping</h2>");
	SAYS("<h2>Waiting: spinning</h2>");
	run("sed -n '/<h2>Waiting: sleeping/,/<h2>Waiting: spinning/p' %s",
	    page);
	SAYS("pipes_ask");
	SAYS("ask/n:1000 [1]");
	SAYS_NOT("floor_line");
	SAYS_NOT("[2]");
	run("sed -n '/<h2>Waiting: spinning/,/<h2>Where/p' %s", page);
	SAYS("floor_line");
	SAYS("ask/n:1000 [2]");
	SAYS_NOT("[1]");
}

Test(report, reads_standard_input, .fini = forget)
{
	const char *page = scratch("html"), *build = getenv("TROUPE_BUILD");

	NEEDS("gnuplot", "gnuplot-nox");
	build = build ? build : "build";
	cr_assert_eq(run("%s/bin/troupe-bench --dry-run --format json ask | "
			 "%s/bin/troupe-bench report -o %s",
			 build, build, page),
		     0, "%s", said);
	run("cat %s", page);
	SAYS("ask/n:1000");
	SAYS("<svg");
}

Test(report, without_gnuplot_it_says_what_to_install, .fini = forget)
{
	const char *json = measure("ask", "json"), *page = scratch("html");
	const char *build = getenv("TROUPE_BUILD");

	cr_assert_eq(run("PATH=/nowhere %s/bin/troupe-bench report %s -o %s",
			 build ? build : "build", json, page),
		     1);
	SAYS("apt-get install gnuplot-nox");
	cr_assert_neq(access(page, F_OK), 0, "half a page is worse than none");
}

Test(report, wrong_use_is_2_and_a_wrong_file_1, .fini = forget)
{
	cr_assert_eq(bench("report"), 2);
	SAYS("usage: troupe-bench report");
	cr_assert_eq(bench("report --bad -o x"), 2);
	cr_assert_eq(bench("report /nowhere -o %s", scratch("html")), 1);
	SAYS("/nowhere: cannot be read");
}

Test(report, what_has_nothing_of_ours_makes_no_page, .fini = forget)
{
	static const char *const foreign[] = {
		"{\"context\": {}, \"benchmarks\": []}",
		"{\"context\": {}, \"benchmarks\": [{\"name\": \"BM_x\", "
		"\"run_type\": \"iteration\", \"real_time\": 5, "
		"\"time_unit\": \"ns\", \"iterations\": 5}]}",
		"{\"context\": 3, \"benchmarks\": {}}",
		"[1, 2]",
		"",
	};
	const char *json = scratch("json"), *page = scratch("html");

	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
		cr_assert_eq(run("echo '%s' > %s", foreign[i], json), 0);
		cr_assert_eq(bench("report %s -o %s", json, page), 1, "%s",
			     foreign[i]);
		SAYS(json);
		cr_assert_neq(access(page, F_OK), 0);
	}
}

Test(report, says_which_peers_share_memory, .fini = forget)
{
	const char *json = measure("--spin never ask pipes_ask", "json");
	const char *page = scratch("html");

	NEEDS("gnuplot", "gnuplot-nox");
	cr_assert_eq(run("sed -i '/\"name\": \"pipes_ask/,/real_time/ "
			 "s/by process/shares memory in one/' %s",
			 json),
		     0);
	cr_assert_eq(bench("report %s -o %s", json, page), 0, "%s", said);
	run("cat %s", page);
	SAYS("<td>ours</td><td>isolates by process</td>");
	SAYS("<td>peer</td><td>shares memory in one</td>");
}

/* MemAvailable may rise while actors are spawned: others have ended. */
Test(report, draws_what_is_below_zero, .fini = forget)
{
	const char *json = measure("--spin never scale:n=10,hops=20 "
				   "scale:n=20,hops=20",
				   "json");

	NEEDS("gnuplot", "gnuplot-nox");
	run("sed -i 's/\"KiB of each\": .*/\"KiB of each\": -3,/' %s", json);
	cr_assert_eq(bench("report %s -o %s", json, scratch("html")), 0, "%s",
		     said);
}
