/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A client library that is loaded when it is first used: a process that does
 * not use it has it neither in its map nor in its page tables, nor have those
 * that are forked from it.  Where the library is absent, only that use fails.
 *
 *	#define FUNCTIONS(F) F(mosquitto_, new) F(mosquitto_, connect)
 *	TRP_LIBRARY(mosquitto, LIBRARY_LIBMOSQUITTO, FUNCTIONS);
 *
 * declares mosquitto.new() and mosquitto.connect(), with the types that its
 * header has for mosquitto_new() and mosquitto_connect().  They may be called
 * when trp_library_load(&mosquitto_library) has returned 0.  LIBRARY_* are in
 * the generated libraries.h.
 */

#include <stdbool.h>

struct trp_library {
	const char *file;	  /* as dlopen(3) finds it */
	const char *const *names; /* NULL behind the last */
	void *functions;	  /* as many pointers, in that order */
	bool is_loaded;		  /* and stays so */
};

#define TRP_LIBRARY_MEMBER(prefix, name) __typeof__(prefix##name) *name;
#define TRP_LIBRARY_NAME(prefix, name)	 #prefix #name,
#define TRP_LIBRARY(as, soname, FUNCTIONS)                                    \
	static struct {                                                       \
		FUNCTIONS(TRP_LIBRARY_MEMBER)                                 \
	} as;                                                                 \
	static const char *const as##_names[] = { FUNCTIONS(TRP_LIBRARY_NAME) \
							  NULL };             \
	static struct trp_library as##_library = { soname, as##_names, &as,   \
						   false }

/* 0, or -ELIBACC: it, or one of the functions, is not here; see dlerror(3). */
int trp_library_load(struct trp_library *library);
