/* SPDX-License-Identifier: MIT */
#include "runtime/cli/cookie.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc/bus/presence.h"
#include "runtime/cli/arguments.h"
#include "runtime/session/seal.h"

static_assert(TRP_COOKIE_LEAST >= (int)TRP_SEAL_COOKIE_LEAST, "else no seal");

/* ---- --mesh -------------------------------------------------------------- */

static void set_cookie(struct trp_mesh_options *mesh, const char *cookie,
		       size_t length)
{
	memcpy(mesh->cookie, cookie, length);
	mesh->cookie_length = (uint32_t)length;
}

static bool is_cookie(size_t length)
{
	return length >= TRP_COOKIE_LEAST && length <= TRP_COOKIE_MOST;
}

static bool set_host(const char *host, struct trp_mesh_options *mesh)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				      "-_.:[]";
	size_t length = strspn(host, allowed);
	const char *name = host[length] == '/' ? host + length + 1 : NULL;

	if (!length || length > 300 || (host[length] && !name) ||
	    (name && !trp_presence_is_name(name)))
		return false;
	snprintf(mesh->bus, sizeof(mesh->bus), "mqtt://%.*s", (int)length,
		 host);
	if (name)
		strcpy(mesh->name, name);
	return true;
}

bool trp_cookie_read_mesh(const char *text, struct trp_mesh_options *mesh)
{
	const char *at = strrchr(text, '@');

	if (!strpbrk(text, "@:")) {
		if (!trp_presence_is_name(text))
			return false;
		strcpy(mesh->name, text);
		return true;
	}
	if ((at && !is_cookie((size_t)(at - text))) ||
	    !set_host(at ? at + 1 : text, mesh))
		return false;
	if (at)
		set_cookie(mesh, text, (size_t)(at - text));
	return true;
}

/* ---- --cookie-file ------------------------------------------------------- */

static ssize_t read_private(const char *path, char *space, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	ssize_t length = -1;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    status.st_uid == geteuid() && !(status.st_mode & 077))
		length = read(fd, space, size);
	close(fd);
	return length;
}

bool trp_cookie_read_file(const char *path, struct trp_mesh_options *mesh)
{
	char text[TRP_COOKIE_MOST + 3];
	ssize_t length = read_private(path, text, sizeof(text));

	while (length > 0 && strchr("\r\n", text[length - 1]))
		length--;
	if (length < 0 || !is_cookie((size_t)length))
		return false;
	set_cookie(mesh, text, (size_t)length);
	return true;
}

/* ---- what others may see ------------------------------------------------- */

bool trp_cookie_is_in(const char *text)
{
	return strchr(text, '@');
}

void trp_cookie_hide(char *text)
{
	char *at = strrchr(text, '@'), *from = strstr(text, "://");

	if (!at)
		return;
	from = from && from < at ? from + 3 : text;
	memset(from, '*', (size_t)(at - from));
}

/* ---- troupe cookie ------------------------------------------------------- */

int trp_cookie_make(int argc, char **argv)
{
	uint8_t bits[32];

	if (argc)
		return trp_arguments_fail(TRP_ARGUMENTS_USAGE, "cookie",
					  "it takes no arguments");
	if (getrandom(bits, sizeof(bits), 0) != sizeof(bits))
		return trp_arguments_fail(TRP_ARGUMENTS_FAILED, "cookie",
					  "no random numbers: %s",
					  strerror(errno));
	for (size_t i = 0; i < sizeof(bits); i++)
		printf("%02x", bits[i]);
	puts("");
	return TRP_ARGUMENTS_OK;
}
