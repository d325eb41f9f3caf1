/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The limit that was hit, by the error of the call that made something.
 * "raise `ulimit -n`" and the like; NULL: that error is of no limit alone.
 */
const char *trp_limit_advice(int error);

/* The error's text, and that advice behind a semicolon; static. */
const char *trp_limit_text(int error);
