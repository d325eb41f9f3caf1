/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Messages over a stream of bytes: a length of 4 bytes and the message in one
 * writev(); the reader has a buffer of 64 KiB.
 */

#include <stddef.h>
#include <sys/types.h>

int stream_send(int fd, const void *bytes, size_t size);
ssize_t stream_receive(int fd, const void **ret_bytes);
