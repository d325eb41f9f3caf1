/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Packets over a control socket, a SOCK_SEQPACKET socket, so the kernel
 * separates packets and no length has to be trusted.
 *
 *	packet	type:64, trp_type_id() of the message's name; then the message
 *
 * A request is answered by items, then by guest.Done.  A client that sends
 * before that may be disconnected.  The answer to an unknown request is
 * -ENOSYS.
 */

#include <protobuf-c/protobuf-c.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { TRP_PROTOCOL_MAX = 64 * 1024, TRP_PROTOCOL_FDS = 4 };

/* Bytes of the packet of that message. */
size_t trp_protocol_size(const ProtobufCMessage *message);
/* Writes that many. */
void trp_protocol_pack(const ProtobufCMessage *message, void *bytes);

/*
 * Sends one, with `count` descriptors (borrowed).  Does not wait.
 * 0; -EAGAIN: no room now; -EMSGSIZE; or as sendmsg(2).
 */
int trp_protocol_send(int fd, const void *bytes, size_t size, const int *fds,
		      size_t count);

struct trp_protocol_packet {
	uint64_t type;
	const void *body;
	size_t size;
	int fd[TRP_PROTOCOL_FDS]; /* the caller's from now on */
	size_t fds;
	alignas(8) unsigned char bytes[TRP_PROTOCOL_MAX];
};

/*
 * Takes one, with at most `fds` descriptors.  1; 0: the other side has closed;
 * -EBADMSG: no packet, or more descriptors; or as recvmsg(2).
 */
int trp_protocol_receive(int fd, size_t fds,
			 struct trp_protocol_packet *ret_packet);
