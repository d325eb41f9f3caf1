# SPDX-License-Identifier: MIT
"""multiprocessing of Python, as actor libraries on top of it do it: a queue for
each actor, `queue` a multiprocessing.Queue (a pipe, a lock and a thread that
feeds it), `manager` a Manager().Queue, which is a process of its own and is
what pactor gives each actor.  Messages are pickled, its form of packing."""

import multiprocessing
import sys
import time
from collections import Counter


def check(is_right, text):
    if not is_right:
        print("wrong", text, flush=True)
        sys.exit(1)


def answer(mine, yours, count):
    for _ in range(count):
        yours.put(mine.get())


def ask(make, n, warm_up, _):
    there, back = make(), make()
    other = multiprocessing.Process(
        target=answer, args=(there, back, n + warm_up))
    other.start()
    latency = Counter()
    total = 0
    for i in range(n + warm_up):
        begin = time.perf_counter_ns()
        if i == warm_up:
            first = begin
        there.put(i)
        got = back.get()
        if i >= warm_up:
            latency[time.perf_counter_ns() - begin] += 1
        check(got == i, f"{got} instead of {i}")
        total += got
    print("ns", time.perf_counter_ns() - first)
    for ns, count in latency.items():
        print("latency", ns, count)
    other.join()
    return total


def receive_some(mine, size, count):
    total = 0
    for i in range(1, count + 1):
        number, payload = mine.get()
        check(number == i and payload == bytes([i & 255]) * size,
              f"message {i} is not what was sent")
        total += number
    return total


def receive_all(mine, yours, size, counts):
    yours.put("ready")
    for count in counts:
        yours.put(receive_some(mine, size, count))


def send_some(there, back, size, count):
    for i in range(1, count + 1):
        there.put((i, bytes([i & 255]) * size))
    return back.get()


def oneway(make, size, count, warm_up):
    there, back = make(), make()
    other = multiprocessing.Process(
        target=receive_all, args=(there, back, size, (warm_up, count)))
    other.start()
    back.get()
    total = send_some(there, back, size, warm_up)
    begin = time.perf_counter_ns()
    total += send_some(there, back, size, count)
    print("ns", time.perf_counter_ns() - begin)
    other.join()
    return total


def send_numbers(to, ready, gate, each):
    ready.release()
    gate.wait()
    for i in range(each):
        to.put(i)


def fanin(make, senders, each, _):
    mine = make()
    ready, gate = multiprocessing.Semaphore(0), multiprocessing.Event()
    others = [multiprocessing.Process(target=send_numbers,
                                      args=(mine, ready, gate, each))
              for _ in range(senders)]
    for other in others:
        other.start()
    for _ in others:
        ready.acquire()
    begin = time.perf_counter_ns()
    gate.set()
    total = sum(mine.get() for _ in range(senders * each))
    print("ns", time.perf_counter_ns() - begin)
    for other in others:
        other.join()
    return total


def main():
    kind, workload, *numbers = sys.argv[1:]
    numbers = [int(number) for number in numbers]
    run = {"ask": ask, "oneway": oneway, "fanin": fanin}[workload]
    if kind == "queue":
        print("sum", run(multiprocessing.Queue, *numbers))
    else:
        with multiprocessing.Manager() as manager:
            print("sum", run(manager.Queue, *numbers))


if __name__ == "__main__":
    main()
