/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Text of others on its way to a terminal or a log: what is not UTF-8, would
 * steer the terminal or begin a line (C0, DEL, C1, separators), turns the
 * direction of what follows, or cannot be seen (zero-width characters, tags) is
 * shown as \xNN.  A name must have none of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes of the UTF-8 character there; 0: it is none (RFC 3629). */
size_t trp_printable_decode(const char *text, uint32_t *ret_code);

bool trp_printable_may_show(uint32_t code);

/* Bytes of the character there; 0: it is none that may be shown, or the end. */
size_t trp_printable_character(const char *text);

/* All of it may be shown. */
bool trp_printable_is(const char *text);

/* Cut between two characters where it is too long; a tab stays one. */
const char *trp_printable(const char *text, char *ret_text, size_t size);
void trp_printable_write(FILE *out, const char *text);
