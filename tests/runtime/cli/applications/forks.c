/* SPDX-License-Identifier: MIT */
/* forks.so: what a library that asks for it sees of the births of actors. */
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <troupe.h>

static int prepared, gone_on, born;
static pid_t zygote;
static char name[16];

static void prepare(void)
{
	prepared++;
}

static void in_parent(void)
{
	gone_on++;
}

static void in_child(void)
{
	born++;
	prctl(PR_GET_NAME, name);
}

/* The latter ones come first before a fork, and last after it. */
static void prepare_first(void)
{
	prepared = prepared == gone_on ? prepared : -100;
}

__attribute__((constructor)) static void ask_for_it(void)
{
	zygote = getpid();
	pthread_atfork(prepare, in_parent, in_child);
	pthread_atfork(prepare_first, NULL, NULL);
}

static int tell(const void *arguments)
{
	printf("%d %d %d %d %s\n", prepared, gone_on, born, zygote != getpid(),
	       name);
	return 0;
}

int troupe_main(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;
	int r = tell(NULL);

	for (int i = 0; i < 2 && r == 0; i++) {
		r = troupe_spawn_function(tell, NULL, &ref);
		if (r == 0)
			r = troupe_wait(ref, TROUPE_NEVER, &end);
	}
	return r;
}
