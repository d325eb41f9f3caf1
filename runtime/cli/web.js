// SPDX-License-Identifier: MIT
// The page of `troupe web`: draws what /events tells each second.
"use strict";

const get = id => document.getElementById(id);
let state = first, chosen = null, by = null;

// Text of actors goes through textContent alone, so it is never markup.
function make(tag, of, ...within) {
	const svg = ["line", "circle", "text", "polyline", "title", "marker", "path"];
	const it = svg.includes(tag)
		? document.createElementNS("http://www.w3.org/2000/svg", tag)
		: document.createElement(tag);
	for (const [key, value] of Object.entries(of || {}))
		it.setAttribute(key, value);
	it.append(...within);
	return it;
}

function number(value, digits = 0) {
	return value === undefined ? "" : value.toLocaleString("en",
		{ maximumFractionDigits: digits });
}

function bytes(value) {
	return value === undefined ? ""
		: value < 1 << 20 ? number(value / 1024) + " K"
		: number(value / (1 << 20), 1) + " M";
}

function seconds(ms) {
	return ms === undefined ? "" : number(ms / 1000, 1) + " s";
}

// ---- over time ---------------------------------------------------------------

function chart(name, values, shown) {
	const most = Math.max(1, ...values);
	const points = values.map((value, i) =>
		`${300 - values.length + i},${58 - 54 * value / most}`);
	get(name + "-chart").replaceChildren(make("polyline", { points: points.join(" ") }));
	get(name).textContent = shown;
}

function charts(history) {
	const last = list => list[list.length - 1] || 0;
	const restarts = history.restarts;
	const since = restarts.map((value, i) => value - restarts[0]);
	const past = number(restarts.length / 60, 0);
	chart("received", history.received, number(last(history.received), 1));
	chart("unread", history.unread, number(last(history.unread)));
	chart("restarts", since, `${number(last(restarts))} in all, ` +
		`${number(last(since))} in the last ${past < 1 ? "minute" : past + " min"}`);
}

// ---- the tree ------------------------------------------------------------------

// Children follow their parent; or, by a column, the most first.
function ordered(actors) {
	if (by)
		return actors.map(actor => [actor, 0]).sort(([a], [b]) =>
			typeof (a[by] ?? b[by]) === "string"
				? String(a[by]).localeCompare(String(b[by]))
				: (b[by] || 0) - (a[by] || 0));
	const children = new Map(), known = new Set(actors.map(actor => actor.ref));
	for (const actor of actors) {
		const parent = known.has(actor.parent) ? actor.parent : "0";
		children.set(parent, [...(children.get(parent) || []), actor]);
	}
	const list = [];
	const walk = (parent, depth) => {
		for (const actor of children.get(parent) || []) {
			list.push([actor, depth]);
			walk(actor.ref, depth + 1);
		}
	};
	walk("0", 0);
	return list;
}

function row([actor, depth], most) {
	const name = make("td", {}, actor.address);
	name.style.paddingLeft = depth * 1.2 + "em";
	const names = actor.names.filter(one => !actor.address.endsWith("/" + one));
	if (names.length)
		name.append(" ", make("span", { class: "class" }, names.join(", ")));
	const what = make("td", {}, make("div", { class: "what" },
		make("span", { class: "state " + actor.activity }, actor.activity),
		make("span", { class: "doing", title: actor.what }, actor.what)));
	const unread = make("td", { class: "n" });
	if (actor.unread) {
		const bar = make("i", { class: "bar" });
		bar.style.width = 3 * actor.unread / most + "em";
		unread.append(bar);
	}
	unread.append(number(actor.unread));
	const line = make("tr", { "data-ref": actor.ref }, name, what, unread);
	for (const text of [number(actor.received_rate, 1), number(actor.sent_rate, 1),
		number(actor.cpu, 1), bytes(actor.rss), actor.restarts || ""])
		line.append(make("td", { class: "n" }, String(text)));
	if (isChosen(actor))
		line.className = "chosen";
	return line;
}

