/* SPDX-License-Identifier: MIT */
#include "runtime/websocket/handshake.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "serialize/base64.h"

enum { DIGEST = 20, BLOCK = 64, KEY_MAX = 128 };

/* ---- SHA-1 (FIPS 180-4), of a few bytes ---------------------------------- */

static uint32_t rotate(uint32_t word, int by)
{
	return word << by | word >> (32 - by);
}

static uint32_t mix(int i, uint32_t b, uint32_t c, uint32_t d)
{
	if (i < 20)
		return ((b & c) | (~b & d)) + 0x5a827999;
	if (i < 40)
		return (b ^ c ^ d) + 0x6ed9eba1;
	if (i < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
	return (b ^ c ^ d) + 0xca62c1d6;
}

static void add_block(uint32_t hash[5], const uint8_t *block)
{
	uint32_t w[80], a[5], next;

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 |
		       (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(a, hash, sizeof(a));
	for (int i = 0; i < 80; i++) {
		next = rotate(a[0], 5) + mix(i, a[1], a[2], a[3]) + a[4] + w[i];
		a[4] = a[3];
		a[3] = a[2];
		a[2] = rotate(a[1], 30);
		a[1] = a[0];
		a[0] = next;
	}
	for (int i = 0; i < 5; i++)
		hash[i] += a[i];
}

/* Of at most three blocks with the padding. */
static void sha1(const char *text, size_t size, uint8_t digest[DIGEST])
{
	uint32_t hash[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
			     0xc3d2e1f0 };
	uint8_t padded[4 * BLOCK] = { 0 };
	size_t all = (size + 9 + BLOCK - 1) / BLOCK * BLOCK;

	memcpy(padded, text, size);
	padded[size] = 0x80;
	for (int i = 0; i < 8; i++)
		padded[all - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
	for (size_t at = 0; at < all; at += BLOCK)
		add_block(hash, padded + at);
	for (int i = 0; i < DIGEST; i++)
		digest[i] = (uint8_t)(hash[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- the request --------------------------------------------------------- */

/* The value of that header, and its size; NULL: it is not there. */
static const char *find(const char *request, const char *name, size_t *ret_size)
{
	const char *at = strcasestr(request, name);

	if (!at)
		return NULL;
	at += strlen(name);
	at += strspn(at, " \t");
	*ret_size = strcspn(at, " \t\r");
	return at;
}

static void accept_key(const char *key, size_t size,
		       char answer[TRP_HANDSHAKE_ANSWER])
{
	static const char magic[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	char text[KEY_MAX + sizeof(magic)], accept[DIGEST * 2];
	uint8_t digest[DIGEST];

	memcpy(text, key, size);
	memcpy(text + size, magic, sizeof(magic) - 1);
	sha1(text, size + sizeof(magic) - 1, digest);
	trp_base64_encode(digest, sizeof(digest), accept);
	snprintf(answer, TRP_HANDSHAKE_ANSWER,
		 "HTTP/1.1 101 Switching Protocols\r\n"
		 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		 "Sec-WebSocket-Accept: %s\r\n\r\n",
		 accept);
}

static enum trp_handshake_state refuse(char answer[TRP_HANDSHAKE_ANSWER])
{
	strcpy(answer, "HTTP/1.1 400 Bad Request\r\n"
		       "Content-Length: 0\r\nConnection: close\r\n\r\n");
	return TRP_HANDSHAKE_REFUSED;
}

enum trp_handshake_state trp_handshake_take(struct trp_handshake *handshake,
					    const char *bytes, size_t size,
					    size_t *ret_taken,
					    char answer[TRP_HANDSHAKE_ANSWER])
{
	size_t before = handshake->size, room = TRP_HANDSHAKE_REQUEST - before;
	const char *end, *key;
	size_t key_size;

	*ret_taken = size < room ? size : room;
	memcpy(handshake->request + before, bytes, *ret_taken);
	handshake->size += *ret_taken;
	/* Frames may follow in the same bytes. */
	end = strstr(handshake->request, "\r\n\r\n");
	if (!end)
		return handshake->size == TRP_HANDSHAKE_REQUEST ||
				       memchr(bytes, '\0', *ret_taken)
			       ? refuse(answer)
			       : TRP_HANDSHAKE_MORE;
	*ret_taken = (size_t)(end + 4 - handshake->request) - before;
	key = find(handshake->request, "\r\nSec-WebSocket-Key:", &key_size);
	if (strncmp(handshake->request, "GET ", 4) != 0 || !key ||
	    key_size > KEY_MAX)
		return refuse(answer);
	accept_key(key, key_size, answer);
	return TRP_HANDSHAKE_DONE;
}
