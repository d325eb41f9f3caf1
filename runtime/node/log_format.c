/* SPDX-License-Identifier: MIT */
#include "runtime/node/log_format.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "runtime/troupe.h"
#include "serialize/printable.h"

static const struct {
	const char *name, *color;
	int priority; /* of syslog(3) */
} levels[] = {
	[TROUPE_DEBUG] = { "debug", "\x1b[2m", 7 },
	[TROUPE_INFO] = { "info", "", 6 },
	[TROUPE_WARNING] = { "warning", "\x1b[33m", 4 },
	[TROUPE_FATAL] = { "fatal", "\x1b[1;31m", 2 },
};
enum { LEVELS = sizeof(levels) / sizeof(levels[0]) };

static const char *const styles[TRP_LOG_STYLES] = {
	[TRP_LOG_AUTO] = "auto",       [TRP_LOG_SHORT] = "short",
	[TRP_LOG_ISO] = "iso",	       [TRP_LOG_JSON] = "json",
	[TRP_LOG_JOURNAL] = "journal",
};

/* A caller may have made it up. */
static uint32_t valid(uint32_t level)
{
	return level < LEVELS ? level : LEVELS - 1;
}

const char *trp_log_format_level(uint32_t level)
{
	return levels[valid(level)].name;
}

int trp_log_format_find_level(const char *name)
{
	for (int i = 0; i < LEVELS; i++)
		if (strcmp(levels[i].name, name) == 0)
			return i;
	return -1;
}

int trp_log_format_find_style(const char *name)
{
	for (int i = 0; i < TRP_LOG_STYLES; i++)
		if (strcmp(styles[i], name) == 0)
			return i;
	return -1;
}

/* ---- JSON ---------------------------------------------------------------- */

static size_t put_unit(char *to, unsigned unit)
{
	return (size_t)sprintf(to, "\\u%04x", unit);
}

/* Writes what stands for the character there: 12 bytes at most. */
static size_t put_character(const char **text, char *to)
{
	uint32_t code;
	size_t size = trp_printable_decode(*text, &code);
	const char *at = *text;

	*text += size ? size : 1;
	if (!size)
		return put_unit(to, 0xfffd);
	if (code == '"' || code == '\\') {
		to[0] = '\\';
		to[1] = (char)code;
		return 2;
	}
	if (trp_printable_may_show(code)) {
		memcpy(to, at, size);
		return size;
	}
	if (code < 0x10000)
		return put_unit(to, code);
	code -= 0x10000;
	size = put_unit(to, 0xd800 | code >> 10);
	return size + put_unit(to + size, 0xdc00 | (code & 0x3ff));
}

static size_t put_text(const char *text, char *to)
{
	size_t size = 0;

	while (*text)
		size += put_character(&text, to + size);
	return size;
}

static size_t put_json(const struct trp_log_line *line, char *to)
{
	time_t second = (time_t)(line->at_ns / 1000000000);
	struct tm day;
	size_t size;

	gmtime_r(&second, &day);
	size = strftime(to, 64, "{\"time\":\"%Y-%m-%dT%H:%M:%S", &day);
	size += (size_t)sprintf(to + size,
				".%03dZ\",\"level\":\"%s\",\"actor\":\"",
				(int)(line->at_ns / 1000000 % 1000),
				trp_log_format_level(line->level));
	size += put_text(line->title, to + size);
	size += (size_t)sprintf(to + size, "\",\"pid\":%d,\"text\":\"",
				(int)line->pid);
	size += put_text(line->text, to + size);
	return size + (size_t)sprintf(to + size, "\"}");
}

/* ---- for people ---------------------------------------------------------- */

static size_t put_time(const struct trp_log_line *line, bool has_date, char *to)
{
	time_t second = (time_t)(line->at_ns / 1000000000);
	struct tm local;
	size_t size;

	localtime_r(&second, &local);
	size = strftime(to, 32, has_date ? "%Y-%m-%dT%H:%M:%S" : "%H:%M:%S",
			&local);
	size += (size_t)sprintf(to + size, ".%03d",
				(int)(line->at_ns / 1000000 % 1000));
	return has_date ? size + strftime(to + size, 16, "%z", &local) : size;
}

static size_t put_words(const struct trp_log_line *line, char *to)
{
	size_t size =
		strlen(trp_printable(line->title, to, 4 * sizeof(line->title)));

	size += (size_t)sprintf(to + size, "[%d] ", (int)line->pid);
	return size + strlen(trp_printable(line->text, to + size,
					   4 * sizeof(line->text)));
}

size_t trp_log_format(const struct trp_log_line *line, enum trp_log_style style,
		      bool is_colored, char ret_text[TRP_LOG_WIDTH])
{
	const char *color = is_colored ? levels[valid(line->level)].color : "";
	char *to = ret_text;

	switch (style) {
	case TRP_LOG_AUTO:
	case TRP_LOG_SHORT:
	case TRP_LOG_ISO:
		to += put_time(line, style == TRP_LOG_ISO, to);
		to += sprintf(to, " %s%s ", color,
			      trp_log_format_level(line->level));
		to += put_words(line, to);
		to += sprintf(to, "%s", *color ? "\x1b[0m" : "");
		break;
	case TRP_LOG_JSON:
		to += put_json(line, to);
		break;
	case TRP_LOG_JOURNAL:
		to += sprintf(to, "<%d>", levels[valid(line->level)].priority);
		to += put_words(line, to);
		break;
	case TRP_LOG_STYLES:
		break;
	}
	*to++ = '\n';
	*to = '\0';
	return (size_t)(to - ret_text);
}
