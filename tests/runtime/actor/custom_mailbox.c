/* SPDX-License-Identifier: MIT */
/*
 * The claims about any custom mailbox, shown by one that delivers by priority,
 * keeps late, and has no room at times, all at random.  It records its events,
 * and the test replays them on a model.
 */
#include "runtime/troupe_mailbox.h"
#include "tests/support/stage.h"

enum { SENDERS = 3, SENT = 400, ASK_EACH = 40, TRIES = 3, LOG_MAX = 40000 };

enum what { PUT, KEPT, GET, HANDLED, ACKNOWLEDGED, ASKED };

static struct story {
	_Atomic unsigned count;
	unsigned seed;
	struct line {
		enum what what;
		int result;
		int64_t value; /* number i of sender s: s * 1,000 + i */
	} line[LOG_MAX];
} * story;

static void tell(enum what what, int64_t value, int result)
{
	unsigned at = story->count++;

	if (at < LOG_MAX)
		story->line[at] = (struct line) { what, result, value };
}

/* Many equals among them, which must stay in order. */
static int priority_of(int64_t value)
{
	return (int)(value % 1000 * 7 % 5);
}

/* One in eight fails, some of them always. */
static int result_of(int64_t value, int tries)
{
	if (value % 8 != 3)
		return 0;
	return value % 16 == 3 || tries < 2 ? -EIO : 0;
}

/* ---- the kind ------------------------------------------------------------ */

struct moody {
	struct troupe_mailbox base;
	bool is_moody;
};

static struct item {
	int64_t value; /* of the number; -1: none here */
	int tries;
	bool is_out;
	void *body;
	size_t size;
	bool is_call;
} item[SENDERS * SENT + 1];

static struct {
	bool is_moody;
	unsigned puts, kept, left;
	int64_t late[SENDERS * SENT + 1];
	struct troupe_timer timer;
} box;

static bool chance(unsigned of)
{
	return box.is_moody && rand_r(&story->seed) % of == 0;
}

static void keep(unsigned upto)
{
	while (box.kept < upto)
		tell(KEPT, box.late[box.kept++], 0);
}

/* It makes the actor check again. */
static int on_timer(struct troupe_timer *timer)
{
	keep(box.kept + rand_r(&story->seed) % (box.puts - box.kept + 1));
	return 0;
}

static int moody_open(const struct troupe_mailbox *mailbox, const char *actor,
		      void **ret_box)
{
	CHECK(strcmp(actor, "desk") == 0);
	box.is_moody = ((const struct moody *)mailbox)->is_moody;
	box.timer.fired = on_timer;
	*ret_box = &box;
	return box.is_moody ? troupe_timer_start(&box.timer, troupe_in_ms(1), 1)
			    : 0;
}

static bool moody_has_room(void *data)
{
	return !chance(4);
}

static int64_t value_of(const void *body, size_t size)
{
	Play__Number *number = play__number__unpack(NULL, size, body);
	int64_t value;

	CHECK(number);
	value = number->value;
	play__number__free_unpacked(number, NULL);
	return value;
}

static int moody_put(void *data, const struct troupe_mail *mail)
{
	unsigned at = box.puts;

	CHECK(strcmp(mail->type, "play.Number") == 0);
	CHECK(!mail->service || (strcmp(mail->service, "play.Clerk") == 0 &&
				 strcmp(mail->method, "Note") == 0));
	item[at] = (struct item) {
		.value = value_of(mail->body, mail->body_size),
		.body = malloc(mail->body_size),
		.size = mail->body_size,
		.is_call = mail->service,
	};
	memcpy(item[at].body, mail->body, mail->body_size);
	tell(PUT, item[at].value, 0);
	box.late[box.puts++] = item[at].value;
	box.left++;
	if (!box.is_moody)
		keep(box.puts);
	return 0;
}

static uint64_t moody_kept(void *data)
{
	return box.kept;
}

