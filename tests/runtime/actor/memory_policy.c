/* SPDX-License-Identifier: MIT */
/* The policy for memory, with invented figures. */
#include "runtime/actor/memory_policy.h"
#include <fcntl.h>
#include <sys/stat.h>
#include "tests/support/stage.h"

TestSuite(memory, .timeout = 600);

enum { MIB = 1 << 20 };

static struct troupe_memory made_up;
static long looks, asked;
static struct troupe_memory last;
static int verdict;

static void make_up(struct troupe_memory *ret)
{
	looks++;
	*ret = made_up;
}

static int judge(const struct troupe_memory *memory)
{
	last = *memory;
	asked++;
	return verdict;
}

static int refuse_large(const struct troupe_memory *memory)
{
	last = *memory;
	asked++;
	return memory->wanted > memory->headroom / 2 ? -ENOMEM : 0;
}

static void begin(int (*policy)(const struct troupe_memory *memory))
{
	made_up = (struct troupe_memory) { .available = 1000 * MIB,
					   .headroom = 10 * MIB,
					   .pressure = 123 };
	trp_memory_policy_look_at(make_up);
	troupe_memory_policy(policy);
}

/* ---- the questions ------------------------------------------------------- */

static int refuse_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_loan loan;
	troupe_ref self = troupe_self();

	begin(refuse_large);
	CHECK(stage_send(self, 7) == 0);
	CHECK(last.to == self && last.wanted > 0 && last.wanted < 100);
	CHECK(last.available == 1000 * MIB && last.headroom == 10 * MIB);
	CHECK(last.pressure == 123);
	CHECK(troupe_loan(6 * MIB, &loan) == -ENOMEM);
	CHECK(last.to == 0 && last.wanted == 6 * MIB);
	CHECK(troupe_loan(4 * MIB, &loan) == 0);
	troupe_unloan(&loan);
	troupe_memory_policy(judge);
	verdict = -EAGAIN;
	CHECK(stage_send(self, 8) == -EAGAIN);
	/* Not a full mailbox: it does not wait. */
	CHECK(troupe_send_wait(self, &number.base, TROUPE_NEVER) == -EAGAIN);
	CHECK(troupe_send_wait(self, NULL, TROUPE_NEVER) == -EINVAL);
	troupe_memory_policy(NULL);
	asked = 0;
	CHECK(stage_send(self, 9) == 0);
	CHECK(asked == 0);
	CHECK(stage_receive(1000) == 7 && stage_receive(1000) == 9);
	CHECK(stage_receive(20) == -1);
	return 0;
}

Test(memory_policy, a_policy_is_told_the_facts_and_what_it_refuses_is_not_sent)
{
	stage_pass(refuse_root);
}

static int calls_root(int argc, char **argv)
{
	struct troupe_proxy proxy;
	Play__Number number = PLAY__NUMBER__INIT;

	troupe_proxy_init(&proxy, troupe_self(), &play__clerk__descriptor);
	begin(judge);
	verdict = -ENOMEM;
	play__clerk__note(&proxy.base, &number, NULL, NULL);
	CHECK(proxy.error == -ENOMEM && asked == 1);
	/* The policy does not run for messages of the runtime. */
	CHECK(troupe_register("me", troupe_self()) == 0);
	CHECK(asked == 1);
	return 0;
}

Test(memory_policy, calls_are_asked_for_and_requests_are_not)
{
	stage_pass(calls_root);
}

/* ---- how often ----------------------------------------------------------- */

static int often_root(int argc, char **argv)
{
	enum { SENDS = 5000 };
	struct troupe_time begun;
	int64_t tenths;
	troupe_ref ref;

	CHECK(troupe_spawn_function(stage_idle, NULL, &ref) == 0);
	CHECK(troupe_kill(ref) == 0);
	begin(judge);
	begun = troupe_now();
	for (int i = 0; i < SENDS; i++)
		stage_send(ref, i); /* nobody reads them */
	tenths = (troupe_now().ns - begun.ns) / 100000000;
	CHECK(asked == SENDS && looks <= tenths + 1);
	CHECK(last.headroom < 10 * MIB); /* bytes sent are subtracted */
	return 0;
}

Test(memory_policy, facts_are_looked_up_ten_times_a_second_at_most)
{
	stage_pass(often_root);
}

static int soon_root(int argc, char **argv)
{
	struct troupe_loan loan;
	long before;

	begin(judge);
	for (int i = 0; i < 64; i++) {
		before = looks;
		CHECK(troupe_loan(MIB, &loan) == 0);
		troupe_unloan(&loan);
		/* A sixteenth of ten is less than one. */
		CHECK(looks == before + 1);
		CHECK(last.headroom == 10 * MIB);
	}
	return 0;
}

Test(memory_policy, facts_are_looked_up_anew_after_much_was_sent)
{
	stage_pass(soon_root);
}

/* ---- warnings ------------------------------------------------------------ */

