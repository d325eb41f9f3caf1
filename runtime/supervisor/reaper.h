/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Processes that begin and end: births as the zygote tells them, and ends as
 * waitid(2) does.  Either may be seen first.
 */

#include "runtime/zygote/zygote.h"

struct trp_supervisor;

/* The zygote has answered: a pid, or -errno. */
void trp_reaper_birth(struct trp_supervisor *supervisor,
		      const struct trp_birth *birth);

/* The zygote is gone: what it was asked for and did not say is never born. */
void trp_reaper_zygote_gone(struct trp_supervisor *supervisor);

/* Reaps all that has ended. */
void trp_reaper_run(struct trp_supervisor *supervisor);

/* Waits until the zygote, which was told, and all strangers have ended. */
void trp_reaper_end(struct trp_supervisor *supervisor);