function tree() {
	const wanted = get("filter").value.toLowerCase();
	const has = actor => [actor.address, actor.class, actor.activity, ...actor.names]
		.some(text => text.toLowerCase().includes(wanted));
	const list = ordered(state.actors).filter(([actor]) => !wanted || has(actor));
	const most = Math.max(1, ...state.actors.map(actor => actor.unread || 0));
	document.querySelector("#actors tbody").replaceChildren(
		...list.map(of => row(of, most)));
	get("shown").textContent = `${list.length} of ${state.count}`;
	for (const th of document.querySelectorAll("#actors th"))
		th.className = (th.className.includes("n") && th.dataset.by !== "address"
			&& th.dataset.by !== "activity" ? "n" : "") +
			(th.dataset.by === by ? " by" : "");
	get("given-up").replaceChildren(...state.given_up.map(one =>
		make("p", { class: "bad" }, `given up: ${one.address}, after ` +
			`${one.restarts} restarts: ${one.reason}`)));
}

// ---- who waits for whom --------------------------------------------------------

function inCircle(waits, ref) {
	const seen = new Set();
	for (let at = waits.get(ref); at && !seen.has(at); at = waits.get(at)) {
		if (at === ref)
			return true;
		seen.add(at);
	}
	return false;
}

function waits() {
	const of = new Map(state.actors.map(actor => [actor.ref, actor]));
	const waiting = state.actors.filter(actor => actor.waits_for);
	const edges = new Map(waiting.map(actor => [actor.ref, actor.waits_for]));
	const refs = [...new Set([...edges.keys(), ...edges.values()])];
	const svg = document.querySelector("#waits svg");
	const at = new Map(refs.map((ref, i) => {
		const angle = 2 * Math.PI * i / refs.length - Math.PI / 2;
		return [ref, [200 + 130 * Math.cos(angle), 150 + 105 * Math.sin(angle)]];
	}));
	const name = ref => of.has(ref) ? of.get(ref).address : "another";
	const bad = new Set(refs.filter(ref => inCircle(edges, ref)));
	svg.hidden = !refs.length || refs.length > 24;
	svg.style.display = svg.hidden ? "none" : "";
	svg.replaceChildren(make("marker", { id: "head", viewBox: "0 0 8 8", refX: 14, refY: 4,
		markerWidth: 7, markerHeight: 7, orient: "auto" },
		make("path", { d: "M0 0L8 4L0 8z", fill: "#888" })));
	for (const [from, to] of edges)
		svg.append(make("line", { x1: at.get(from)[0], y1: at.get(from)[1],
			x2: at.get(to)[0], y2: at.get(to)[1], "marker-end": "url(#head)",
			class: bad.has(from) && bad.has(to) ? "bad" : "" }));
	for (const ref of refs) {
		const [x, y] = at.get(ref);
		svg.append(make("circle", { cx: x, cy: y, r: 5, class: bad.has(ref) ? "bad" : "" }),
			make("text", { x, y: y + (y < 150 ? -10 : 18), "text-anchor": "middle" },
				name(ref)));
	}
	document.querySelector("#waits ul").replaceChildren(...waiting.slice(0, 50).map(actor =>
		make("li", { class: bad.has(actor.ref) ? "bad" : "" },
			`${actor.address} ${actor.what}`)));
	if (!waiting.length)
		document.querySelector("#waits ul").append(make("li", {}, "nobody waits for another"));
	else if (bad.size)
		document.querySelector("#waits ul").prepend(make("li", { class: "bad" },
			"a circle: each waits for the next, so none goes on"));
}

// ---- one actor -----------------------------------------------------------------

async function order(what) {
	const answer = await fetch(`order?what=${what}&whom=${encodeURIComponent(chosen)}`,
		{ method: "POST" });
	if (!answer.ok)
		alert(await answer.text());
}

