/* SPDX-License-Identifier: MIT */
#include "tests/support/skip.h"

#include <criterion/criterion.h>
#ifdef HAVE_LIBCRYPTO
#include "runtime/session/seal.h"
#include "tests/runtime/session/pair.h"

#include <errno.h>
#include <string.h>

static const char cookie[] = "0123456789abcdef";

static struct trp_guard *guard_of(const char *with, const char *mesh)
{
	struct trp_guard *guard = NULL;

	cr_assert_eq(trp_seal_new(&guard, with, strlen(with), mesh), 0);
	return guard;
}

static const struct trp_guard_path path = { 0x010203, 0x040506,
					    0x1112131415161718,
					    0x2122232425262728 };

static void write_header(enum trp_frame_kind kind, uint64_t seq,
			 uint8_t header[static TRP_FRAME_HEADER])
{
	struct trp_frame frame = { .kind = kind,
				   .from = path.from,
				   .to = path.to,
				   .flags = TRP_FRAME_SEALED,
				   .epoch = path.epoch,
				   .echo = path.echo,
				   .seq = seq,
				   .ack = 4,
				   .bytes_limit = 0x5000,
				   .frames_limit = 6 };

	trp_frame_write(&frame, header);
}

struct sealed {
	uint8_t header[TRP_FRAME_HEADER];
	uint8_t payload[2], tag[TRP_FRAME_TAG];
};

static void seal_hi(struct trp_guard *guard, enum trp_frame_kind kind,
		    uint64_t seq, struct sealed *ret_sealed)
{
	struct trp_guard_key *key = guard->calls->key_new(guard, &path);

	write_header(kind, seq, ret_sealed->header);
	cr_assert(guard->calls->seal(key, ret_sealed->header,
				     (const uint8_t *)"hi", 2,
				     ret_sealed->payload, ret_sealed->tag));
	guard->calls->key_free(key);
}

static bool opens(struct trp_guard *guard, const struct trp_guard_path *of,
		  const struct sealed *sealed)
{
	struct trp_guard_key *key = guard->calls->key_new(guard, of);
	uint8_t back[2];
	bool is_open = guard->calls->open(key, sealed->header, sealed->payload,
					  2, back, sealed->tag);

	guard->calls->key_free(key);
	return is_open && memcmp(back, "hi", 2) == 0;
}

/* Computed by another library (python3-cryptography) from the RFCs. */
Test(seal, is_aes_256_gcm_with_a_key_by_hkdf)
{
	static const uint8_t golden[] = { 0x4b, 0x67, 0x92, 0xa7, 0x96, 0xa9,
					  0x95, 0x6d, 0x48, 0x17, 0xdc, 0x0e,
					  0x01, 0x91, 0xef, 0x82, 0xe3, 0x37 };
	struct trp_guard *guard = guard_of(cookie, "main");
	struct sealed sealed;

	seal_hi(guard, TRP_FRAME_MAIL, 3, &sealed);
	cr_assert_arr_eq(sealed.payload, golden, 2);
	cr_assert_arr_eq(sealed.tag, golden + 2, TRP_FRAME_TAG);
	trp_seal_free(guard);
}

Test(seal, of_a_hello_is_hmac_sha256)
{
	static const uint8_t golden[] = { 0xb9, 0x33, 0x92, 0x6f, 0x01, 0x4a,
					  0xc2, 0xba, 0xea, 0x78, 0x9e, 0x8d,
					  0x06, 0x99, 0xc6, 0x8e };
	struct trp_guard *guard = guard_of(cookie, "main");
	uint8_t header[TRP_FRAME_HEADER], tag[TRP_FRAME_TAG];

	write_header(TRP_FRAME_MAIL, 3, header);
	guard->calls->sign(guard, header, TRP_FRAME_HEADER, tag);
	cr_assert_arr_eq(tag, golden, sizeof(golden));
	cr_assert(guard->calls->verify(guard, header, TRP_FRAME_HEADER, tag));
	header[16] ^= 1;
	cr_assert(!guard->calls->verify(guard, header, TRP_FRAME_HEADER, tag));
	trp_seal_free(guard);
}

