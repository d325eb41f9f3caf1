/* SPDX-License-Identifier: MIT */
#include "tests/support/container.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* The refused calls; glibc does without clone3() if it does not exist. */
static const struct {
	unsigned int number;
	unsigned int error;
} refused[] = {
	{ SYS_clone3, ENOSYS },
	{ SYS_io_uring_setup, EPERM },
	{ SYS_io_uring_enter, EPERM },
	{ SYS_io_uring_register, EPERM },
	{ SYS_unshare, EPERM },
	{ SYS_setns, EPERM },
	{ SYS_mount, EPERM },
	{ SYS_umount2, EPERM },
	{ SYS_pivot_root, EPERM },
	{ SYS_bpf, EPERM },
	{ SYS_perf_event_open, EPERM },
	{ SYS_userfaultfd, EPERM },
	{ SYS_keyctl, EPERM },
	{ SYS_kcmp, EPERM },
	{ SYS_process_vm_readv, EPERM },
	{ SYS_process_vm_writev, EPERM },
	{ SYS_pidfd_getfd, EPERM },
	{ SYS_process_madvise, EPERM },
	{ SYS_move_pages, EPERM },
	{ SYS_mbind, EPERM },
	{ SYS_personality, EPERM },
};

enum { REFUSED = sizeof(refused) / sizeof(refused[0]) };

int container_enter(void)
{
	struct sock_filter filter[2 * REFUSED + 2], *at = filter;
	struct sock_fprog program = { .filter = filter };
	int i;

	*at++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					     offsetof(struct seccomp_data, nr));
	for (i = 0; i < REFUSED; i++) {
		*at++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						     refused[i].number, 0, 1);
		*at++ = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ERRNO | refused[i].error);
	}
	*at++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
					     SECCOMP_RET_ALLOW);
	program.len = (unsigned short)(at - filter);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	return 0;
}
