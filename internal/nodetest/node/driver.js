// A driver lets the test play what surrounds the client: people, and events
// at Entra. Each line on standard output is a request, each on standard input
// its answer.
import { createInterface } from "node:readline";

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function ask(request) {
  process.stdout.write(JSON.stringify(request) + "\n");
  const { value, done } = await answers.next();
  if (done) throw new Error("the test has gone away");
  return JSON.parse(value);
}

// What MSAL posts is told to the test with the call that it was for. MSAL
// itself is left as it is.
let posted = [];
const send = globalThis.fetch;
globalThis.fetch = (url, how) => {
  if (how?.method === "POST") posted.push({ to: new URL(url).pathname, form: Object.fromEntries(new URLSearchParams(how.body)) });
  return send(url, how);
};

export const settings = JSON.parse(process.env.NODETEST_SETTINGS);

// auth is the part of MSAL's configuration that every application here has.
export function auth(more) {
  return {
    authority: settings.authority,
    knownAuthorities: [new URL(settings.authority).host],
    clientCapabilities: ["cp1"],
    ...more,
  };
}

// claimsOf returns the claims of a challenge, as Microsoft's samples for Node
// take them from the header.
export function claimsOf(response) {
  const header = response.headers.get("www-authenticate") ?? "";
  if (response.status !== 401 || !header.includes('error="insufficient_claims"')) return undefined;
  const claims = /claims="([^"]*)"/.exec(header);
  return claims && Buffer.from(claims[1], "base64").toString("utf8");
}

// run calls the API before and after an event that the test brings about, and
// answers a challenge with a token that obtain gets for its claims.
export async function run(path, obtain) {
  const call = (token) => fetch(settings.api + path, { headers: { authorization: `Bearer ${token}` } });
  let token = await obtain(undefined);
  await ask({ called: (await call(token)).status, posted });
  posted = [];
  let response = await call(token);
  const claims = claimsOf(response);
  if (claims) {
    const fresh = await obtain(claims);
    if (fresh === token) throw new Error("the same token again");
    token = fresh;
    response = await call(token);
  }
  await ask({ called: response.status, claims, posted });
  process.exit(0);
}
