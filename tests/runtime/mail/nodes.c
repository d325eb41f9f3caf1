/* SPDX-License-Identifier: MIT */
#include "tests/runtime/mail/nodes.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "runtime/actor/away.h"
#include "runtime/mail/module.h"
#include "runtime/mesh/nodes.h"
#include "runtime/supervision/module.h"
#include "runtime/supervisor/supervisor.h"

struct mail_board *board;
pid_t mail_node[MAIL_NODES];
int this_node;
int32_t mail_outage_ms;
int (*mail_before)(int number);
char mail_cookie[MAIL_NODES][64];

enum { PATIENCE_S = 240, STEP_NS = 2000000 };

void mail_fail(const char *file, int line, const char *claim)
{
	fprintf(stderr, "%s:%d: not true in node %d, process %d: %s\n", file,
		line, this_node, (int)getpid(), claim);
	board->failures++;
}

/* ---- in a test ----------------------------------------------------------- */

void mail_begin(void)
{
	setenv("XDG_RUNTIME_DIR", make_folder(), 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(board, MAP_FAILED);
}

const char *mail_local(void)
{
	static char url[128];

	snprintf(url, sizeof(url), "local:%s/mesh", test_folder());
	return url;
}

/* No mail actor may crash, however its node ends. */
static int watch_crashes(struct trp_supervisor *supervisor,
			 const struct trp_options *options, void **ret_state)
{
	*ret_state = &supervisor->totals;
	return 0;
}

static void count_crashes(void *state)
{
	const struct trp_totals *totals = state;

	for (size_t i = 0; i < totals->count; i++)
		if (strcmp(totals->entry[i].label, "mesh-mail") == 0)
			board->failures +=
				(long)totals->entry[i]
					.ended[TRP_TOTAL_ENDS + TROUPE_SIGNAL];
}

static const struct trp_module crashes = { .open = watch_crashes,
					   .close = count_crashes };

static int run_node(int number, const char *url,
		    int (*root)(int argc, char **argv))
{
	static char *argv[] = { "test", NULL };
	static struct trp_options options = { .mesh.name = "test",
					      .argc = 1,
					      .argv = argv,
					      .slots = 256,
					      .heap_size = 1 << 26 };
	static const struct trp_module *const modules[] = {
		&trp_mail_module, &trp_mesh_nodes_module,
		&trp_supervision_module, &crashes, NULL
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	this_node = number;
	if (mail_before && mail_before(number) < 0)
		return 1;
	options.main = root;
	options.mesh.outage_ms = mail_outage_ms;
	options.mesh.cookie_length = (uint32_t)strlen(mail_cookie[number]);
	memcpy(options.mesh.cookie, mail_cookie[number],
	       options.mesh.cookie_length);
	snprintf(options.node, sizeof(options.node), "n%d", number);
	snprintf(options.mesh.bus, sizeof(options.mesh.bus), "%s", url);
	return trp_supervisor_run(&options, modules);
}

void mail_start(int number, const char *url, int (*root)(int argc, char **argv))
{
	fflush(NULL);
	mail_node[number] = fork();
	cr_assert(mail_node[number] >= 0);
	if (mail_node[number] == 0)
		_exit(run_node(number, url, root));
}

void mail_kill(int number)
{
	cr_assert(kill(mail_node[number], SIGKILL) == 0);
	cr_assert(waitpid(mail_node[number], NULL, 0) == mail_node[number]);
	mail_node[number] = 0;
}

static void await_end(int number)
{
	int status;

	cr_assert(waitpid(mail_node[number], &status, 0) == mail_node[number]);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "node %d ended with %x", number, (unsigned)status);
	mail_node[number] = 0;
}

void mail_stop(int number)
{
	cr_assert(kill(mail_node[number], SIGTERM) == 0);
	await_end(number);
}

void mail_end_nodes(void)
{
	for (int i = 0; i < MAIL_NODES; i++)
		if (mail_node[i])
			await_end(i);
}

void mail_end(void)
{
	mail_end_nodes();
	/* Of those that were killed. */
	while (waitpid(-1, NULL, 0) > 0)
		;
	cr_assert_eq(board->failures, 0, "%ld claims did not hold",
		     board->failures);
	munmap(board, sizeof(*board));
	drop_folder();
}

pid_t mail_actor(int number)
{
	return board->pid[number];
}

/* ---- in both ------------------------------------------------------------- */

static void pause_a_little(time_t *end)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!*end)
		*end = now.tv_sec + PATIENCE_S;
	if (now.tv_sec > *end) {
		fprintf(stderr, "node %d waits in vain\n", this_node);
		abort();
	}
	nanosleep(&step, NULL);
}

uint64_t mail_await(_Atomic uint64_t *word)
{
	time_t end = 0;

	while (!*word)
		pause_a_little(&end);
	return *word;
}

void mail_await_value(_Atomic long *value, long least)
{
	time_t end = 0;

	while (*value < least)
		pause_a_little(&end);
}

/* ---- in an actor --------------------------------------------------------- */

void mail_await_way(void)
{
	time_t end = 0;

	while (!trp_away_mail())
		pause_a_little(&end);
	board->pid[this_node] =
		trp_status_pid(&trp_self.node->arena, trp_away_mail());
}

int mail_send(troupe_ref to, int64_t value)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = value;
	return troupe_send(to, &number.base);
}

int64_t mail_receive(int64_t ms, troupe_ref *ret_sender)
{
	const struct troupe_pattern number = {
		.type = &play__number__descriptor
	};
	struct troupe_message message;

	if (troupe_receive(&number, 1, troupe_in_ms(ms), &message) < 0)
		return -1;
	if (ret_sender)
		*ret_sender = message.sender;
	return ((const Play__Number *)message.body)->value;
}
