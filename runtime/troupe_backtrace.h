/* SPDX-License-Identifier: MIT */
#ifndef TROUPE_BACKTRACE_H
#define TROUPE_BACKTRACE_H

/*
 * The place in the code where a call has failed, for its caller and the log.
 *
 *	static const struct troupe_class shop = {
 *		.service = &shop_methods.base,
 *		.backtrace = troupe_backtrace,	// or a function of one's own
 *	};
 */

#include "troupe_call.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most bytes of a backtrace, with its NUL. */
enum { TROUPE_BACKTRACE_SIZE = 2048 };

/*
 * For `backtrace` of a class, which is called where a method of it fails: in
 * troupe_fail(), troupe_answer_failure(), and where a method has answered with
 * NULL or another type.  Its text is logged, and goes to the caller.
 * This one has the functions that led there, the latest first:
 * "check+0x2b (shop.so+0x11fb) < shop.so+0x1240".  addr2line(1) has the lines:
 * `addr2line -e shop.so 0x1240`.  "" where the C library cannot tell.
 */
TROUPE_API void troupe_backtrace(char *buffer, size_t size);

/*
 * The backtrace of the latest call of that proxy that has completed: "" unless
 * that has failed with one.  Also of &gather.proxy[i].  Valid until its next
 * call completes; those of the latest 16 proxies are kept.
 */
TROUPE_API const char *troupe_proxy_backtrace(const struct troupe_proxy *proxy);

#ifdef __cplusplus
}
#endif

#endif
