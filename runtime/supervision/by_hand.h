/* SPDX-License-Identifier: MIT */
#pragma once

/* Orders over the control socket: `troupe stop`, `start`, `restart`, `remove`
 * and `children`. */

struct trp_control_session;

/* message: a guest.Order.  0 or -errno, with session->why. */
int trp_supervision_by_hand_order(struct trp_control_session *session,
				  const void *message);

/* `troupe children`: items follow. */
int trp_supervision_by_hand_list(struct trp_control_session *session,
				 const void *message);
