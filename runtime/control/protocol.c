/* SPDX-License-Identifier: MIT */
#include "runtime/control/protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "serialize/message.h"
#include "serialize/type.h"

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(TRP_PROTOCOL_FDS * sizeof(int))];
};

size_t trp_protocol_size(const ProtobufCMessage *message)
{
	return sizeof(uint64_t) + trp_message_size(message);
}

void trp_protocol_pack(const ProtobufCMessage *message, void *bytes)
{
	uint64_t type = trp_type_of(message->descriptor);

	memcpy(bytes, &type, sizeof(type));
	trp_message_pack(message, (char *)bytes + sizeof(type));
}

int trp_protocol_send(int fd, const void *bytes, size_t size, const int *fds,
		      size_t count)
{
	struct iovec part = { (void *)bytes, size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control = { 0 };

	if (size > TRP_PROTOCOL_MAX || count > TRP_PROTOCOL_FDS)
		return -EMSGSIZE;
	if (count) {
		header.msg_control = &control;
		header.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.align = (struct cmsghdr) {
			.cmsg_len = CMSG_LEN(count * sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.align), fds, count * sizeof(int));
	}
	if (sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static void take_descriptors(struct msghdr *header,
			     struct trp_protocol_packet *packet)
{
	struct cmsghdr *part;

	for (part = CMSG_FIRSTHDR(header); part;
	     part = CMSG_NXTHDR(header, part)) {
		if (part->cmsg_level != SOL_SOCKET ||
		    part->cmsg_type != SCM_RIGHTS)
			continue;
		/* The kernel has closed descriptors beyond our room. */
		packet->fds = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(packet->fd, CMSG_DATA(part), packet->fds * sizeof(int));
	}
}

int trp_protocol_receive(int fd, size_t fds,
			 struct trp_protocol_packet *ret_packet)
{
	struct iovec part = { ret_packet->bytes, sizeof(ret_packet->bytes) };
	union control control;
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = fds ? &control : NULL,
				 .msg_controllen = fds ? sizeof(control) : 0 };
	ssize_t size = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);

	if (size < 0)
		return -errno;
	ret_packet->fds = 0;
	if (fds)
		take_descriptors(&header, ret_packet);
	if (size == 0 && !ret_packet->fds)
		return 0;
	if ((size_t)size < sizeof(uint64_t) || ret_packet->fds > fds ||
	    (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		while (ret_packet->fds)
			close(ret_packet->fd[--ret_packet->fds]);
		return -EBADMSG;
	}
	memcpy(&ret_packet->type, ret_packet->bytes, sizeof(uint64_t));
	ret_packet->body = ret_packet->bytes + sizeof(uint64_t);
	ret_packet->size = (size_t)size - sizeof(uint64_t);
	return 1;
}
