/* SPDX-License-Identifier: MIT */
#include "tests/support/aborts.h"

#include <assert.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

bool aborts(void (*body)(void *data), void *data)
{
	const struct rlimit none = { 0, 0 };
	pid_t child = fork();
	int status;

	assert(child >= 0);
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		setrlimit(RLIMIT_CORE, &none);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		body(data);
		_exit(0);
	}
	while (waitpid(child, &status, 0) != child)
		continue;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
