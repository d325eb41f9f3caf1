/* SPDX-License-Identifier: MIT */
/* The page that report.py makes of measurements. */
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

#define report(format, ...) \
	run("python3 tests/bench/report.py " format, ##__VA_ARGS__)

/* The page, in said[]. */
static const char *make_page(void)
{
	const char *a = measure(sleeping, "a.json");
	const char *b = measure(spinning, "b.json");
	const char *page = scratch("html");

	cr_assert_eq(report("%s -o %s %s", a, page, b), 0, "%s", said);
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
		"<td>ask/n:1000</td><td>1</td>",
		"<td>ask/n:1000</td><td>2</td>",
		"<td>pipes_ask/n:500</td><td>1</td>",
		"<td>floor_line/n:1000</td><td>2</td>",
		"<td>oneway_copied/bytes:4096/total:65536</td><td>1</td>",
		"<td>latency_open/n:50/rate:10000/stall_ms:0</td><td>1</td>",
		"<td>scale/n:30/hops:40</td><td>1</td>",
	};
	const char *page;

	NEEDS("gnuplot", "gnuplot-nox");
	NEEDS("xmllint", "libxml2-utils");
	page = make_page();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		SAYS(names[i]);
	cr_assert_eq(run("xmllint --noout %s", page), 0, "%s", said);
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
	SAYS("report.py /tmp/");
	SAYS("<td>by process</td>");
	SAYS("KiB of each");
}

Test(report, draws_each_plot_within_the_page, .fini = forget)
{
	static const char *const titles[] = {
		"<h2>Ask</h2>",
		"<h2>One way, 16 bytes</h2>",
		"<h2>One way, 4 KiB</h2>",
		"<h2>By the number of actors</h2>",
		"alt=\"A hop of a token through all of them\"",
		"alt=\"A spawn, one after the other\"",
		"alt=\"A round trip, closed loop\"",
		"alt=\"A message of ours\"",
	};
	const char *page;

	NEEDS("gnuplot", "gnuplot-nox");
	page = make_page();
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		SAYS(titles[i]);
	/* Nothing outside of it: names of namespaces are no addresses. */
	cr_assert_eq(run("sed -E 's/xmlns(:[a-z]+)?=\"[^\"]*\"//g' %s | "
			 "grep -nEi 'https?:|<script|<link|@import|"
			 "src=.[^d]|href=|url\\('",
			 page),
		     1, "%s", said);
}

/* In each chart, and beside each other. */
Test(report, names_how_each_waits, .fini = forget)
{
	const char *page;

	NEEDS("gnuplot", "gnuplot-nox");
	page = make_page();
	run("sed -n '/<h2>Ask</,/<\\/table>/p' %s", page);
	SAYS("<th>troupe <span class=\"way\">sleeping</span>");
	SAYS("<th>troupe <span class=\"way\">spinning</span>");
	SAYS("<th>pipes <span class=\"way\">sleeping</span>");
	SAYS("<th>a bare cache line <span class=\"way\">spinning</span>");
	SAYS_NOT("latency");
	SAYS_NOT("oneway");
}

/* By the time, which each bar has as its length. */
Test(report, draws_the_shorter_bar_for_the_shorter_time, .fini = forget)
{
	const char *json = scratch("json"), *page = scratch("html");

	NEEDS("gnuplot", "gnuplot-nox");
	cr_assert_eq(run("printf '{\"context\": {}, \"benchmarks\": ['  > %s; "
			 "for of in ask:troupe:300 pipes_ask:peer:2000 "
			 "nng_ask:peer:50; do IFS=:; set -- $of; "
			 "printf '%%s{\"name\": \"%%s/n:1\", "
			 "\"run_name\": \"%%s/n:1\", \"suite\": \"%%s\", "
			 "\"run_type\": \"iteration\", \"waiting\": "
			 "\"sleeping\", \"real_time\": %%s}' \"$comma\" $1 $1 "
			 "$2 $3 >> %s; comma=,; done; echo ']}' >> %s",
			 json, json, json),
		     0, "%s", said);
	cr_assert_eq(report("%s -o %s", json, page), 0, "%s", said);
	cr_assert_eq(run("grep -o 'width:[0-9.]*%%;\\|<b>[^<]*' %s | "
			 "tr '\\n' ' '",
			 page),
		     0);
	SAYS("<b>50 ns");
	cr_assert_eq(run("grep -o 'width:[0-9.]*%%;' %s | tr -dc '0-9.\\n' | "
			 "sort -gc",
			 page),
		     0, "%s", said);
	run("grep -o '<b>[^<]*' %s | tr '\\n' ' '", page);
	SAYS("<b>50 ns <b>300 ns <b>2 us");
}

Test(report, reads_standard_input, .fini = forget)
{
	const char *page = scratch("html"), *build = getenv("TROUPE_BUILD");

	NEEDS("gnuplot", "gnuplot-nox");
	build = build ? build : "build";
	cr_assert_eq(run("%s/bin/troupe-bench --dry-run --format json ask | "
			 "python3 tests/bench/report.py -o %s",
			 build, page),
		     0, "%s", said);
	run("cat %s", page);
	SAYS("ask/n:1000");
	SAYS("<img alt=");
}

Test(report, without_gnuplot_it_says_what_to_install, .fini = forget)
{
	const char *json = measure("ask", "json"), *page = scratch("html");

	cr_assert_eq(run("python=$(python3 -c 'import sys; "
			 "print(sys.executable)'); PATH=/nowhere $python "
			 "tests/bench/report.py %s -o %s",
			 json, page),
		     1);
	SAYS("apt-get install gnuplot-nox");
	cr_assert_neq(access(page, F_OK), 0, "half a page is worse than none");
}

Test(report, wrong_use_is_2_and_a_wrong_file_1, .fini = forget)
{
	cr_assert_eq(report(""), 2);
	SAYS("usage: report.py");
	cr_assert_eq(report("--bad -o x"), 2);
	cr_assert_eq(report("/nowhere -o %s", scratch("html")), 1);
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
		cr_assert_eq(report("%s -o %s", json, page), 1, "%s",
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
	cr_assert_eq(report("%s -o %s", json, page), 0, "%s", said);
	run("cat %s", page);
	SAYS("<th>pipes, threads of one process <span");
	SAYS("<th>troupe <span");
}

/* MemAvailable may rise while actors are spawned: others have ended. */
Test(report, draws_what_is_below_zero, .fini = forget)
{
	const char *json = measure("--spin never scale:n=10,hops=20 "
				   "scale:n=20,hops=20",
				   "json");

	NEEDS("gnuplot", "gnuplot-nox");
	run("sed -i 's/\"KiB of each\": .*/\"KiB of each\": -3,/' %s", json);
	cr_assert_eq(report("%s -o %s", json, scratch("html")), 0, "%s", said);
}
