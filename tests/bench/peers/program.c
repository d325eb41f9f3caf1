/* SPDX-License-Identifier: MIT */
#include "tests/bench/peers/program.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/bench/harness.h"
#include "tests/bench/servers.h"

enum { WORDS_MOST = 64, WORD_SIZE = 512 };

/* Its words, in the memory of this process, which is about to exec. */
static void write_command(const char *const *command, const char *workload,
			  const long *number, char *argv[WORDS_MOST])
{
	static char words[WORDS_MOST][WORD_SIZE];
	int port = servers_free_port(), count = 0;

	for (; command[count] && count < WORDS_MOST - 5; count++) {
		const char *word = command[count];

		if (strcmp(word, "#") == 0)
			snprintf(words[count], WORD_SIZE, "%d", port);
		else if (word[0] == '@')
			snprintf(words[count], WORD_SIZE, "%s%s", able_folder(),
				 word + 1);
		else
			snprintf(words[count], WORD_SIZE, "%s", word);
	}
	snprintf(words[count++], WORD_SIZE, "%s", workload);
	for (int i = 0; i < 3; i++)
		snprintf(words[count++], WORD_SIZE, "%ld", number[i]);
	for (int i = 0; i < count; i++)
		argv[i] = words[i];
	argv[count] = NULL;
}

static pid_t start(const char *const *command, const char *workload,
		   const long *number, FILE **ret_output)
{
	char *argv[WORDS_MOST];
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		write_command(command, workload, number, argv);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(ends[1]);
	*ret_output = fdopen(ends[0], "r");
	return pid < 0 ? -errno : pid;
}

static void take_line(const char *line, long long *sum)
{
	long long ns, count;

	if (sscanf(line, "ns %lld", &ns) == 1)
		bench_took(ns);
	else if (sscanf(line, "latency %lld %lld", &ns, &count) == 2)
		while (count-- > 0)
			bench_latency(ns);
	else if (sscanf(line, "sum %lld", &ns) == 1)
		*sum += ns;
	else
		bench_fail("%s", line);
}

/*
 * The program's output must add up to `expected`.  Waits for helpers that it
 * started, which may end a little later.
 */
static int run(const char *const *command, const char *workload,
	       const long number[3], long long expected)
{
	char line[WORD_SIZE];
	long long sum = 0;
	FILE *output = NULL;
	int status;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = start(command, workload, number, &output);
	if (pid < 0 || !output)
		return pid < 0 ? pid : -ENOMEM;
	while (fgets(line, sizeof(line), output)) {
		line[strcspn(line, "\n")] = 0;
		take_line(line, &sum);
	}
	fclose(output);
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	while (waitpid(-1, NULL, 0) > 0)
		;
	if (status != 0)
		bench_fail("%s ended with status %#x", command[0], status);
	bench_expect("sum", sum, expected);
	return 0;
}

/* 0 + 1 + .. + last */
static long long sum_to(long last)
{
	return (long long)last * (last + 1) / 2;
}

int program_ask(const char *const *command)
{
	long asks = bench_get(PEER_ASKS), warm_up = asks / 20;
	long number[] = { asks, warm_up, 0 };

	bench_items(asks);
	return run(command, "ask", number, sum_to(asks + warm_up - 1));
}

int program_oneway(const char *const *command)
{
	long count = peer_oneway_count(), warm_up = peer_oneway_warm_up();
	long number[] = { bench_get(PEER_BYTES), count, warm_up };

	bench_items(count);
	bench_bytes((double)count * (double)bench_get(PEER_BYTES));
	return run(command, "oneway", number, sum_to(count) + sum_to(warm_up));
}

int program_fanin(const char *const *command)
{
	long senders = bench_get(PEER_SENDERS), each = peer_fanin_each();
	long number[] = { senders, each, 0 };

	bench_items(senders * each);
	return run(command, "fanin", number, senders * sum_to(each - 1));
}
