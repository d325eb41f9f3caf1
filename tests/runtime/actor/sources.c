/* SPDX-License-Identifier: MIT */
/* Inputs, operations, signals and programs as sources of an actor's events. */
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "runtime/actor/self.h"
#include "runtime/troupe_io.h"
#include "tests/support/stage.h"

TestSuite(sources, .timeout = 600);

static int ends[2];

static void open_pipe(const char *text)
{
	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	CHECK(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
}

static int unread(void)
{
	int count = -1;

	ioctl(ends[0], FIONREAD, &count);
	return count;
}

/* Runs the root's handlers until that many events have been counted. */
static void run_until(long count)
{
	struct troupe_time deadline = troupe_in_ms(20000);

	while (board->count < count && troupe_now().ns < deadline.ns)
		stage_receive(5);
	CHECK(board->count == count);
}

/* ---- inputs -------------------------------------------------------------- */

static int take_byte(struct troupe_input *input, short events)
{
	char byte;

	CHECK(read(input->fd, &byte, 1) == 1);
	if (++board->count == 3) {
		CHECK(input->private_source == NULL);
		input->count = 2;
		CHECK(troupe_input_add(input) == 0);
	}
	return 0;
}

static int count_root(int argc, char **argv)
{
	struct troupe_input input = { .events = POLLIN,
				      .count = 3,
				      .ready = take_byte };

	open_pipe("abcdefg");
	input.fd = ends[0];
	CHECK(troupe_input_add(&input) == 0);
	CHECK(troupe_input_add(&input) == -EALREADY);
	run_until(5);
	CHECK(stage_receive(20) == -1);
	CHECK(board->count == 5 && unread() == 2);
	return 0;
}

Test(sources, count_bounds_the_runs_of_an_input_and_the_last_may_add_it_anew)
{
	stage_pass(count_root);
}

static int close_it(struct troupe_input *input, short events)
{
	CHECK(events == (board->count == 0 ? POLLIN : POLLNVAL));
	if (board->count++ == 0)
		close(input->fd);
	return 0;
}

static int closed_root(int argc, char **argv)
{
	struct troupe_input input = { .events = POLLIN, .ready = close_it };

	open_pipe("a");
	input.fd = ends[0];
	CHECK(troupe_input_add(&input) == 0);
	run_until(2);
	CHECK(input.private_source == NULL);
	CHECK(stage_receive(20) == -1);
	CHECK(board->count == 2);
	return 0;
}

Test(sources, an_input_whose_descriptor_was_closed_is_told_so_once)
{
	stage_pass(closed_root);
}

/* ---- operations ---------------------------------------------------------- */

static char buffer[16];
static int read_from;

static void prepare_read(struct troupe_operation *operation,
			 struct io_uring_sqe *entry)
{
	io_uring_prep_read(entry, read_from, buffer, sizeof(buffer), 0);
}

/* True: there are none, and start reports that. */
static bool has_none(struct troupe_operation *operation)
{
	if (trp_self.wait.kind != TRP_WAIT_EPOLL)
		return false;
	CHECK(troupe_operation_start(operation) == -ENOTSUP);
	CHECK(troupe_operation_cancel(operation) == -ENOENT);
	return true;
}

/* Bytes written while it runs stay in the pipe until it has returned. */
static int read_done(struct troupe_operation *operation, int result)
{
	if (board->count++ == 2) {
		CHECK(result == 0);
		CHECK(troupe_operation_cancel(operation) == -ENOENT);
		return 0;
	}
	CHECK(result == 2 && memcmp(buffer, "ab", 2) == 0);
	if (board->count == 2) {
		close(ends[1]);
		return 0;
	}
	CHECK(write(ends[1], "ab", 2) == 2);
	CHECK(!troupe_is_stopping());
	CHECK(unread() == 2);
	return 0;
}

static int operation_root(int argc, char **argv)
{
	struct troupe_operation operation = { .prepare = prepare_read,
					      .done = read_done };

	open_pipe("ab");
	read_from = ends[0];
	if (has_none(&operation))
		return 0;
	CHECK(troupe_operation_start(&operation) == 0);
	CHECK(troupe_operation_start(&operation) == -EALREADY);
	run_until(3);
	CHECK(stage_receive(20) == -1);
	CHECK(board->count == 3);
	return 0;
}

Test(sources, an_operation_is_begun_again_only_after_its_handler_returned)
{
	stage_pass(operation_root);
}

static int read_failed(struct troupe_operation *operation, int result)
{
	CHECK(result == -EBADF);
	CHECK(operation->private_source == NULL);
	board->count++;
	return 0;
}

static int error_root(int argc, char **argv)
{
	struct troupe_operation operation = { .prepare = prepare_read,
					      .done = read_failed };

	read_from = 12345;
	if (has_none(&operation))
		return 0;
	CHECK(troupe_operation_start(&operation) == 0);
	run_until(1);
	CHECK(stage_receive(20) == -1);
	CHECK(board->count == 1);
	return 0;
}

Test(sources, an_operation_that_fails_is_told_the_error_and_not_begun_again)
{
	stage_pass(error_root);
}

static int never_done(struct troupe_operation *operation, int result)
{
	CHECK(false);
	return 0;
}

static int cancel_root(int argc, char **argv)
{
	struct troupe_operation operation = { .prepare = prepare_read,
					      .done = never_done };
	int r;

	open_pipe("");
	read_from = ends[0];
	if (has_none(&operation))
		return 0;
	/* Before the kernel has seen it, and after. */
	for (int i = 0; i < 2; i++) {
		CHECK(troupe_operation_start(&operation) == 0);
		CHECK(i == 0 || stage_receive(20) == -1);
		CHECK(troupe_operation_cancel(&operation) == -ECANCELED);
		CHECK(troupe_operation_cancel(&operation) == -ENOENT);
	}
	CHECK(write(ends[1], "xy", 2) == 2);
	CHECK(stage_receive(20) == -1);
	CHECK(buffer[0] == '\0' && unread() == 2);
	/* One that finished first returns its result. */
	CHECK(troupe_operation_start(&operation) == 0);
	r = troupe_operation_cancel(&operation);
	CHECK(r == -ECANCELED ? unread() == 2 : r == 2 && buffer[0] == 'x');
	return 0;
}

Test(sources, a_cancelled_operation_leaves_its_memory_alone)
{
	stage_pass(cancel_root);
}

static void prepare_multishot(struct troupe_operation *operation,
			      struct io_uring_sqe *entry)
{
	io_uring_prep_poll_multishot(entry, ends[0], POLLIN);
}

static void prepare_linked(struct troupe_operation *operation,
			   struct io_uring_sqe *entry)
{
	io_uring_prep_nop(entry);
	entry->flags |= IOSQE_IO_LINK;
}

static int multishot_root(int argc, char **argv)
{
	struct troupe_operation multishot = { .prepare = prepare_multishot,
					      .done = never_done };
	struct troupe_operation linked = { .prepare = prepare_linked,
					   .done = never_done };

	if (has_none(&multishot))
		return 0;
	open_pipe("a");
	CHECK(troupe_operation_start(&multishot) == -EINVAL);
	CHECK(troupe_operation_start(&linked) == -EINVAL);
	CHECK(stage_receive(20) == -1);
	return 0;
}

Test(sources, operations_that_complete_more_than_once_are_refused)
{
	stage_pass(multishot_root);
}

/* ---- signals ------------------------------------------------------------- */

static struct troupe_signal one, other;

static int signal_one(struct troupe_signal *signal,
		      const struct signalfd_siginfo *info)
{
	CHECK(info->ssi_signo == (uint32_t)signal->number);
	CHECK(info->ssi_pid == (uint32_t)getpid());
	board->value[0]++;
	board->count++;
	return 0;
}

static int signal_other(struct troupe_signal *signal,
			const struct signalfd_siginfo *info)
{
	CHECK(board->value[0] == board->count - board->value[1]);
	board->value[1]++;
	board->count++;
	return 0;
}

static int signal_root(int argc, char **argv)
{
	one = (struct troupe_signal) { .number = SIGHUP,
				       .received = signal_one };
	other = (struct troupe_signal) { .number = SIGHUP,
					 .count = 2,
					 .received = signal_other };
	CHECK(troupe_signal_start(&one) == 0);
	CHECK(troupe_signal_start(&other) == 0);
	CHECK(troupe_signal_start(&other) == -EALREADY);
	for (int i = 1; i <= 3; i++) {
		raise(SIGHUP);
		run_until(i < 3 ? 2 * i : 5);
	}
	CHECK(board->value[0] == 3 && board->value[1] == 2);
	/* One is pending when no source wants it any more. */
	one.number = SIGHUP;
	raise(SIGHUP);
	troupe_signal_stop(&one);
	troupe_signal_stop(&one);
	raise(SIGHUP); /* ignored, as before */
	one.number = SIGUSR1;
	CHECK(troupe_signal_start(&one) == 0);
	raise(SIGUSR1);
	troupe_signal_stop(&one); /* and does not end the process */
	CHECK(stage_receive(20) == -1);
	CHECK(board->count == 5);
	return 0;
}

Test(sources, a_signal_is_told_to_each_that_wants_it_and_then_forgotten)
{
	stage_pass(signal_root);
}

/* A signal to be blocked must not be taken from the rests on the stack. */
__attribute__((noinline)) static void dirty_stack(void)
{
	char bytes[4096];

	memset(bytes, 0xff, sizeof(bytes));
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

static sigset_t blocked_now(void)
{
	sigset_t blocked;

	CHECK(sigprocmask(SIG_BLOCK, NULL, &blocked) == 0);
	return blocked;
}

static int mask_root(int argc, char **argv)
{
	sigset_t own, before, during, after;

	sigemptyset(&own);
	sigaddset(&own, SIGUSR2);
	sigaddset(&own, SIGRTMAX);
	CHECK(sigprocmask(SIG_BLOCK, &own, NULL) == 0);
	before = blocked_now();
	one = (struct troupe_signal) { .number = SIGUSR1,
				       .received = signal_one };
	dirty_stack();
	CHECK(troupe_signal_start(&one) == 0);
	during = blocked_now();
	dirty_stack();
	troupe_signal_stop(&one);
	after = blocked_now();
	for (int number = 1; number <= SIGRTMAX; number++) {
		CHECK(sigismember(&before, number) ==
		      sigismember(&after, number));
		CHECK(sigismember(&during, number) ==
		      (number == SIGUSR1 ? 1 : sigismember(&before, number)));
	}
	return 0;
}

Test(sources, a_signal_changes_the_mask_for_its_own_number_only)
{
	stage_pass(mask_root);
}

static int refused_root(int argc, char **argv)
{
	static const int numbers[] = { SIGTERM, SIGKILL, SIGSTOP, SIGSEGV,
				       0,	-1,	 32,	  NSIG };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		one = (struct troupe_signal) { .number = numbers[i],
					       .received = signal_one };
		CHECK(troupe_signal_start(&one) == -EINVAL);
	}
	raise(SIGTERM); /* is the order to stop */
	CHECK(troupe_is_stopping());
	return 0;
}

Test(sources, sigterm_stays_the_order_to_stop)
{
	stage_pass(refused_root);
}

/* ---- programs ------------------------------------------------------------ */

static struct troupe_end ended;

static int program_ended(struct troupe_program *program,
			 const struct troupe_end *end)
{
	ended = *end;
	board->count++;
	return 0;
}

static void expect_text(int fd, const char *text)
{
	char got[64] = "";
	size_t size = 0;
	ssize_t n;

	while ((n = read(fd, got + size, sizeof(got) - 1 - size)) > 0)
		size += (size_t)n;
	CHECK(n == 0 && strcmp(got, text) == 0);
	close(fd);
}

static int program_root(int argc, char **argv)
{
	const char *const shell[] = {
		"sh", "-c", "cat; echo $WORD >&2; kill -0 $PPID; exit 3", NULL
	};
	const char *const environment[] = { "WORD=error", NULL };
	struct troupe_program program = { .argv = shell,
					  .environment = environment,
					  .pipes = 7,
					  .ended = program_ended };
	pid_t pid;

	CHECK(troupe_program_signal(&program, SIGHUP) == -ESRCH);
	CHECK(troupe_program_start(&program) == 0);
	CHECK(troupe_program_start(&program) == -EALREADY);
	pid = program.pid;
	CHECK(write(program.input, "hello", 5) == 5);
	close(program.input);
	run_until(1);
	expect_text(program.output, "hello");
	expect_text(program.errors, "error\n");
	CHECK(ended.pid == pid && ended.ref == 0);
	CHECK(ended.reason.cause == TROUPE_ERROR && ended.reason.code == 3);
	CHECK(strcmp(ended.name, "sh") == 0);
	CHECK(ended.max_rss > 0);
	CHECK(troupe_program_signal(&program, SIGHUP) == -ESRCH);
	return 0;
}

Test(sources, a_program_has_pipes_and_its_end_is_told_once)
{
	stage_pass(program_root);
}

/* It inherits neither blocked nor ignored signals. */
static int killed_root(int argc, char **argv)
{
	const char *const shell[] = { "sh", "-c", "kill -HUP $$; sleep 100",
				      NULL };
	const char *const sleeper[] = { "sleep", "100", NULL };
	struct troupe_program program = { .argv = shell,
					  .ended = program_ended };

	one = (struct troupe_signal) { .number = SIGHUP,
				       .received = signal_one };
	CHECK(troupe_signal_start(&one) == 0);
	CHECK(troupe_program_start(&program) == 0);
	run_until(1);
	CHECK(ended.reason.cause == TROUPE_SIGNAL);
	CHECK(ended.reason.code == SIGHUP);
	program.argv = sleeper;
	CHECK(troupe_program_start(&program) == 0);
	CHECK(troupe_program_signal(&program, SIGKILL) == 0);
	run_until(2);
	CHECK(ended.reason.cause == TROUPE_KILLED);
	return 0;
}

Test(sources, a_program_that_a_signal_ended_is_told_as_such)
{
	stage_pass(killed_root);
}

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int missing_root(int argc, char **argv)
{
	const char *const missing[] = { "no-such-program-here", NULL };
	const char *const folder[] = { "/", NULL };
	const char *const nothing[] = { NULL };
	struct troupe_program program = { .argv = missing,
					  .pipes = 7,
					  .ended = program_ended };
	int before = open_descriptors();

	CHECK(troupe_program_start(&program) == -ENOENT);
	program.argv = folder;
	CHECK(troupe_program_start(&program) == -EACCES);
	program.argv = nothing;
	CHECK(troupe_program_start(&program) == -EINVAL);
	CHECK(open_descriptors() == before);
	CHECK(stage_receive(20) == -1);
	CHECK(board->count == 0);
	return 0;
}

Test(sources, a_program_that_cannot_be_executed_says_why_at_once)
{
	stage_pass(missing_root);
}

/* The pipes, the program, or what waits for its end has no room. */
static int poor_root(int argc, char **argv)
{
	const char *const sleeper[] = { "sleep", "1000", NULL };
	struct troupe_program program = { .argv = sleeper,
					  .pipes = 0,
					  .ended = program_ended };
	int before = open_descriptors(), r = -EMFILE;
	struct rlimit few;

	CHECK(getrlimit(RLIMIT_NOFILE, &few) == 0);
	for (few.rlim_cur = 0; r == -EMFILE && few.rlim_cur < 64;) {
		few.rlim_cur++;
		CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
		r = troupe_program_start(&program);
		if (r == 0)
			break;
		CHECK(open_descriptors() == before);
		CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	}
	CHECK(r == 0 && few.rlim_cur > 3);
	CHECK(troupe_program_signal(&program, SIGKILL) == 0);
	run_until(1);
	return 0;
}

Test(sources, a_program_without_descriptors_is_not_there)
{
	stage_pass(poor_root);
}

static int mother_init(const void *arguments)
{
	static const char *const sleeper[] = { "sleep", "1000", NULL };
	static struct troupe_program program = { .argv = sleeper };

	CHECK(troupe_program_start(&program) == 0);
	board->value[0] = program.pid;
	return 0;
}

static const struct troupe_class mother = { .name = "mother",
					    .init = mother_init };

static int orphan_root(int argc, char **argv)
{
	struct pollfd gone = { .events = POLLIN };
	troupe_ref ref;

	CHECK(troupe_spawn(&mother, NULL, &ref) == 0);
	while (board->value[0] == 0)
		usleep(1000);
	gone.fd = (int)syscall(SYS_pidfd_open, (pid_t)board->value[0], 0);
	CHECK(gone.fd >= 0);
	CHECK(poll(&gone, 1, 0) == 0);
	CHECK(troupe_kill(ref) == 0);
	CHECK(poll(&gone, 1, 10000) == 1);
	close(gone.fd);
	return 0;
}

Test(sources, a_program_dies_with_its_actor)
{
	stage_pass(orphan_root);
}
