/* SPDX-License-Identifier: MIT */
#include "serialize/parse_error.h"

#include <stdarg.h>
#include <stdio.h>

void trp_parse_error_at(struct trp_parse_error *error, size_t offset,
			const char *format, ...)
{
	va_list arguments;

	if (!error)
		return;
	error->offset = offset;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
}
