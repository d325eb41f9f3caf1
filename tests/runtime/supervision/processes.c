/* SPDX-License-Identifier: MIT */
/* Children as processes: killed, refused, and with what they inherit.  Numbers
 * such as C155 are those of the cases in tests/README.md. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "runtime/supervision/module.h"
#include "runtime/troupe_monitor.h"
#include "runtime/troupe_restart.h"
#include "tests/runtime/supervision/staff.h"

static const struct trp_module *const modules[] = { &trp_supervision_module,
						    NULL };

static void init(void)
{
	stage_modules = modules;
}

TestSuite(processes, .init = init);

/* ---- killed from outside ------------------------------------------------- */

static const struct troupe_child_spec of_each_type[] = {
	{ .id = "a", .klass = &staff_a },
	{ .id = "b", .klass = &staff_b, .restart = TROUPE_TRANSIENT },
	{ .id = "c", .klass = &staff_c, .restart = TROUPE_TEMPORARY },
	{ 0 },
};
static const struct troupe_supervisor type_rules = { .children = of_each_type,
						     .first_ms = 1 };
static const struct troupe_class types = { .name = "types",
					   .supervises = &type_rules };

/* Monitors the one at value 8, and leaves what it is told on the board. */
enum { REF = 8, TOLD, CAUSE, CODE, PID, WILL_RESTART };

static int watch_init(const void *arguments)
{
	return troupe_monitor((troupe_ref)board->value[REF], NULL);
}

static int watch_down(const struct troupe_end *end)
{
	board->value[CAUSE] = end->reason.cause;
	board->value[CODE] = end->reason.code;
	board->value[PID] = end->pid;
	board->value[WILL_RESTART] = end->will_restart;
	board->value[TOLD] = 1;
	return TROUPE_STOP;
}

static const struct troupe_class watcher = { .name = "watcher",
					     .init = watch_init,
					     .down = watch_down };

/* The supervisor knows of it when this returns. */
static troupe_ref watch(troupe_ref ref)
{
	const struct troupe_spawn_options ready = { .ready_by = TROUPE_NEVER };
	troupe_ref watching;

	board->value[REF] = (long)ref;
	board->value[TOLD] = 0;
	CHECK(troupe_spawn_with(&ready, &watcher, NULL, &watching) == 0);
	return watching;
}

static int killed_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&types), watching;

	for (const struct troupe_child_spec *spec = of_each_type; spec->id;
	     spec++) {
		bool is_back = spec->restart != TROUPE_TEMPORARY;
		struct troupe_child child = staff_child_of(boss, spec->id);

		watching = watch(child.ref);
		CHECK(kill(child.pid, SIGKILL) == 0);
		stage_end_of(watching);
		CHECK(board->value[TOLD] && /* C155 */
		      board->value[CAUSE] == TROUPE_KILLED);
		CHECK(board->value[CODE] == SIGKILL);
		CHECK(board->value[PID] == child.pid);
		CHECK(board->value[WILL_RESTART] == is_back);
		staff_await(boss, spec->id,
			    is_back ? TROUPE_CHILD_UP : TROUPE_CHILD_DOWN,
			    is_back);
	}
	return 0;
}

Test(processes, a_child_killed_from_outside_is_told_and_restarted_by_its_type)
{
	stage_pass(killed_root);
}

/* ---- no process to be had ------------------------------------------------ */

/* Nobody else has this user, so that the limit is of this node alone. */
static void become_a_user(void)
{
	uid_t user = 1000000 + (uid_t)getpid();

	cr_assert(geteuid() != 0 || setresuid(user, user, user) == 0);
}

static const struct troupe_supervisor two_tries = {
	.children = staff_three,
	.intensity = 2,
	.period_ms = 600000,
	.first_ms = 1,
};
static const struct troupe_class small = { .name = "small",
					   .supervises = &two_tries };

static int refused_root(int argc, char **argv)
{
	troupe_ref boss = staff_begin(&small), ref;
	pid_t zygote = stage_zygote();
	struct rlimit none = { 0, 0 }, was;
	const struct troupe_spawn_options waits = {
		.ready_by = troupe_in_ms(60000),
	};

	CHECK(prlimit(zygote, RLIMIT_NPROC, NULL, &was) == 0);
	none.rlim_max = was.rlim_max;
	CHECK(prlimit(zygote, RLIMIT_NPROC, &none, NULL) == 0);
	/* C164: told to one that waits for it, and else by its end. */
	CHECK(troupe_spawn_with(&waits, &staff_a, NULL, &ref) == -EAGAIN);
	CHECK(troupe_spawn(&staff_a, NULL, &ref) == 0);
	CHECK(stage_end_of(ref).reason.code == -EAGAIN);
	/* Each start that fails counts: the third is one too many. */
	CHECK(troupe_kill(staff_child_of(boss, "b").ref) == 0);
	staff_await(boss, "b", TROUPE_CHILD_GIVEN_UP, 0);
	CHECK(prlimit(zygote, RLIMIT_NPROC, &was, NULL) == 0);
	staff_start(boss, "b");
	staff_await(boss, "b", TROUPE_CHILD_UP, 0);
	CHECK(troupe_spawn_with(&waits, &staff_a, NULL, &ref) == 0);
	return 0;
}

Test(processes, a_child_without_a_process_has_failed_to_start)
{
	become_a_user();
	stage_pass(refused_root);
}

/* ---- what is inherited --------------------------------------------------- */

static int looks_around(const void *arguments)
{
	struct stat seen;

	/* Neither the file of its parent, nor what that has not written. */
	for (int fd = 0; fd < 1024; fd++)
		CHECK(fstat(fd, &seen) < 0 ||
		      seen.st_ino != (ino_t)board->value[0]);
	CHECK(fflush(NULL) == 0);
	return 0;
}

static int heir_root(int argc, char **argv)
{
	FILE *file = tmpfile();
	struct stat seen;
	troupe_ref ref;

	CHECK(fcntl(fileno(file), F_SETFD, 0) == 0);
	CHECK(fstat(fileno(file), &seen) == 0);
	board->value[0] = (long)seen.st_ino;
	CHECK(fprintf(file, "once") == 4);
	for (int i = 0; i < 2; i++) { /* C167 */
		CHECK(troupe_spawn_function(looks_around, NULL, &ref) == 0);
		CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	}
	CHECK(fstat(fileno(file), &seen) == 0 && seen.st_size == 0);
	CHECK(fclose(file) == 0);
	return 0;
}

Test(processes, an_actor_inherits_no_file_of_its_parent_nor_its_buffers)
{
	stage_pass(heir_root);
}