static int warn_root(int argc, char **argv)
{
	char text[4096] = "";
	int ends[2], before = dup(STDERR_FILENO);
	const char *at = text;
	long lines = 0;
	struct troupe_time begun = troupe_now();

	CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	begin(judge);
	verdict = TROUPE_WARN;
	dup2(ends[1], STDERR_FILENO);
	for (int i = 0; i < 100; i++)
		CHECK(stage_send(troupe_self(), i) == 0);
	dup2(before, STDERR_FILENO);
	CHECK(read(ends[0], text, sizeof(text) - 1) > 0);
	while ((at = strstr(at, "memory is short"))) {
		lines++;
		at++;
	}
	CHECK(lines >= 1);
	CHECK(lines <= 1 + (troupe_now().ns - begun.ns) / 1000000000);
	CHECK(strstr(text, "10485760 left in the control group") != NULL);
	for (int i = 0; i < 100; i++)
		CHECK(stage_receive(1000) == i);
	return 0;
}

Test(memory_policy, a_warning_lets_it_pass_and_says_so_once_a_second)
{
	stage_pass(warn_root);
}

/* ---- its scope ----------------------------------------------------------- */

static int strict_init(const void *arguments)
{
	begin(judge);
	verdict = -ENOMEM;
	return 0;
}

static int strict_number(const struct troupe_message *message)
{
	board->value[0] = stage_send(message->sender, 1);
	troupe_memory_policy(NULL);
	return stage_send(message->sender, 2);
}

static const struct troupe_handler strict_handlers[] = {
	{ &play__number__descriptor, strict_number },
	{ 0 },
};
static const struct troupe_class strict = { .name = "strict",
					    .init = strict_init,
					    .handlers = strict_handlers };

static int class_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&strict, NULL, &ref) == 0);
	CHECK(stage_send(ref, 0) == 0); /* ours has none */
	CHECK(stage_receive(10000) == 2);
	CHECK(board->value[0] == -ENOMEM);
	return 0;
}

Test(memory_policy, a_policy_of_init_is_that_of_a_class)
{
	stage_pass(class_root);
}

static int node_root(int argc, char **argv)
{
	CHECK(stage_send(troupe_self(), 1) == -ENOMEM);
	CHECK(asked == 1);
	return 0;
}

Test(memory_policy, a_policy_set_before_the_node_begins_is_everybodys)
{
	begin(judge);
	verdict = -ENOMEM;
	stage_pass(node_root);
}

/* ---- the files ----------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	cr_assert(file);
	fputs(text, file);
	fclose(file);
}

static void make_folder(char path[256], const char *folder, const char *name)
{
	snprintf(path, 256, "%s/%s", folder, name);
	cr_assert_eq(mkdir(path, 0700), 0);
}

static void write_files(const char *folder)
{
	char inner[256];

	write_file(folder, "meminfo",
		   "MemTotal:  9 kB\nMemFree: 8 kB\nMemAvailable:  7 kB\n");
	make_folder(inner, folder, "pressure");
	write_file(inner, "memory",
		   "some avg10=1.07 avg60=0.00 avg300=0.00 total=0\n");
	make_folder(inner, folder, "self");
	write_file(inner, "cgroup", "12:pids:/x\n0::/outer/inner\n");
	make_folder(inner, folder, "outer");
	write_file(inner, "memory.max", "1000\n");
	write_file(inner, "memory.current", "900\n");
	make_folder(inner, folder, "outer/inner");
	write_file(inner, "memory.max", "500\n");
	write_file(inner, "memory.current", "100\n");
}

Test(memory_policy, facts_are_read_from_the_files_and_the_tightest_group_counts)
{
	char folder[] = "/tmp/troupe-memory-XXXXXX", command[64];
	struct troupe_memory memory;
	int free_fd, again;

	cr_assert(mkdtemp(folder));
	write_files(folder);
	trp_memory_policy_read(folder, folder, &memory);
	cr_expect_eq(memory.available, 7 * 1024);
	cr_expect_eq(memory.headroom, 100);
	cr_expect_eq(memory.pressure, 107);
	write_file(folder, "outer/memory.max", "max\n");
	write_file(folder, "pressure/memory", "some nonsense\n");
	write_file(folder, "meminfo", "MemTotal: 9 kB\n");
	trp_memory_policy_read(folder, folder, &memory);
	cr_expect_eq(memory.available, UINT64_MAX);
	cr_expect_eq(memory.headroom, 400);
	cr_expect_eq(memory.pressure, -1);
	/* Read for ever, they take no descriptors. */
	free_fd = dup(STDIN_FILENO);
	close(free_fd);
	for (int i = 0; i < 10; i++)
		trp_memory_policy_read(folder, folder, &memory);
	again = dup(STDIN_FILENO);
	close(again);
	cr_expect_eq(again, free_fd);
	trp_memory_policy_read("/no", "/no", &memory);
	cr_expect_eq(memory.headroom, UINT64_MAX);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	cr_assert_eq(system(command), 0);
}
