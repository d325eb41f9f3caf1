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
 * r: what became of the writing.  0: *ret_bytes is the caller's, for free().
 * Else nothing is left; returns r, or -ENOMEM where it did not fit.
 */
int trp_text_buffer_close(struct trp_text_buffer *text, int r,
			  char **ret_bytes);
