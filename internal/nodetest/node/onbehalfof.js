import { ConfidentialClientApplication, PublicClientApplication } from "@azure/msal-node";
import { ask, auth, run, settings } from "./driver.js";

// The user's own client signs in for the middle tier, whose token is the
// assertion.
const user = new PublicClientApplication({ auth: auth({ clientId: settings.publicClientID }) });
const assertion = await user.acquireTokenInteractive({
  scopes: [`api://${settings.clientID}/.default`],
  openBrowser: (url) => ask({ open: url }),
  successTemplate: "Done",
  errorTemplate: "Failed",
});

const app = new ConfidentialClientApplication({
  auth: auth({ clientId: settings.clientID, clientSecret: settings.clientSecret }),
});

await run("/me", async (claims) => {
  const result = await app.acquireTokenOnBehalfOf({ oboAssertion: assertion.accessToken, scopes: [settings.scope], claims });
  return result.accessToken;
});