// By its reference, which a row has, or by its address.
function isChosen(actor) {
	return actor.ref === chosen || actor.address === chosen;
}

function facts(actor) {
	const all = {
		state: actor.activity, doing: actor.what, process: actor.pid || "none",
		class: actor.class, names: actor.names.join(", "),
		unread: `${number(actor.unread)} messages, ${bytes(actor.unread_bytes)}`,
		"oldest unread": seconds(actor.oldest_ms), "put aside": actor.put_aside || "",
		"mailbox limit": bytes(actor.mailbox_limit) + " of each sender",
		received: number(actor.received), sent: number(actor.sent),
		refused: actor.refused || "", dropped: actor.dropped || "",
		age: seconds(actor.age_ms), "CPU time": seconds(actor.cpu_ms),
		memory: bytes(actor.rss), restarts: actor.restarts || "", "last end": actor.last_end,
	};
	document.querySelector("#detail dl").replaceChildren(...Object.entries(all)
		.filter(([, value]) => value !== "").flatMap(([key, value]) =>
			[make("dt", {}, key), make("dd", {}, String(value))]));
}

function describe(actor) {
	document.querySelector("#detail h2").textContent =
		actor ? actor.address : "it has ended";
	if (!actor)
		return;
	facts(actor);
	if (state.control && !get("orders").children.length)
		for (const what of ["stop", "start", "restart"]) {
			const button = make("button", { type: "button" }, what);
			button.onclick = () => order(what);
			get("orders").append(button);
		}
}

async function detail() {
	const whom = chosen, listed = state.actors.find(isChosen);
	get("detail").hidden = !whom;
	if (!whom)
		return;
	if (listed)
		describe(listed);
	// One that is not among those sent is known to the server.
	const answer = await fetch("actor?whom=" + encodeURIComponent(whom));
	const asked = answer.ok ? await answer.json() : null;
	if (whom !== chosen)
		return;
	if (!listed)
		describe(asked);
	get("senders").replaceChildren(...(asked ? asked.senders : []).map(one => make("tr", {},
		make("td", {}, "unread from " + one.sender),
		make("td", { class: "n" }, number(one.messages)),
		make("td", { class: "n" }, bytes(one.bytes)))));
}

// ---- events --------------------------------------------------------------------

function draw() {
	document.title = (state.node || "troupe") + " - troupe";
	get("node").textContent = state.node || "troupe";
	get("trouble").hidden = !state.error;
	get("trouble").textContent = state.error || "";
	if (state.error)
		return;
	get("about").textContent = `${state.application}, process ${state.pid}, ` +
		`${state.count} actors of ${state.slots}, troupe ${state.version}` +
		(state.count > state.actors.length ? `; the first ${state.actors.length} are listed: ` +
			"type the whole address of another" : "");
	charts(state.history);
	tree();
	waits();
	detail();
}

const events = new EventSource("events");
events.onmessage = event => {
	state = JSON.parse(event.data);
	draw();
};
events.onerror = () => {
	get("trouble").hidden = false;
	get("trouble").textContent = events.readyState === EventSource.CLOSED
		? "`troupe web` refuses this page: open the address that it has printed"
		: "no connection to `troupe web`: it has ended, or is busy; this page tries again";
};
function choose() {
	chosen = location.hash ? decodeURIComponent(location.hash.slice(1)) : null;
	draw();
}
addEventListener("hashchange", choose);
document.querySelector("#actors tbody").onclick = event => {
	const ref = event.target.closest("tr").dataset.ref;
	location.hash = ref === chosen ? "" : ref;
};
document.querySelector("#actors thead").onclick = event => {
	by = by === event.target.dataset.by ? null : event.target.dataset.by;
	draw();
};
get("filter").oninput = () => state.error || tree();
get("filter").onchange = event => {
	if (!document.querySelector("#actors tbody tr"))
		location.hash = encodeURIComponent(event.target.value);
};
choose();
