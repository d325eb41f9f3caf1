/* SPDX-License-Identifier: MIT */
/* The tasks of peers, and the skips of missing ones. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include "tests/harness/said.h"

/* As after a copy of only the program. */
Test(peers, one_whose_file_is_missing_is_skipped_and_named, .fini = forget)
{
	const char *build = getenv("TROUPE_BUILD"), *alone = scratch("alone");

	cr_assert_eq(run("cp %s/bin/troupe-bench %s", build ? build : "build",
			 alone),
		     0, "%s", said);
	cr_assert_eq(run("%s --dry-run zeromq_ask caf_oneway pipes_ask", alone),
		     0, "%s", said);
	cr_assert(strstr(said, "there is no file peers/zeromq.so") ||
			  strstr(said, "was built without libzmq3-dev"),
		  "%s", said);
	cr_assert(strstr(said, "there is no file peers/caf") ||
			  strstr(said, "was built without libcaf-dev"),
		  "%s", said);
	SAYS("round trips/s");
	SAYS_NOT("FAILED");
}

/* The other formats have no row for it. */
Test(peers, one_that_is_skipped_is_named_in_each_format)
{
	static const char *const formats[] = { "csv", "json", "rebench" };

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(bench("--dry-run --format %s absent pingpong",
				   formats[i]),
			     0, "%s", said);
		SAYS("absent: skipped: was built without no-such-package");
	}
}

Test(peers, what_one_cannot_carry_is_skipped_and_said)
{
	cr_assert_eq(bench("--dry-run unix_seqpacket_oneway:bytes=67108864 "
			   "mqueue_oneway:bytes=67108864 "
			   "pipes_oneway:bytes=4096"),
		     0, "%s", said);
	SAYS("cannot carry more than 131008 bytes");
	SAYS("cannot carry more than 8128 bytes");
	SAYS("messages/s");
	/* The largest size that is documented works. */
	cr_assert_eq(bench("--dry-run unix_seqpacket_oneway:bytes=131008 "
			   "mqueue_oneway:bytes=8128"),
		     0, "%s", said);
	SAYS_NOT("cannot carry");
}

/* Figures of few messages include no start and no first touch of a page. */
Test(peers, ours_and_theirs_carry_the_same_and_at_least_8_messages)
{
	static const char *const names[] = { "oneway_copied", "oneway_loaned",
					     "pipes_oneway" };

	for (int i = 0; i < 3; i++) {
		cr_assert_eq(bench("--preset std --repetitions 1 --format csv "
				   "%s:bytes=1048576,total=1",
				   names[i]),
			     0, "%s", said);
		SAYS(",messages,8,");
		cr_assert_eq(bench("--preset std --repetitions 1 --format csv "
				   "%s:bytes=16,total=1600",
				   names[i]),
			     0, "%s", said);
		SAYS(",messages,100,");
	}
}

/* A loan is no more than that, so it is compared with no more than that. */
Test(peers, bytes_are_carried_in_a_message_and_alone)
{
	cr_assert_eq(bench("--preset smoke --format csv "
			   "pipes_oneway:bytes=70000,total=280000 "
			   "pipes_raw:bytes=70000,total=280000 "
			   "unix_stream_raw:bytes=1,total=5"),
		     0, "%s", said);
	SAYS("\npipes_oneway/bytes:70000/total:280000,peer,0,messages,4,");
	SAYS("\npipes_raw/bytes:70000/total:280000,peer,0,messages,4,");
	SAYS("\nunix_stream_raw/bytes:1/total:5,peer,0,messages,5,");
}

Test(peers, many_to_one_is_the_same_number_whoever_sends)
{
	cr_assert_eq(bench("--preset smoke --format csv fanin:n=1280 "
			   "pipes_fanin:n=1280"),
		     0, "%s", said);
	SAYS("\nfanin/senders:4/n:1280,troupe,0,messages,1280,");
	SAYS("\nfanin/senders:64/n:1280,troupe,0,messages,1280,");
	SAYS("\npipes_fanin/senders:4/n:1280,peer,0,messages,1280,");
	SAYS("\npipes_fanin/senders:64/n:1280,peer,0,messages,1280,");
}

/* Its other side would wait for ever. */
Test(peers, one_of_whose_sides_is_killed_has_failed_at_once, .fini = forget)
{
	const char *build = getenv("TROUPE_BUILD"), *told = scratch("told");

	cr_assert_eq(run("%s/bin/troupe-bench --repetitions 1 --timeout 50 "
			 "pipes_ask:n=1000000000 > %s 2>&1 & p=$!; i=0; "
			 "until c=$(cat /proc/$p/task/$p/children) && "
			 "s=$(cat /proc/$(echo $c)/task/*/children) && "
			 "[ \"$(echo $s | wc -w)\" = 2 ] || [ $i = 300 ]; do "
			 "sleep 0.05; i=$((i + 1)); done 2> /dev/null; "
			 "set -- $s; kill -9 $1; wait $p",
			 build ? build : "build", told),
		     1, "%s", said);
	run("cat %s", told);
	SAYS("a side ended with status 0x9");
	SAYS_NOT("hung");
}

/* Each has control sockets of its own, or one node of each would wait for the
 * other for ever. */
Test(peers, nodes_of_two_runs_at_the_same_time_have_the_same_names)
{
	const char *build = getenv("TROUPE_BUILD");

	cr_assert_eq(run("program=%s/bin/troupe-bench; "
			 "$program --dry-run mesh_ask & "
			 "$program --dry-run mesh_ask; "
			 "r=$?; wait $! && exit $r",
			 build ? build : "build"),
		     0, "%s", said);
	SAYS_NOT("is running already");
	SAYS_NOT("FAILED");
}
