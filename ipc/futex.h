/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * futex(2) on a word that processes share.  In place, as an actor that wakes
 * touches no page of libc's code or of its errno: a page is the dearest that a
 * wake among many has (tests/bench/README.md).
 */

#include <errno.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* As the system call; a negative errno. */
static inline long trp_futex(const _Atomic uint32_t *word, int operation,
			     uint32_t value, const struct timespec *until,
			     uint32_t mask)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = (long)until;
	register long r8 __asm__("r8") = 0;
	register long r9 __asm__("r9") = mask;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(SYS_futex), "D"(word), "S"(operation),
			   "d"(value), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_futex;
	register long x0 __asm__("x0") = (long)word;
	register long x1 __asm__("x1") = operation;
	register long x2 __asm__("x2") = value;
	register long x3 __asm__("x3") = (long)until;
	register long x4 __asm__("x4") = 0;
	register long x5 __asm__("x5") = mask;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
	long r = syscall(SYS_futex, word, operation, value, until, NULL, mask);

	return r < 0 ? -errno : r;
#endif
}
