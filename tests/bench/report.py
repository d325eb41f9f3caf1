# SPDX-License-Identifier: MIT
"""The pictures of troupe-bench: one page, which needs nothing beside itself.

    report.py FILE.json... -o REPORT.html

A bar chart for each workload, then lines by number of actors and latencies by
percentile, drawn by gnuplot; then all figures, the machine and the commands.
"""
import base64
import json
import math
import statistics
import subprocess
import sys
from html import escape

PEERS = {
    "pipes": "pipes", "unix_stream": "Unix stream sockets",
    "unix_seqpacket": "Unix packet sockets", "tcp": "TCP",
    "mosquitto": "mosquitto, by libmosquitto", "mqueue": "POSIX queues",
    "nats": "nats-server, by libnats",
    "zeromq": "ZeroMQ", "nng": "nng", "boost_mq": "Boost message_queue",
    "iceoryx": "iceoryx", "python_queue": "Python Queue",
    "python_manager": "Python Manager", "erlang": "Erlang processes",
    "erlang_nodes": "Erlang nodes", "caf": "CAF",
}
FLOORS = {
    "floor_futex": "bare futexes", "floor_line": "a bare cache line",
    "floor_ring_futex": "a bare ring of futexes", "floor_idle": "a bare fork",
    "floor_ring_pipe": "a bare ring of pipes",
}
WAYS = ("sleeping", "adaptive", "spinning")
OURS, PEER, FLOOR = "#1f5fbf", "#9aa5b1", "#d9a441"  # of bars; and of lines:
COLOURS = (OURS, "#c0392b", "#27864a", "#8e44ad", "#d9a441", "#16808d",
           "#7f8c8d", "#e67e22", "#34495e", "#b03a8c", "#5d8a00", "#9aa5b1")

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
  padding: 0 1rem; color: #1c2530; background: #fff }
