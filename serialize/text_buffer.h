/* SPDX-License-Identifier: MIT */
#pragma once

/* A text that grows while it is written. */

#include <stddef.h>
#include <stdio.h>

struct trp_text_buffer {
	FILE *out; /* to write to, from open to close */
	char *bytes;
	size_t size; /* once closed */
};

/* 0 or -ENOMEM. */
int trp_text_buffer_open(struct trp_text_buffer *text);

/*
 * r: the result of the writer.  0: the caller owns *ret_bytes, for free().
 * Otherwise all is freed; returns r, or -ENOMEM if it did not fit.
 */
int trp_text_buffer_close(struct trp_text_buffer *text, int r,
			  char **ret_bytes);
