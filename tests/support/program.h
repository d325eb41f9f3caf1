/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A real program under test: its output is collected, its end is awaited with a
 * deadline, and its leftovers are counted.  It runs in a separate session.  The
 * test's process becomes a subreaper, so processes that escape from a dead
 * program show up as its children; so leftovers of all dead programs are
 * counted together.  Programs die with the test.  Every failure here is a
 * negative errno.  Times are milliseconds from now, as a waiting test does
 * nothing else.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct program {
	pid_t pid; /* 0 once it is reaped */
	pid_t session;
	int pidfd;
	int input; /* the program's input; -1: it reads null */
	int output;
	int errors;   /* -1 on a terminal, where all is output */
	int terminal; /* the slave side, for tcgetattr(); or -1 */
	char *out;    /* all of the output so far, NUL-terminated */
	char *err;
	size_t out_size;
	size_t err_size;
};

/* argv ends with NULL; argv[0] is the path.  Its input is /dev/null. */
int program_start(struct program *p, const char *const argv[]);

/* The same, with a pseudo-terminal as its controlling terminal and 0, 1, 2. */
int program_start_on_terminal(struct program *p, const char *const argv[]);

/* Starts build/bin/troupe with the rest as arguments, up to NULL. */
int program_troupe(struct program *p, ...) __attribute__((sentinel));

/* A file of the build folder: "examples/hello.so"; static, one at a time. */
const char *program_built(const char *name);

/* Reads until `text` is in p->out.  0, -ETIMEDOUT, -EPIPE: ended without it. */
int program_await_output(struct program *p, const char *text, int timeout_ms);
/* The same of p->err. */
int program_await_error(struct program *p, const char *text, int timeout_ms);

/*
 * Reads until it has ended, and reaps it.  Returns its exit status, 128 + n
 * when signal n ended it; -ETIMEDOUT: its session has been killed.
 */
int program_finish(struct program *p, int timeout_ms);

/*
 * After its end: processes (zombies count) that are still there after
 * timeout_ms, at least; they are killed and reaped.
 */
unsigned program_leftovers(struct program *p, int timeout_ms);

/* Files in /dev/shm whose names say that they are troupe's. */
unsigned program_files(void);

/* Kills what still runs, and frees.  p may be reused. */
void program_fini(struct program *p);

/* Of the process `pid`, from /proc; -ESRCH: there is none. */
pid_t program_parent_of(pid_t pid);
/* 'R', 'S', 'T' stopped, 'Z' dead and not reaped ...; 0: there is none. */
char program_state_of(pid_t pid);
