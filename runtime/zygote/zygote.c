/* SPDX-License-Identifier: MIT */
#include "runtime/zygote/zygote.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ipc/hot.h"
#include "ipc/wake_socket.h"
#include "runtime/actor/main.h"
#include "runtime/actor/self.h"
#include "runtime/node/exit_handlers.h"
#include "runtime/node/image.h"
#include "runtime/node/limit.h"
#include "runtime/node/log.h"
#include "runtime/node/mark.h"
#include "runtime/node/options.h"
#include "runtime/node/process.h"
#include "runtime/node/types.h"
#include "serialize/printable.h"

enum { BATCH = 16, NAMES_MAX = 1 << 20 };

struct pipes {
	int orders[2];
	int births[2];
};

static int open_pipes(struct pipes *pipes)
{
	int r;

	if (pipe2(pipes->orders, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(pipes->births, O_CLOEXEC) < 0) {
		r = -errno;
		close(pipes->orders[0]);
		close(pipes->orders[1]);
		return r;
	}
	return 0;
}

/* ---- in the zygote ------------------------------------------------------- */

static int refuse(struct trp_loaded *loaded, int result, const char *why)
{
	loaded->result = result;
	snprintf(loaded->why, sizeof(loaded->why), "%s", why);
	return result;
}

/* dlerror() may start with the path, which the caller prints, too. */
static const char *without_path(const char *text, const char *path)
{
	size_t length = strlen(path);

	return strncmp(text, path, length) == 0 &&
			       strncmp(text + length, ": ", 2) == 0
		       ? text + length + 2
		       : text;
}

/* For its author; "": there is none. */
static const char *advice_on(const char *error)
{
	if (strstr(error, "__descriptor"))
		return "; the .pb-c.c of its messages was not compiled with it";
	if (strstr(error, "ELF") || strstr(error, "executable") ||
	    strstr(error, "file too short"))
		return "; an application is a shared object, built with "
		       "-shared -fPIC";
	return "";
}

static int refuse_error(const struct trp_node *node, const char *error,
			struct trp_loaded *loaded)
{
	char text[sizeof(loaded->why)];

	snprintf(text, sizeof(text), "%.380s%s",
		 without_path(error, node->argv[0]), advice_on(error));
	return refuse(loaded, -ENOEXEC, text);
}

/* names: of its types, for free(). */
static int load(struct trp_node *node, struct trp_loaded *loaded, char **names,
		size_t *size)
{
	unsigned threads = trp_process_threads();
	void *application;
	void *symbol;
	int r;

	application = dlopen(node->main ? NULL : node->argv[0],
			     RTLD_NOW | RTLD_GLOBAL);
	if (!application)
		return refuse_error(node, dlerror(), loaded);
	symbol = node->main ? NULL : dlsym(application, "troupe_main");
	if (!node->main && !symbol)
		return refuse(
			loaded, -ENOEXEC,
			"it does not define troupe_main(); an application "
			"is a shared object with that function");
	if (trp_process_threads() > threads)
		return refuse(loaded, -ENOTSUP,
			      "its constructors start threads, which no actor "
			      "would have; start them in init()");
	if (node->wait != TRP_WAIT_URING && !trp_wake_socket_is_home())
		return refuse(
			loaded, -ENOTSUP,
			"its constructors change the network namespace, and "
			"without futexes in io_uring (`troupe doctor`) no "
			"actor could be woken there; change it in init()");
	if (symbol)
		memcpy(&node->main, &symbol, sizeof(symbol));
	r = trp_types_load(application);
	if (r < 0)
		return refuse(loaded, r,
			      "two of its message types have the same hash");
	r = trp_process_prepare();
	if (r < 0)
		return refuse(loaded, r, "this C library is not supported");
	r = trp_image_keep();
	if (r < 0)
		return refuse(loaded, r, "no memory");
	trp_image_merge();
	*names = trp_types_text(application, size);
	return 0;
}

/*
 * Every actor inherits these by the fork, so they are set once.  The terminal
 * sends the ignored ones to all, and the supervisor acts on them.
 */
static void set_signals(void)
{
	struct sigaction term = { .sa_handler = trp_self_on_term };
	struct sigaction inherited;
	sigset_t none;

	/* Those of the terminal stay unchanged. */
	for (int number = 1; number < NSIG; number++)
		if (number != SIGQUIT && number != SIGTSTP &&
		    number != SIGTTIN &&
		    sigaction(number, NULL, &inherited) == 0 &&
		    inherited.sa_handler == SIG_IGN)
			signal(number, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	sigaction(SIGTERM, &term, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int write_all(int fd, const void *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes = (const char *)bytes + n;
		size -= (size_t)n;
	}
	return 0;
}

/*
 * Children inherit the score that the zygote has meanwhile: a file of its own
 * in /proc would cost each a tenth of its birth and its end.
 */
static struct {
	int fd;
	char own[TRP_OOM_SCORE_TEXT];
} score = { .fd = -1 };

static void open_score(void)
{
	score.fd = trp_oom_score_open();
	trp_oom_score_text(trp_oom_score_get(), score.own);
}

static void set_score(const char *text)
{
	if (score.fd >= 0)
		trp_oom_score_write(score.fd, text);
}

/* Orders are written whole, so a read returns whole ones. */
static int serve(struct trp_node *node, int orders_fd, int births_fd)
{
	struct trp_order orders[BATCH];
	struct trp_birth births[BATCH];
	ssize_t size = read(orders_fd, orders, sizeof(orders));
	size_t count, i;
	pid_t pid;

	if (size < 0)
		return errno == EINTR ? 0 : -errno;
	if (size == 0)
		return -EPIPE;
	count = (size_t)size / sizeof(orders[0]);
	set_score(node->oom_score);
	for (i = 0; i < count; i++) {
		pid = trp_process_clone(node->supervisor);
		if (pid == 0) {
			close(orders_fd);
			close(births_fd);
			if (score.fd >= 0)
				close(score.fd);
			trp_mark_set(
				node->identity,
				trp_ref(orders[i].slot, orders[i].generation),
				orders[i].incarnation);
			trp_actor_main(node, orders[i].slot,
				       orders[i].generation, orders[i].start);
		}
		births[i] = (struct trp_birth) { orders[i].slot,
						 orders[i].generation, pid };
	}
	set_score(score.own);
	return write_all(births_fd, births, count * sizeof(births[0]));
}

/*
 * In ps(1), of this process and of all actors.  The last byte is set, so the
 * kernel shows it to the first NUL.
 */
static void show_titles(const struct trp_node *node, char *text, size_t size)
{
	const char *slash = strrchr(node->argv[0], '/');
	char name[48];

	snprintf(text, size - TRP_TITLE_SIZE, "troupe %s: ",
		 trp_printable(slash ? slash + 1 : node->argv[0], name,
			       sizeof(name)));
	text[size - 1] = '.';
	trp_log_title_after(text);
	trp_log_set_title("zygote");
	trp_process_show(text, size);
}

/*
 * A child writes to each page from which malloc() gives it a block.  So nothing
 * that is free is left among the blocks of the zygote, and what comes next
 * begins with a page: the first blocks of a child fit into it.  That is how
 * glibc lays blocks out, below the break; another malloc() is left alone.
 */
static void settle_heap(void)
{
	enum { LARGE = 16 << 10, CACHED = 1032, STEP = 16, PAGE = 4096 };
	void *volatile block = malloc(LARGE); /* or the compiler takes none */
	uintptr_t behind = (uintptr_t)block;
	size_t size = LARGE;

	if ((uintptr_t)sbrk(0) - behind > 1 << 20) {
		free(block);
		return;
	}
	while (size > STEP) {
		block = malloc(size);
		if (block && (uintptr_t)block < behind)
			continue;
		if (size > CACHED)
			free(block);
		size -= size > CACHED ? size / 4 : STEP;
	}
	block = malloc(LARGE);
	size = -((uintptr_t)block + LARGE) & (PAGE - 1);
	free(block);
	block = malloc(LARGE + size);
}

static _Noreturn __attribute__((noinline)) void run(struct trp_node *node,
						    struct pipes *pipes)
{
	/* Each child writes to these, on the pages that it writes to anyway. */
	/* On the stack: the kernel shows no text of a mapped file. */
	char shown[64 + TRP_TITLE_SIZE] = "";
	static TRP_HOT struct trp_node own;
	struct trp_loaded loaded = { 0 };
	char *names = NULL;
	size_t size = 0;

	own = *node;
	node = &own;
	close(pipes->orders[1]);
	close(pipes->births[0]);
	set_signals();
	trp_mark_set(node->identity, TRP_REF_SUPERVISOR, 0);
	/* Here, as each page that a child writes to is copied. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	trp_process_name("troupe-zygote");
	show_titles(node, shown, sizeof(shown));
	load(node, &loaded, &names, &size);
	trp_process_die_with(node->supervisor);
	loaded.names = names && size <= NAMES_MAX ? (uint32_t)size : 0;
	/* No output may stay in a buffer, or every actor would write it
	 * again. */
	fflush(NULL);
	if (write_all(pipes->births[1], &loaded, sizeof(loaded)) < 0 ||
	    loaded.result < 0 ||
	    write_all(pipes->births[1], names, loaded.names) < 0)
		_exit(EXIT_FAILURE);
	if (loaded.names)
		trp_types_learn(names, size);
	open_score();
	trp_exit_handlers_begin();
	troupe_now(); /* for all: whether the kernel trusts the counter */
	settle_heap();
	trp_self_prepare();
	while (serve(node, pipes->orders[0], pipes->births[1]) == 0)
		;
	_exit(EXIT_SUCCESS);
}

/* The frames of a child begin with a page, too. */
static _Noreturn void zygote_main(struct trp_node *node, struct pipes *pipes)
{
	_Alignas(4096) volatile char edge = 0;

	(void)edge;
	run(node, pipes);
}

/* ---- in the supervisor --------------------------------------------------- */

static int read_all(int fd, void *bytes, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while (have < size) {
		n = read(fd, (char *)bytes + have, size - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -ENOEXEC;
		have += (size_t)n;
	}
	return 0;
}

static int read_names(int fd, size_t size)
{
	char *names;

	if (!size)
		return 0;
	names = size <= NAMES_MAX ? malloc(size) : NULL;
	if (!names || read_all(fd, names, size) < 0) {
		free(names);
		return -ENOEXEC;
	}
	trp_types_learn(names, size);
	return 0;
}

/* seconds: 0 for ever. */
static int read_loaded(int fd, uint32_t seconds, struct trp_loaded *ret_loaded)
{
	struct pollfd input = { .fd = fd, .events = POLLIN };

	if (poll(&input, 1, seconds ? (int)seconds * 1000 : -1) == 0) {
		snprintf(ret_loaded->why, sizeof(ret_loaded->why),
			 "a constructor of it, or of a library that it needs, "
			 "has not returned in %u s; see --load",
			 seconds);
		return -ETIMEDOUT;
	}
	if (read_all(fd, ret_loaded, sizeof(*ret_loaded)) < 0 ||
	    (ret_loaded->result == 0 && read_names(fd, ret_loaded->names) < 0))
		return refuse(ret_loaded, -ENOEXEC, ""); /* see tell_end() */
	return ret_loaded->result;
}

/* Of a zygote that has ended, or that has only closed its pipe and is
 * killed. */
static int reap(pid_t pid)
{
	int status = 0;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
	return status;
}

/* It sent nothing: a constructor of the application has ended it. */
static void tell_end(int status, struct trp_loaded *loaded)
{
	static const char text[] = "a constructor of it, or of a library that "
				   "it needs, ended the process";

	if (WIFSIGNALED(status))
		snprintf(loaded->why, sizeof(loaded->why), "%s: signal %d, %s",
			 text, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(loaded->why, sizeof(loaded->why), "%s: exit status %d",
			 text, WEXITSTATUS(status));
}

int trp_zygote_start(struct trp_zygote *zygote, struct trp_node *node,
		     int end_signal, struct trp_loaded *ret_loaded)
{
	struct pipes pipes;
	int r, status;
	pid_t pid;

	r = open_pipes(&pipes);
	if (r < 0)
		return refuse(ret_loaded, r, trp_limit_text(r));
	pid = trp_process_fork(end_signal);
	if (pid == 0)
		zygote_main(node, &pipes);
	close(pipes.orders[0]);
	close(pipes.births[1]);
	if (pid < 0)
		snprintf(ret_loaded->why, sizeof(ret_loaded->why),
			 "cannot fork: %s%s", trp_limit_text(pid),
			 pid == -EAGAIN ? "; raise `ulimit -u`" : "");
	r = pid < 0 ? pid
		    : read_loaded(pipes.births[0], node->options->load_s,
				  ret_loaded);
	*zygote = (struct trp_zygote) { pid, pipes.orders[1], pipes.births[0] };
	if (r < 0) {
		trp_zygote_stop(zygote);
		status = pid > 0 ? reap(pid) : 0;
		zygote->pid = 0;
		if (!ret_loaded->why[0])
			tell_end(status, ret_loaded);
		return r;
	}
	fcntl(zygote->orders, F_SETFL, O_NONBLOCK);
	fcntl(zygote->births, F_SETFL, O_NONBLOCK);
	return 0;
}

void trp_zygote_stop(struct trp_zygote *zygote)
{
	close(zygote->orders);
	close(zygote->births);
	zygote->orders = zygote->births = -1;
}
