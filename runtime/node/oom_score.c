/* SPDX-License-Identifier: MIT */
#include "runtime/node/oom_score.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char path[] = "/proc/self/oom_score_adj";

int trp_oom_score_get(void)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[TRP_OOM_SCORE_TEXT] = "";

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return atoi(text);
}

void trp_oom_score_text(int score, char ret_text[TRP_OOM_SCORE_TEXT])
{
	snprintf(ret_text, TRP_OOM_SCORE_TEXT, "%d",
		 score < 1000 ? score : 1000);
}

int trp_oom_score_open(void)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int trp_oom_score_write(int fd, const char *text)
{
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int trp_oom_score_set(const char *text)
{
	int fd = trp_oom_score_open(), r;

	if (fd < 0)
		return fd;
	r = trp_oom_score_write(fd, text);
	close(fd);
	return r;
}
