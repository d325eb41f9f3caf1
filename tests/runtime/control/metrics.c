/* SPDX-License-Identifier: MIT */
/* `troupe metrics`: what is counted, of whom, and in a form that is read. */
#include "tests/runtime/control/node.h"

#include "tests/support/skip.h"

TestSuite(metrics, .init = node_begin, .fini = node_end, .timeout = 600);

static void start(struct program *node, const char *option)
{
	char desk[4096];

	snprintf(desk, sizeof(desk), "%s",
		 program_built("tests/runtime/control/applications/desk.so"));
	cr_assert_eq(program_troupe(node, "run", "--node", "a", option,
				    "--metrics", "/desk/*,cl?rk,a\"b\\c", desk,
				    NULL),
		     0);
	cr_assert_eq(program_await_output(node, "ready\n", PATIENCE_MS), 0,
		     "%s", node->err);
}

static void say(const char *json)
{
	struct program send;

	cr_assert_eq(troupe(&send, "send", "--node", "a", "clerk", "Words",
			    json, NULL),
		     0, "%s", send.err);
	program_fini(&send);
}

/* It has handled two, of which one has killed it. */
static void work(struct program *node)
{
	say("{\"text\": \"hi\"}");
	cr_assert_eq(program_await_output(node, "0: hi\n", PATIENCE_MS), 0);
	say("{\"text\": \"crash\"}");
	say("{\"text\": \"again\"}");
	cr_assert_eq(program_await_output(node, "1: again\n", PATIENCE_MS), 0);
}

/* The sample of that name and these labels; -1: there is none. */
static double sample(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at++)
		if ((at == text || at[-1] == '\n') && at[length] == ' ')
			return strtod(at + length, NULL);
	return -1;
}

static void take(struct program *p)
{
	cr_assert_eq(troupe(p, "metrics", "--node", "a", NULL), 0, "%s",
		     p->err);
}

#define RECEIVED "troupe_messages_received_total{class=\"clerk\"}"
#define EXPECT(name, value) \
	cr_expect_float_eq(sample(p.out, name), value, 1e-9, "%s", p.out)

Test(metrics, count_by_class_those_that_have_ended_among_them)
{
	struct program node, p;

	start(&node, "--times");
	work(&node);
	take(&p);
	EXPECT(RECEIVED, 3);
	EXPECT("troupe_restarts_total{class=\"clerk\"}", 1);
	EXPECT("troupe_ends_total{class=\"clerk\",cause=\"signal\"}", 1);
	EXPECT("troupe_ends_total{class=\"clerk\",cause=\"normal\"}", 0);
	EXPECT("troupe_dead_letters_total{class=\"clerk\","
	       "cause=\"crashed_receiver\"}",
	       1);
	EXPECT("troupe_node_dead_letters_total{cause=\"crashed_receiver\"}", 1);
	EXPECT("troupe_ends_total{class=\"desk\",cause=\"signal\"}", 0);
	EXPECT("troupe_actors{class=\"clerk\",state=\"running\"}", 1);
	EXPECT("troupe_node_actors", 4);
	cr_expect_gt(sample(p.out, "troupe_cpu_seconds_total{class=\"clerk\"}"),
		     0);
	cr_expect_gt(
		sample(p.out, "troupe_private_memory_bytes{class=\"other\"}"),
		0);
	/* The one that died of its message has not handled it. */
	cr_expect_geq(
		sample(p.out, "troupe_handling_seconds_count{class=\"clerk\"}"),
		1);
	program_fini(&p);
	node_stop(&node, "a");
}

Test(metrics, count_by_patterns_of_names_and_addresses)
{
	struct program node, p;

	start(&node, "--no-times");
	work(&node);
	take(&p);
	EXPECT("troupe_pattern_messages_received_total{pattern=\"/desk/*\"}",
	       3);
	EXPECT("troupe_pattern_messages_received_total{pattern=\"cl?rk\"}", 3);
	EXPECT("troupe_pattern_restarts_total{pattern=\"cl?rk\"}", 1);
	EXPECT("troupe_pattern_actors{pattern=\"a\\\"b\\\\c\","
	       "state=\"running\"}",
	       0);
	program_fini(&p);
	node_stop(&node, "a");
}

Test(metrics, time_handlers_only_where_it_was_asked_for)
{
	struct program node, p;

	start(&node, "--no-times");
	work(&node);
	take(&p);
	cr_expect_not(strstr(p.out, "handling_seconds"));
	program_fini(&p);
	node_stop(&node, "a");
}

