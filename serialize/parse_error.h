/* SPDX-License-Identifier: MIT */
#pragma once

/* An error in a text that a person wrote, and its place. */

#include <stddef.h>

struct trp_parse_error {
	size_t offset; /* bytes; SIZE_MAX: the text names the place */
	char text[128];
};

/* Fills it in, unless it is NULL. */
void trp_parse_error_at(struct trp_parse_error *error, size_t offset,
			const char *format, ...)
	__attribute__((format(printf, 3, 4)));