h1 { font-size: 1.7rem } h2 { margin: 2.5rem 0 .2rem; font-size: 1.25rem }
p { margin: .3rem 0 .8rem } img { width: 100%; margin: .5rem 0 }
small, .note { color: #5a6673 }
.bars { width: 100%; border-collapse: collapse; font-size: .9rem }
.bars th { font-weight: normal; text-align: right; padding: .1rem .7rem .1rem 0;
  white-space: nowrap; width: 1% }
.bars td { padding: .1rem 0; white-space: nowrap }
.bars td { background-image: linear-gradient(90deg, #e4e8ec 1px, transparent 1px);
  background-repeat: repeat-x }
.bars .ours th { font-weight: 600 }
.bars i { display: inline-block; height: 1em; vertical-align: -.12em;
  border-radius: 0 3px 3px 0; margin-right: .5em }
.bars b { font-weight: 600; background: #fff } .bars small { background: #fff }
.way { font-size: .8em; color: #5a6673 }
.key i { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em }
table.all { border-collapse: collapse; font-size: .8rem }
table.all td, table.all th { text-align: left; padding: .1rem .8rem .1rem 0;
  vertical-align: top; border-bottom: 1px solid #e4e8ec }
pre { white-space: pre-wrap; background: #f4f6f8; padding: .6rem; font-size: .8rem }
"""


class Row:
    """The runs of one benchmark with its parameters, in one file."""

    def __init__(self, name, file):
        self.name, self.file, self.run, self.cells = name, file, [], []
        family, *parameters = name.split("/")
        self.family = family
        self.of = dict(p.split(":", 1) for p in parameters if ":" in p)
        self.low = self.high = self.loop = None

    def figure(self, key):
        values = [r[key] for r in self.good if isinstance(r.get(key), (int, float))]
        return statistics.median(values) if values else None

    @property
    def good(self):
        return [r for r in self.run if not r.get("error_occurred")]

    @property
    def suite(self):
        return self.run[0]["suite"]

    @property
    def way(self):
        return self.run[0]["waiting"]

    @property
    def title(self):
        """Whose it is, without the workload."""
        base = self.family
        for end in ("_ask", "_oneway", "_fanin", "_raw"):
            base = base.removesuffix(end)
        if self.suite == "peer":
            title = PEERS.get(base, base)
            title += ", bytes alone" if self.family.endswith("_raw") else ""
            shared = "shares" in self.run[0].get("isolation", "")
            return title + (", threads of one process" if shared else "")
        if self.suite == "floor":
            return FLOORS.get(base, base)
        if self.family.startswith("mesh_"):
            return "troupe, between nodes, by " + self.family.rpartition("_")[2]
        kind = self.family.partition("_")[2]
        return "troupe" + (", " + kind if kind and base != "ask" else "")


def fail(text, status=1):
    sys.stderr.write(text + "\n")
    sys.exit(status)


def read(path, file):
    try:
        with (sys.stdin if path == "-" else open(path, encoding="utf-8")) as f:
            root = json.load(f)
        rows, context = {}, dict(root["context"])
        for one in root["benchmarks"]:
            row = rows.setdefault(one["run_name"], Row(one["run_name"], file))
            if one["run_type"] == "iteration":
                row.run.append(one)
            elif one.get("aggregate_name") == "ci95_low":
                row.low = one["real_time"]
            elif one.get("aggregate_name") == "ci95_high":
                row.high = one["real_time"]
        for one in root.get("latencies", []):
            rows[one["name"]].cells = one["cells"]
            rows[one["name"]].loop = one["loop"]
        rows = [r for r in rows.values() if r.run and r.run[0].get("waiting") in WAYS]
    except OSError as error:
        fail(f"report: {path}: cannot be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError):
        fail(f"report: {path}: has no run in it that troupe-bench made")
    if not rows:
        fail(f"report: {path}: has no run in it that troupe-bench made")
    return context, rows


def time_text(ns):
    for unit, size in (("ns", 1), ("us", 1e3), ("ms", 1e6), ("s", 1e9)):
        if ns < 999.5 * size or unit == "s":
            return f"{ns / size:.3g} {unit}"
    return ""


def size_text(size):
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024 or unit == "MiB":
            return f"{size:g} {unit}"
        size /= 1024
    return ""


# ---- bars ---------------------------------------------------------------------

def bars(rows, files):
    """From short to long on a logarithmic axis, with a line for each decade."""
    without = sorted({r.title for r in rows if not r.good})
    rows = sorted((r for r in rows if r.good), key=lambda r: r.figure("real_time"))
    least = 10 ** math.floor(math.log10(rows[0].figure("real_time")) - .2)
    decades = math.log10(rows[-1].figure("real_time") / least) * 1.35
    out = ['<table class="bars">']
    for row in rows:
        time = row.figure("real_time")
        width = 100 * math.log10(time / least) / decades
        colour = {"troupe": OURS, "floor": FLOOR}.get(row.suite, PEER)
        range_ = (f" <small>{time_text(row.low)} to {time_text(row.high)}</small>"
                  if row.low and row.high else "")
        number = f" [{row.file}]" if files > 1 and sum(
            r.title == row.title and r.way == row.way for r in rows) > 1 else ""
        out.append(
            f'<tr class="{"ours" if row.suite == "troupe" else row.suite}" '
            f'title="{escape(row.name)}"><th>{escape(row.title)}{number} '
            f'<span class="way">{row.way}</span></th>'
            f'<td style="background-size:{100 / decades:.3f}% 100%">'
            f'<i style="width:{width:.2f}%;background:{colour}"></i>'
            f'<b>{time_text(time)}</b>{range_}</td></tr>')
    out.append("</table>")
    if without:
        out.append('<p class="note">Failed, see below: ' +
                   escape(", ".join(without)) + ".</p>")
    return "\n".join(out)


def workloads(rows):
    """(title, note, rows) of each that ours and others have."""
    def pick(*ends, **of):
        return [r for r in rows if all(r.of.get(k) == v for k, v in of.items())
                and any(r.family == e or e[0] == "_" and r.family.endswith(e)
                        for e in ends)]

    yield ("Ask", "A question and its answer between two processes: the time of a "
           "round trip.", pick("ask", "_ask", "mesh_ask_local", "mesh_ask_mqtt",
                               "mesh_ask_nats", "floor_futex", "floor_line"))
    sizes = {r.of["bytes"] for r in rows if r.suite == "peer" and "bytes" in r.of}
    for size in sorted(sizes, key=int):
        yield (f"One way, {size_text(int(size))}",
               f"One process sends messages of {size_text(int(size))} to another: "
               "the time of each. Ours are copied into the message, loaned beside it "
               "(written and read in place), or handed on untouched.", pick("oneway_copied", "oneway_loaned",
               "oneway_handed", "_oneway", "_raw", bytes=size))
    for senders in sorted({r.of["senders"] for r in rows if "senders" in r.of}, key=int):
        yield (f"Fan-in, {senders} senders", f"{senders} processes send to one: the "
               "time of each message.", pick("fanin", "_fanin", "mesh_fanin_local",
                                            "mesh_fanin_mqtt", "mesh_fanin_nats",
                                            senders=senders))
    yield ("One way between nodes", "A small message from an actor of one node to one "
           "of another, beside peers that carry 16 bytes: the time of each.",
           pick("mesh_oneway_local", "mesh_oneway_mqtt", "mesh_oneway_nats")
           + pick("tcp_oneway", bytes="16") + pick("erlang_nodes_oneway", bytes="16"))


# ---- lines --------------------------------------------------------------------

def plot(title, x, y, series, style="linespoints", extra=""):
    """series: {label: [(x, y)...]}.  An <img>, or nothing to draw."""
    series = {k: sorted(v) for k, v in sorted(series.items(), key=lambda of:
              not of[0].startswith("troupe")) if len({x for x, _ in v}) > 1}
    if not series:
        return ""
    script = [f"set terminal svg size 900,430 font 'sans-serif,13' noenhanced "
              f"background 'white'\nset title '{title}'\nset xlabel '{x}'\n"
              f"set ylabel '{y}'\nset logscale xy\nset key outside right top\n"
              f"set grid lc rgb '#e4e8ec'\nset border 3 lc rgb '#5a6673'\n"
              f"set tics nomirror\n{extra}"]
    drawn = ", ".join(
        f"'-' with {style} lw {3 if k.startswith('troupe') else 1.5} pt 7 ps .6 "
        f"lc rgb '{COLOURS[i % len(COLOURS)]}' title '{k}'" for i, k in enumerate(series))
    script.append("plot " + drawn)
    for points in series.values():
        script += [f"{a:.9g} {b:.9g}" for a, b in points] + ["e"]
    try:
        made = subprocess.run(["gnuplot"], input="\n".join(script), text=True,
                              capture_output=True, check=True).stdout
    except FileNotFoundError:
        fail("report: gnuplot is not installed: apt-get install gnuplot-nox")
    except subprocess.CalledProcessError as error:
        fail("report: gnuplot has failed: " + error.stderr)
    code = base64.b64encode(made.encode()).decode()
    return f'<img alt="{escape(title)}" src="data:image/svg+xml;base64,{code}"/>'


def by_number(rows, families, figure, scale=1.0):
    series = {}
    for r in rows:
        if r.family in families and r.good and "n" in r.of and (r.figure(figure) or 0) > 0:
            label = {"scale": "troupe", "idle": "troupe, idle"}.get(r.family) or r.title
            series.setdefault(f"{label}, {r.way}", []).append(
                (float(r.of["n"]), r.figure(figure) * scale))
    return series


def percentiles(row):
    """(1 / (1 - p), us) of a histogram; of 0.9999 that is 10,000."""
    total, past, points = sum(c for _, c in row.cells), 0, []
    for value, count in row.cells:
        past += count
        if past < total and total / (total - past) > 1.02:
            points.append((total / (total - past), value / 1e3))
    return points[::max(1, len(points) // 200)]


def latencies(rows, title, wanted):
    tics = "set xtics ('50 %%' 2, '90 %%' 10, '99 %%' 100, '99.9 %%' 1000, " \
           "'99.99 %%' 10000, '99.999 %%' 100000)\n"
    return plot(title, "of all", "us at most",
                {f"{r.title}, {r.way}": percentiles(r) for r in rows
                 if r.cells and wanted(r)}, "lines", tics)


# ---- the page -----------------------------------------------------------------

def table(head, lines):
    out = ['<table class="all"><tr>'
           + "".join(f"<th>{escape(h)}</th>" for h in head) + "</tr>"]
    for line in lines:
        out.append("<tr>" + "".join(f"<td>{escape(str(c))}</td>" for c in line) + "</tr>")
    return "\n".join(out + ["</table>"])


def figures(row):
    return ", ".join(f"{k} {row.figure(k):.4g}" for k in row.run[0]
                     if " " in k and row.figure(k) is not None)


def page(files):
    rows = [r for _, of in files for r in of]
    parts = ["<h1>What actors that are processes cost</h1>",
             "<p>Each bar is the median time of one item; shorter is better. The axis "
             "is logarithmic: each thin line is ten times the one before. The word "
             "behind a name is how it waits: <em>sleeping</em> frees the processor, "
             "<em>spinning</em> occupies one while it waits, <em>adaptive</em> spins "
             "for a moment and then sleeps. Compare like with like.</p>",
             f'<p class="key"><i style="background:{OURS}"></i>troupe'
             f'<i style="background:{PEER}"></i>others'
             f'<i style="background:{FLOOR}"></i>the bare minimum, without any '
             "library</p>"]
    for title, note, chosen in workloads(rows):
        if any(r.suite == "troupe" and r.good for r in chosen):
            parts += [f"<h2>{title}</h2>", f"<p>{note}</p>", bars(chosen, len(files))]
    rings = ("scale", "floor_ring_futex", "floor_ring_pipe")
    lines = [plot("A hop of a token through all of them", "actors", "us",
                  by_number(rows, rings, "real_time", 1e-3)),
             plot("A spawn, one after the other", "actors", "us",
                  by_number(rows, ("scale",), "us a spawn")),
             plot("Memory of each", "actors", "KiB",
                  by_number(rows, ("scale", "idle", "floor_idle"), "KiB of each"))]
    if any(lines):
        parts += ["<h2>By the number of actors</h2>", *lines]
    parts.append("<h2>Latency by percentile</h2>\n<p>Read: so many of all took at most "
                 "that long. A closed loop sends the next when the last was answered; "
                 "an open loop sends at a rate, and counts from the planned time, so a "
                 "stall counts for each message that it delayed.</p>")
    parts.append(latencies(rows, "A round trip, closed loop",
                           lambda r: r.family == "ask" or r.family.endswith("_ask")))
    parts.append(latencies(rows, "A message of ours",
                           lambda r: r.family.startswith("latency_")))
    bad = [(r.name, r.file, one["error_message"]) for r in rows for one in r.run
           if one.get("error_occurred")]
    if bad:
        parts += ["<h2>What failed</h2>", table(("benchmark", "file", "why"), bad)]
    had = {r.family for r in rows}
    absent = [title for base, title in PEERS.items()
              if not any(family.startswith(base + "_") for family in had)]
    if absent:
        parts.append('<p class="note">Not measured, as they were not built or not '
                     'chosen: ' + escape(", ".join(absent)) + ".</p>")
    parts += ["<details><summary>All figures</summary>", table(
        ("benchmark", "file", "waits", "isolated", "runs", "time", "item", "more"),
        [(r.name, r.file, r.way, r.run[0].get("isolation", ""), len(r.good),
          time_text(r.figure("real_time")) if r.good else "failed",
          r.run[0].get("item", ""), figures(r)) for r in rows]), "</details>",
        "<details><summary>The machine</summary>", table(
            ("", *(f"[{i + 1}]" for i in range(len(files)))),
            [(key, *(c.get(key, "") for c, _ in files)) for key in files[0][0]
             if not isinstance(files[0][0][key], (list, dict))]), "</details>",
        "<h2>How to make it again</h2>", "<pre>" + escape("\n".join(
            [str(c.get("command", "(unknown)")) for c, _ in files]
            + ["python3 tests/bench/report.py " + " ".join(sys.argv[1:])])) + "</pre>"]
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
            '<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head>'
            '<meta charset="UTF-8"/><meta name="viewport" '
            'content="width=device-width"/><title>troupe-bench</title>'
            f"<style>{STYLE}</style></head><body>\n" + "\n".join(filter(None, parts))
            + "\n</body></html>\n")


def main(words):
    if "-o" not in words[:-1] or any(w[:1] == "-" and w not in ("-", "-o") for w in words):
        fail(__doc__.split("\n\n")[1].replace("    report.py", "usage: report.py"), 2)
    at = words.index("-o")
    out = words[at + 1]
    paths = words[:at] + words[at + 2:] or ["-"]
    text = page([read(path, i + 1) for i, path in enumerate(paths)])
    try:
        with open(out, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        fail(f"report: cannot write {out}: {error.strerror}")


main(sys.argv[1:])
