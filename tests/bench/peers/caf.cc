// SPDX-License-Identifier: MIT
/*
 * CAF, the C++ Actor Framework: event-based actors on the threads of one
 * process, whose messages are counted references.  Mailboxes are unbounded, so
 * the sender of a stream has a credit of 2,000 messages.
 */
#include <caf/all.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

namespace
{

using begin_atom = caf::atom_constant<caf::atom("begin")>;
using credit_atom = caf::atom_constant<caf::atom("credit")>;

enum { CREDIT = 2000 };

int64_t now_ns()
{
	return std::chrono::steady_clock::now().time_since_epoch().count();
}

[[noreturn]] void fail(const char *text, int64_t number)
{
	std::printf("wrong %s %lld\n", text, static_cast<long long>(number));
	std::fflush(stdout);
	std::_Exit(1);
}

/* The result of a run; the main thread reads it when all actors are gone. */
struct report {
	int64_t begin = 0, ns = 0, sum = 0;
	std::map<int64_t, int64_t> latency;
};

/* ---- asking -------------------------------------------------------------- */

caf::behavior answer(caf::event_based_actor *)
{
	return { [](int64_t number) { return number; } };
}

struct asker {
	int64_t next = 0, asked_at = 0;
};

void ask_next(caf::stateful_actor<asker> *self, caf::actor other, int64_t n,
	      int64_t warm_up, report *all)
{
	auto &state = self->state;

	if (state.next == n + warm_up) {
		all->ns = now_ns() - all->begin;
		self->send_exit(other, caf::exit_reason::user_shutdown);
		self->quit();
		return;
	}
	state.asked_at = now_ns();
	if (state.next == warm_up)
		all->begin = state.asked_at;
	self->request(other, caf::infinite, state.next)
		.then([=](int64_t number) {
			auto &s = self->state;

			if (s.next >= warm_up)
				all->latency[now_ns() - s.asked_at]++;
			if (number != s.next)
				fail("answer", number);
			all->sum += number;
			s.next++;
			ask_next(self, other, n, warm_up, all);
		});
}

caf::behavior ask(caf::stateful_actor<asker> *self, int64_t n, int64_t warm_up,
		  report *all)
{
	auto other = self->spawn(answer);

	return { [=](begin_atom) { ask_next(self, other, n, warm_up, all); } };
}

/* ---- one way ------------------------------------------------------------- */

/* Each byte is the one before it. */
bool is_filled(const std::string &bytes, size_t size, char mark)
{
	return bytes.size() == size && bytes[0] == mark &&
	       std::memcmp(bytes.data(), bytes.data() + 1, size - 1) == 0;
}

struct receiver {
	int64_t received = 0;
};

void give_credit(caf::event_based_actor *self, const caf::actor &to,
		 int64_t received)
{
	if (received % (CREDIT / 2) == 0)
		self->send(to, credit_atom::value);
}

/* The clock runs from the last of the warm-up to the last of all. */
caf::behavior receive_all(caf::stateful_actor<receiver> *self, size_t size,
			  int64_t count, int64_t warm_up, report *all)
{
	return { [=](int64_t number, const std::string &bytes,
		     const caf::actor &sender) {
		int64_t received = ++self->state.received;

		if (number != received - (received > warm_up ? warm_up : 0) ||
		    !is_filled(bytes, size, static_cast<char>(number)))
			fail("message", number);
		all->sum += number;
		give_credit(self, sender, received);
		if (received == warm_up)
			all->begin = now_ns();
		if (received < warm_up + count)
			return;
		all->ns = now_ns() - all->begin;
		self->quit();
	} };
}

struct sender {
	int64_t next = 1, credit = CREDIT;
};

caf::behavior send_all(caf::stateful_actor<sender> *self, size_t size,
		       int64_t count, int64_t warm_up, report *all)
{
	auto other = self->spawn(receive_all, size, count, warm_up, all);
	auto send_more = [=] {
		auto &s = self->state;

		for (; s.credit > 0 && s.next <= warm_up + count;
		     s.next++, s.credit--) {
			int64_t number =
				s.next - (s.next > warm_up ? warm_up : 0);

			self->send(other, number,
				   std::string(size, static_cast<char>(number)),
				   caf::actor_cast<caf::actor>(self));
		}
		if (s.next > warm_up + count)
			self->quit();
	};

	return { [=](begin_atom) { send_more(); },
		 [=](credit_atom) {
			 self->state.credit += CREDIT / 2;
			 send_more();
		 } };
}

/* ---- many to one --------------------------------------------------------- */

caf::behavior receive_numbers(caf::stateful_actor<receiver> *self,
			      int64_t count, report *all)
{
	return { [=](int64_t number, const caf::actor &from) {
		all->sum += number;
		give_credit(self, from, number + 1);
		if (++self->state.received < count)
			return;
		all->ns = now_ns() - all->begin;
		self->quit();
	} };
}

caf::behavior send_numbers(caf::stateful_actor<sender> *self, caf::actor other,
			   int64_t each)
{
	self->state.next = 0;
	auto send_more = [=] {
		auto &s = self->state;

		for (; s.credit > 0 && s.next < each; s.next++, s.credit--)
			self->send(other, s.next,
				   caf::actor_cast<caf::actor>(self));
		if (s.next == each)
			self->quit();
	};

	return { [=](begin_atom) { send_more(); },
		 [=](credit_atom) {
			 self->state.credit += CREDIT / 2;
			 send_more();
		 } };
}

void fan_in(caf::actor_system &system, int64_t senders, int64_t each,
	    report *all)
{
	auto other = system.spawn(receive_numbers, senders * each, all);
	std::vector<caf::actor> actors;

	for (int64_t i = 0; i < senders; i++)
		actors.push_back(system.spawn(send_numbers, other, each));
	all->begin = now_ns();
	for (auto &actor : actors)
		caf::anon_send(actor, begin_atom::value);
}

/* -------------------------------------------------------------------------- */

void run(caf::actor_system &system, const std::string &workload, int64_t a,
	 int64_t b, int64_t c, report *all)
{
	if (workload == "ask")
		caf::anon_send(system.spawn(ask, a, b, all), begin_atom::value);
	else if (workload == "oneway")
		caf::anon_send(system.spawn(send_all, static_cast<size_t>(a), b,
					    c, all),
			       begin_atom::value);
	else
		fan_in(system, a, b, all);
	system.await_all_actors_done();
}

} // namespace

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	caf::actor_system_config config;
	report all;
	{
		caf::actor_system system { config };

		run(system, argv[1], std::atoll(argv[2]), std::atoll(argv[3]),
		    std::atoll(argv[4]), &all);
	}
	std::printf("ns %lld\nsum %lld\n", static_cast<long long>(all.ns),
		    static_cast<long long>(all.sum));
	for (auto &[ns, count] : all.latency)
		std::printf("latency %lld %lld\n", static_cast<long long>(ns),
			    static_cast<long long>(count));
	return 0;
}
