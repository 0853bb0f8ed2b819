// The page shows what the admin endpoints tell it, as text: nothing that came
// over the network is ever read as HTML.

const most = 200; // rows that are kept
const $ = (id) => document.getElementById(id);

// element makes an element with text or other elements in it.
function element(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) e.setAttribute(key, value);
  e.append(...children.filter((c) => c !== undefined && c !== null));
  return e;
}

async function ask(name, body) {
  const how = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`/admin/${name}`, how);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

const short = (hash) => (hash ? hash.slice(0, 8) : "");
const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });

// claimsOf returns the claims of a challenge for people to read. Which
// challenges a client has to understand is the client's matter.
function claimsOf(challenge) {
  const found = /claims="([^"]+)"/i.exec(challenge ?? "");
  if (!found) return undefined;
  try {
    return atob(found[1]);
  } catch {
    return "claims that cannot be decoded";
  }
}

function outcome(r) {
  if (r.challenge?.includes("insufficient_claims")) return ["ask", `${r.status} challenged`];
  if (!r.status) return ["bad", "no answer"];
  if (r.status >= 400) return ["bad", `${r.status} ${r.aadsts ? `AADSTS${r.aadsts}` : (r.error ?? "")}`];
  return ["good", String(r.status)];
}

function row(r) {
  const [kind, text] = outcome(r);
  const details = [claimsOf(r.challenge), r.claims && `with claims ${r.claims}`].filter(Boolean);
  const what = [r.method, r.path, r.grant && `(${r.grant})`].filter(Boolean).join(" ");
  return element("tr", {},
    element("td", {}, clock(r.time)),
    element("td", {}, what, ...details.map((d) => element("pre", {}, d))),
    element("td", {}, names.get(r.account) || r.account || names.get(r.client) || r.client || ""),
    element("td", { class: kind }, text),
    element("td", {}, element("code", {}, short(r.token_sha256))));
}

function token(t) {
  const kind = { accepted: "good", refused: "ask", expired: "bad" }[t.state];
  const whose = t.claims.upn || names.get(t.claims.appid) || t.claims.appid;
  return element("li", {}, element("details", {},
    element("summary", {}, element("code", {}, short(t.sha256)), ` ${whose} `, element("span", { class: kind }, t.state)),
    element("pre", {}, JSON.stringify(t.claims, null, 2))));
}

let names = new Map(); // of applications, by client id

// keepOpen puts new children into a list and leaves open what was.
function keepOpen(list, children) {
  const open = new Set([...list.querySelectorAll("details[open] code")].map((c) => c.textContent));
  list.replaceChildren(...children);
  for (const d of list.querySelectorAll("details")) d.open = open.has(d.querySelector("code").textContent);
}

async function showState() {
  const [directory, sessions, tokens, stats, demands] =
    await Promise.all(["directory", "sessions", "tokens", "stats", "required-auth-contexts"].map((n) => ask(n)));
  names = new Map(directory.apps.map((a) => [a.client_id, a.name || a.client_id]));
  keepOpen($("tokens"), tokens.tokens.slice(-50).reverse().map(token));
  $("sessions").replaceChildren(...sessions.sessions.map((s) =>
    element("li", {}, `${s.user} since ${clock(s.signed_in)}${s.contexts ? `, with ${s.contexts.join(" ")}` : ""}`)));
  $("users").replaceChildren(
    ...directory.users.map((u) => element("li", {}, `${u.name ?? ""} ${u.username}`)),
    ...directory.apps.map((a) => element("li", {}, a.name || "an application", " ", element("code", {}, a.client_id))));
  const chosen = $("subject").value;
  $("subject").replaceChildren(element("option", { value: "{}" }, "everybody"),
    ...directory.users.map((u) => element("option", { value: JSON.stringify({ user: u.username }) }, u.username)),
    ...directory.apps.map((a) => element("option", { value: JSON.stringify({ client: a.client_id }) }, names.get(a.client_id))));
  $("subject").value = chosen;
  if ($("subject").selectedIndex < 0) $("subject").value = "{}"; // whoever it was is gone
  const demanded = demands.auth_contexts.some((d) => d.path === "" && d.ids.includes("c1"));
  document.querySelector("[data-switch=require-auth-context]").setAttribute("aria-pressed", String(demanded));
  $("counts").textContent = `Token requests: ${stats.token_requests}, API calls: ${stats.api_calls}, ` +
    `challenges: ${stats.challenges}, prompts: ${stats.prompts}.`;
}

// soon shows the state once, however many requests come at a time.
let planned = false;
function soon() {
  if (planned) return;
  planned = true;
  setTimeout(() => {
    planned = false;
    showState().catch((e) => tell("link", String(e)));
  }, 150);
}

function tell(id, text) {
  $(id).textContent = text;
}

function add(r) {
  const body = $("requests").tBodies[0];
  body.prepend(row(r));
  while (body.rows.length > most) body.lastElementChild.remove();
}

// What the buttons send; each returns the switch, its body, what to say, and
// what to do on the page once it is done.
const switches = {
  revoke: (who) => ["revoke", who, "Sessions revoked."],
  "change-policy": (who) => ["change-policy", who, "The policy has changed: access tokens of before are challenged."],
  "move-ip": (who) => ["move-ip", { ...who, ip: `203.0.113.${1 + Math.floor(Math.random() * 250)}` }, "Moved to another address."],
  "require-auth-context": (_, button) => {
    const on = button.getAttribute("aria-pressed") !== "true";
    return ["require-auth-context", { path: "", ids: on ? ["c1"] : [] }, on ? "The API requires c1." : "The API requires c1 no more."];
  },
  fail: () => ["fail", { endpoint: "token", times: 1, aadsts: 90055, status: 429, header: { "Retry-After": ["2"] } },
    "The next token request is answered with 429."],
  reset: () => ["reset", {}, "As new: nobody is signed in.", () => $("requests").tBodies[0].replaceChildren()],
};

for (const button of document.querySelectorAll("[data-switch]")) {
  button.addEventListener("click", async () => {
    const [name, body, said, then] = switches[button.dataset.switch](JSON.parse($("subject").value), button);
    try {
      await ask(name, body);
      then?.();
      tell("done", said);
    } catch (e) {
      tell("done", `That did not work: ${e.message}`);
    }
    await showState().catch((e) => tell("link", String(e)));
  });
}

// What comes while the log is being fetched waits, and may be in the log too.
let waiting = [];

const events = new EventSource("/admin/events");
events.addEventListener("open", async () => {
  waiting = [];
  try {
    const { requests } = await ask("log");
    await showState();
    const known = new Set(requests.map((r) => JSON.stringify(r)));
    $("requests").tBodies[0].replaceChildren();
    [...requests, ...waiting.filter((r) => !known.has(JSON.stringify(r)))].slice(-most).forEach(add);
    waiting = undefined;
    tell("link", "Connected: requests appear as they happen.");
  } catch (e) {
    tell("link", `That did not work: ${e.message}`);
  }
});
events.addEventListener("request", (e) => {
  const r = JSON.parse(e.data);
  if (waiting) waiting.push(r);
  else add(r);
  soon();
});
events.addEventListener("error", () => {
  const over = events.readyState === EventSource.CLOSED; // the browser tries no more
  tell("link", `Not connected. Is entratest running?${over ? " Load the page again." : ""}`);
});
