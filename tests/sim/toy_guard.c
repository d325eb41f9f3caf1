/* SPDX-License-Identifier: MIT */
#include "tests/sim/toy_guard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct toy {
	struct trp_guard guard;
	uint64_t secret;
};

struct trp_guard_key {
	uint64_t secret;
	uint64_t mail, acks; /* the nonces that come next */
};

static uint64_t mix(uint64_t z, uint64_t by)
{
	z = (z ^ by) * 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	return z ^ (z >> 29);
}

static uint64_t mix_bytes(uint64_t z, const uint8_t *bytes, size_t length)
{
	uint64_t word;

	for (; length >= sizeof(word); length -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		z = mix(z, word);
		bytes += sizeof(word);
	}
	word = length;
	memcpy(&word, bytes, length);
	return mix(z, word);
}

static void tag_of(uint64_t secret, const uint8_t *header, size_t head,
		   const uint8_t *payload, size_t length, uint8_t *tag)
{
	uint64_t sum = mix_bytes(secret, header, head);

	if (length)
		sum = mix_bytes(sum, payload, length);
	memcpy(tag, &sum, sizeof(sum));
	sum = mix(sum, 1);
	memcpy(tag + sizeof(sum), &sum, sizeof(sum));
}

static void toy_sign(struct trp_guard *guard, const uint8_t *bytes,
		     size_t length, uint8_t *tag)
{
	tag_of(((struct toy *)guard)->secret, bytes, length, NULL, 0, tag);
}

static bool toy_verify(struct trp_guard *guard, const uint8_t *bytes,
		       size_t length, const uint8_t *tag)
{
	uint8_t right[TRP_FRAME_TAG];

	toy_sign(guard, bytes, length, right);
	return memcmp(right, tag, sizeof(right)) == 0;
}

static struct trp_guard_key *toy_key_new(struct trp_guard *guard,
					 const struct trp_guard_path *path)
{
	struct trp_guard_key *key = calloc(1, sizeof(*key));
	uint64_t sum = mix(((struct toy *)guard)->secret, path->from);

	sum = mix(mix(sum, path->to), path->epoch);
	key->secret = mix(sum, path->echo);
	return key;
}

static void toy_key_free(struct trp_guard_key *key)
{
	free(key);
}

static void cipher(const struct trp_guard_key *key, const uint8_t *payload,
		   size_t length, uint8_t *out)
{
	for (size_t i = 0; i < length; i++)
		out[i] = payload[i] ^ (uint8_t)(key->secret >> 24);
}

static bool toy_seal(struct trp_guard_key *key, const uint8_t *header,
		     const uint8_t *payload, size_t length, uint8_t *out,
		     uint8_t *tag)
{
	uint64_t seq, *next;

	memcpy(&seq, header + 32, sizeof(seq));
	next = header[3] == TRP_FRAME_ACK ? &key->acks : &key->mail;
	assert(seq >= *next); /* a nonce is used once */
	*next = seq + 1;
	cipher(key, payload, length, out);
	tag_of(key->secret, header, TRP_FRAME_HEADER, out, length, tag);
	return true;
}

static bool toy_open(struct trp_guard_key *key, const uint8_t *header,
		     const uint8_t *payload, size_t length, uint8_t *out,
		     const uint8_t *tag)
{
	uint8_t right[TRP_FRAME_TAG];

	tag_of(key->secret, header, TRP_FRAME_HEADER, payload, length, right);
	if (memcmp(right, tag, sizeof(right)) != 0)
		return false;
	cipher(key, payload, length, out);
	return true;
}

static const struct trp_guard_calls calls = {
	.sign = toy_sign,
	.verify = toy_verify,
	.key_new = toy_key_new,
	.key_free = toy_key_free,
	.seal = toy_seal,
	.open = toy_open,
};

struct trp_guard *toy_guard_new(uint64_t secret)
{
	struct toy *toy = calloc(1, sizeof(*toy));

	toy->guard.calls = &calls;
	toy->secret = mix(secret, 99);
	return &toy->guard;
}

void toy_guard_free(struct trp_guard *guard)
{
	free(guard);
}
