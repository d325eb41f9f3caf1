%% SPDX-License-Identifier: MIT
%% Erlang/OTP: processes of one virtual machine, which share its memory (binaries
%% above 64 bytes go by reference), and of two nodes over loopback, where terms
%% are packed by the distribution.  Mailboxes are unbounded, so the sender of a
%% stream has a credit of 2,000 messages.
-module(erlang_peer).
-export([main/1, serve/1, answer/1, receive_all/2, receive_numbers/2,
	 send_numbers/3]).

-define(CREDIT, 2000).

%% main([Where, PeersFolder, Port, Workload | Numbers]); Where: inside or nodes.
main([Where, Folder, Port, Workload | Numbers]) ->
	Node = case Where of
		"inside" -> node();
		"nodes" -> start_node(Folder, Port)
	end,
	Sum = run(list_to_atom(Workload), Node,
		  [list_to_integer(Number) || Number <- Numbers]),
	io:format("sum ~b~n", [Sum]),
	stop_node(Node),
	halt(0).

run(ask, Node, [N, WarmUp, _]) -> ask(Node, N, WarmUp);
run(oneway, Node, [Size, Count, WarmUp]) -> oneway(Node, Size, Count, WarmUp);
run(fanin, Node, [Senders, Each, _]) -> fanin(Node, Senders, Each).

check(true, _) -> ok;
check(false, Text) ->
	io:format("wrong ~s~n", [Text]),
	halt(1).

now_ns() -> erlang:monotonic_time(nanosecond).

%% ---- the other node -------------------------------------------------------
%% Both find each other at one port instead of asking epmd, and only the other
%% one listens there.

start_node(Folder, Port) ->
	Name = "troupe_other_" ++ Port ++ "@127.0.0.1",
	Erl = os:find_executable("erl"),
	open_port({spawn_executable, Erl},
		  [exit_status, {args,
		   ["-noinput", "-name", Name, "-pa", Folder,
		    "-start_epmd", "false", "-erl_epmd_port", Port,
		    "-setcookie", "troupe",
		    "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
		    "-run", "erlang_peer", "serve", atom_to_list(node())]}]),
	connect(list_to_atom(Name), 1000).

connect(Node, 0) -> check(false, io_lib:format("no node ~s", [Node]));
connect(Node, Tries) ->
	case net_kernel:connect_node(Node) of
		true ->
			true = monitor_node(Node, true),
			Node;
		_ ->
			receive {_, {exit_status, _}} -> connect(Node, 0)
			after 10 -> connect(Node, Tries - 1) end
	end.

%% Ends with the node that started it, and when that does not show up.  As it
%% listens nowhere it counts as hidden.
serve([Name]) ->
	Node = list_to_atom(Name),
	ok = net_kernel:monitor_nodes(true, [{node_type, all}]),
	case lists:member(Node, nodes(connected)) of
		true -> ok;
		false ->
			receive {nodeup, Node, _} -> ok after 20000 -> halt(1) end
	end,
	receive {nodedown, Node, _} -> halt(0) end.

stop_node(Node) when Node =:= node() -> ok;
stop_node(Node) ->
	erpc:cast(Node, erlang, halt, [0]),
	receive {_, {exit_status, _}} -> ok after 10000 -> ok end.

%% ---- asking ---------------------------------------------------------------

answer(Count) when Count =:= 0 -> ok;
answer(Count) ->
	receive {From, N} -> From ! N end,
	answer(Count - 1).

