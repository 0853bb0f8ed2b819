// A page as MSAL.js's samples show it, which answers claims challenges as the
// documentation of Continuous Access Evaluation tells it to.
const settings = await (await fetch("settings.json")).json();
const state = document.getElementById("state");
const scopes = [settings.userScope];

const app = new msal.PublicClientApplication({
  auth: {
    clientId: settings.clientID,
    authority: settings.authority,
    knownAuthorities: [new URL(settings.authority).host],
    redirectUri: `${location.origin}/back.html`,
    clientCapabilities: ["cp1"],
  },
  cache: { cacheLocation: "sessionStorage" },
});

function show(what) {
  state.textContent = JSON.stringify(what);
}

// interact asks the person, in the way that the button pressed last stands for.
async function interact(request) {
  if (sessionStorage.getItem("way") === "redirect") {
    await app.acquireTokenRedirect(request);
    return new Promise(() => {}); // the page is left
  }
  return app.acquireTokenPopup(request);
}

async function signIn(way) {
  sessionStorage.setItem("way", way);
  const result = await interact({ scopes, prompt: "select_account" });
  app.setActiveAccount(result.account);
  show({ signedIn: result.account.username });
}

async function token(claims) {
  const account = app.getActiveAccount();
  try {
    return await app.acquireTokenSilent({ scopes, account, claims });
  } catch (error) {
    if (!(error instanceof msal.InteractionRequiredAuthError)) throw error;
    return interact({ scopes, account, claims, loginHint: account.username });
  }
}

function claimsOf(response) {
  const header = response.headers.get("www-authenticate") ?? "";
  if (response.status !== 401 || !header.includes('error="insufficient_claims"')) return undefined;
  const claims = /claims="([^"]*)"/.exec(header);
  return claims ? atob(claims[1]) : undefined;
}

async function call() {
  const get = (result) => fetch(`${settings.api}/me`, { headers: { authorization: `Bearer ${result.accessToken}` } });
  let response = await get(await token());
  const claims = claimsOf(response);
  if (claims) response = await get(await token(claims));
  show({ status: response.status, challenged: Boolean(claims), user: (await response.json()).userPrincipalName });
}

function on(id, act) {
  document.getElementById(id).addEventListener("click", async () => {
    state.textContent = "working";
    try {
      await act();
    } catch (error) {
      show({ error: String(error) });
    }
  });
}

try {
  await app.initialize();
  const back = await app.handleRedirectPromise();
  on("popup", () => signIn("popup"));
  on("redirect", () => signIn("redirect"));
  on("call", call);
  if (back) app.setActiveAccount(back.account);
  show(back ? { signedIn: back.account.username } : {});
} catch (error) {
  show({ error: String(error) });
}