Test(metrics, never_fall_when_actors_end)
{
	struct program node, p;
	double cpu, received;

	start(&node, "--no-times");
	say("{\"text\": \"hi\"}");
	cr_assert_eq(program_await_output(&node, "0: hi\n", PATIENCE_MS), 0);
	take(&p);
	cpu = sample(p.out, "troupe_cpu_seconds_total{class=\"clerk\"}");
	received = sample(p.out, RECEIVED);
	program_fini(&p);
	cr_assert_eq(troupe(&p, "stop", "--node", "a", "/desk/clerk", NULL), 0);
	program_fini(&p);
	do {
		take(&p);
		if (sample(p.out, "troupe_actors{class=\"clerk\","
				  "state=\"down\"}") == 1)
			break;
		program_fini(&p);
	} while (true);
	EXPECT("troupe_actors{class=\"clerk\",state=\"running\"}", 0);
	EXPECT("troupe_ends_total{class=\"clerk\",cause=\"shutdown\"}", 1);
	cr_expect_geq(sample(p.out, RECEIVED), received);
	cr_expect_geq(
		sample(p.out, "troupe_cpu_seconds_total{class=\"clerk\"}"),
		cpu);
	program_fini(&p);
	node_stop(&node, "a");
}

/* Until that sample is that, or more; the last answer stays in p. */
static void await_sample(struct program *p, const char *of, double least)
{
	for (;;) {
		take(p);
		if (sample(p->out, of) >= least)
			return;
		program_fini(p);
		usleep(10000);
	}
}

/* They are of its class, whatever its name is. */
Test(metrics, take_no_sleep_for_a_restart)
{
	static const char asleep[] =
		"troupe_actors{class=\"napper\",state=\"asleep\"}";
	struct program node, send, p;
	char json[32], line[16];
	const char *dozes =
		program_built("tests/runtime/control/applications/dozes.so");

	cr_assert_eq(program_troupe(&node, "run", "--node", "a", dozes, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0);
	for (int i = 0; i < 3; i++) {
		await_sample(&p, asleep, 1);
		program_fini(&p);
		snprintf(json, sizeof(json), "{\"text\": \"%d\"}", i);
		cr_assert_eq(troupe(&send, "send", "--node", "a", "/dozer",
				    "Words", json, NULL),
			     0, "%s", send.err);
		program_fini(&send);
		snprintf(line, sizeof(line), "%d\n", i);
		cr_assert_eq(program_await_output(&node, line, PATIENCE_MS), 0);
	}
	await_sample(&p, asleep, 1);
	EXPECT("troupe_restarts_total{class=\"napper\"}", 0);
	EXPECT("troupe_ends_total{class=\"napper\",cause=\"normal\"}", 0);
	EXPECT("troupe_actors{class=\"napper\",state=\"down\"}", 0);
	program_fini(&p);
	node_stop(&node, "a");
}

Test(metrics, count_the_unread_mail_of_one_that_hangs)
{
	struct program node, p;
	const char *hangs =
		program_built("tests/runtime/control/applications/hangs.so");

	cr_assert_eq(program_troupe(&node, "run", "--node", "a", hangs, NULL),
		     0);
	cr_assert_eq(program_await_output(&node, "ready\n", PATIENCE_MS), 0);
	/* Its one sender waits for room. */
	await_sample(&p, "troupe_unread_messages{class=\"pauses\"}", 5);
	cr_expect_gt(sample(p.out, "troupe_unread_bytes{class=\"pauses\"}"),
		     50);
	program_fini(&p);
	await_sample(&p, "troupe_messages_received_total{class=\"loops\"}", 1);
	EXPECT("troupe_unread_messages{class=\"loops\"}", 0);
	program_fini(&p);
	node_stop(&node, "a");
}

Test(metrics, are_what_promtool_accepts)
{
	struct program node, p;
	char troupe_path[4096], command[8192];
	const char *const check[] = { "/bin/sh", "-c", command, NULL };

	if (access("/usr/bin/promtool", X_OK) < 0)
		SKIP("promtool", "promtool of Prometheus is not installed");
	start(&node, "--mesh=m");
	work(&node);
	snprintf(troupe_path, sizeof(troupe_path), "%s",
		 program_built("bin/troupe"));
	snprintf(command, sizeof(command),
		 "'%s' metrics --node a | /usr/bin/promtool check metrics 2>&1",
		 troupe_path);
	cr_assert_eq(program_start(&p, check), 0);
	cr_expect_eq(program_finish(&p, PATIENCE_MS), 0, "%s", p.out);
	cr_expect_str_empty(p.out);
	program_fini(&p);
	take(&p);
	cr_expect_geq(sample(p.out, "troupe_mesh_bus_up"), 0, "%s", p.out);
	program_fini(&p);
	node_stop(&node, "a");
}