ask(Node, N, WarmUp) ->
	Other = spawn(Node, ?MODULE, answer, [N + WarmUp]),
	Sum = asks(Other, 0, WarmUp, 0),
	Begin = now_ns(),
	{All, Latency} = asks(Other, WarmUp, N + WarmUp, Sum, #{}),
	io:format("ns ~b~n", [now_ns() - Begin]),
	maps:foreach(fun(Ns, Count) ->
			io:format("latency ~b ~b~n", [Ns, Count])
		     end, Latency),
	All.

await(I) ->
	receive Got ->
		check(Got =:= I, ["not ", integer_to_list(I)])
	end.

asks(_, I, I, Sum) -> Sum;
asks(Other, I, End, Sum) ->
	Other ! {self(), I},
	await(I),
	asks(Other, I + 1, End, Sum + I).

asks(_, I, I, Sum, Latency) -> {Sum, Latency};
asks(Other, I, End, Sum, Latency) ->
	Begin = now_ns(),
	Other ! {self(), I},
	await(I),
	More = maps:update_with(now_ns() - Begin, fun(C) -> C + 1 end, 1,
				Latency),
	asks(Other, I + 1, End, Sum + I, More).

%% ---- one way --------------------------------------------------------------
%% Bytes are filled by blocks, as byte by byte would be measuring binary:copy().

blocks(Size) ->
	{Size, list_to_tuple([binary:copy(<<I>>, min(Size, 4096))
			      || I <- lists:seq(0, 255)])}.

fill({Size, Blocks}, I) ->
	Block = element((I band 255) + 1, Blocks),
	Whole = binary:copy(Block, Size div byte_size(Block)),
	case Size rem byte_size(Block) of
		0 -> Whole;
		Rest -> <<Whole/binary, Block:Rest/binary>>
	end.

receive_all(From, Size) -> receive_all(From, blocks(Size), 1, 0).

receive_all(From, Blocks, I, Sum) ->
	receive
		{I, Bytes} ->
			check(Bytes =:= fill(Blocks, I),
			      ["message ", integer_to_list(I)]),
			give_credit(From, I),
			receive_all(From, Blocks, I + 1, Sum + I);
		finish ->
			From ! {sum, Sum},
			receive_all(From, Blocks, 1, 0)
	end.

give_credit(From, I) when I rem (?CREDIT div 2) =:= 0 -> From ! credit;
give_credit(_, _) -> ok.

take_credit(0) -> receive credit -> ?CREDIT div 2 end;
take_credit(Credit) -> Credit.

oneway(Node, Size, Count, WarmUp) ->
	Other = spawn(Node, ?MODULE, receive_all, [self(), Size]),
	Blocks = blocks(Size),
	Before = stream(Other, Blocks, WarmUp),
	Begin = now_ns(),
	Sum = stream(Other, Blocks, Count),
	io:format("ns ~b~n", [now_ns() - Begin]),
	Before + Sum.

stream(Other, Blocks, Count) ->
	send_all(Other, Blocks, 1, Count, ?CREDIT),
	Other ! finish,
	Sum = wait_for_sum(),
	forget_credit(),
	Sum.

forget_credit() ->
	receive credit -> forget_credit() after 0 -> ok end.

send_all(_, _, I, Count, _) when I > Count -> ok;
send_all(Other, Blocks, I, Count, Credit) ->
	Left = take_credit(Credit),
	Other ! {I, fill(Blocks, I)},
	send_all(Other, Blocks, I + 1, Count, Left - 1).

wait_for_sum() ->
	receive
		{sum, Sum} -> Sum;
		{nodedown, _} -> check(false, "the other node has ended")
	end.

%% ---- many to one ----------------------------------------------------------

receive_numbers(From, Count) -> receive_numbers(From, Count, 0).

receive_numbers(From, 0, Sum) -> From ! {sum, Sum};
receive_numbers(From, Count, Sum) ->
	receive {Sender, I} ->
		give_credit(Sender, I + 1),
		receive_numbers(From, Count - 1, Sum + I)
	end.

send_numbers(Other, Each, Parent) ->
	Parent ! ready,
	receive go -> send_numbers(Other, 0, Each, ?CREDIT) end.

send_numbers(_, Each, Each, _) -> ok;
send_numbers(Other, I, Each, Credit) ->
	Left = take_credit(Credit),
	Other ! {self(), I},
	send_numbers(Other, I + 1, Each, Left - 1).

fanin(Node, Senders, Each) ->
	Other = spawn(Node, ?MODULE, receive_numbers,
		      [self(), Senders * Each]),
	All = [spawn(?MODULE, send_numbers, [Other, Each, self()])
	       || _ <- lists:seq(1, Senders)],
	[receive ready -> ok end || _ <- All],
	Begin = now_ns(),
	[Sender ! go || Sender <- All],
	Sum = wait_for_sum(),
	io:format("ns ~b~n", [now_ns() - Begin]),
	Sum.