Test(seal, opens_for_the_same_cookie_mesh_and_session_alone)
{
	struct trp_guard *guard = guard_of(cookie, "main");
	struct trp_guard *other = guard_of("0123456789abcdeg", "main");
	struct trp_guard *elsewhere = guard_of(cookie, "mains");
	struct trp_guard_path paths[4] = { path, path, path, path };
	struct sealed sealed;

	seal_hi(guard, TRP_FRAME_MAIL, 3, &sealed);
	cr_assert(opens(guard, &path, &sealed));
	cr_assert(!opens(other, &path, &sealed));
	cr_assert(!opens(elsewhere, &path, &sealed));
	paths[0].from++;
	paths[1].to++;
	paths[2].epoch++;
	paths[3].echo++;
	for (int i = 0; i < 4; i++)
		cr_assert(!opens(guard, &paths[i], &sealed), "%d", i);
	trp_seal_free(guard);
	trp_seal_free(other);
	trp_seal_free(elsewhere);
}

Test(seal, is_broken_by_any_bit)
{
	struct trp_guard *guard = guard_of(cookie, "main");
	struct sealed sealed;

	seal_hi(guard, TRP_FRAME_MAIL, 3, &sealed);
	for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
		((uint8_t *)&sealed)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_assert(!opens(guard, &path, &sealed), "bit %zu", bit);
		((uint8_t *)&sealed)[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	cr_assert(opens(guard, &path, &sealed));
	trp_seal_free(guard);
}

Test(seal, has_another_nonce_for_each_kind_and_seq)
{
	struct trp_guard *guard = guard_of(cookie, "main");
	struct sealed first, second, ack;

	seal_hi(guard, TRP_FRAME_MAIL, 3, &first);
	seal_hi(guard, TRP_FRAME_MAIL, 4, &second);
	seal_hi(guard, TRP_FRAME_ACK, 3, &ack);
	cr_assert_neq(memcmp(first.payload, second.payload, 2), 0);
	cr_assert_neq(memcmp(first.payload, ack.payload, 2), 0);
	trp_seal_free(guard);
}

Test(seal, needs_a_cookie_of_16_bytes)
{
	struct trp_guard *guard = NULL;

	cr_assert_eq(trp_seal_new(&guard, cookie, 15, "main"), -EINVAL);
	cr_assert_null(guard);
	trp_seal_free(NULL);
}

/* Mail, and what is lost of it, is read back from what was sealed in place. */
Test(seal, of_two_nodes_with_one_cookie_lets_mail_pass)
{
	struct trp_guard *guard = guard_of(cookie, "main");
	static struct pair pair;

	pair_init(&pair, guard, guard);
	pair_open(&pair);
	cr_assert_null(memmem(pair_find(&pair.a, TRP_FRAME_MAIL)->bytes,
			      TRP_FRAME_HEADER + 20, "open", 4));
	cr_assert_eq(pair_say(&pair.a, "lost"), 0);
	pair_wait_cut(&pair, 13000000000);
	cr_assert_eq(pair.a.may_have_arrived, 1);
	cr_assert_eq(pair.a.error, -ETIMEDOUT);
	pair_fini(&pair);
	trp_seal_free(guard);
}

static void nothing_passes(struct trp_guard *a, struct trp_guard *b)
{
	static struct pair pair;

	pair_init(&pair, a, b);
	cr_assert_eq(pair_say(&pair.a, "hello"), 0);
	pair_wait(&pair, 13000000000);
	cr_assert_eq(pair.b.queued, 0, "it was answered");
	cr_assert_eq(pair.b.ups + pair.a.ups, 0);
	cr_assert_gt(trp_sessions_counts(pair.b.sessions)->refused, 3);
	cr_assert_eq(pair.a.lost, 1);
	cr_assert_eq(pair.a.may_have_arrived, 0);
	pair_fini(&pair);
}

Test(seal, of_another_cookie_or_of_none_gets_no_answer)
{
	struct trp_guard *guard = guard_of(cookie, "main");
	struct trp_guard *other = guard_of("fedcba9876543210", "main");

	nothing_passes(guard, other);
	nothing_passes(guard, NULL);
	nothing_passes(NULL, guard);
	trp_seal_free(guard);
	trp_seal_free(other);
}

#else
Test(seal, is_built)
{
	SKIP("libcrypto", "without libcrypto frames are not sealed");
}
#endif