static int moody_get(void *data, struct troupe_mail *ret_mail)
{
	struct item *best = NULL;
	unsigned i;

	if (chance(4))
		return 0;
	for (i = 0; i < box.puts; i++)
		if (item[i].body && !item[i].is_out &&
		    (!best ||
		     priority_of(item[i].value) > priority_of(best->value)))
			best = &item[i];
	if (!best)
		return 0;
	best->is_out = true;
	*ret_mail = (struct troupe_mail) {
		.type = "play.Number",
		.service = best->is_call ? "play.Clerk" : NULL,
		.method = "Note",
		.body = best->body,
		.body_size = best->size,
		.node = 1, /* no run of this node */
		.sender = troupe_self(),
		.number = (uint64_t)(best - item) + 1,
	};
	tell(GET, best->value, 0);
	return 1;
}

static void moody_acknowledge(void *data, uint64_t number, int result)
{
	struct item *done = &item[number - 1];

	tell(ACKNOWLEDGED, done->value, result);
	done->is_out = false;
	if (result < 0 && ++done->tries < TRIES)
		return;
	free(done->body);
	done->body = NULL;
	box.left--;
}

static uint64_t moody_size(void *data)
{
	return box.left;
}

static void moody_close(void *data)
{
	board->value[0]++;
}

static const struct troupe_mailbox_kind kind = {
	.name = "moody",
	.open = moody_open,
	.has_room = moody_has_room,
	.put = moody_put,
	.kept = moody_kept,
	.get = moody_get,
	.acknowledge = moody_acknowledge,
	.size = moody_size,
	.close = moody_close,
};
static const struct moody calm = { { &kind }, false };
static const struct moody moody = { { &kind }, true };

/* ---- the actor with the mailbox ------------------------------------------ */

static int tries[SENDERS * 1000];

static int handle(int64_t value)
{
	int r = result_of(value, ++tries[value]);

	tell(HANDLED, value, r);
	return r;
}

static int desk_number(const struct troupe_message *message)
{
	CHECK(message->sender == 0);
	CHECK(troupe_mailbox_size() > 0);
	return handle(((const Play__Number *)message->body)->value);
}

static void desk_note(const Play__Number *number)
{
	int r = handle(number->value);

	if (r < 0)
		troupe_finish(r);
}

/* Asked with the last number sent: is that one kept? */
static void desk_twice(const Play__Number *number, Play__Number_Closure reply,
		       void *call)
{
	tell(ASKED, number->value, 0);
	reply(number, call);
}

static void desk_invoke(ProtobufCService *service, unsigned method,
			const ProtobufCMessage *input, ProtobufCClosure closure,
			void *data)
{
	static const ProtobufCServiceDescriptor *const clerk =
		&play__clerk__descriptor;

	if (strcmp(clerk->methods[method].name, "Twice") == 0)
		desk_twice((const Play__Number *)input,
			   (Play__Number_Closure)closure, data);
	else
		desk_note((const Play__Number *)input);
}

static ProtobufCService desk_service = { &play__clerk__descriptor, desk_invoke,
					 NULL };
static const struct troupe_handler desk_handlers[] = {
	{ &play__number__descriptor, desk_number },
	{ 0 },
};
static const struct troupe_class calm_desk = { .name = "desk",
					       .handlers = desk_handlers,
					       .service = &desk_service,
					       .keeps_going = true,
					       .mailbox = &calm.base };
static const struct troupe_class moody_desk = { .name = "desk",
						.handlers = desk_handlers,
						.service = &desk_service,
						.keeps_going = true,
						.mailbox = &moody.base };

static void take(const Play__Number *number, void *data)
{
	*(int64_t *)data = number ? number->value : -1;
}

static void ask(struct troupe_proxy *proxy, const Play__Number *number)
{
	int64_t answer = 0;

	play__clerk__twice(&proxy->base, number, take, &answer);
	CHECK(troupe_await(proxy) == 0 && answer == number->value);
}

