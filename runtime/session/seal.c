/* SPDX-License-Identifier: MIT */
#include "runtime/session/seal.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include "ipc/library.h"
#include "libraries.h"

/* clang-format off */
#define FUNCTIONS(F) \
	F(EVP_, aes_256_gcm) F(EVP_, sha256) F(, HMAC) \
	F(EVP_, CIPHER_CTX_new) F(EVP_, CIPHER_CTX_free) \
	F(EVP_, CIPHER_CTX_ctrl) F(EVP_, CipherInit_ex) \
	F(EVP_, CipherUpdate) F(EVP_, CipherFinal_ex) F(CRYPTO_, memcmp)
/* clang-format on */
TRP_LIBRARY(crypto, LIBRARY_LIBCRYPTO, FUNCTIONS);

enum { KEY = 32, NONCE = 12 };

struct seal {
	struct trp_guard guard;
	uint8_t secret[KEY]; /* of this cookie and mesh */
	uint8_t signing[KEY];
};

struct trp_guard_key {
	EVP_CIPHER_CTX *context;
};

static bool hmac(const uint8_t *key, int key_length, const void *bytes,
		 size_t length, uint8_t sum[static KEY])
{
	return crypto.HMAC(crypto.sha256(), key, key_length, bytes, length, sum,
			   NULL) != NULL;
}

/* HKDF's expansion to one block. */
static bool expand(const uint8_t secret[static KEY], const void *info,
		   size_t length, uint8_t key[static KEY])
{
	uint8_t block[64];

	memcpy(block, info, length);
	block[length] = 1;
	return hmac(secret, KEY, block, length + 1, key);
}

static void seal_sign(struct trp_guard *guard, const uint8_t *bytes,
		      size_t length, uint8_t *tag)
{
	uint8_t sum[KEY] = { 0 };

	/* Should it fail, the others refuse a tag of zeros. */
	hmac(((struct seal *)guard)->signing, KEY, bytes, length, sum);
	memcpy(tag, sum, TRP_FRAME_TAG);
}

static bool seal_verify(struct trp_guard *guard, const uint8_t *bytes,
			size_t length, const uint8_t *tag)
{
	uint8_t sum[KEY];

	return hmac(((struct seal *)guard)->signing, KEY, bytes, length, sum) &&
	       crypto.memcmp(sum, tag, TRP_FRAME_TAG) == 0;
}

static void seal_key_free(struct trp_guard_key *key)
{
	crypto.CIPHER_CTX_free(key->context); /* it wipes the key */
	free(key);
}

static bool set_key(struct trp_guard_key *key, const struct seal *seal,
		    const struct trp_guard_path *path)
{
	struct {
		char label[8];
		uint32_t from, to;
		uint64_t epoch, echo;
	} info = { { 's', 'e', 's', 's', 'i', 'o', 'n' },
		   htole32(path->from),
		   htole32(path->to),
		   htole64(path->epoch),
		   htole64(path->echo) };
	uint8_t bytes[KEY];
	bool is_set;

	_Static_assert(sizeof(info) == 32, "it has no padding");
	is_set = key->context &&
		 expand(seal->secret, &info, sizeof(info), bytes) &&
		 crypto.CipherInit_ex(key->context, crypto.aes_256_gcm(), NULL,
				      bytes, NULL, 1) == 1;
	explicit_bzero(bytes, sizeof(bytes));
	return is_set;
}

static struct trp_guard_key *seal_key_new(struct trp_guard *guard,
					  const struct trp_guard_path *path)
{
	struct trp_guard_key *key = malloc(sizeof(*key));

	if (!key)
		return NULL;
	key->context = crypto.CIPHER_CTX_new();
	if (set_key(key, (struct seal *)guard, path))
		return key;
	seal_key_free(key);
	return NULL;
}

/* Its kind and seq (guard.h); ACKs count by themselves. */
static bool begin(EVP_CIPHER_CTX *context, const uint8_t *header,
		  bool is_sealing)
{
	uint8_t nonce[NONCE] = { header[3] == TRP_FRAME_ACK };
	int length;

	memcpy(nonce + 4, header + 32, 8);
	return crypto.CipherInit_ex(context, NULL, NULL, NULL, nonce,
				    is_sealing) == 1 &&
	       crypto.CipherUpdate(context, NULL, &length, header,
				   TRP_FRAME_HEADER) == 1;
}

static bool pass(EVP_CIPHER_CTX *context, const uint8_t *payload, size_t length,
		 uint8_t *out)
{
	int done;

	return !length || (length <= INT_MAX &&
			   crypto.CipherUpdate(context, out, &done, payload,
					       (int)length) == 1);
}

static bool seal_seal(struct trp_guard_key *key, const uint8_t *header,
		      const uint8_t *payload, size_t length, uint8_t *out,
		      uint8_t *tag)
{
	EVP_CIPHER_CTX *context = key->context;
	int done;

	return begin(context, header, true) &&
	       pass(context, payload, length, out) &&
	       crypto.CipherFinal_ex(context, out + length, &done) == 1 &&
	       crypto.CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG,
				      TRP_FRAME_TAG, tag) == 1;
}

static bool seal_open(struct trp_guard_key *key, const uint8_t *header,
		      const uint8_t *payload, size_t length, uint8_t *out,
		      const uint8_t *tag)
{
	EVP_CIPHER_CTX *context = key->context;
	uint8_t copy[TRP_FRAME_TAG];
	int done;

	memcpy(copy, tag, sizeof(copy)); /* its parameter is not const */
	return begin(context, header, false) &&
	       pass(context, payload, length, out) &&
	       crypto.CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG,
				      TRP_FRAME_TAG, copy) == 1 &&
	       crypto.CipherFinal_ex(context, out + length, &done) == 1;
}

static const struct trp_guard_calls calls = {
	.sign = seal_sign,
	.verify = seal_verify,
	.key_new = seal_key_new,
	.key_free = seal_key_free,
	.seal = seal_seal,
	.open = seal_open,
};

static void wipe(struct seal *seal)
{
	explicit_bzero(seal, sizeof(*seal));
	free(seal);
}

int trp_seal_new(struct trp_guard **ret_guard, const void *cookie,
		 size_t length, const char *mesh)
{
	struct seal *seal;
	int r;

	if (length < TRP_SEAL_COOKIE_LEAST || strlen(mesh) > INT_MAX)
		return -EINVAL;
	r = trp_library_load(&crypto_library);
	if (r < 0)
		return r;
	seal = malloc(sizeof(*seal));
	if (!seal)
		return -ENOMEM;
	seal->guard.calls = &calls;
	if (!hmac((const uint8_t *)mesh, (int)strlen(mesh), cookie, length,
		  seal->secret) ||
	    !expand(seal->secret, "hello", 5, seal->signing)) {
		wipe(seal);
		return -ENOMEM;
	}
	*ret_guard = &seal->guard;
	return 0;
}

void trp_seal_free(struct trp_guard *guard)
{
	if (guard)
		wipe((struct seal *)guard);
}
