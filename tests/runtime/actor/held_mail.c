/* SPDX-License-Identifier: MIT */
/* Mail that waits behind what its custom mailbox has not kept yet. */
#include "runtime/troupe_mailbox.h"
#include "tests/support/stage.h"

static unsigned taken;

static int late_open(const struct troupe_mailbox *mailbox, const char *actor,
		     void **ret_box)
{
	*ret_box = &taken;
	return 0;
}

static int late_put(void *box, const struct troupe_mail *mail)
{
	CHECK(strcmp(mail->type, "play.Number") == 0);
	taken++;
	return 0;
}

/* Nothing, up to the second. */
static uint64_t late_kept(void *box)
{
	return taken < 2 ? 0 : taken;
}

static int late_get(void *box, struct troupe_mail *ret_mail)
{
	return 0;
}

static void late_acknowledge(void *box, uint64_t number, int result)
{
}

static uint64_t late_size(void *box)
{
	return taken;
}

static int refuse(const struct troupe_message *message)
{
	CHECK(!message->type && taken == 2);
	return -EDOM;
}

static const struct troupe_mailbox_kind late_kind = {
	.name = "late",
	.open = late_open,
	.put = late_put,
	.kept = late_kept,
	.get = late_get,
	.acknowledge = late_acknowledge,
	.size = late_size,
};
static const struct troupe_mailbox late = { &late_kind };
static const struct troupe_class desk = { .name = "desk",
					  .unhandled = refuse,
					  .mailbox = &late };

static int held_root(int argc, char **argv)
{
	static ProtobufCMessageDescriptor unknown;
	Play__Nobody nobody = PLAY__NOBODY__INIT;
	struct troupe_end end;
	troupe_ref ref;

	unknown = play__nobody__descriptor;
	unknown.name = "play.Unknown";
	nobody.base.descriptor = &unknown;
	CHECK(troupe_spawn(&desk, NULL, &ref) == 0);
	CHECK(stage_send(ref, 1) == 0);
	CHECK(troupe_send(ref, &nobody.base) == 0);
	CHECK(stage_send(ref, 2) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EDOM);
	CHECK(strstr(end.reason.text, "of an unknown type"));
	return 0;
}

Test(held_mail, ends_its_actor_by_its_result_as_any_mail)
{
	stage_pass(held_root);
}
