/* SPDX-License-Identifier: MIT */
#include "tests/support/stage.h"

#include <dirent.h>
#include <sys/wait.h>
#include "runtime/mesh/mesh.h"
#include "runtime/supervisor/supervisor.h"

struct board *board;
const char *stage_trace;
unsigned stage_trace_rate;
static const struct trp_module *const mesh[] = { &trp_mesh_module, NULL };
const struct trp_module *const *stage_modules = mesh;
unsigned stage_slots = 4096;
unsigned stage_heap_kib = 1 << 20;

void stage_fail(const char *file, int line, const char *claim)
{
	fprintf(stderr, "%s:%d: not true in process %d: %s\n", file, line,
		(int)getpid(), claim);
	board->failures++;
}

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

int stage_run_on(struct board *shared, int (*root)(int argc, char **argv))
{
	static char *argv[] = { "test", NULL };
	struct trp_options options = { .trace_rate = stage_trace_rate,
				       .main = root,
				       .argc = 1,
				       .argv = argv,
				       .slots = stage_slots,
				       .heap_size = stage_heap_kib * 1024ULL };

	board = shared;
	snprintf(options.node, sizeof(options.node), "stage-%d", (int)getpid());
	if (stage_trace)
		snprintf(options.trace, sizeof(options.trace), "%s",
			 stage_trace);
	return trp_supervisor_run(&options, stage_modules);
}

int stage_run(int (*root)(int argc, char **argv))
{
	struct board *shared =
		mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int before, status;

	cr_assert_neq(shared, MAP_FAILED);
	before = count_descriptors();
	status = stage_run_on(shared, root);
	cr_assert_eq(count_descriptors(), before, "descriptors are left");
	cr_assert(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD,
		  "a process is left");
	return status;
}

void stage_pass(int (*root)(int argc, char **argv))
{
	int status = stage_run(root);

	cr_assert_eq(board->failures, 0, "%ld claims did not hold",
		     board->failures);
	cr_assert_eq(status, 0, "the node ended with status %d", status);
}

int stage_send(troupe_ref to, int64_t value)
{
	Play__Number number = PLAY__NUMBER__INIT;

	number.value = value;
	return troupe_send(to, &number.base);
}

int64_t stage_receive(int64_t ms)
{
	const struct troupe_pattern number = {
		.type = &play__number__descriptor
	};
	struct troupe_message message;

	if (troupe_receive(&number, 1, troupe_in_ms(ms), &message) < 0)
		return -1;
	return ((const Play__Number *)message.body)->value;
}

void *stage_kept[16];

void stage_keep(void *call)
{
	static unsigned count;

	stage_kept[count++ % 16] = call;
}

int stage_idle(const void *arguments)
{
	return stage_receive(3600000) < 0 ? -ECANCELED : 0;
}

struct troupe_end stage_end_of(troupe_ref ref)
{
	struct troupe_end end = { 0 };

	CHECK(troupe_wait(ref, troupe_in_ms(60000), &end) == 0);
	return end;
}

pid_t stage_zygote(void)
{
	char path[64], name[32];
	int pid, found = 0;
	FILE *list, *comm;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
		 (int)getppid(), (int)getppid());
	list = fopen(path, "re");
	while (list && !found && fscanf(list, "%d", &pid) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		comm = fopen(path, "re");
		if (comm && fgets(name, sizeof(name), comm) &&
		    strcmp(name, "troupe-zygote\n") == 0)
			found = pid;
		if (comm)
			fclose(comm);
	}
	if (list)
		fclose(list);
	return found;
}

void stage_await_none(uint32_t (*count)(bool is_said), int64_t ms)
{
	struct troupe_time end = troupe_in_ms(ms);

	while (count(false)) {
		if (troupe_now().ns > end.ns) {
			count(true);
			return;
		}
		stage_receive(10);
	}
}
