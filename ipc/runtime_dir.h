/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A private directory of this user, for sockets: owned by us, closed to others,
 * no symbolic link.  Its sockets are named through the descriptor of the
 * directory, so its path may be long.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

/*
 * Where this user's directory is: $XDG_RUNTIME_DIR/troupe; without that
 * /run/user/UID/troupe where /run/user/UID is; else /tmp/troupe-UID.  It need
 * not exist.  0 or -ENAMETOOLONG.
 */
int trp_runtime_dir_find(char *path, size_t size);

/*
 * Where nodes of the same user are that started without /run/user/UID: replaces
 * that path by the one in /tmp.  False: there is no other place.
 */
bool trp_runtime_dir_next(char *path, size_t size);

/*
 * Creates it and its parent if they are missing.  Returns its descriptor
 * (O_RDONLY, CLOEXEC, the caller's); -EPERM: another user owns it, or others
 * may enter it; -ENOTDIR, -ELOOP: it is no directory, or a link; or as mkdir(2)
 * and open(2).
 */
int trp_runtime_dir_make(const char *path);

/* The same of one that exists; -ENOENT. */
int trp_runtime_dir_open(const char *path);

/* The same; root is let into that of any user. */
int trp_runtime_dir_open_any(const char *path);

/* The socket `name` (at most 70 bytes) in that directory. */
void trp_runtime_dir_address(struct sockaddr_un *ret_address, int directory,
			     const char *name);

/* Its entries, for closedir(3); NULL and errno. */
DIR *trp_runtime_dir_list(int directory);

/* Bytes of `name` before the suffix; 0: it has not that, or nothing else. */
size_t trp_runtime_dir_stem(const char *name, const char *suffix);