static int sender_run(const void *arguments)
{
	const Play__Who *who = arguments;
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_proxy proxy;
	int i;

	troupe_proxy_init(&proxy, who->ref, &play__clerk__descriptor);
	proxy.timeout_ms = 60000;
	for (i = 0; i < SENT; i++) {
		number.value = who->count * 1000 + i;
		if (i % 5 == 4)
			play__clerk__note(&proxy.base, &number, NULL, NULL);
		else
			CHECK(troupe_send(who->ref, &number.base) == 0);
		if (i % ASK_EACH == ASK_EACH - 1)
			ask(&proxy, &number);
	}
	return 0;
}

static int play(const struct troupe_class *klass)
{
	Play__Who who = PLAY__WHO__INIT;
	troupe_ref sender[SENDERS];
	int i;

	CHECK(troupe_mailbox_size() == -EINVAL);
	CHECK(troupe_spawn(klass, NULL, &who.ref) == 0);
	for (i = 0; i < SENDERS; i++) {
		who.count = i;
		CHECK(troupe_spawn_function(sender_run, &who.base,
					    &sender[i]) == 0);
	}
	for (i = 0; i < SENDERS; i++)
		CHECK(stage_end_of(sender[i]).reason.cause == TROUPE_NORMAL);
	CHECK(troupe_close(who.ref) == 0);
	CHECK(stage_end_of(who.ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->value[0] == 1);
	return 0;
}

static int calm_root(int argc, char **argv)
{
	return play(&calm_desk);
}

static int moody_root(int argc, char **argv)
{
	return play(&moody_desk);
}

/* ---- the model ----------------------------------------------------------- */

static struct model {
	int64_t waiting[SENDERS * SENT]; /* in the order of the puts */
	unsigned count;
	int sent[SENDERS], kept[SENDERS];
	int tries[SENDERS * 1000], done[SENDERS * 1000];
	int64_t out; /* -1: nothing is handed out */
	bool is_handled;
	int result;
} model;

static int64_t best_waiting(void)
{
	int64_t best = -1;
	unsigned i;

	for (i = 0; i < model.count; i++)
		if (best < 0 ||
		    priority_of(model.waiting[i]) > priority_of(best))
			best = model.waiting[i];
	return best;
}

static void take_away(int64_t value)
{
	unsigned i = 0;

	while (model.waiting[i] != value)
		i++;
	memmove(&model.waiting[i], &model.waiting[i + 1],
		(--model.count - i) * sizeof(model.waiting[0]));
}

static void acknowledged(int64_t value, int result)
{
	cr_assert(model.is_handled && value == model.out);
	cr_assert_eq(result, model.result);
	model.out = -1;
	if (result == 0 || ++model.tries[value] == TRIES) {
		model.done[value]++;
		take_away(value);
	}
}

static void step(const struct line *line)
{
	int64_t value = line->value;

	switch (line->what) {
	case PUT:
		cr_assert_eq(value % 1000, model.sent[value / 1000]++);
		model.waiting[model.count++] = value;
		break;
	case KEPT:
		cr_assert_eq(value % 1000, model.kept[value / 1000]++);
		break;
	case GET:
		cr_assert_eq(model.out, -1, "two are handed out");
		cr_assert_eq(value, best_waiting());
		model.out = value;
		model.is_handled = false;
		break;
	case HANDLED:
		cr_assert_eq(value, model.out);
		model.is_handled = true;
		model.result = line->result;
		break;
	case ACKNOWLEDGED:
		acknowledged(value, line->result);
		break;
	case ASKED:
		cr_assert_eq(value % 1000 + 1, model.sent[value / 1000]);
		cr_assert_eq(value % 1000 + 1, model.kept[value / 1000],
			     "a call was answered before its caller's mail "
			     "was kept");
		break;
	}
}

static void run(int (*root)(int argc, char **argv))
{
	const char *seed = getenv("BOX_SEED");
	unsigned i, s;

	story = mmap(NULL, sizeof(*story), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(story, MAP_FAILED);
	story->seed =
		seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)getpid();
	fprintf(stderr, "BOX_SEED=%u runs this again\n", story->seed);
	stage_pass(root);
	cr_assert_lt(story->count, LOG_MAX);
	model.out = -1;
	for (i = 0; i < story->count; i++)
		step(&story->line[i]);
	for (s = 0; s < SENDERS; s++)
		for (i = 0; i < SENT; i++)
			cr_assert_eq(model.done[s * 1000 + i], 1);
	cr_assert_eq(model.count, 0);
	munmap(story, sizeof(*story));
}

Test(custom_mailbox, hands_out_in_the_order_of_its_kind_each_until_it_is_done)
{
	run(calm_root);
}

Test(custom_mailbox, that_has_no_room_and_keeps_late_loses_nothing)
{
	run(moody_root);
}

/* ---- function actors and guests ------------------------------------------ */

static const struct troupe_class function_desk = { .name = "desk",
						   .run = stage_idle,
						   .mailbox = &calm.base };

static int function_root(int argc, char **argv)
{
	troupe_ref ref;

	CHECK(troupe_spawn(&function_desk, NULL, &ref) == -EINVAL);
	return 0;
}

Test(custom_mailbox, is_not_for_function_actors)
{
	stage_pass(function_root);
}

static int closed_open(const struct troupe_mailbox *mailbox, const char *actor,
		       void **ret_box)
{
	return -EACCES;
}

static const struct troupe_mailbox_kind closed_kind = { .name = "closed",
							.open = closed_open };
static const struct troupe_mailbox closed = { &closed_kind };
static const struct troupe_class closed_desk = { .name = "desk",
						 .handlers = desk_handlers,
						 .mailbox = &closed };

static int closed_root(int argc, char **argv)
{
	struct troupe_end end;
	troupe_ref ref;

	CHECK(troupe_spawn(&closed_desk, NULL, &ref) == 0);
	end = stage_end_of(ref);
	CHECK(end.reason.cause == TROUPE_ERROR && end.reason.code == -EACCES);
	return 0;
}

Test(custom_mailbox, that_cannot_be_opened_ends_its_actor_with_the_reason)
{
	stage_pass(closed_root);
}

/* ---- mail that cannot be kept -------------------------------------------- */

static int choosy_put(void *data, const struct troupe_mail *mail)
{
	if (value_of(mail->body, mail->body_size) == 1)
		return -EMSGSIZE;
	return moody_put(data, mail);
}

static int choosy_number(const struct troupe_message *message)
{
	board->value[1] = board->value[1] * 10 +
			  ((const Play__Number *)message->body)->value;
	return 0;
}

static const struct troupe_mailbox_kind choosy_kind = {
	.name = "choosy",
	.open = moody_open,
	.put = choosy_put,
	.get = moody_get,
	.acknowledge = moody_acknowledge,
	.size = moody_size,
};
static const struct moody choosy = { { &choosy_kind }, false };
static const struct troupe_handler choosy_handlers[] = {
	{ &play__number__descriptor, choosy_number },
	{ 0 },
};
static const struct troupe_class choosy_desk = { .name = "desk",
						 .handlers = choosy_handlers,
						 .service = &desk_service,
						 .mailbox = &choosy.base };

static int choosy_root(int argc, char **argv)
{
	Play__Number number = PLAY__NUMBER__INIT;
	struct troupe_counters counters;
	struct troupe_proxy proxy;
	troupe_ref ref;
	int i;

	CHECK(troupe_spawn(&choosy_desk, NULL, &ref) == 0);
	for (i = 1; i <= 3; i++)
		CHECK(stage_send(ref, i) == 0);
	troupe_proxy_init(&proxy, ref, &play__clerk__descriptor);
	ask(&proxy, &number);
	CHECK(troupe_count(ref, &counters) == 0);
	CHECK(counters.dropped == 1);
	CHECK(troupe_close(ref) == 0);
	CHECK(stage_end_of(ref).reason.cause == TROUPE_NORMAL);
	CHECK(board->value[1] == 23);
	return 0;
}

Test(custom_mailbox, that_cannot_keep_a_message_drops_it_and_counts_it)
{
	story = mmap(NULL, sizeof(*story), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(story, MAP_FAILED);
	stage_pass(choosy_root);
	munmap(story, sizeof(*story));
}
