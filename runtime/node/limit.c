/* SPDX-License-Identifier: MIT */
#include "runtime/node/limit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *trp_limit_advice(int error)
{
	switch (error) {
	case -EMFILE:
		return "raise `ulimit -n`";
	case -ENFILE:
		return "raise the machine's fs.file-max";
	case -EFBIG:
		return "raise `ulimit -f`";
	}
	return NULL;
}

const char *trp_limit_text(int error)
{
	static char text[128];
	const char *advice = trp_limit_advice(error);

	snprintf(text, sizeof(text), "%s%s%s", strerror(-error),
		 advice ? "; " : "", advice ? advice : "");
	return text;
}
