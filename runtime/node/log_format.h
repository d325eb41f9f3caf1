/* SPDX-License-Identifier: MIT */
#pragma once

/* How a line of the log is written: one line, whatever its text has. */

#include "runtime/node/log_ring.h"

enum trp_log_style {
	TRP_LOG_AUTO,	 /* journal where that is standard error, else short */
	TRP_LOG_SHORT,	 /* 12:34:56.789 info /a[12] text */
	TRP_LOG_ISO,	 /* with the date and the zone */
	TRP_LOG_JSON,	 /* an object */
	TRP_LOG_JOURNAL, /* <6>/a[12] text: sd-daemon(3) */
	TRP_LOG_STYLES,
};

/* Any line that trp_log_format() makes, with its end, and a NUL. */
enum { TRP_LOG_WIDTH = 6 * (TRP_LOG_TITLE + TRP_LOG_TEXT) + 256 };

/* "debug", "short"; -1: none has that name. */
const char *trp_log_format_level(uint32_t level);
int trp_log_format_find_level(const char *name);
int trp_log_format_find_style(const char *name);

/* Its size.  AUTO is as SHORT; only that and ISO are colored. */
size_t trp_log_format(const struct trp_log_line *line, enum trp_log_style style,
		      bool is_colored, char ret_text[TRP_LOG_WIDTH]);
